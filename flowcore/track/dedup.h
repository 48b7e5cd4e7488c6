#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/bytes_hash.h"
#include "flowcore/base/counter.h"
#include "flowcore/packet/burst.h"

namespace flowscope {

// What of two frames has to be the same for one to be the other's duplicate.
enum class DedupMatch : uint8_t {
  Frame,   // every captured byte
  Packet,  // what a router and a switch leave as it is; see Dedup
};

// Finds frames that were captured twice: by the loopback interface, which shows each packet leave
// and arrive, or by mirror ports that a packet passes one after the other.
//
// Rule: a frame is a duplicate when of the last frames_max frames, duplicates among them, the most
// recent one with the same bytes was seen at most window_ns before or after it by their time
// stamps. Each frame counts for those that come after it, so that a duplicate begins the window
// anew. Sameness is decided by length and a 64-bit hash under a secret seed: who does not know the
// seed can neither make two frames meet nor slow the look-up down.
//
// With Packet the link-layer header (addresses, VLAN tags, MPLS, ...), link padding, the TTL and
// header checksum of IPv4 and the hop limit of IPv6 may differ. Compared is the packet from its
// outermost IP header on that decoding has kept: the one before the tunnel of `encap`, else the
// innermost. What ERSPAN has mirrored is compared without its tunnel, which numbers each copy.
// Frames without IP are compared whole.
//
// A packet that was sent twice looks like one that was captured twice, unless its identification
// tells: IPv6 packets have none, and many IPv4 ones have 0 (RFC 6864). TCP retransmits after the
// time-out or a round trip, but duplicate acknowledgements, or datagrams that repeat each other,
// may follow within microseconds: only the window tells these apart, so let it be no longer than
// the copies need.
//
// Thread rule: one worker; dropped() may be read by any thread. Cost: the hash over the compared
// bytes, and a look-up that does not depend on frames_max. Nothing is allocated after construction.
class Dedup {
 public:
  struct Options {
    uint64_t window_ns = 1'000'000;
    uint32_t frames_max = 256;  // at most kFramesMax; 0 acts as 1
    DedupMatch match = DedupMatch::Frame;
    uint64_t hash_seed_low = 0;  // secret
    uint64_t hash_seed_high = 0;
  };
  static constexpr uint32_t kFramesMax = uint32_t{1} << 20;
  // Frames looked at for one that is sought; one that lies behind as many in the same bucket is
  // not found. Who does not know the seed does not bring so many together.
  static constexpr uint32_t kWalkMax = 16;

  // For the loopback interface, where the copies follow each other at once.
  static constexpr Options loopback() { return {.window_ns = 1'000'000, .frames_max = 256}; }

  static size_t cost(const Options& options);
  Dedup(Arena& arena, const Options& options);

  // Whether the frame is a duplicate; it is entered either way. Requires: decode_frame's answer for
  // `packet`; any other gives some answer, and reads no byte outside the frame.
  [[nodiscard]] bool is_duplicate(const PacketView& packet, const Layers& layers);
  // Part of the second hop of a packet's way, behind decode_layers: gives each duplicate, whatever
  // its status was, the status Duplicate. The same answers as is_duplicate for one packet after the
  // other, but frees the look-ups from waiting for memory.
  void mark_duplicates(Burst& burst);

  // Duplicates found.
  [[nodiscard]] uint64_t dropped() const { return dropped_.value(); }
  // Frames that the next one is compared with.
  [[nodiscard]] uint32_t buffered() const { return buffered_; }

 private:
  // A place in the ring; kNone is no frame's, and may be written without harm.
  using Handle = uint32_t;
  static constexpr Handle kNone = 0;

  // What stands for a frame.
  struct Identity {
    uint64_t hash;
    uint32_t bytes;  // that are compared
  };
  // A frame in the ring. The most recent of each identity are linked into lists, one for each
  // bucket, youngest first.
  struct Seen {
    uint64_t hash;
    Timestamp time;
    uint32_t bytes;
    Handle younger;
    Handle older;
    bool is_linked;
  };
  static_assert(sizeof(Seen) == 32, "two to a cache line");

  [[nodiscard]] Identity identity_of(const PacketView& packet, const Layers& layers) const;
  bool enter(Identity identity, Timestamp time);
  [[nodiscard]] Handle find(const Identity& identity) const;
  void link(Handle handle, const Identity& identity, Timestamp time);
  void unlink(Handle handle);

  // The first of the list that a hash is in.
  [[nodiscard]] Handle& bucket_of(uint64_t hash) const { return buckets_[hash & bucket_mask_]; }
  [[nodiscard]] Handle place_after(Handle place) const {
    return place + 1 == ring_.size() ? 1 : place + 1;
  }

  BytesHash hash_;
  std::span<Seen> ring_;  // one more than frames_max, for kNone
  std::span<Handle> buckets_;
  uint64_t bucket_mask_;
  Handle next_ = 1;  // the place of the next frame: the oldest one's when the ring is full
  uint32_t buffered_ = 0;
  uint64_t window_ns_;
  DedupMatch match_;
  Counter dropped_;
};

}  // namespace flowscope
