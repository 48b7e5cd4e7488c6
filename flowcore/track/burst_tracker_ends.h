#pragma once

// How flows of a BurstTracker end, and what it tells; included by burst_tracker.h only, for reading
// one idea per file.
#include <tuple>
#include <vector>

#include "flowcore/track/burst_tracker.h"

namespace flowscope {

template <class O>
struct BurstTracker::Mover {
  BurstTracker& tracker;
  Run run;
  O& observer;

  [[nodiscard]] uint64_t hash_of(const FlowEntry& entry) const { return tracker.hash_(&entry.key); }
  [[nodiscard]] bool may_move(uint32_t slot) const { return !tracker.is_busy(slot, run); }
  void moved(uint32_t from, uint32_t to) {
    tracker.interim_.move(from, to);
    if (tracker.meters_.is_on()) tracker.meters_.move(from, to);
    if constexpr (requires { observer.on_moved(from, to); }) observer.on_moved(from, to);
  }
};

// A free slot for `hash`, evicting when the table is full; kNone when the victim was touched in
// this run.
template <FlowObserver O>
uint32_t BurstTracker::make_room(uint64_t hash, uint64_t clock_ns, Run run, O& observer) {
  using Table = FlowTable<FlowEntry>;
  const Table::Choice choice = table_.choose(hash);
  if (choice.crowded || choice.newcomer != Table::kNone) [[unlikely]]
    return make_way(choice, hash, clock_ns, run, observer);
  if (choice.victim == Table::kNone) return choice.slot;
  if (is_busy(choice.victim, run)) return Table::kNone;
  evict(choice.victim, cause_of(table_.rank_of(choice.victim)), clock_ns, observer);
  return choice.slot;
}

// The same where both sets are full of what is better kept.
template <FlowObserver O>
[[gnu::noinline]] uint32_t BurstTracker::make_way(const FlowTable<FlowEntry>::Choice& choice,
                                                  uint64_t hash, uint64_t clock_ns, Run run,
                                                  O& observer) {
  using Table = FlowTable<FlowEntry>;
  const bool for_newcomer = choice.newcomer != Table::kNone;
  if (for_newcomer && is_busy(choice.newcomer, run)) return Table::kNone;
  const uint32_t slot = table_.make_way(hash, Mover<O>{*this, run, observer});
  if (slot == Table::kBusy) return Table::kNone;
  const bool is_free = slot != Table::kNone;
  if (is_free && !for_newcomer) return slot;
  const uint32_t victim = is_free ? choice.newcomer : choice.victim;
  if (is_busy(victim, run)) return Table::kNone;
  const EvictionCause cause =
      choice.crowded ? EvictionCause::Crowded : cause_of(table_.rank_of(victim));
  evict(victim, cause, clock_ns, observer);
  return is_free ? slot : choice.slot;
}

template <FlowObserver O>
void BurstTracker::evict(uint32_t slot, EvictionCause cause, uint64_t clock_ns, O& observer) {
  FlowEntry& victim = table_.entry(slot);
  // A flow past its time-out was only not swept yet.
  const bool is_expired = expired(victim, slot, clock_ns);
  if (!is_expired) evicted_[static_cast<size_t>(cause)].add(1);
  remove(victim, reason_of(victim, is_expired ? EndReason::IdleTimeout : EndReason::Evicted),
         observer);
  tell_pressure(clock_ns, observer);
}

template <FlowObserver O>
void BurstTracker::end(FlowEntry& entry, EndReason reason, O& observer) {
  observer.on_ended(entry, reason);
  if (entry.detail != Slab<FlowDetail>::kNone) [[unlikely]] {
    details_.destroy(entry.detail);
    entry.detail = Slab<FlowDetail>::kNone;
  }
  if (slot_of(entry) == closed_slot_) [[unlikely]]
    closed_slot_ = FlowTable<FlowEntry>::kNone;
  ended_.add(1);
}

template <FlowObserver O>
void BurstTracker::remove(FlowEntry& entry, EndReason reason, O& observer) {
  end(entry, reason, observer);
  table_.vacate(slot_of(entry), [&] { return hash_(&entry.key); });
}

template <FlowObserver O>
void BurstTracker::end_closed(O& observer) {
  if (closed_slot_ == FlowTable<FlowEntry>::kNone) [[likely]]
    return;
  FlowEntry& entry = table_.entry(closed_slot_);
  remove(entry, reason_of(entry, EndReason::IdleTimeout), observer);
}

// What a packet led to; gives whether it closed a flow that is not to linger.
template <FlowObserver O>
bool BurstTracker::tell(FlowEntry& entry, FlowSide side, const Accounted& accounted,
                        const PacketView& packet, O& observer) {
  const Timestamp time = packet.time;
  bool ends = false;
  if (entry.state != accounted.before) [[unlikely]] {
    ends = is_over(entry.state) && timeouts_.policy().tcp_closed_ns == 0;
    if (entry.state == TcpState::Established) {
      observer.on_established(entry);
    } else if constexpr (requires { observer.on_state_change(entry, entry.state, time); }) {
      observer.on_state_change(entry, accounted.before, time);
    }
  }
  if constexpr (requires { observer.on_anomaly(entry, side, accounted.anomaly, time); }) {
    if (accounted.anomaly != FlowAnomaly::None) [[unlikely]]
      observer.on_anomaly(entry, side, accounted.anomaly, time);
  }
  if constexpr (requires { observer.on_packet(entry, side, packet); })
    observer.on_packet(entry, side, packet);
  return ends;
}

template <FlowObserver O>
void BurstTracker::sweep_step(uint64_t clock_ns, O& observer) {
  end_closed(observer);
  if (clock_ns < next_sweep_ns_) return;
  mind_leap(clock_ns);
  const uint64_t passed_ns = std::min(clock_ns - swept_ns_, kSweepRound_ns);
  const uint64_t due = passed_ns * table_.sets() / kSweepRound_ns;
  const uint64_t most =
      std::max<uint64_t>(kStepSets, 2 * kSweepStep_ns * table_.sets() / kSweepRound_ns);
  swept_ns_ = clock_ns;
  next_sweep_ns_ = clock_ns + kSweepStep_ns;
  sweep_steps_.add(1);
  sweep_sets(static_cast<uint32_t>(std::clamp<uint64_t>(due, 1, most)), kStepEndedMax, clock_ns,
             observer);
  if (interim_.on()) tell_interim(clock_ns, observer);
  watch_load(clock_ns, observer);
}

// Set by set, so that no step is long whatever lives in them.
template <FlowObserver O>
void BurstTracker::tell_interim(uint64_t clock_ns, O& observer) {
  const Interim::Due due = interim_.due(clock_ns);
  const uint32_t sets = std::min(due.count, kStepSets);
  uint32_t visited = 0;
  uint32_t passed = 0;
  for (; passed < sets && visited < Interim::kFlowsPerStep; ++passed) {
    table_.for_each_in(due.begin + passed, 1, [&](uint32_t slot, FlowEntry& entry) {
      ++visited;
      FlowDelta delta;
      if (!interim_.take(entry, slot, clock_ns, delta)) return;
      if constexpr (requires { observer.on_interim(entry, delta); }) {
        observer.on_interim(entry, delta);
      }
    });
  }
  interim_.pass(passed);
}

template <FlowObserver O>
void BurstTracker::sweep(uint64_t clock_ns, O& observer) {
  mind_leap(clock_ns);
  sweep_sets(table_.sets(), UINT32_MAX, clock_ns, observer);
  watch_load(clock_ns, observer);
}

template <FlowObserver O>
void BurstTracker::sweep_sets(uint32_t sets, uint32_t ended_max, uint64_t clock_ns, O& observer) {
  table_.sweep(sets, ended_max, tick(clock_ns), timeouts_.ages(),
               [&](uint32_t slot, FlowEntry& entry) {
                 if (!timeouts_.expired_at_sweep(entry, class_at(slot), clock_ns)) return false;
                 remove(entry, reason_of(entry, EndReason::IdleTimeout), observer);
                 return true;
               });
}

// Begins and ends emergencies, and tells of evictions that were not told of yet.
template <FlowObserver O>
void BurstTracker::watch_load(uint64_t clock_ns, O& observer) {
  if (emergency_percent_ != 0) {
    const uint64_t begin = uint64_t{flows_max()} * emergency_percent_ / 100;
    if (!in_emergency() && live() >= begin) {
      timeouts_.set_emergency(true);
      emergencies_.add(1);
      tell_tracker(TrackerAnomaly::EmergencyBegan, live(), clock_ns, observer);
    } else if (in_emergency() && live() < begin * kEmergencyOverPercent / 100) {
      timeouts_.set_emergency(false);
      tell_tracker(TrackerAnomaly::EmergencyOver, live(), clock_ns, observer);
    }
  } else if (in_emergency()) {
    timeouts_.set_emergency(false);
    tell_tracker(TrackerAnomaly::EmergencyOver, live(), clock_ns, observer);
  }
  tell_pressure(clock_ns, observer);
}

// Tells of evictions: of the first at once, of more once a second.
template <FlowObserver O>
void BurstTracker::tell_pressure(uint64_t clock_ns, O& observer) {
  if (pressure_told_ != 0 && clock_ns - pressure_told_ns_ < kPressureInterval_ns) return;
  const uint64_t so_far = evicted();
  if (so_far == pressure_told_) return;
  tell_tracker(TrackerAnomaly::EvictionPressure, so_far - pressure_told_, clock_ns, observer);
  pressure_told_ns_ = clock_ns;
  pressure_told_ = so_far;
}

template <FlowObserver O>
void BurstTracker::tell_tracker(TrackerAnomaly anomaly, uint64_t flows, uint64_t clock_ns,
                                O& observer) {
  static_assert(
      !requires { observer.on_tracker_anomaly(anomaly, flows); },
      "on_tracker_anomaly takes a Timestamp as well");
  if constexpr (requires { observer.on_tracker_anomaly(anomaly, flows, Timestamp{}); })
    observer.on_tracker_anomaly(anomaly, flows, Timestamp{clock_ns});
}

template <FlowObserver O>
void BurstTracker::finish(uint64_t clock_ns, O& observer) {
  finish_in(0, set_count(), clock_ns, observer);
}

template <FlowObserver O>
void BurstTracker::finish_in(uint32_t begin, uint32_t sets, uint64_t clock_ns, O& observer) {
  table_.for_each_in(begin, sets, [&](uint32_t slot, FlowEntry& entry) {
    const bool is_expired = expired(entry, slot, clock_ns);
    remove(entry, reason_of(entry, is_expired ? EndReason::IdleTimeout : EndReason::Shutdown),
           observer);
  });
}

template <FlowObserver O>
void BurstTracker::forget(FlowEntry& entry, O& observer) {
  remove(entry, EndReason::Forgotten, observer);
}

template <FlowObserver O>
void BurstTracker::set_flows_max(uint32_t flows_max, uint64_t clock_ns, O& observer) {
  table_.set_entries_max(flows_max);
  if (live() <= flows_max) return;
  // Rank above, clock below, slot last: what sorts first ends first.
  struct Order {
    uint16_t rank;
    uint64_t clock_ns;
    uint32_t slot;
    bool operator<(const Order& other) const {
      return std::tie(rank, clock_ns, slot) < std::tie(other.rank, other.clock_ns, other.slot);
    }
  };
  std::vector<Order> flows;
  table_.for_each([&](uint32_t slot, FlowEntry& entry) {
    flows.push_back({table_.rank_of(slot), entry.clock_ns(), slot});
  });
  const size_t too_many = flows.size() - flows_max;
  std::partial_sort(flows.begin(), flows.begin() + static_cast<ptrdiff_t>(too_many), flows.end());
  for (size_t i = 0; i < too_many; ++i) {
    evict(flows[i].slot, EvictionCause::Shrink, clock_ns, observer);
  }
}

}  // namespace flowscope
