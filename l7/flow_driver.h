#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "flowcore/base/arena.h"
#include "flowcore/base/result.h"
#include "l7/driver_flows.h"
#include "l7/flow_driver_turn.h"

namespace flowscope {

// Flows and their bytes without parsers: follows flows by the rules of FlowTracker, and puts each
// side of a TCP flow in order with a reassembler of type R, made at the side's first payload (a
// TcpStream's both at the flow's). The sink is called with what it takes of these, see
// session_event.h:
//   FlowEvent       what the tracker tells, as far as FlowTrackerOptions::events asks for it
//   StreamBytes     the next bytes of a side, each byte once
//   StreamGap       bytes that will never come, where they are missing
//   StreamPoisoned  a reassembler of your own gave up; once a side
//   StreamsEnded    what both sides came to, right before the Ended of a flow that had payload
// For one packet the order is that of FlowTracker; bytes follow the packet's FlowPacket and come
// before its FlowEnded. A side whose reassembler is poisoned gets no more, and its flow lives on.
//
// Exactness, memory, thread rule and lifetime are those of BasicDriver. Cost: FlowTracker's, and
// one line or two of the touched flow for packets with payload, whatever the number of flows.
template <FlowExtractor E, SideReassembler R = TcpStream, std::move_constructible State = NoState,
          StateInit<State> Init = DefaultState<State>>
class FlowDriver {
 public:
  struct Options {
    FlowTrackerOptions tracker;
    uint32_t streams_max = 0;           // TCP flows with payload at the same time; 0: flows_max
    size_t buffers_bytes = 64U << 20U;  // held until holes are filled, of all flows
    SegmentStore::Options segments;
    JoinFragments fragments{};  // joins IP fragments; without it each is a packet without ports
  };

  static Result<FlowDriver> create(const Options& options, E extractor, Init init = Init());

  template <class S>
  void track(const PacketView& packet, S&& sink) {
    track_burst(parts_->flows.burst_of(packet), sink);
  }
  // Tracks packet[0, count) of a burst: fills layers[], and clamps the times if set_monotonic().
  template <class S>
  void track_burst(Burst& burst, S&& sink) {
    auto turn = turn_of(sink);
    parts_->flows.track_burst(burst, turn);
  }
  template <class S>
  void sweep(Timestamp now, S&& sink) {
    auto turn = turn_of(sink);
    parts_->flows.sweep(now, turn);
  }
  template <class S>
  void finish(S&& sink) {
    auto turn = turn_of(sink);
    parts_->flows.finish(turn);
  }
  template <class S>
  bool force_close(const FlowKey& key, S&& sink) {
    auto turn = turn_of(sink);
    return parts_->flows.forget(key, turn);
  }
  template <class S>
  Result<void> set_options(const FlowTrackerOptions& options, S&& sink) {
    auto turn = turn_of(sink, options.events);
    return parts_->flows.set_options(options, turn);
  }
  template <class F>
  void set_idle_timeout(F rule) {
    parts_->flows.keep_idle_rule(std::move(rule));
  }
  void clear_idle_timeout() { parts_->flows.set_idle_rule({}); }
  void set_monotonic(bool monotonic) { parts_->flows.set_monotonic(monotonic); }

  // The live flow of a key, untouched; null without one, or when it is idle past its time-out.
  [[nodiscard]] const FlowEntry* get(const FlowKey& key) const { return parts_->flows.get(key); }
  // A side's reassembler: for taking out what one of your own collects. Null before the side's
  // first payload and once a TcpStream is over. Good until the next call that tracks or ends flows.
  [[nodiscard]] R* reassembler(const FlowEntry& entry, FlowSide side) const {
    return parts_->sides.reassembler(entry, side);
  }
  [[nodiscard]] R* reassembler(const FlowKey& key, FlowSide side) const {
    const FlowEntry* const entry = get(key);
    return entry != nullptr ? reassembler(*entry, side) : nullptr;
  }
  [[nodiscard]] SessionStats stats_of(const FlowEntry& entry) const {
    return parts_->sides.stats_of(entry);
  }
  [[nodiscard]] std::optional<SessionStats> snapshot_stats(const FlowKey& key) const {
    const FlowEntry* const entry = get(key);
    if (entry == nullptr) return std::nullopt;
    return stats_of(*entry);
  }
  template <std::invocable<const FlowEntry&> F>
  void for_each_flow(F&& visit) const {
    parts_->flows.for_each([&](const FlowEntry& entry) { visit(entry); });
  }
  // Calls visit(const FlowEntry&, const SessionStats&) for each live flow, in no order.
  template <std::invocable<const FlowEntry&, const SessionStats&> F>
  void snapshot_flow_stats(F&& visit) const {
    for_each_flow([&](const FlowEntry& entry) { visit(entry, stats_of(entry)); });
  }
  // The user's state of a flow. Requires: the flow is live.
  [[nodiscard]] State& state_of(const FlowEntry& entry) const {
    return parts_->flows.state_of(entry);
  }

  [[nodiscard]] TrackerStats stats() const { return parts_->flows.stats(); }
  // What became of fragments; null where they are not joined.
  [[nodiscard]] const FragmentCounters* fragments() const { return parts_->flows.fragments(); }
  [[nodiscard]] uint64_t flow_count() const { return parts_->flows.tracker().live(); }
  [[nodiscard]] const FlowSidesCounters& counters() const { return parts_->sides.counters; }
  [[nodiscard]] const E& extractor() const { return parts_->flows.extractor(); }
  [[nodiscard]] const FlowTrackerOptions& options() const { return parts_->flows.options(); }
  [[nodiscard]] const BurstTracker& tracker() const { return parts_->flows.tracker(); }

 private:
  using Flows = DriverFlows<E, State, Init>;
  using Sides = FlowSides<R>;

  struct Parts {
    Parts(Arena memory, const Options& made_with, E&& extractor, Init&& init)
        : arena(std::move(memory)),
          sides(arena, streams_max(made_with), made_with.buffers_bytes, made_with.segments),
          flows(arena, made_with.tracker, made_with.fragments, std::move(extractor),
                std::move(init)) {}
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts() {
      flows.for_each([&](FlowEntry& entry) { sides.drop(entry); });
    }

    Arena arena;
    Sides sides;
    Flows flows;
  };

  explicit FlowDriver(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
  static uint32_t streams_max(const Options& options) {
    return options.streams_max != 0 ? options.streams_max : options.tracker.flows_max;
  }
  template <class S>
  auto turn_of(S& sink, EventMask mask) const {
    return FlowDriverTurn<R, S>(parts_->sides, mask, sink);
  }
  template <class S>
  auto turn_of(S& sink) const {
    return turn_of(sink, parts_->flows.options().events);
  }

  std::unique_ptr<Parts> parts_;
};

template <FlowExtractor E, SideReassembler R, std::move_constructible State, StateInit<State> Init>
auto FlowDriver<E, R, State, Init>::create(const Options& options, E extractor, Init init)
    -> Result<FlowDriver> {
  const Result<void> checked = options.tracker.check();
  if (!checked.ok()) return checked.error();
  if (streams_max(options) >= FlowEntry::kStreamOff) {
    return Error{"streams_max must be below " + std::to_string(FlowEntry::kStreamOff)};
  }
  Result<Arena> arena = Arena::create(
      Flows::cost(options.tracker, options.fragments)
          + Sides::cost(streams_max(options), options.buffers_bytes, options.segments),
      Arena::Populate::Lazily);
  if (!arena.ok()) return arena.error();
  return FlowDriver(std::make_unique<Parts>(std::move(arena.value()), options, std::move(extractor),
                                            std::move(init)));
}

}  // namespace flowscope
