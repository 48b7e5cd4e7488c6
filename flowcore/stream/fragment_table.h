#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/keyed_hash.h"
#include "flowcore/base/slab.h"
#include "flowcore/packet/burst.h"
#include "flowcore/packet/read_ip.h"
#include "flowcore/stream/fragment.h"
#include "flowcore/stream/fragment_counters.h"
#include "flowcore/stream/fragment_overlap.h"
#include "flowcore/stream/fragment_store.h"

namespace flowscope {

// How a fragment contradicts those that came before it.
enum class FragmentConflict : uint8_t {
  None,
  SameBytes,   // the overlapping bytes are the same; told by FragmentOverlap::Refuse only
  OtherBytes,  // they are not
  Length,      // it reaches beyond the end, or gives another end
};

// A worker's table of datagrams in pieces: the hop between decoding and extraction. Keeps fragments
// until their datagram is whole, then puts the datagram, as one packet, in the place of the
// fragment that made it so (RFC 791 section 3.2, RFC 8200 section 4.5). What comes out depends on
// the packets and their clock alone, never on how they are cut into bursts.
//
// A datagram is whole when every byte up to the end of its last fragment came. Bytes that a capture
// cut off count as come: the rebuilt frame ends at the first of them, its IP header and wire_bytes
// tell what was on the wire. A first fragment that the capture cut stands for its datagram: of that
// no more bytes in order can come, so it is decoded at once, as far as it goes.
//
// Limits: datagrams and bytes have a maximum each; where one is reached the oldest datagram goes. A
// datagram's time-out counts from its first fragment on, and is decided by the clock of the
// fragment that comes next. Thread rule: one worker; counters may be read by any thread. Cost: a
// packet that is no fragment costs the test of a flag; a fragment costs a look-up and its copy,
// whatever else is held; the last one the copy of the datagram. Nothing is allocated after
// construction.
class FragmentTable {
 public:
  struct Options {
    uint32_t datagrams_max = 4096;
    size_t bytes_max = size_t{16} << 20;  // of fragments held, in blocks of 512
    uint64_t timeout_ns = 30'000'000'000;
    FragmentOverlap overlap = FragmentOverlap::Refuse;
  };
  // Datagrams rebuilt from one packet, each a fragment of the next one.
  static constexpr uint32_t kNestingMax = 4;

  static size_t cost(const Options& options);
  // The seed is secret: who does not know it cannot choose datagrams that meet in one bucket.
  FragmentTable(Arena& arena, const Options& options, uint64_t seed_low, uint64_t seed_high);

  // Goes over the burst's fragments: rows with status Ip and is_fragment. One that is kept or
  // dropped gets status Fragment, a malformed one Malformed. One that makes its datagram whole gets
  // the rebuilt packet: a frame in the table's memory with the headers of the first fragment (those
  // around the IP header as they were) and the joined payload; the time of this row, the wire_bytes
  // of all fragments together. Its layers are what decoding from its IP header on gives, after
  // which `inward(packet, layers)` may go further inside: call it with what takes encapsulations
  // off. What is a fragment then goes through the table again. `clock_ns[i]` is the clock at row i.
  // `observer.on_overlap(packet, layers, conflict)` is told of fragments that contradict others,
  // before they are dropped or merged. Requires: one release() for each join().
  template <class Inward, class Observer>
  void join(Burst& burst, std::span<const uint64_t> clock_ns, const Inward& inward,
            Observer& observer);
  // Gives the rebuilt frames back. Call when the burst's frames are no longer needed.
  void release() { lent_bytes_ = 0; }
  // From the next fragment on, for those that wait as well.
  void set_timeout_ns(uint64_t timeout_ns) { timeout_ns_ = timeout_ns; }

  [[nodiscard]] const FragmentCounters& counters() const { return counters_; }
  // Datagrams in the table, those included that were refused and wait for their time-out.
  [[nodiscard]] uint32_t live() const { return datagrams_.live(); }
  [[nodiscard]] size_t held_bytes() const {
    return size_t{store_.blocks_in_use()} * FragmentBlocks::kBlockBytes;
  }
  [[nodiscard]] size_t lent_bytes() const { return lent_bytes_; }

 private:
  using Handle = uint32_t;
  static constexpr Handle kNone = 0;

  struct Datagram {
    FragmentKey key;
    uint64_t first_ns;  // the clock at its first fragment
    uint64_t hash;
    Handle next_in_bucket = kNone;
    Handle older = kNone;
    Handle younger = kNone;
    uint32_t wire_bytes = 0;
    uint32_t highest_end = 0;         // of the fragments so far
    uint32_t end = 0;                 // as the last fragment tells; 0 before it came
    uint32_t units = 0;               // of eight bytes, that came
    uint32_t known_end = UINT32_MAX;  // the first byte that a capture cut off
    uint32_t header_bytes = 0;        // of the first fragment; 0 before it came
    LinkType link = LinkType::Unknown;
    bool is_refused = false;
    Layers first_layers;  // of the first fragment
    FragmentBlocks blocks;

    Datagram(const FragmentKey& its_key, uint64_t its_hash, uint64_t now_ns)
        : key(its_key), first_ns(now_ns), hash(its_hash) {}
    [[nodiscard]] bool is_whole() const;
  };
  // What became of a fragment.
  struct Arrival {
    DecodeStatus status = DecodeStatus::Fragment;  // of a row that is not whole
    FragmentConflict conflict = FragmentConflict::None;
    Handle whole = kNone;  // the datagram that it made whole
  };

  template <class Inward, class Observer>
  void join_one(PacketView& packet, Layers& layers, uint64_t clock_ns, const Inward& inward,
                Observer& observer);
  [[nodiscard]] static bool has_fragments(const Burst& burst);
  [[nodiscard]] static bool is_cut_first(const Layers& layers) {
    return layers.l4_offset != 0 && layers.payload_captured < layers.payload_bytes;
  }

  Arrival accept(const PacketView& packet, const Layers& layers, uint64_t clock_ns);
  Arrival add(Handle handle, const Fragment& fragment, const PacketView& packet,
              const Layers& layers);
  [[nodiscard]] FragmentConflict conflict_of(const Datagram& datagram, const Fragment& fragment);
  void keep(Datagram& datagram, const Fragment& fragment, const PacketView& packet,
            const Layers& layers);
  // False, and the datagram is gone, when it is itself the oldest.
  [[nodiscard]] bool make_room(Handle handle, const Fragment& fragment);
  // Puts the rebuilt packet and what decoding starts from into the row; forgets the datagram.
  void rebuild(Handle handle, size_t lent_from, PacketView& packet, Layers& layers);

  [[nodiscard]] Handle find(const FragmentKey& key, uint64_t hash);
  [[nodiscard]] Handle begin(const FragmentKey& key, uint64_t hash);
  [[nodiscard]] bool is_over(const Datagram& datagram) const {
    return now_ns_ - datagram.first_ns >= timeout_ns_;
  }
  void refuse(Datagram& datagram);
  void drop_expired();
  // Ends an open datagram before it was whole.
  void give_up(Handle handle);
  void forget(Handle handle);

  Slab<Datagram> datagrams_;
  std::span<Handle> buckets_;  // first of a list each
  FragmentStore store_;
  std::span<uint8_t> rebuilt_;  // frames lent until release(), one after the other
  size_t lent_bytes_ = 0;
  KeyedHash hash_;
  Handle oldest_ = kNone;
  Handle youngest_ = kNone;
  uint64_t now_ns_ = 0;
  uint64_t timeout_ns_;
  FragmentOverlap overlap_;
  FragmentCounters counters_;
};

template <class Inward, class Observer>
void FragmentTable::join(Burst& burst, std::span<const uint64_t> clock_ns, const Inward& inward,
                         Observer& observer) {
  if (!has_fragments(burst)) return;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (burst.layers[i].is_fragment)
      join_one(burst.packet[i], burst.layers[i], clock_ns[i], inward, observer);
  }
}

template <class Inward, class Observer>
void FragmentTable::join_one(PacketView& packet, Layers& layers, uint64_t clock_ns,
                             const Inward& inward, Observer& observer) {
  // A frame that was rebuilt on the way is copied into the store like any other, so that the next
  // one may take its place.
  const size_t lent_from = lent_bytes_;
  for (uint32_t depth = 0; layers.is_fragment && layers.status == DecodeStatus::Ip; ++depth) {
    if (is_cut_first(layers)) {
      counters_.cut.add(1);
      read_first_fragment(packet.frame, layers);
      inward(packet, layers);
      continue;
    }
    if (depth == kNestingMax) {
      counters_.too_deep.add(1);
      layers.status = DecodeStatus::Malformed;
      return;
    }
    const Arrival arrival = accept(packet, layers, clock_ns);
    if (arrival.conflict != FragmentConflict::None)
      observer.on_overlap(packet, layers, arrival.conflict);
    if (arrival.whole == kNone) {
      layers.status = arrival.status;
      return;
    }
    rebuild(arrival.whole, lent_from, packet, layers);
    // The IP header tells its length, so that of the frame is not asked.
    read_ip(packet.frame, layers.ip_version, 0, layers);
    inward(packet, layers);
  }
}

}  // namespace flowscope
