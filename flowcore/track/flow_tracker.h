#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/base/arena.h"
#include "flowcore/base/counter.h"
#include "flowcore/base/result.h"
#include "flowcore/extract/keys.h"
#include "flowcore/extract/quoted_flows.h"
#include "flowcore/packet/burst.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/dedup.h"
#include "flowcore/track/flow_burst.h"
#include "flowcore/track/flow_event.h"
#include "flowcore/track/flow_stats.h"
#include "flowcore/track/flow_teller.h"
#include "flowcore/track/state_column.h"

namespace flowscope {

// What a FlowTracker is made with. The defaults are those of a monitor of one site.
struct FlowTrackerOptions {
  // Whether the packets' clock sweeps, a part of the table every 0.26 ms of it, or only sweep().
  enum class AutoSweep : uint8_t { Off, On };

  uint32_t flows_max = 100'000;
  uint32_t details_max = 1 << 12;  // flows with a FlowDetail at the same time
  IdlePolicy idle;                 // tcp_closed_ns = 0: flows end in the call that closes them
  EventMask events;                // all but anomalies
  AutoSweep auto_sweep = AutoSweep::Off;
  bool monotonic = false;          // see FlowTracker::set_monotonic
  const Decap* decap = &kNoDecap;  // taken off before the extractor looks; outlives the tracker
  // Frames that were captured twice are dropped, and change nothing; nothing: they count.
  std::optional<Dedup::Options> dedup;
  // Live flows are told of (FlowInterim) once in this time, while auto_sweep is on; 0: never.
  uint64_t interim_ns = 0;
  FlowMeters::Options meters;      // extended counters beside each flow
  uint32_t emergency_percent = 0;  // of flows_max, from where on IdlePolicy::emergency_ns holds
  // Secret and random where strangers choose the traffic; the same numbers give the same run.
  uint64_t hash_seed_low = 0;
  uint64_t hash_seed_high = 0;

  // Whether a tracker can be made with these; the error names the option.
  [[nodiscard]] Result<void> check() const;
  // What of them is for the engine.
  [[nodiscard]] BurstTracker::Options engine() const;
};

// Follows flows and tells of their lives in events: the library's tracker, for who has frames and
// times. `E` says which flow a packet belongs to; `State` is kept with each flow for the user, made
// by `Init` from the key of a new flow.
//
// The events of one packet come in this order, those in brackets where there is reason:
//   [Ended: evicted, idle, reopened] [TrackerAnomaly] [Started] [Established or StateChange]
//   [FlowAnomaly] Packet [Ended: fin, rst]
// A closed TCP flow lingers for IdlePolicy::tcp_closed_ns and takes in what is late, so that its
// Ended comes with a later packet or sweep; with tcp_closed_ns = 0 it comes in the same call.
//
// Exactness: events depend on the packets, their times and the calls made, not on how packets are
// cut into bursts. A flow past its time-out ends at its next packet, whether a sweep came by or
// not. Balance: created == ended + live, live <= flows_max. Idle times are taken by a clock that
// never goes back: the latest time of all packets and sweeps so far.
// Memory: all at create(), but where stated. Cost: BurstTracker's, some nanoseconds for each event
// wanted. Thread rule: one thread. Lifetime: movable; references to entries and states are good
// until the next call that tracks, sweeps, forgets or finishes.
template <FlowExtractor E, std::move_constructible State = NoState,
          StateInit<State> Init = DefaultState<State>>
class FlowTracker {
 public:
  using Options = FlowTrackerOptions;
  // The most events of one call of track() without a sink: those of a sweep's step, and seven.
  static constexpr size_t kEventsMax = BurstTracker::kStepEndedMax + Interim::kFlowsPerStep
                                       + 2 * (FlowTable<FlowEntry>::kWays - 1) + 2 + 7;

  static Result<FlowTracker> create(const Options& options, E extractor, Init init = Init());

  FlowTracker(FlowTracker&&) noexcept = default;
  FlowTracker& operator=(FlowTracker&&) noexcept = default;
  ~FlowTracker() = default;

  // Tracks one packet. The events are good until the next call.
  std::span<const FlowEvent> track(const PacketView& packet);
  template <EventSink S>
  void track(const PacketView& packet, S&& sink);
  // Tracks packet[0, count) of a burst: fills layers[], and clamps the times if set_monotonic().
  template <EventSink S>
  void track_burst(Burst& burst, S&& sink);

  // Ends the flows that are idle for their time-out at `now`, or at the clock where that is later;
  // the clock goes on to there. To end all that is left, call finish().
  template <EventSink S>
  void sweep(Timestamp now, S&& sink);
  // Ends every flow. Packets may follow.
  template <EventSink S>
  void finish(S&& sink);
  // Ends one flow as Forgotten; false when there is none.
  template <EventSink S>
  bool forget(const FlowKey& key, S&& sink);

  // The live flow of a key, which is not touched by this; null when there is none or when it is
  // idle past its time-out.
  [[nodiscard]] const FlowEntry* get(const FlowKey& key) const {
    return parts_->tracker.flow_of(key, parts_->clock_ns);
  }
  [[nodiscard]] std::optional<FlowStats> snapshot_stats(const FlowKey& key) const;
  // The user's state of a flow; null where get() is.
  [[nodiscard]] State* state(const FlowKey& key) const;
  // Requires: the flow is live.
  [[nodiscard]] State& state_of(const FlowEntry& entry) const {
    return parts_->states.at(parts_->tracker.slot_of(entry));
  }
  // The tunnel around a flow and ICMP errors about it; null for most.
  [[nodiscard]] const FlowDetail* detail_of(const FlowEntry& entry) const {
    return parts_->tracker.detail_of(entry);
  }

  // The extended counters of a flow; null where FlowTrackerOptions::meters is Basic.
  [[nodiscard]] const FlowMeter* meter_of(const FlowEntry& entry) const {
    return parts_->tracker.meter_of(entry);
  }

  [[nodiscard]] uint64_t flow_count() const { return parts_->tracker.live(); }
  // All flows, the most recently seen first. Allocates; for_each_flow() does not, in no order.
  [[nodiscard]] std::vector<const FlowEntry*> flows() const;
  template <std::invocable<const FlowEntry&> F>
  void for_each_flow(F&& visit) const;
  [[nodiscard]] TrackerStats stats() const;
  [[nodiscard]] const E& extractor() const { return parts_->extractor; }

  [[nodiscard]] const Options& options() const { return parts_->options; }
  // From the next packet on. Ends flows where more than flows_max live: those worth least and
  // silent longest first; that allocates. Memory and seeds stay as they were made: details_max,
  // dedup, interim_ns, meters, emergency_percent.
  template <EventSink S>
  Result<void> set_options(const Options& options, S&& sink);
  void set_event_mask(EventMask mask) { parts_->options.events = mask; }
  // The idle time of each flow by a rule of the user's, in place of the one before:
  // rule(key, l4) gives nanoseconds, nothing to leave it to the policy, zero to end the flow at the
  // next sweep. It is called for packets and sweeps alike. Allocates, to keep the rule.
  template <class F>
  requires std::is_invocable_r_v < std::optional<uint64_t>,
  const F&, const FlowKey&, uint8_t > void set_idle_timeout(F rule);
  void set_idle_timeout(const IdleRule& rule);
  void clear_idle_timeout() { set_idle_timeout(IdleRule{}); }
  // On: a packet older than one before it counts as if it came with that one, in events, entries
  // and sweeps. Off forgets the latest time.
  void set_monotonic(bool monotonic);

 private:
  // All that must stay where it is, in one piece.
  struct Parts {
    Parts(Arena memory, const Options& made_with, E&& own_extractor, Init&& own_init)
        : arena(std::move(memory)),
          tracker(arena, made_with.engine()),
          states(arena, tracker.slots()),
          dedup(made_with.dedup ? std::make_optional<Dedup>(arena, *made_with.dedup)
                                : std::nullopt),
          options(made_with),
          flows_room(made_with.flows_max),
          extractor(std::move(own_extractor)),
          init(std::move(own_init)) {}
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts() {
      tracker.for_each_in(0, tracker.set_count(),
                          [&](FlowEntry& entry) { states.destroy(tracker.slot_of(entry)); });
    }

    Arena arena;
    BurstTracker tracker;
    StateColumn<State> states;
    std::optional<Dedup> dedup;
    Options options;
    uint32_t flows_room;  // flows_max at create()
    E extractor;
    Init init;
    std::unique_ptr<const void, void (*)(const void*)> rule{nullptr, [](const void*) {}};
    uint64_t clock_ns = 0;
    uint64_t latest_ns = 0;  // of times shown, if monotonic
    // The flow of the packet before: the next is often one of it as well.
    uint64_t hot_hash = 0;
    uint32_t hot_slot = FlowBurst::kNoFlow;
    Counter unmatched;
    Burst burst;
    FlowKeys keys;
    FlowBurst flows;
    QuotedFlows quoted;
    std::vector<FlowEvent> events =
        std::vector<FlowEvent>(kEventsMax);  // of the last track() without a sink
  };

  explicit FlowTracker(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
  template <class S>
  auto teller(S& sink) const {
    return FlowTeller<S, State, Init>(parts_->tracker, parts_->states, parts_->init,
                                      parts_->options.events, sink);
  }
  void advance_clock(Burst& burst);
  void look_into(const Burst& burst);
  void find(const Burst& burst);

  std::unique_ptr<Parts> parts_;
};

}  // namespace flowscope

#include "flowcore/track/flow_tracker_calls.h"  // IWYU pragma: keep
