#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>

#include "flowcore/base/arena.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/base/spsc_ring.h"
#include "flowcore/packet/checksum.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// What a packet is that one worker sent to another.
enum class Resteered : uint8_t {
  Frame,     // as a port gave it: its owner decodes it
  Datagram,  // put together from fragments and decoded by the sender; the flow is its owner's
  Quote,     // an ICMP error of the sender's, decoded: only the flow that it quotes is its owner's
};

// In front of every packet on its way. Behind it stands what was copied: of a decoded packet
// ResteerDecoded, then the bytes of the frame, to which packet.frame points.
struct ResteerHead {
  PacketView packet;
  void* owner = nullptr;     // the port's handle of a frame that is lent
  uint64_t clock_ns = 0;     // the sender's
  uint32_t entry_bytes = 0;  // from this head to the next
  Resteered kind = Resteered::Frame;
  ChecksumFault fault = ChecksumFault::None;
  bool is_lent = false;
};
static_assert(std::is_trivially_copyable_v<ResteerHead> && sizeof(ResteerHead) == 56,
              "seven words a packet");
struct ResteerDecoded {
  static constexpr size_t kBytes = sizeof(uint64_t) + sizeof(Layers);  // in the ring
  uint64_t wire_bytes = 0;  // of the frame that came last, for the counters
  Layers layers;
};

// The way from one worker to one other. Packets travel many to one record of the ring: what is sent
// between two calls of publish() is mostly one record, so that asking for room, showing and giving
// back are paid once for all of it.
// Thread rule: the first half belongs to the sender's thread, the second to the receiver's.
class ResteerLane {
 public:
  // PERF: on both sides this much ahead of where they are lines are asked for, as in the ring: each
  // was last in the other side's cache.
  static constexpr size_t kAheadBytes = 512;

  ResteerLane(Arena& arena, size_t ring_bytes, uint32_t frames_max)
      : ring_(arena, ring_bytes), frames_max_(frames_max) {}

  // Whether `frames` more may be lent.
  [[nodiscard]] bool may_lend(uint32_t frames = 1) {
    if (lent_ - returned_seen_ + frames <= frames_max_) [[likely]]
      return true;
    // acquire: pairs with the release store in release(); the frames counted there are back with
    // their owner.
    returned_seen_ = returned_.load(std::memory_order_acquire);
    return lent_ - returned_seen_ + frames <= frames_max_;
  }
  // These send a frame, which stays where it is or not, and a decoded packet. False: there is no
  // room. lend() requires may_lend().
  [[nodiscard]] bool lend(const PacketView& packet, uint64_t clock_ns, void* owner);
  [[nodiscard]] bool copy(const PacketView& packet, uint64_t clock_ns);
  [[nodiscard]] bool send_decoded(const ResteerHead& head, const ResteerDecoded& decoded);
  // Shows the receiver all that was sent.
  void publish() {
    if (!is_dirty_) return;
    close();
    ring_.publish();
    is_dirty_ = false;
  }
  // Whether the ring has room for the largest packet and a burst of small ones.
  [[nodiscard]] bool has_room() const { return ring_.bytes_free() >= ring_.record_bytes_max(); }

  // The oldest packets, one behind the other, of which there may be more behind these; empty: there
  // are none. Valid until release().
  [[nodiscard]] Bytes front() {
    if (rest_.empty()) rest_ = ring_.front();
    return rest_;
  }
  // Passes over packets that front() gave: so many bytes of them, with so many lent frames.
  void pop(size_t bytes, uint64_t lent) {
    rest_ = rest_.after(bytes);
    if (rest_.empty()) ring_.pop();
    taken_ += lent;
    is_read_ = true;
  }
  // Gives the room of all that was passed over back to the sender.
  void release() {
    if (!is_read_) return;
    ring_.release();
    // release: pairs with the acquire load in may_lend().
    returned_.store(taken_, std::memory_order_release);
    is_read_ = false;
  }

 private:
  // Asked for at once; what is not used stays free.
  static constexpr size_t kRecordBytes = size_t{8} << 10;

  // Room for one packet's head and what is copied behind it; null: there is none.
  [[nodiscard]] uint8_t* begin(size_t bytes);
  static constexpr size_t padded(size_t bytes) { return (bytes + 7) / 8 * 8; }
  // PERF: most small frames take two moves of a fixed size, which overlap, in place of a call.
  static Bytes copied(Bytes frame, uint8_t* place) {
    constexpr size_t kMoved = 64;
    const size_t bytes = frame.size();
    if (bytes >= kMoved && bytes <= 2 * kMoved) {
      std::memcpy(place, frame.begin(), kMoved);
      std::memcpy(place + bytes - kMoved, frame.end() - kMoved, kMoved);
    } else if (bytes != 0) {
      std::memcpy(place, frame.begin(), bytes);
    }
    return {place, bytes};
  }
  // Makes room for `bytes` in a new record.
  [[nodiscard]] bool open(size_t bytes);
  // Makes a record of what was written.
  void close() {
    if (used_ != 0) ring_.commit(used_);
    open_ = {};
    used_ = 0;
  }

  ByteRing ring_;
  const uint32_t frames_max_;
  // The sender's own.
  alignas(kCacheLineBytes) std::span<uint8_t> open_;  // the record that is written
  size_t used_ = 0;                                   // of it
  uint64_t lent_ = 0;
  uint64_t returned_seen_ = 0;
  bool is_dirty_ = false;  // something was sent since the last publish()
  // The receiver's own.
  alignas(kCacheLineBytes) Bytes rest_;  // of the record that is read
  uint64_t taken_ = 0;                   // lent frames
  bool is_read_ = false;                 // something was taken since the last release()
  // Lent frames whose release the receiver is done with. Written by the receiver.
  alignas(kCacheLineBytes) std::atomic<uint64_t> returned_{0};
};

inline uint8_t* ResteerLane::begin(size_t bytes) {
  if (bytes > open_.size() - used_ && !open(bytes)) [[unlikely]]
    return nullptr;
  uint8_t* const place = open_.data() + used_;
  prefetch_write(place + kAheadBytes);
  prefetch_write(place + kAheadBytes + kCacheLineBytes);
  used_ += bytes;
  is_dirty_ = true;
  return place;
}

// PERF: heads are made where they stand; made elsewhere and copied they take twice the
// instructions.
inline bool ResteerLane::lend(const PacketView& packet, uint64_t clock_ns, void* owner) {
  uint8_t* const place = begin(sizeof(ResteerHead));
  if (place == nullptr) return false;
  new (place) ResteerHead{.packet = packet,
                          .owner = owner,
                          .clock_ns = clock_ns,
                          .entry_bytes = sizeof(ResteerHead),
                          .is_lent = true};
  ++lent_;
  return true;
}

inline bool ResteerLane::copy(const PacketView& packet, uint64_t clock_ns) {
  const size_t bytes = padded(sizeof(ResteerHead) + packet.frame.size());
  uint8_t* const place = begin(bytes);
  if (place == nullptr) return false;
  auto* const head = new (place) ResteerHead{
      .packet = packet, .clock_ns = clock_ns, .entry_bytes = static_cast<uint32_t>(bytes)};
  head->packet.frame = copied(packet.frame, place + sizeof(ResteerHead));
  return true;
}

}  // namespace flowscope
