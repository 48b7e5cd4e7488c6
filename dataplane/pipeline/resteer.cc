#include "dataplane/pipeline/resteer.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <new>

#include "flowcore/base/block16.h"

namespace flowscope {

namespace {

size_t index_of(ResteerEnd::Step step) { return static_cast<size_t>(step); }

Resteered kind_at(const uint8_t* head) {
  return load_number<Resteered>(head, offsetof(ResteerHead, kind));
}

}  // namespace

bool ResteerLane::open(size_t bytes) {
  close();
  open_ = ring_.reserve(std::max(bytes, kRecordBytes));
  if (open_.empty()) open_ = ring_.reserve(bytes);
  return !open_.empty();
}

bool ResteerLane::send_decoded(const ResteerHead& head, const ResteerDecoded& decoded) {
  FS_DCHECK(head.kind != Resteered::Frame && !head.is_lent);
  const Bytes frame = head.packet.frame;
  const size_t bytes = padded(sizeof head + ResteerDecoded::kBytes + frame.size());
  uint8_t* const place = begin(bytes);
  if (place == nullptr) return false;
  auto* const sent = new (place) ResteerHead(head);
  sent->entry_bytes = static_cast<uint32_t>(bytes);
  uint8_t* behind = place + sizeof head;
  std::memcpy(behind, &decoded.wire_bytes, sizeof decoded.wire_bytes);
  behind += sizeof decoded.wire_bytes;
  std::memcpy(behind, &decoded.layers, sizeof decoded.layers);
  sent->packet.frame = copied(frame, behind + sizeof decoded.layers);
  return true;
}

// A ring takes records of up to half of its size.
size_t Resteer::ring_bytes(const Options& options) {
  constexpr size_t kSmall = sizeof(ResteerHead) + kSmallBytesMax;
  constexpr size_t kLarge = sizeof(ResteerHead) + ResteerDecoded::kBytes + kCopyBytesMax;
  return std::bit_ceil(std::max(kSmall * options.frames_max, 2 * kLarge));
}

size_t Resteer::cost(const Options& options) {
  return options.workers * size_t{options.workers - 1} * ByteRing::cost(ring_bytes(options));
}

Result<std::unique_ptr<Resteer>> Resteer::create(const Options& options, Arena::Populate populate) {
  FS_CHECK(options.workers > 1 && options.frames_max >= options.burst);
  auto arena = Arena::create(cost(options), populate);
  if (!arena.ok()) return arena.error();
  return std::unique_ptr<Resteer>(new Resteer(std::move(arena.value()), options));
}

Resteer::Resteer(Arena arena, const Options& options)
    : arena_(std::move(arena)),
      workers_(options.workers),
      burst_(options.burst),
      when_full_(options.when_full),
      readers_(options.readers) {
  for (uint32_t from = 0; from < workers_; ++from) {
    for (uint32_t to = 0; to < workers_; ++to) {
      lanes_.push_back(from == to ? nullptr
                                  : std::make_unique<ResteerLane>(arena_, ring_bytes(options),
                                                                  options.frames_max));
    }
    ends_.push_back(std::make_unique<ResteerEnd>(*this, from));
  }
}

bool ResteerEnd::send_decoded(uint32_t to, const DecodedPacket& decoded) {
  const auto& [kind, packet, layers, wire_bytes, clock_ns, fault] = decoded;
  FS_DCHECK(kind != Resteered::Frame);
  ResteerLane& lane = all_.lane(index_, to);
  const ResteerHead head{.packet = packet, .clock_ns = clock_ns, .kind = kind, .fault = fault};
  const ResteerDecoded sent{.wire_bytes = wire_bytes, .layers = layers};
  if (!until_sent([&] { return lane.send_decoded(head, sent); })) {
    (kind == Resteered::Quote ? counters_.quotes_lost : counters_.full).add(1);
    return false;
  }
  if (kind == Resteered::Datagram) counters_.sent.add(1);
  return true;
}

void ResteerEnd::publish() {
  for (uint32_t to = 0; to < all_.workers_; ++to) {
    if (to != index_) all_.lane(index_, to).publish();
  }
}

// Room for a burst of frames, the largest of which would have to be copied.
bool ResteerEnd::holds_back() {
  if (all_.when_full_ != WhenFull::Wait) return false;
  for (uint32_t to = 0; to < all_.workers_; ++to) {
    if (to == index_) continue;
    ResteerLane& lane = all_.lane(index_, to);
    if (!lane.may_lend(all_.burst_) || !lane.has_room()) return true;
  }
  return false;
}

uint32_t ResteerEnd::take(Burst& burst, ResteerRows& rows) {
  burst.count = 0;
  const uint32_t workers = all_.workers_;
  for (uint32_t asked = 0; asked < workers && burst.count < kBurstMax; ++asked) {
    const uint32_t from = next_;
    next_ = next_ + 1 == workers ? 0 : next_ + 1;
    if (from != index_) take_from(from, burst, rows);
  }
  return burst.count;
}

void ResteerEnd::take_from(uint32_t from, Burst& burst, ResteerRows& rows) {
  ResteerLane& lane = all_.lane(from, index_);
  while (burst.count < kBurstMax) {
    const Bytes packets = lane.front();
    if (packets.empty()) return;
    const bool is_decoded = kind_at(packets.begin()) != Resteered::Frame;
    if (burst.count == 0) rows.are_decoded = is_decoded;
    if (is_decoded != rows.are_decoded) return;
    const Taken taken =
        is_decoded ? take_decoded(packets, burst, rows) : take_frames(packets, burst, rows);
    lane.pop(taken.bytes, taken.lent);
  }
}

// PERF: each field of a head is read by itself: a copy of the head is written and read once more.
ResteerEnd::Taken ResteerEnd::take_frames(Bytes packets, Burst& burst, ResteerRows& rows) {
  const uint32_t first = burst.count;
  uint32_t row = first;
  Taken taken;
  for (; row < kBurstMax && taken.bytes < packets.size(); ++row) {
    const uint8_t* const place = packets.begin() + taken.bytes;
    if (kind_at(place) != Resteered::Frame) break;
    prefetch_read(place + ResteerLane::kAheadBytes);
    prefetch_read(place + ResteerLane::kAheadBytes + kCacheLineBytes);
    std::memcpy(&burst.packet[row], place + offsetof(ResteerHead, packet), sizeof(PacketView));
    void* const owner = load_number<void*>(place, offsetof(ResteerHead, owner));
    burst.owner[row] = owner;
    rows.clock_ns[row] = load_number<uint64_t>(place, offsetof(ResteerHead, clock_ns));
    if (load_number<bool>(place, offsetof(ResteerHead, is_lent))) {
      // For the port's release(): mbufs have what it reads in their first two lines.
      prefetch_write(owner);
      prefetch_write(owner, kCacheLineBytes);
      ++taken.lent;
    }
    taken.bytes += load_number<uint32_t>(place, offsetof(ResteerHead, entry_bytes));
  }
  burst.count = row;
  counters_.taken.add(row - first);
  return taken;
}

ResteerEnd::Taken ResteerEnd::take_decoded(Bytes packets, Burst& burst, ResteerRows& rows) {
  uint32_t& row = burst.count;
  Taken taken;
  for (; row < kBurstMax && taken.bytes < packets.size(); ++row) {
    const uint8_t* const place = packets.begin() + taken.bytes;
    ResteerHead head;
    std::memcpy(&head, place, sizeof head);
    if (head.kind == Resteered::Frame) break;
    uint64_t wire_bytes = 0;
    const uint8_t* const behind = place + sizeof head;
    std::memcpy(&wire_bytes, behind, sizeof wire_bytes);
    std::memcpy(&burst.layers[row], behind + sizeof wire_bytes, sizeof(Layers));
    burst.packet[row] = head.packet;
    burst.owner[row] = nullptr;
    rows.clock_ns[row] = head.clock_ns;
    rows.kind[row] = head.kind;
    rows.wire_bytes[row] = static_cast<uint32_t>(wire_bytes);
    rows.faults[row] = head.fault;
    counters_.taken.add(head.kind == Resteered::Quote ? 0 : 1);
    taken.bytes += head.entry_bytes;
  }
  return taken;
}

void ResteerEnd::release() {
  for (uint32_t from = 0; from < all_.workers_; ++from) {
    if (from != index_) all_.lane(from, index_).release();
  }
}

void ResteerEnd::close(Step step, uint64_t clock_ns) {
  publish();
  // Relaxed: the release below shows it.
  uint64_t latest_ns = all_.closed_clock_ns_.load(std::memory_order_relaxed);
  while (latest_ns < clock_ns
         && !all_.closed_clock_ns_.compare_exchange_weak(latest_ns, clock_ns,
                                                         std::memory_order_relaxed)) {
  }
  // release: pairs with the acquire load in is_closed(); who sees the step closed sees all that was
  // published before.
  all_.closed_[index_of(step)].fetch_add(1, std::memory_order_release);
}

bool ResteerEnd::is_closed(Step step) const {
  return all_.closed_[index_of(step)].load(std::memory_order_acquire) == all_.workers_;
}

// Relaxed: read behind is_closed().
uint64_t ResteerEnd::closed_clock_ns() const {
  return all_.closed_clock_ns_.load(std::memory_order_relaxed);
}

}  // namespace flowscope
