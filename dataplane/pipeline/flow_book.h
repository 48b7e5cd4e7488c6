#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/pipeline/flow_directions.h"
#include "dataplane/pipeline/split_sample.h"
#include "flowcore/base/counter.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/histogram.h"
#include "flowcore/base/keyed_hash.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// What carries a flow, as far as figures tell flows apart.
enum class FlowKind : uint8_t { Tcp, Udp, Other };
inline constexpr size_t kFlowKinds = 3;

[[nodiscard]] constexpr std::string_view name_of(FlowKind kind) {
  switch (kind) {
    case FlowKind::Tcp:
      return "tcp";
    case FlowKind::Udp:
      return "udp";
    case FlowKind::Other:
      return "other";
  }
  return {};
}

// One worker's book of flows: how many of which kind began, why they ended, how long and large they
// had become, and whether both directions were seen. Counted when a flow begins and when it ends,
// never for a packet. Written by the worker, read by any thread.
class FlowBook {
 public:
  // Bounds of the histograms: from a tenth of a second to an hour; 1 to 100,000 packets; 1,500
  // bytes to 100 MB, of both sides together.
  static constexpr std::array<uint64_t, 6> kDurationBounds_ns = {
      100'000'000,    1'000'000'000,   10'000'000'000,
      60'000'000'000, 300'000'000'000, 3'600'000'000'000};
  static constexpr std::array<uint64_t, 6> kPacketsBounds = {1, 10, 100, 1'000, 10'000, 100'000};
  static constexpr std::array<uint64_t, 5> kBytesBounds = {1'500, 64'000, 1'000'000, 10'000'000,
                                                           100'000'000};

  void begin(const FlowEntry& entry) { begun_[static_cast<size_t>(kind_of(entry.l4))].add(1); }
  // `hash`: that of the table, the same on every worker; asked of one-sided flows only.
  void end(const FlowEntry& entry, EndReason reason, const KeyedHash& hash) {
    ended_[static_cast<size_t>(reason)].add(1);
    // A capture whose time goes back may end a flow before it began.
    durations_ns_.add(entry.last_seen_ns > entry.started_ns ? entry.last_seen_ns - entry.started_ns
                                                            : 0);
    packets_.add(entry.packets());
    const uint64_t initiator = entry.side[index_of(FlowSide::Initiator)].bytes();
    const uint64_t responder = entry.side[index_of(FlowSide::Responder)].bytes();
    bytes_.add(initiator + responder);
    initiator_bytes_.add(initiator);
    note_directions(entry, hash);
  }

  [[nodiscard]] uint64_t begun(FlowKind kind) const {
    return begun_[static_cast<size_t>(kind)].value();
  }
  [[nodiscard]] uint64_t ended(EndReason reason) const {
    return ended_[static_cast<size_t>(reason)].value();
  }
  // Flows that have ended, by how many of their directions were seen; see directions_of().
  [[nodiscard]] uint64_t both_directions(FlowKind kind) const {
    return both_directions_[static_cast<size_t>(kind)].value();
  }
  [[nodiscard]] uint64_t one_direction(FlowKind kind) const {
    return one_direction_[static_cast<size_t>(kind)].value();
  }
  // Of the UDP flows with one direction those where the other one is expected; see
  // expects_answers().
  [[nodiscard]] uint64_t unanswered() const { return unanswered_.value(); }
  // Of the flows with one direction. Requires: TCP or UDP.
  [[nodiscard]] const SplitSample& sample(FlowKind kind) const {
    return samples_[static_cast<size_t>(kind)];
  }
  // What the sides of flows that have ended sent.
  [[nodiscard]] uint64_t bytes_of(FlowSide side) const {
    const uint64_t initiator = initiator_bytes_.value();
    if (side == FlowSide::Initiator) return initiator;
    // Another thread may see the one figure and not yet the other.
    const uint64_t both = bytes_.sum();
    return both > initiator ? both - initiator : 0;
  }
  // Of flows that have ended.
  [[nodiscard]] const Histogram<kDurationBounds_ns>& durations_ns() const { return durations_ns_; }
  [[nodiscard]] const Histogram<kPacketsBounds>& packets() const { return packets_; }
  [[nodiscard]] const Histogram<kBytesBounds>& bytes() const { return bytes_; }

 private:
  static FlowKind kind_of(uint8_t l4) {
    if (l4 == static_cast<uint8_t>(IpProtocol::Tcp)) return FlowKind::Tcp;
    return l4 == static_cast<uint8_t>(IpProtocol::Udp) ? FlowKind::Udp : FlowKind::Other;
  }

  void note_directions(const FlowEntry& entry, const KeyedHash& hash) {
    const FlowKind kind = kind_of(entry.l4);
    if (kind == FlowKind::Other) return;
    switch (directions_of(entry)) {
      case Directions::Both:
        both_directions_[static_cast<size_t>(kind)].add(1);
        return;
      case Directions::One:
        one_direction_[static_cast<size_t>(kind)].add(1);
        if (kind == FlowKind::Udp && expects_answers(entry.key)) unanswered_.add(1);
        samples_[static_cast<size_t>(kind)].add(hash(&entry.key), entry.last_seen_ns);
        return;
      case Directions::Unsaid:
        return;
    }
  }

  std::array<Counter, kFlowKinds> begun_;
  std::array<Counter, kEndReasons> ended_;
  std::array<Counter, 2> both_directions_;  // TCP and UDP
  std::array<Counter, 2> one_direction_;
  Counter unanswered_;
  std::array<SplitSample, 2> samples_;
  Counter initiator_bytes_;
  Histogram<kDurationBounds_ns> durations_ns_;
  Histogram<kPacketsBounds> packets_;
  Histogram<kBytesBounds> bytes_;
};

}  // namespace flowscope
