#pragma once

// What FlowTracker's calls do; included by flow_tracker.h only, so that the contract is read alone.
#include "flowcore/track/flow_tracker.h"

namespace flowscope {

inline Result<void> FlowTrackerOptions::check() const {
  if (flows_max == 0 || flows_max > FlowTable<FlowEntry>::kEntriesMax) {
    return Error{"flows_max: " + std::to_string(flows_max) + " is not within 1 to "
                 + std::to_string(FlowTable<FlowEntry>::kEntriesMax)};
  }
  if (interim_ns != 0 && interim_ns < Interim::kPeriodMin_ns)
    return Error{"interim_ns: " + std::to_string(interim_ns) + " is below a millisecond"};
  return {};
}

inline BurstTracker::Options FlowTrackerOptions::engine() const {
  return {.flows_max = flows_max,
          .details_max = details_max,
          .idle = idle,
          .emergency_percent = emergency_percent,
          .interim_ns = interim_ns,
          .hash_seed_low = hash_seed_low,
          .hash_seed_high = hash_seed_high,
          .meters = meters};
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
auto FlowTracker<E, State, Init>::create(const Options& options, E extractor, Init init)
    -> Result<FlowTracker> {
  const Result<void> checked = options.check();
  if (!checked.ok()) return checked.error();
  const uint32_t slots = FlowTable<FlowEntry>::slots_for(options.flows_max);
  const size_t dedup_bytes = options.dedup ? Dedup::cost(*options.dedup) : 0;
  Result<Arena> arena = Arena::create(
      BurstTracker::cost(options.engine()) + StateColumn<State>::cost(slots) + dedup_bytes,
      Arena::Populate::Lazily);
  if (!arena.ok()) return arena.error();
  auto parts = std::make_unique<Parts>(std::move(arena.value()), options, std::move(extractor),
                                       std::move(init));
  if (options.auto_sweep == Options::AutoSweep::Off)
    parts->tracker.set_sweep_steps(BurstTracker::SweepSteps::Off);
  return FlowTracker(std::move(parts));
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
std::span<const FlowEvent> FlowTracker<E, State, Init>::track(const PacketView& packet) {
  size_t count = 0;
  track(packet, [&](const FlowEvent& event) {
    FS_DCHECK(count < kEventsMax);
    parts_->events[count++] = event;
  });
  return std::span<const FlowEvent>(parts_->events).first(count);
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <EventSink S>
void FlowTracker<E, State, Init>::track(const PacketView& packet, S&& sink) {
  parts_->burst.count = 1;
  parts_->burst.packet[0] = packet;
  track_burst(parts_->burst, sink);
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <EventSink S>
void FlowTracker<E, State, Init>::track_burst(Burst& burst, S&& sink) {
  Parts& parts = *parts_;
  decode_layers(burst, *parts.options.decap);
  if (parts.dedup) parts.dedup->mark_duplicates(burst);
  advance_clock(burst);
  extract_keys(parts.extractor, parts.tracker.hash(), burst, parts.keys);
  look_into(burst);
  find(burst);

  auto observer = teller(sink);
  for (uint32_t begin = 0; begin < burst.count;) {
    parts.tracker.sweep_step(parts.flows.clock_ns[begin], observer);
    begin =
        parts.tracker.update(burst, parts.keys, parts.flows, begin, observer, parts.quoted.rows());
    parts.tracker.end_closed(observer);
  }
  if (burst.count == 0) return;
  parts.hot_hash = parts.keys.hash[burst.count - 1];
  parts.hot_slot = parts.flows.slot[burst.count - 1];
}

// Gives each packet its time on the tracker's clock. A duplicate has none of its own.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void FlowTracker<E, State, Init>::advance_clock(Burst& burst) {
  Parts& parts = *parts_;
  for (uint32_t i = 0; i < burst.count; ++i) {
    parts.flows.clock_ns[i] = parts.clock_ns;
    if (burst.layers[i].status == DecodeStatus::Duplicate) continue;
    Timestamp& time = burst.packet[i].time;
    if (parts.options.monotonic) {
      parts.latest_ns = std::max(parts.latest_ns, time.ns);
      time.ns = parts.latest_ns;
    }
    parts.clock_ns = std::max(parts.clock_ns, time.ns);
    parts.flows.clock_ns[i] = parts.clock_ns;
  }
}

// Counts packets without a flow, and reads what ICMP errors are about.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void FlowTracker<E, State, Init>::look_into(const Burst& burst) {
  Parts& parts = *parts_;
  uint32_t unmatched = 0;
  bool has_icmp = false;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (burst.layers[i].status == DecodeStatus::Duplicate) {
      parts.keys.has_key[i] = 0;  // an extractor may look at frames alone
      continue;
    }
    unmatched += parts.keys.has_key[i] == 0 ? 1 : 0;
    has_icmp |= is_icmp(burst.layers[i].ip_protocol);
  }
  parts.unmatched.add(unmatched);
  parts.quoted.count = 0;
  if (has_icmp) [[unlikely]]
    extract_quoted(parts.extractor, parts.tracker.hash(), burst, parts.quoted);
}

// Guesses the flow of each packet. A guess is verified when it is used, so that a wrong one costs
// time and changes nothing.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void FlowTracker<E, State, Init>::find(const Burst& burst) {
  Parts& parts = *parts_;
  if (burst.count == 1 && parts.keys.hash[0] == parts.hot_hash
      && parts.hot_slot != FlowBurst::kNoFlow) {
    parts.flows.slot[0] = parts.hot_slot;
    parts.flows.expected[0] = parts.hot_slot;
    return;
  }
  if (burst.count > 1) {
    for (uint32_t i = 0; i < burst.count; ++i) parts.tracker.prefetch(parts.keys.hash[i]);
  }
  parts.tracker.find(burst, parts.keys, parts.flows);
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <EventSink S>
void FlowTracker<E, State, Init>::sweep(Timestamp now, S&& sink) {
  Parts& parts = *parts_;
  if (parts.options.monotonic) parts.latest_ns = std::max(parts.latest_ns, now.ns);
  parts.clock_ns = std::max(parts.clock_ns, now.ns);
  auto observer = teller(sink);
  parts.tracker.sweep(parts.clock_ns, observer);
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <EventSink S>
void FlowTracker<E, State, Init>::finish(S&& sink) {
  auto observer = teller(sink);
  parts_->tracker.finish(parts_->clock_ns, observer);
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <EventSink S>
bool FlowTracker<E, State, Init>::forget(const FlowKey& key, S&& sink) {
  FlowEntry* const entry = parts_->tracker.flow_of(key, parts_->clock_ns);
  if (entry == nullptr) return false;
  auto observer = teller(sink);
  parts_->tracker.forget(*entry, observer);
  return true;
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
std::optional<FlowStats> FlowTracker<E, State, Init>::snapshot_stats(const FlowKey& key) const {
  const FlowEntry* const entry = get(key);
  if (entry == nullptr) return std::nullopt;
  return FlowStats::of(*entry);
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
State* FlowTracker<E, State, Init>::state(const FlowKey& key) const {
  static_assert(StateColumn<State>::kExists, "this tracker was made without a State");
  const FlowEntry* const entry = get(key);
  return entry != nullptr ? &state_of(*entry) : nullptr;
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
std::vector<const FlowEntry*> FlowTracker<E, State, Init>::flows() const {
  std::vector<const FlowEntry*> flows;
  flows.reserve(flow_count());
  for_each_flow([&](const FlowEntry& entry) { flows.push_back(&entry); });
  std::stable_sort(flows.begin(), flows.end(), [](const FlowEntry* a, const FlowEntry* b) {
    return a->clock_ns() > b->clock_ns();
  });
  return flows;
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <std::invocable<const FlowEntry&> F>
void FlowTracker<E, State, Init>::for_each_flow(F&& visit) const {
  parts_->tracker.for_each_in(0, parts_->tracker.set_count(),
                              [&](const FlowEntry& entry) { visit(entry); });
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
TrackerStats FlowTracker<E, State, Init>::stats() const {
  const BurstTracker& tracker = parts_->tracker;
  TrackerStats stats{.created = tracker.created(),
                     .ended = tracker.ended(),
                     .live = tracker.live(),
                     .unmatched_packets = parts_->unmatched.value(),
                     .duplicate_packets = parts_->dedup ? parts_->dedup->dropped() : 0,
                     .emergencies = tracker.emergencies()};
  for (size_t i = 0; i < kEvictionCauses; ++i) {
    stats.evicted_by[i] = tracker.evicted(static_cast<EvictionCause>(i));
  }
  return stats;
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <EventSink S>
Result<void> FlowTracker<E, State, Init>::set_options(const Options& options, S&& sink) {
  Parts& parts = *parts_;
  if (options.flows_max == 0 || options.flows_max > parts.flows_room) {
    return Error{"flows_max: " + std::to_string(options.flows_max) + " is not within 1 to "
                 + std::to_string(parts.flows_room) + ", for which the tracker has memory"};
  }
  const Options before = std::exchange(parts.options, options);
  parts.options.details_max = before.details_max;
  parts.options.dedup = before.dedup;
  parts.options.interim_ns = before.interim_ns;
  parts.options.meters = before.meters;
  parts.options.emergency_percent = before.emergency_percent;
  parts.options.hash_seed_low = before.hash_seed_low;
  parts.options.hash_seed_high = before.hash_seed_high;
  if (!(options.idle == before.idle)) parts.tracker.set_idle_policy(options.idle);
  if (options.monotonic != before.monotonic) set_monotonic(options.monotonic);
  if (options.auto_sweep != before.auto_sweep) {
    parts.tracker.set_sweep_steps(options.auto_sweep == Options::AutoSweep::On
                                      ? BurstTracker::SweepSteps::On
                                      : BurstTracker::SweepSteps::Off);
  }
  auto observer = teller(sink);
  parts.tracker.set_flows_max(options.flows_max, parts.clock_ns, observer);
  return {};
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <class F>
requires std::is_invocable_r_v < std::optional<uint64_t>,
const F&, const FlowKey&, uint8_t > void FlowTracker<E, State, Init>::set_idle_timeout(F rule) {
  auto kept = std::make_unique<const F>(std::move(rule));
  const void* const state = kept.get();
  set_idle_timeout(IdleRule{
      .function = [](const void* own, const FlowKey& key, uint8_t l4) -> std::optional<uint64_t> {
        return (*static_cast<const F*>(own))(key, l4);
      },
      .state = state});
  parts_->rule = {kept.release(), [](const void* own) { delete static_cast<const F*>(own); }};
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void FlowTracker<E, State, Init>::set_idle_timeout(const IdleRule& rule) {
  parts_->tracker.set_idle_rule(rule);
  parts_->rule.reset();
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void FlowTracker<E, State, Init>::set_monotonic(bool monotonic) {
  parts_->options.monotonic = monotonic;
  if (!monotonic) parts_->latest_ns = 0;
}

}  // namespace flowscope
