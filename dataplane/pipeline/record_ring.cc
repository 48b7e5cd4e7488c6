#include "dataplane/pipeline/record_ring.h"

#include <time.h>

#include <cstring>

#include "flowcore/base/check.h"

namespace flowscope {

namespace {

// Long enough for the exporter to empty a good part of the ring, short enough not to starve it.
constexpr timespec kWait = {.tv_sec = 0, .tv_nsec = 50'000};

}  // namespace

RecordRing::RecordRing(Arena& arena, size_t bytes, Overflow overflow)
    : ring_(arena, bytes), overflow_(overflow) {
  FS_CHECK(bytes >= kBytesMin);
}

bool RecordRing::push_flow(const RecordHead& head, const FlowRecord& flow) {
  constexpr size_t kBytes = sizeof(RecordHead) + sizeof(FlowRecord);
  const std::span<uint8_t> place = reserve(RecordKind::Flow, kBytes);
  if (place.empty()) return false;
  put_head(place, head, RecordKind::Flow, "flow");
  std::memcpy(place.data() + sizeof(RecordHead), &flow, sizeof flow);
  commit(RecordKind::Flow, kBytes);
  return true;
}

bool RecordRing::push_anomaly(const RecordHead& head, AnomalyLayer layer, const char* event) {
  const std::span<uint8_t> place = reserve(RecordKind::Anomaly, sizeof(RecordHead));
  if (place.empty()) return false;
  RecordHead anomaly = head;
  anomaly.layer = layer;
  put_head(place, anomaly, RecordKind::Anomaly, event);
  commit(RecordKind::Anomaly, sizeof(RecordHead));
  return true;
}

std::span<uint8_t> RecordRing::reserve(RecordKind kind, size_t bytes) {
  std::span<uint8_t> place = ring_.reserve(bytes);
  if (!place.empty()) [[likely]]
    return place;
  if (overflow_ == Overflow::Wait) return wait_for_room(bytes);
  count(shed_, kind);
  return {};
}

std::span<uint8_t> RecordRing::wait_for_room(size_t bytes) {
  // The exporter can only make room out of records that it sees.
  ring_.publish();
  for (;;) {
    const std::span<uint8_t> place = ring_.reserve(bytes);
    if (!place.empty()) return place;
    nanosleep(&kWait, nullptr);
  }
}

void RecordRing::commit(RecordKind kind, size_t bytes) {
  ring_.commit(bytes);
  count(pushed_, kind);
}

void RecordRing::put_head(std::span<uint8_t> place, const RecordHead& head, RecordKind kind,
                          const char* event) {
  RecordHead written = head;
  written.kind = kind;
  written.event = event;
  std::memcpy(place.data(), &written, sizeof written);
}

void RecordRing::count(Counters& counters, RecordKind kind) {
  // Relaxed, load and store: the worker is the only writer, and counts() needs no order among
  // figures.
  std::atomic<uint64_t>& counter = counters[static_cast<size_t>(kind)];
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

RecordCounts RecordRing::counts() const {
  RecordCounts counts;
  for (size_t i = 0; i < kRecordKinds; ++i) {
    counts.pushed[i] = pushed_[i].load(std::memory_order_relaxed);  // written by count()
    counts.shed[i] = shed_[i].load(std::memory_order_relaxed);
  }
  return counts;
}

}  // namespace flowscope
