#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "dataplane/pipeline/flow_image.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/pipeline/record_encoder.h"
#include "dataplane/pipeline/record_type.h"
#include "flowcore/base/arena.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/spsc_ring.h"
#include "flowcore/track/flow_extras.h"

namespace flowscope {

// What a worker does with a record when the ring is full. Shed: loses it and counts it, as live
// capture must. Wait: sleeps until the exporter made room, as files may; nothing is lost.
enum class Overflow : uint8_t { Shed, Wait };

// Records by kind, and the same by type: written into the ring, and lost before it.
struct RecordCounts {
  std::array<uint64_t, kRecordKinds> pushed{};
  std::array<uint64_t, kRecordKinds> shed{};
  std::array<uint64_t, kRecordTypes> pushed_by_type{};
  std::array<uint64_t, kRecordTypes> shed_by_type{};
};

// A worker's way out: encodes records into a byte ring that one exporter thread empties.
// Thread rule: the push calls and publish() belong to the worker; front(), pop() and release() to
// the exporter; counts() to anyone. Lifetime: within its arena's. Cost: a copy of the record, no
// allocation.
class RecordRing {
 public:
  // Smallest ring in which the longest record finds room at every position.
  static constexpr size_t kBytesMin = 4 * kRecordBytesMax;

  static size_t cost(size_t bytes) { return ByteRing::cost(bytes); }
  // Where records are shed, those of the types in `shed_first` go before others, in this order: the
  // first of n types is shed once half of the ring is filled, the next ones 1/n of the other half
  // later, and what is not named only when there is no room at all. Requires: bytes >= kBytesMin.
  RecordRing(Arena& arena, size_t bytes, Overflow overflow,
             std::span<const RecordType> shed_first = {});

  // From the next record on. No allocation.
  void set_shed_first(std::span<const RecordType> shed_first);

  // Each writes one record, or sheds it and answers false. The exporter sees it after publish().
  // `app_proto` is a literal or null.
  bool push_flow(const FlowEntry& entry, EndReason reason, const char* app_proto,
                 const FlowExtras& extras);
  bool push_interim(const FlowEntry& entry, const FlowDelta& delta, const char* app_proto,
                    const FlowExtras& extras);
  // `event` is a literal. The head may belong to no flow.
  bool push_anomaly(RecordHead head, AnomalyLayer layer, const char* event);
  // The event of the record is the message's kEvent. Describes the message twice when it is long.
  template <class M>
  bool push_message(RecordHead head, const M& message);

  // Shows the exporter all records written so far; once a burst.
  void publish() { ring_.publish(); }
  // Worker's side: how many bytes hold no record that is still to be read.
  [[nodiscard]] size_t bytes_free() const { return ring_.bytes_free(); }

  // Exporter side: the oldest record, empty when there is none; its bytes are good until release().
  [[nodiscard]] Bytes front() { return ring_.front(); }
  void pop() { ring_.pop(); }
  void release() { ring_.release(); }

  // A moment's view; each figure alone is exact.
  [[nodiscard]] RecordCounts counts() const;

 private:
  // Nearly every message fits into this; asking for more would call the ring full too early.
  static constexpr size_t kRecordBytesUsual = 4096;
  static_assert(kRecordBytesUsual >= sizeof(RecordHead) + RecordEncoder::kReserveBytes);
  using Counters = std::array<std::atomic<uint64_t>, kRecordTypes>;

  // Room for a record, after waiting where that is the policy; empty, and counted as shed,
  // otherwise.
  std::span<uint8_t> reserve(RecordType type, size_t bytes) {
    const std::span<uint8_t> place = ring_.reserve(bytes, bytes_spared_[static_cast<size_t>(type)]);
    if (place.empty()) [[unlikely]]
      return when_full(type, bytes);
    return place;
  }
  // Room for the longest record of a flow.
  static constexpr size_t kImageBytesMax =
      sizeof(FlowImage) + sizeof(FlowEntry) + sizeof(FlowDetail) + sizeof(FlowMeter)
      + FlowMeter::kFirstPacketsMax * sizeof(FirstPacket) + sizeof(FlowDelta) + sizeof(FlowGaps)
      + sizeof(FlowExtras::app_proto_orig);
  std::span<uint8_t> when_full(RecordType type, size_t bytes);
  void commit(RecordType type, size_t bytes) {
    ring_.commit(bytes);
    count(pushed_, type);
  }
  static void count(Counters& counters, RecordType type) {
    // Relaxed, load and store: the worker is the only writer, and counts() needs no order among
    // figures.
    std::atomic<uint64_t>& counter = counters[static_cast<size_t>(type)];
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  ByteRing ring_;
  Overflow overflow_;
  std::array<uint32_t, kRecordTypes> bytes_spared_{};  // what a record of the type must leave free
  Counters pushed_{};
  Counters shed_{};
};

template <class M>
bool RecordRing::push_message(RecordHead head, const M& message) {
  constexpr RecordType kType = message_type(M::kEvent);
  head.kind = RecordKind::Message;
  head.event = M::kEvent;
  for (const size_t bytes_max : {kRecordBytesUsual, kRecordBytesMax}) {
    const std::span<uint8_t> place = reserve(kType, bytes_max);
    if (place.empty()) return false;
    RecordEncoder encoder(place.subspan(sizeof(RecordHead)));
    message.describe(encoder);
    if (encoder.out_of_room() && bytes_max < kRecordBytesMax) continue;
    std::memcpy(place.data(), &head, sizeof head);
    commit(kType, sizeof(RecordHead) + encoder.finish());
    return true;
  }
  return false;
}

}  // namespace flowscope
