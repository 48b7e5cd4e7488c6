#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "flowcore/base/arena.h"
#include "flowcore/base/counter.h"
#include "flowcore/base/result.h"
#include "flowcore/extract/keys.h"
#include "flowcore/extract/quoted_flows.h"
#include "flowcore/packet/burst.h"
#include "flowcore/packet/decode.h"
#include "flowcore/stream/fragment_table.h"
#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/dedup.h"
#include "flowcore/track/flow_burst.h"
#include "flowcore/track/flow_stats.h"
#include "flowcore/track/flow_tracker.h"
#include "flowcore/track/state_column.h"

namespace flowscope {

// One packet of a flow as a driver's stage sees it: right after the tracker accounted it, so that
// the flow's entry speaks of this packet and of none after it. Borrowed for the call.
struct DriverPacket {
  const PacketView& packet;
  const Layers& layers;
  FlowSide side;      // the sender
  TcpSignal signal;   // what it meant, None where it was refused
  uint64_t clock_ns;  // the tracker's clock, never going back

  // What was captured of the payload of TCP or UDP; offsets of Layers are those of the frame, in
  // tunnels as well.
  [[nodiscard]] Bytes payload() const {
    return packet.frame.sub(layers.payload_offset, layers.payload_captured);
  }
  // TCP: the number of the first payload byte.
  [[nodiscard]] uint32_t payload_seq() const {
    return layers.tcp_seq + ((layers.tcp_flags & tcp_flag::kSyn) != 0 ? 1 : 0);
  }
};

// What a driver does with IP fragments: joins them in a table of its own, of this size; or nothing.
using JoinFragments = std::optional<FragmentTable::Options>;

// What a driver does with packets that have a flow: a FlowObserver that is given each packet, with
// what later packets of the burst will need asked for early. Lives for one call of a driver.
template <class S>
concept DriverStage = requires(S& stage, FlowEntry& entry, const FlowEntry& later,
                               const DriverPacket& packet, EndReason reason) {
  stage.on_started(entry);
  stage.on_packet(entry, packet);
  stage.on_ended(entry, reason);
  stage.prefetch(later);        // kFarAhead packets before its turn
  stage.prefetch_inner(later);  // kNearAhead packets before, when the first has come
};

// The tracker's half of every driver: decodes, drops duplicates, finds the flows, keeps the user's
// State with each, and calls the stage packet by packet in their order, so that what comes of a
// packet does not depend on how packets are cut into bursts. The rules are those of FlowTracker,
// whose options it takes; events are the stage's to tell. Joins IP fragments, if asked: the
// fragment that makes a datagram whole stands for it, the others have no flow. Memory: `arena`,
// which outlives it. Thread rule: one thread. Stays where it was made.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
class DriverFlows {
 public:
  using Options = FlowTrackerOptions;

  static size_t cost(const Options& options, const JoinFragments& fragments) {
    return (fragments ? FragmentTable::cost(*fragments) : 0) + BurstTracker::cost(options.engine())
           + StateColumn<State>::cost(FlowTable<FlowEntry>::slots_for(options.flows_max))
           + (options.dedup ? Dedup::cost(*options.dedup) : 0);
  }
  // Requires: options.check() is ok.
  DriverFlows(Arena& arena, const Options& options, const JoinFragments& fragments, E extractor,
              Init init)
      : tracker_(arena, options.engine()),
        states_(arena, tracker_.slots()),
        dedup_(options.dedup ? std::make_optional<Dedup>(arena, *options.dedup) : std::nullopt),
        fragments_(fragments ? std::make_unique<FragmentTable>(
                       arena, *fragments, options.hash_seed_low, options.hash_seed_high)
                             : nullptr),
        options_(options),
        flows_room_(options.flows_max),
        extractor_(std::move(extractor)),
        init_(std::move(init)) {
    set_auto_sweep(options.auto_sweep);
  }
  DriverFlows(const DriverFlows&) = delete;
  DriverFlows& operator=(const DriverFlows&) = delete;
  ~DriverFlows() {
    for_each([&](FlowEntry& entry) { states_.destroy(tracker_.slot_of(entry)); });
  }

  // The packet that is there alone, in a burst of one.
  [[nodiscard]] Burst& burst_of(const PacketView& packet) {
    burst_.count = 1;
    burst_.packet[0] = packet;
    return burst_;
  }
  template <DriverStage S>
  void track_burst(Burst& burst, S& stage);
  template <DriverStage S>
  void sweep(Timestamp now, S& stage) {
    if (options_.monotonic) latest_ns_ = std::max(latest_ns_, now.ns);
    clock_ns_ = std::max(clock_ns_, now.ns);
    Observer<S> observer{*this, stage};
    tracker_.sweep(clock_ns_, observer);
  }
  template <DriverStage S>
  void finish(S& stage) {
    Observer<S> observer{*this, stage};
    tracker_.finish(clock_ns_, observer);
  }
  template <DriverStage S>
  bool forget(const FlowKey& key, S& stage) {
    FlowEntry* const entry = get(key);
    if (entry == nullptr) return false;
    Observer<S> observer{*this, stage};
    tracker_.forget(*entry, observer);
    return true;
  }
  template <DriverStage S>
  Result<void> set_options(const Options& options, S& stage);

  // The live flow of a key, untouched; null without one, or when it is idle past its time-out.
  [[nodiscard]] FlowEntry* get(const FlowKey& key) { return tracker_.flow_of(key, clock_ns_); }
  // Requires: the flow is live.
  [[nodiscard]] State& state_of(const FlowEntry& entry) {
    static_assert(StateColumn<State>::kExists, "this driver was made without a State");
    return states_.at(tracker_.slot_of(entry));
  }
  template <std::invocable<FlowEntry&> F>
  void for_each(F&& visit) {
    tracker_.for_each_in(0, tracker_.set_count(), visit);
  }
  [[nodiscard]] TrackerStats stats() const;
  [[nodiscard]] const FragmentCounters* fragments() const {
    return fragments_ ? &fragments_->counters() : nullptr;
  }
  [[nodiscard]] const BurstTracker& tracker() const { return tracker_; }
  [[nodiscard]] const E& extractor() const { return extractor_; }
  [[nodiscard]] const Options& options() const { return options_; }
  // The tracker's clock: the latest time of all packets and sweeps.
  [[nodiscard]] uint64_t clock_ns() const { return clock_ns_; }
  // See FlowTracker::set_idle_timeout.
  template <class F>
  void keep_idle_rule(F rule) {
    auto kept = std::make_unique<const F>(std::move(rule));
    set_idle_rule({.function = [](const void* own, const FlowKey& key,
                                  uint8_t l4) -> std::optional<uint64_t> {
                     return (*static_cast<const F*>(own))(key, l4);
                   },
                   .state = kept.get()});
    rule_ = {kept.release(), [](const void* own) { delete static_cast<const F*>(own); }};
  }
  void set_idle_rule(const IdleRule& rule) {
    tracker_.set_idle_rule(rule);
    rule_.reset();
  }
  void set_monotonic(bool monotonic) {
    options_.monotonic = monotonic;
    if (!monotonic) latest_ns_ = 0;
  }

 private:
  // How far ahead a stage is asked to prefetch: its own entry first, what that leads to later.
  // PERF: the flow's entry says what to ask for. The tracker asks for entries in groups of eight,
  // so farther ahead than half of that many have not come yet, and each would be waited for.
  static constexpr uint32_t kFarAhead = 4;
  static constexpr uint32_t kNearAhead = 2;

  template <class S>
  struct Observer;

  void set_auto_sweep(Options::AutoSweep auto_sweep) {
    tracker_.set_sweep_steps(auto_sweep == Options::AutoSweep::On ? BurstTracker::SweepSteps::On
                                                                  : BurstTracker::SweepSteps::Off);
  }
  void advance_clock(Burst& burst);
  void join_fragments(Burst& burst);
  void look_into(const Burst& burst);
  void find(const Burst& burst);

  BurstTracker tracker_;
  StateColumn<State> states_;
  std::optional<Dedup> dedup_;
  std::unique_ptr<FragmentTable> fragments_;  // null: each fragment is a packet of its own
  Options options_;
  uint32_t flows_room_;  // flows_max at the start
  E extractor_;
  Init init_;
  std::unique_ptr<const void, void (*)(const void*)> rule_{nullptr, [](const void*) {}};
  uint64_t clock_ns_ = 0;
  uint64_t latest_ns_ = 0;  // of times shown, if monotonic
  // The flow of the packet before: the next is often one of it as well.
  uint64_t hot_hash_ = 0;
  uint32_t hot_slot_ = FlowBurst::kNoFlow;
  Counter unmatched_;
  Burst burst_;
  FlowKeys keys_;
  FlowBurst flows_;
  QuotedFlows quoted_;
};

}  // namespace flowscope

#include "l7/driver_flows_calls.h"  // IWYU pragma: keep
