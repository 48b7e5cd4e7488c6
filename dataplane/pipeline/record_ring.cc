#include "dataplane/pipeline/record_ring.h"

#include <time.h>

#include <algorithm>
#include <cstring>

#include "flowcore/base/check.h"
#include "flowcore/base/plain_copy.h"

namespace flowscope {

namespace {

// Long enough for the exporter to empty a good part of the ring, short enough not to starve it.
constexpr timespec kWait = {.tv_sec = 0, .tv_nsec = 50'000};

// Lays blocks side by side.
class Blocks {
 public:
  explicit Blocks(uint8_t* place) : place_(place) {}
  template <class T>
  void put(const T& block) {
    std::memcpy(place_ + bytes_, &block, sizeof block);
    bytes_ += sizeof block;
  }
  // The image, with its flags set, the entry, and what is known beside it in order.
  void put_flow(FlowImage image, const FlowEntry& entry, const FlowExtras& extras) {
    image.has_detail = extras.detail != nullptr;
    image.has_meter = extras.meter != nullptr;
    image.has_gaps = (extras.gap_bytes[0] | extras.gap_bytes[1]) != 0;
    image.has_app_proto_orig = extras.app_proto_orig != nullptr;
    put(image);
    copy_plain(place_ + bytes_, entry);
    bytes_ += sizeof entry;
    if (image.has_detail) [[unlikely]]
      put(*extras.detail);
    if (image.has_gaps) [[unlikely]]
      put(extras.gap_bytes);
    if (image.has_app_proto_orig) [[unlikely]]
      put(extras.app_proto_orig);
    if (!image.has_meter) return;
    put(*extras.meter);
    for (const FirstPacket& packet : extras.first_packets) put(packet);
  }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  uint8_t* place_;
  size_t bytes_ = 0;
};

}  // namespace

RecordRing::RecordRing(Arena& arena, size_t bytes, Overflow overflow,
                       std::span<const RecordType> shed_first)
    : ring_(arena, bytes), overflow_(overflow) {
  FS_CHECK(bytes >= kBytesMin);
  set_shed_first(shed_first);
}

void RecordRing::set_shed_first(std::span<const RecordType> shed_first) {
  if (overflow_ == Overflow::Wait) return;
  bytes_spared_ = {};
  const size_t step = ring_.bytes() / 2 / std::max<size_t>(shed_first.size(), 1);
  for (size_t i = 0; i < shed_first.size(); ++i) {
    bytes_spared_[static_cast<size_t>(shed_first[i])] =
        static_cast<uint32_t>(step * (shed_first.size() - i));
  }
}

// PERF: 128 of some 150 bytes are the entry's, read where the tracker has just read it. No hash, no
// text, nothing that the exporter can make itself: in a flood every packet pays for one of these.
bool RecordRing::push_flow(const FlowEntry& entry, EndReason reason, const char* app_proto,
                           const FlowExtras& extras) {
  const std::span<uint8_t> place = reserve(RecordType::Flow, kImageBytesMax);
  if (place.empty()) return false;
  Blocks blocks(place.data());
  blocks.put_flow({.reason = reason, .app_proto = app_proto}, entry, extras);
  commit(RecordType::Flow, blocks.bytes());
  return true;
}

bool RecordRing::push_interim(const FlowEntry& entry, const FlowDelta& delta, const char* app_proto,
                              const FlowExtras& extras) {
  const std::span<uint8_t> place = reserve(RecordType::Interim, kImageBytesMax);
  if (place.empty()) return false;
  Blocks blocks(place.data());
  blocks.put_flow({.kind = RecordKind::Interim, .has_delta = true, .app_proto = app_proto}, entry,
                  extras);
  blocks.put(delta);
  commit(RecordType::Interim, blocks.bytes());
  return true;
}

bool RecordRing::push_anomaly(RecordHead head, AnomalyLayer layer, const char* event) {
  const std::span<uint8_t> place = reserve(RecordType::Anomaly, sizeof head);
  if (place.empty()) return false;
  head.kind = RecordKind::Anomaly;
  head.layer = layer;
  head.event = event;
  std::memcpy(place.data(), &head, sizeof head);
  commit(RecordType::Anomaly, sizeof head);
  return true;
}

std::span<uint8_t> RecordRing::when_full(RecordType type, size_t bytes) {
  if (overflow_ == Overflow::Shed) {
    count(shed_, type);
    return {};
  }
  // The exporter can only make room out of records that it sees.
  ring_.publish();
  for (;;) {
    const std::span<uint8_t> place = ring_.reserve(bytes);
    if (!place.empty()) return place;
    nanosleep(&kWait, nullptr);
  }
}

RecordCounts RecordRing::counts() const {
  RecordCounts counts;
  for (size_t i = 0; i < kRecordTypes; ++i) {
    counts.pushed_by_type[i] = pushed_[i].load(std::memory_order_relaxed);  // written by count()
    counts.shed_by_type[i] = shed_[i].load(std::memory_order_relaxed);
    const auto kind = static_cast<size_t>(kind_of(static_cast<RecordType>(i)));
    counts.pushed[kind] += counts.pushed_by_type[i];
    counts.shed[kind] += counts.shed_by_type[i];
  }
  return counts;
}

}  // namespace flowscope
