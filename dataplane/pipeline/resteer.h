#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "dataplane/pipeline/resteer_lane.h"
#include "flowcore/base/arena.h"
#include "flowcore/base/counter.h"
#include "flowcore/base/result.h"
#include "flowcore/packet/burst.h"
#include "flowcore/packet/checksum.h"

namespace flowscope {

// What is known of the rows of a burst that came through rings, beside Burst's own columns.
struct ResteerRows {
  bool are_decoded = false;  // all rows are datagrams or quotes; burst.layers is filled
  std::array<uint64_t, kBurstMax> clock_ns{};  // the sender's clock at the packet
  // Of decoded rows only.
  std::array<Resteered, kBurstMax> kind{};
  std::array<uint32_t, kBurstMax> wire_bytes{};  // of the frame that came last, for the counters
  ChecksumFaults faults{};                       // what the sender found
};

// The same of a burst that a port gave.
struct PortRows {
  std::span<const uint32_t> owners;  // workers
  std::span<uint64_t> clock_ns;      // ours at the packet
  bool are_decoded = false;          // burst.layers is filled
};

// A packet that its sender has decoded, on its way to another worker.
struct DecodedPacket {
  Resteered kind = Resteered::Datagram;
  const PacketView& packet;
  const Layers& layers;
  uint32_t wire_bytes = 0;  // as in ResteerRows, and so the others
  uint64_t clock_ns = 0;
  ChecksumFault fault = ChecksumFault::None;
};

// Written by the worker, read by any thread.
struct ResteerCounters {
  Counter sent;         // packets that went to their owners
  Counter taken;        // packets that came from other workers, quotes not counted
  Counter full;         // packets dropped because the ring to their owner was full
  Counter quotes_lost;  // ICMP errors that could not be told to the quoted flow's worker
};

// What a worker does about its port while a ring to another worker is full.
enum class WhenFull : uint8_t {
  Drop,  // goes on: packets for that worker are dropped and counted, all others keep their pace
  Wait,  // leaves its port alone until there is room: for devices whose packets wait, such as files
};

// How many workers receive packets from ports. One: what reaches a worker is in the order of the
// port, fragments and ICMP errors included, because the one that receives them all puts datagrams
// together and tells of quotes itself. Several: whoever gets a datagram's fragments, or an error,
// by its flow does, later than what came meanwhile.
enum class Readers : uint8_t { One, Several };

class Resteer;

// One worker's end of the rings: sends what is other workers' and takes what they sent.
// Order: packets that one worker sends to another arrive in the order in which they were sent.
// Thread rule: one worker; counters may be read by any thread. Lifetime: the Resteer's.
class ResteerEnd {
 public:
  ResteerEnd(Resteer& all, uint32_t index) : all_(all), index_(index) {}

  [[nodiscard]] uint32_t index() const { return index_; }
  [[nodiscard]] uint32_t workers() const;
  [[nodiscard]] Readers readers() const;

  // Sends the rows of other owners away and closes the gaps, in rows.clock_ns as well.
  // `lends(packet)` tells whether a frame stays where it is until its owner is released, on
  // whichever thread: then `owner` goes along, else the frame is copied, and so it is where it is
  // small. Rows that were copied or dropped still have to be released: their owners stand behind
  // the rows that are left. Calls `dropped(packet)` for each packet whose ring is full. Returns how
  // many stand there.
  template <class Lends, class Dropped>
  uint32_t pass_on(Burst& burst, const PortRows& rows, const Lends& lends, const Dropped& dropped);
  // Sends a copy of a decoded packet. False when the ring is full. Seen after publish().
  [[nodiscard]] bool send_decoded(uint32_t to, const DecodedPacket& decoded);
  // Shows the others all that was sent.
  void publish();
  // Whether the port is to be left alone now; see WhenFull::Wait.
  [[nodiscard]] bool holds_back();

  // Fills the burst with what other workers sent: frames, or packets that are decoded, not both.
  // Returns burst.count. The bytes of copied frames are valid until release().
  uint32_t take(Burst& burst, ResteerRows& rows);
  // Gives the rings' space back. Call when the frames of the burst were released.
  void release();

  // The end of a run in two steps, since what a worker takes may make it send (a datagram that is
  // whole, a quote) but nothing that was sent by that makes anybody send again. A worker closes a
  // step when it will not send by it any more, then takes until is_closed() and nothing is left.
  // `clock_ns` is its clock then.
  enum class Step : uint8_t { Ports, Rings };
  static constexpr std::array kSteps = {Step::Ports, Step::Rings};
  void close(Step step, uint64_t clock_ns);
  [[nodiscard]] bool is_closed(Step step) const;
  // The latest clock of those that have closed a step.
  [[nodiscard]] uint64_t closed_clock_ns() const;

  [[nodiscard]] const ResteerCounters& counters() const { return counters_; }

 private:
  friend class Resteer;

  // Whether attempt() came true, at once or after waiting for the receivers where that is allowed.
  template <class Try>
  [[nodiscard]] bool until_sent(const Try& attempt);
  // What of a record went into a burst.
  struct Taken {
    size_t bytes = 0;
    uint64_t lent = 0;
  };
  void take_from(uint32_t from, Burst& burst, ResteerRows& rows);
  Taken take_frames(Bytes packets, Burst& burst, ResteerRows& rows);
  Taken take_decoded(Bytes packets, Burst& burst, ResteerRows& rows);

  Resteer& all_;
  uint32_t index_;
  uint32_t next_ = 0;  // the worker that is asked first
  ResteerCounters counters_;
};

// The rings between workers, one for each ordered pair, for ports that do not bring both directions
// of a flow to one worker. A packet crosses at most twice: a fragment goes to the worker of its
// datagram (addresses, protocol and identification decide; with Readers::One it stays), the whole
// datagram to that of its flow.
// Limits: a ring holds frames_max lent frames, and copies as far as its bytes reach (at least as
// many small ones); what does not fit is dropped by the sender and counted, and nobody waits, but
// for the only reader of a port that can wait (Readers::One and WhenFull::Wait). Fragments inside
// of fragments meet only where one worker put their outer datagrams together. Packets that belong
// to no flow stay where they came, unless that shows only when they are decoded.
class Resteer {
 public:
  struct Options {
    uint32_t workers = 2;
    uint32_t frames_max = 512;  // lent frames on their way in one ring
    uint32_t burst = 64;        // packets of one receive, for which Wait keeps room
    WhenFull when_full = WhenFull::Drop;
    Readers readers = Readers::Several;
  };
  // Frames up to this are copied wherever they lie. PERF: of a lent one the receiver's core fetches
  // two lines of its mbuf beside those of the frame, and the mbuf is the receiver's from then on;
  // the copy lies in lines that come one behind the other, and its mbuf is used again where it is
  // hot.
  static constexpr size_t kSmallBytesMax = 128;
  // The largest frame that can be copied: a datagram put together, its headers included.
  static constexpr size_t kCopyBytesMax = 67 * 1024;

  // Bytes that create() will reserve.
  static size_t cost(const Options& options);
  // Frames that may be on their way at a time: so many more mbufs are needed.
  static uint64_t frames_on_their_way(const Options& options) {
    return uint64_t{options.workers} * (options.workers - 1) * options.frames_max;
  }
  static Result<std::unique_ptr<Resteer>> create(const Options& options, Arena::Populate populate);

  [[nodiscard]] ResteerEnd& end(uint32_t worker) { return *ends_[worker]; }
  [[nodiscard]] const ResteerEnd& end(uint32_t worker) const { return *ends_[worker]; }

 private:
  friend class ResteerEnd;

  Resteer(Arena arena, const Options& options);
  [[nodiscard]] ResteerLane& lane(uint32_t from, uint32_t to) {
    return *lanes_[from * workers_ + to];
  }
  static size_t ring_bytes(const Options& options);

  Arena arena_;
  uint32_t workers_;
  uint32_t burst_;
  WhenFull when_full_;
  Readers readers_;
  std::vector<std::unique_ptr<ResteerLane>> lanes_;
  std::vector<std::unique_ptr<ResteerEnd>> ends_;
  std::array<std::atomic<uint32_t>, ResteerEnd::kSteps.size()> closed_{};  // workers, by step
  std::atomic<uint64_t> closed_clock_ns_{0};
};

// Several large frames in one burst are more than holds_back() keeps room for. Where one worker
// receives, the others send nothing that they would wait for in turn; should one of them stand
// still, the packet is dropped and counted in the end.
template <class Try>
bool ResteerEnd::until_sent(const Try& attempt) {
  constexpr uint32_t kWaitsMax = 1'000'000;
  for (uint32_t waits = 0; !attempt(); ++waits) {
    if (all_.when_full_ != WhenFull::Wait || all_.readers_ != Readers::One) return false;
    if (waits == kWaitsMax) return false;
    publish();
    std::this_thread::yield();
  }
  return true;
}

inline uint32_t ResteerEnd::workers() const { return all_.workers_; }
inline Readers ResteerEnd::readers() const { return all_.readers_; }

template <class Lends, class Dropped>
uint32_t ResteerEnd::pass_on(Burst& burst, const PortRows& rows, const Lends& lends,
                             const Dropped& dropped) {
  // PERF: whose a row is, is a coin toss that no branch predictor guesses: rows are parted first,
  // with one sum that compilers make no branch of.
  std::array<uint16_t, kBurstMax> own;
  std::array<uint16_t, kBurstMax> others;
  uint32_t own_count = 0;
  for (uint32_t i = 0; i < burst.count; ++i) {
    own[own_count] = others[i - own_count] = static_cast<uint16_t>(i);
    own_count += rows.owners[i] == index_ ? 1 : 0;
  }
  const uint32_t others_count = burst.count - own_count;
  std::array<void*, kBurstMax> parted;
  uint32_t parted_count = 0;
  uint32_t full = 0;
  for (uint32_t at = 0; at < others_count; ++at) {
    const uint32_t i = others[at];
    const PacketView& packet = burst.packet[i];
    ResteerLane& lane = all_.lane(index_, rows.owners[i]);
    const bool is_lent = packet.frame.size() > Resteer::kSmallBytesMax && lends(packet);
    const auto attempt = [&] {
      return is_lent ? lane.may_lend() && lane.lend(packet, rows.clock_ns[i], burst.owner[i])
                     : lane.copy(packet, rows.clock_ns[i]);
    };
    const bool is_sent = attempt() || until_sent(attempt);
    if (!is_sent) [[unlikely]] {
      ++full;
      dropped(packet);
    }
    if (!is_sent || !is_lent) parted[parted_count++] = burst.owner[i];
  }
  for (uint32_t left = 0; left < own_count; ++left) {
    const uint32_t i = own[left];
    burst.packet[left] = burst.packet[i];
    burst.owner[left] = burst.owner[i];
    rows.clock_ns[left] = rows.clock_ns[i];
  }
  if (rows.are_decoded) {
    for (uint32_t left = 0; left < own_count; ++left) burst.layers[left] = burst.layers[own[left]];
  }
  counters_.sent.add(others_count - full);
  counters_.full.add(full);
  std::copy_n(parted.begin(), parted_count, burst.owner.begin() + own_count);
  burst.count = own_count;
  return parted_count;
}

}  // namespace flowscope
