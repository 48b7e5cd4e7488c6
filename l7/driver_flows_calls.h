#pragma once

// What DriverFlows' calls do; included by driver_flows.h only, so that the contract is read alone.
#include "l7/driver_flows.h"

namespace flowscope {

// Hears the tracker for a stage, and keeps the users' states in step with the flows: a state is
// made before its flow's first event and destroyed after the last.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <class S>
struct DriverFlows<E, State, Init>::Observer {
  DriverFlows& flows;
  S& stage;
  const Burst* burst = nullptr;
  uint32_t row = 0;  // of the packet that was told of last

  void on_started(FlowEntry& entry) {
    flows.states_.make(flows.tracker_.slot_of(entry), flows.init_, entry.key);
    stage.on_started(entry);
  }
  void on_established(FlowEntry& entry) {
    if constexpr (requires { stage.on_established(entry); }) stage.on_established(entry);
  }
  void on_state_change(FlowEntry& entry, TcpState from, Timestamp time) {
    if constexpr (requires { stage.on_state_change(entry, from, time); })
      stage.on_state_change(entry, from, time);
  }
  void on_anomaly(FlowEntry& entry, FlowSide from, FlowAnomaly kind, Timestamp time) {
    if constexpr (requires { stage.on_anomaly(entry, from, kind, time); })
      stage.on_anomaly(entry, from, kind, time);
  }
  void on_tracker_anomaly(TrackerAnomaly kind, uint64_t count, Timestamp time) {
    if constexpr (requires { stage.on_tracker_anomaly(kind, count, time); })
      stage.on_tracker_anomaly(kind, count, time);
  }
  void on_interim(FlowEntry& entry, const FlowDelta& delta) {
    if constexpr (requires { stage.on_interim(entry, delta); }) stage.on_interim(entry, delta);
  }
  void on_packet(FlowEntry& entry, FlowSide from, const PacketView& packet) {
    while (&burst->packet[row] != &packet) ++row;  // packets without a flow are not told of
    ask_ahead();
    stage.on_packet(entry, {packet, burst->layers[row], from, flows.flows_.signal[row],
                            flows.flows_.clock_ns[row]});
  }
  void on_ended(FlowEntry& entry, EndReason reason) {
    stage.on_ended(entry, reason);
    flows.states_.destroy(flows.tracker_.slot_of(entry));
  }
  void on_moved(uint32_t from_slot, uint32_t to_slot) {
    flows.states_.move(from_slot, to_slot);
    // A guess of the same burst may still lead here, to what the flow holds or held.
    flows.tracker_.entry(from_slot).stream = FlowEntry::kNoStream;
  }

 private:
  // Guesses are not verified: a wrong one costs a prefetch.
  void ask_ahead() {
    const uint32_t far = row + kFarAhead;
    if (far < burst->count && flows.flows_.slot[far] != FlowBurst::kNoFlow)
      stage.prefetch(flows.tracker_.entry(flows.flows_.slot[far]));
    const uint32_t near = row + kNearAhead;
    if (near < burst->count && flows.flows_.slot[near] != FlowBurst::kNoFlow)
      stage.prefetch_inner(flows.tracker_.entry(flows.flows_.slot[near]));
  }
};

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <DriverStage S>
void DriverFlows<E, State, Init>::track_burst(Burst& burst, S& stage) {
  decode_layers(burst, *options_.decap);
  if (dedup_) dedup_->mark_duplicates(burst);
  advance_clock(burst);
  if (fragments_) join_fragments(burst);
  extract_keys(extractor_, tracker_.hash(), burst, keys_);
  look_into(burst);
  find(burst);

  Observer<S> observer{*this, stage, &burst};
  for (uint32_t begin = 0; begin < burst.count;) {
    tracker_.sweep_step(flows_.clock_ns[begin], observer);
    begin = tracker_.update(burst, keys_, flows_, begin, observer, quoted_.rows());
    tracker_.end_closed(observer);
  }
  if (fragments_) fragments_->release();
  if (burst.count == 0) return;
  hot_hash_ = keys_.hash[burst.count - 1];
  hot_slot_ = flows_.slot[burst.count - 1];
}

// Gives each packet its time on the tracker's clock. A duplicate has none of its own.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void DriverFlows<E, State, Init>::advance_clock(Burst& burst) {
  for (uint32_t i = 0; i < burst.count; ++i) {
    flows_.clock_ns[i] = clock_ns_;
    if (burst.layers[i].status == DecodeStatus::Duplicate) continue;
    Timestamp& time = burst.packet[i].time;
    if (options_.monotonic) {
      latest_ns_ = std::max(latest_ns_, time.ns);
      time.ns = latest_ns_;
    }
    clock_ns_ = std::max(clock_ns_, time.ns);
    flows_.clock_ns[i] = clock_ns_;
  }
}

// A datagram that is whole stands in the row of the fragment that made it so; what is inside it is
// reached only now.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void DriverFlows<E, State, Init>::join_fragments(Burst& burst) {
  struct Nobody {
    void on_overlap(const PacketView& /*packet*/, const Layers& /*layers*/,
                    FragmentConflict /*conflict*/) {}
  } nobody;
  const auto inward = [&](const PacketView& packet, Layers& layers) {
    if (options_.decap->takes_any()) take_all_off(packet, *options_.decap, layers);
  };
  fragments_->join(burst, flows_.clock_ns, inward, nobody);
}

// Counts packets without a flow, and reads what ICMP errors are about.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void DriverFlows<E, State, Init>::look_into(const Burst& burst) {
  uint32_t unmatched = 0;
  bool has_icmp = false;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (burst.layers[i].status == DecodeStatus::Duplicate) {
      keys_.has_key[i] = 0;  // an extractor may look at frames alone
      continue;
    }
    if (burst.layers[i].status == DecodeStatus::Fragment) continue;
    unmatched += keys_.has_key[i] == 0 ? 1 : 0;
    has_icmp |= is_icmp(burst.layers[i].ip_protocol);
  }
  unmatched_.add(unmatched);
  quoted_.count = 0;
  if (has_icmp) [[unlikely]]
    extract_quoted(extractor_, tracker_.hash(), burst, quoted_);
}

// Guesses the flow of each packet. A guess is verified when it is used, so that a wrong one costs
// time and changes nothing.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
void DriverFlows<E, State, Init>::find(const Burst& burst) {
  if (burst.count == 1 && keys_.hash[0] == hot_hash_ && hot_slot_ != FlowBurst::kNoFlow) {
    flows_.slot[0] = hot_slot_;
    flows_.expected[0] = hot_slot_;
    return;
  }
  if (burst.count > 1) {
    for (uint32_t i = 0; i < burst.count; ++i) tracker_.prefetch(keys_.hash[i]);
  }
  tracker_.find(burst, keys_, flows_);
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
template <DriverStage S>
Result<void> DriverFlows<E, State, Init>::set_options(const Options& options, S& stage) {
  if (options.flows_max == 0 || options.flows_max > flows_room_) {
    return Error{"flows_max: " + std::to_string(options.flows_max) + " is not within 1 to "
                 + std::to_string(flows_room_) + ", for which the driver has memory"};
  }
  options_.flows_max = options.flows_max;
  options_.events = options.events;
  options_.decap = options.decap;
  if (!(options.idle == options_.idle)) tracker_.set_idle_policy(options.idle);
  options_.idle = options.idle;
  if (options.monotonic != options_.monotonic) set_monotonic(options.monotonic);
  if (options.auto_sweep != options_.auto_sweep) set_auto_sweep(options.auto_sweep);
  options_.auto_sweep = options.auto_sweep;
  Observer<S> observer{*this, stage};
  tracker_.set_flows_max(options.flows_max, clock_ns_, observer);
  return {};
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init>
TrackerStats DriverFlows<E, State, Init>::stats() const {
  TrackerStats stats{.created = tracker_.created(),
                     .ended = tracker_.ended(),
                     .live = tracker_.live(),
                     .unmatched_packets = unmatched_.value(),
                     .duplicate_packets = dedup_ ? dedup_->dropped() : 0,
                     .emergencies = tracker_.emergencies()};
  for (size_t i = 0; i < kEvictionCauses; ++i)
    stats.evicted_by[i] = tracker_.evicted(static_cast<EvictionCause>(i));
  return stats;
}

}  // namespace flowscope
