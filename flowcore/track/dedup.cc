#include "flowcore/track/dedup.h"

#include <algorithm>
#include <array>
#include <bit>

#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"

namespace flowscope {
namespace {

// The words of an IP header that hold what routers change, as load_be64 reads them, without that.
constexpr uint64_t kWithoutHopLimit = 0xffffffff'ffffff00;        // bytes 0 to 7 of IPv6
constexpr uint64_t kWithoutTtlAndChecksum = 0x00ff0000'ffffffff;  // bytes 8 to 15 of IPv4

// What is compared: the words of the prefix, then the bytes.
struct Compared {
  std::array<uint64_t, 2> prefix{};
  Bytes bytes;
};
constexpr size_t kPrefixBytes = sizeof(Compared::prefix);

uint32_t frames_of(const Dedup::Options& options) { return std::max(options.frames_max, 1U); }

// Lists of half an entry on average.
size_t bucket_count(const Dedup::Options& options) {
  return std::bit_ceil(size_t{frames_of(options)}) * 2;
}

uint64_t distance_ns(Timestamp a, Timestamp b) { return a.ns > b.ns ? a.ns - b.ns : b.ns - a.ns; }

// Where the IP header begins that a packet is compared from.
size_t compared_from(const Layers& layers) {
  const bool is_outermost =
      layers.encap.outer_l3_offset == 0 || layers.encap.kind == EncapKind::Erspan;
  return is_outermost ? layers.l3_offset : layers.encap.outer_l3_offset;
}

// How many of the bytes from an IPv4 header on are the packet's; 0 when it is none. No length: the
// sender's network card segments.
size_t ipv4_bytes(Bytes ip) {
  if (ip.size() < Ipv4Header::kBytesMin) return 0;
  const Ipv4Header header = Ipv4Header::load(ip, 0);
  if (header.version != 4) return 0;
  const size_t bytes = header.total_bytes == 0 ? ip.size() : header.total_bytes;
  return bytes < Ipv4Header::kBytesMin ? 0 : std::min(bytes, ip.size());
}

// The same for IPv6.
size_t ipv6_bytes(Bytes ip) {
  if (ip.size() < Ipv6Header::kBytes) return 0;
  const Ipv6Header header = Ipv6Header::load(ip, 0);
  if (header.version != 6) return 0;
  const bool has_length =
      header.payload_bytes != 0 || header.next_header == static_cast<uint8_t>(IpProtocol::NoNext);
  return has_length ? std::min(Ipv6Header::kBytes + size_t{header.payload_bytes}, ip.size())
                    : ip.size();
}

// What of a frame has to be the same under DedupMatch::Packet.
Compared compared_of(const PacketView& packet, const Layers& layers) {
  const Compared whole{.bytes = packet.frame};
  if (layers.status != DecodeStatus::Ip) return whole;
  const Bytes ip = packet.frame.after(compared_from(layers));
  if (const size_t bytes = ipv4_bytes(ip); bytes != 0) {
    return {.prefix = {load_be64(ip, 0), load_be64(ip, 8) & kWithoutTtlAndChecksum},
            .bytes = ip.sub(kPrefixBytes, bytes - kPrefixBytes)};
  }
  if (const size_t bytes = ipv6_bytes(ip); bytes != 0) {
    return {.prefix = {load_be64(ip, 0) & kWithoutHopLimit, load_be64(ip, 8)},
            .bytes = ip.sub(kPrefixBytes, bytes - kPrefixBytes)};
  }
  return whole;
}

}  // namespace

size_t Dedup::cost(const Options& options) {
  return Arena::cost<Seen>(size_t{frames_of(options)} + 1)
         + Arena::cost<Handle>(bucket_count(options));
}

Dedup::Dedup(Arena& arena, const Options& options)
    : hash_(options.hash_seed_low, options.hash_seed_high),
      ring_(arena.take<Seen>(size_t{frames_of(options)} + 1)),
      buckets_(arena.take<Handle>(bucket_count(options))),
      bucket_mask_(buckets_.size() - 1),
      window_ns_(options.window_ns),
      match_(options.match) {
  FS_CHECK(options.frames_max <= kFramesMax);
}

Dedup::Identity Dedup::identity_of(const PacketView& packet, const Layers& layers) const {
  const Compared compared =
      match_ == DedupMatch::Packet ? compared_of(packet, layers) : Compared{.bytes = packet.frame};
  return {.hash = hash_(compared.bytes, compared.prefix),
          .bytes = static_cast<uint32_t>(compared.bytes.size())};
}

bool Dedup::is_duplicate(const PacketView& packet, const Layers& layers) {
  return enter(identity_of(packet, layers), packet.time);
}

// PERF: two passes, so that the lists of a whole burst arrive while its frames are hashed; with a
// ring beyond the second-level cache each look-up would wait for memory otherwise. Asked for are
// the buckets that frames enter, and those that frames leave which are pushed out.
void Dedup::mark_duplicates(Burst& burst) {
  std::array<Identity, kBurstMax> identities;
  Handle leaving = next_;
  for (uint32_t i = 0; i < burst.count; ++i) {
    identities[i] = identity_of(burst.packet[i], burst.layers[i]);
    prefetch_write(&bucket_of(identities[i].hash));
    prefetch_write(&bucket_of(ring_[leaving].hash));
    leaving = place_after(leaving);
  }
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (enter(identities[i], burst.packet[i].time))
      burst.layers[i].status = DecodeStatus::Duplicate;
  }
}

bool Dedup::enter(Identity identity, Timestamp time) {
  const Handle twin = find(identity);
  const bool is_duplicate = twin != kNone && distance_ns(ring_[twin].time, time) <= window_ns_;
  // Only the most recent one is ever asked.
  if (twin != kNone) unlink(twin);
  if (ring_[next_].is_linked) unlink(next_);
  link(next_, identity, time);
  next_ = place_after(next_);
  buffered_ += buffered_ + 1 < ring_.size() ? 1 : 0;
  dropped_.add(is_duplicate ? 1 : 0);
  return is_duplicate;
}

Dedup::Handle Dedup::find(const Identity& identity) const {
  Handle at = bucket_of(identity.hash);
  for (uint32_t step = 0; at != kNone && step < kWalkMax; ++step) {
    const Seen& seen = ring_[at];
    if (seen.hash == identity.hash && seen.bytes == identity.bytes) return at;
    at = seen.older;
  }
  return kNone;
}

void Dedup::link(Handle handle, const Identity& identity, Timestamp time) {
  Handle& youngest = bucket_of(identity.hash);
  ring_[handle] = {.hash = identity.hash,
                   .time = time,
                   .bytes = identity.bytes,
                   .younger = kNone,
                   .older = youngest,
                   .is_linked = true};
  ring_[youngest].younger = handle;
  youngest = handle;
}

void Dedup::unlink(Handle handle) {
  Seen& seen = ring_[handle];
  seen.is_linked = false;
  ring_[seen.older].younger = seen.younger;
  if (seen.younger == kNone) {
    bucket_of(seen.hash) = seen.older;
  } else {
    ring_[seen.younger].older = seen.older;
  }
}

}  // namespace flowscope
