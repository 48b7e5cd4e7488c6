#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "flowcore/base/counter.h"
#include "flowcore/base/keyed_hash.h"
#include "flowcore/base/slab.h"
#include "flowcore/extract/keys.h"
#include "flowcore/extract/quoted_flows.h"
#include "flowcore/packet/burst.h"
#include "flowcore/table/flow_table.h"
#include "flowcore/track/anomaly.h"
#include "flowcore/track/flow_burst.h"
#include "flowcore/track/flow_class.h"
#include "flowcore/track/flow_detail.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/flow_extras.h"
#include "flowcore/track/flow_meters.h"
#include "flowcore/track/flow_observer.h"
#include "flowcore/track/idle_policy.h"
#include "flowcore/track/interim.h"
#include "flowcore/track/tcp_step.h"

namespace flowscope {

// Follows every flow of one worker, in bursts: finds or makes the flow of each packet, accounts the
// packet to its side, walks the TCP states, and ends flows that fell silent, closed or were pushed
// out.
//
// Exactness: the outcome depends only on the order and times of the packets, not on how they are
// cut into bursts. find() only guesses and prefetches; update() decides packet by packet, in order.
// Balance: created() == ended() + live() at every return, and live() <= flows_max().
// Thread rule: one worker; counters may be read by any thread. No allocation after construction,
// but for set_flows_max().
class BurstTracker {
 public:
  struct Options {
    uint32_t flows_max = 1 << 18;
    uint32_t details_max = 1 << 12;  // flows with a FlowDetail at the same time
    IdlePolicy idle;
    // Part of flows_max, in percent, from which on IdlePolicy::emergency_ns holds; 0: never.
    uint32_t emergency_percent = 0;
    // Live flows that are older than this and have sent something are told of (on_interim) once in
    // this time; 0: never. Requires: 0, or at least Interim::kPeriodMin_ns.
    uint64_t interim_ns = 0;
    uint64_t hash_seed_low = 0;
    uint64_t hash_seed_high = 0;
    FlowMeters::Options meters;
  };
  // Flows idle for their time-out end within this time, as long as packets or sweep_step() come.
  static constexpr uint64_t kSweepRound_ns = 180'000'000;

  static size_t cost(const Options& options) {
    return FlowTable<FlowEntry>::cost(options.flows_max)
           + Slab<FlowDetail>::cost(options.details_max)
           + Interim::cost(options.interim_ns, FlowTable<FlowEntry>::slots_for(options.flows_max))
           + meters_cost(options);
  }
  // The part of it that is for the extended counters.
  static size_t meters_cost(const Options& options) {
    return FlowMeters::cost(FlowTable<FlowEntry>::slots_for(options.flows_max), options.meters);
  }
  BurstTracker(Arena& arena, const Options& options)
      : hash_(options.hash_seed_low, options.hash_seed_high),
        table_(arena, options.flows_max, kFlowVictimRanks, FlowMeters::room(options.meters)),
        details_(arena, options.details_max),
        interim_(arena, options.interim_ns, table_.slots(), table_.sets()),
        meters_(arena, table_, options.meters),
        timeouts_(options.idle),
        emergency_percent_(options.emergency_percent) {}

  // The hash that keys[] must have been made with.
  [[nodiscard]] const KeyedHash& hash() const { return hash_; }

  // Hop 4a: asks for the set of a key; the line arrives while the caller goes on. For
  // extract_keys(), or in a loop of its own.
  void prefetch(uint64_t hash) const { table_.prefetch_set(hash); }
  // Hop 4b: guesses the flow of each packet by signature and asks for the first entries; update()
  // asks for the others as it comes near them.
  void find(const Burst& burst, const FlowKeys& keys, FlowBurst& flows) const;
  // Hop 5: from packet `begin` on, finds or makes each packet's flow and accounts it. Stops before
  // a packet at whose clock a sweep is due, or that must end or move a flow which an earlier packet
  // of this same run touched, and after one that closed a flow which is not to linger, so that the
  // caller can deliver those first; returns the packet to go on with (burst.count when all are
  // done). To be called after sweep_step() with the clock of packet `begin`. Errors in `quoted` are
  // noted with the flows that they are about, where those are live.
  template <FlowObserver O>
  uint32_t update(const Burst& burst, const FlowKeys& keys, FlowBurst& flows, uint32_t begin,
                  O& observer, std::span<const QuotedFlow> quoted = {});

  // Ends the flow that the last run closed, where IdlePolicy::tcp_closed_ns is 0: for who wants it
  // with the packet; else update() and sweep_step() do it first.
  template <FlowObserver O>
  void end_closed(O& observer);

  // Whether sweep_step() does anything and update() stops for it, as at first; Off: sweep() alone.
  enum class SweepSteps : uint8_t { Off, On };
  void set_sweep_steps(SweepSteps steps) {
    next_sweep_ns_ = steps == SweepSteps::Off ? UINT64_MAX : 0;
  }
  // The most flows that a step ends: it stops after the set in which the number is reached.
  static constexpr uint32_t kStepEndedMax = 256;
  // Ends flows that have been idle for their time-out, a part of the table at a time: nothing when
  // the last step was less than 0.26 ms of the clock ago, else what is due of a round over all
  // sets, some tens of microseconds at most. Tells of flows that live on where that is on.
  // Requires: clock_ns never goes back.
  template <FlowObserver O>
  void sweep_step(uint64_t clock_ns, O& observer);
  // The same for the whole table at once.
  template <FlowObserver O>
  void sweep(uint64_t clock_ns, O& observer);
  // Ends every flow; one that is past its time-out by now as idle, whether a sweep came by or not.
  template <FlowObserver O>
  void finish(uint64_t clock_ns, O& observer);
  // The same for the flows in `sets` sets from `begin` on.
  template <FlowObserver O>
  void finish_in(uint32_t begin, uint32_t sets, uint64_t clock_ns, O& observer);
  template <FlowObserver O>
  void forget(FlowEntry& entry, O& observer);

  // The live flow of a key, untouched; null when there is none, or it is past its time-out.
  [[nodiscard]] FlowEntry* flow_of(const FlowKey& key, uint64_t clock_ns);
  // Calls visit(FlowEntry&), which may not end any, for the flows in `sets` sets from `begin` on.
  template <class F>
  void for_each_in(uint32_t begin, uint32_t sets, F&& visit) {
    table_.for_each_in(begin, sets, [&](uint32_t, FlowEntry& entry) { visit(entry); });
  }
  [[nodiscard]] uint32_t set_count() const { return table_.sets(); }

  // Each from the next packet or sweep step on, for flows that live as well; in constant time.
  void set_idle_policy(const IdlePolicy& policy);
  void set_emergency_percent(uint32_t percent) { emergency_percent_ = percent; }
  void set_interim_ns(uint64_t interim_ns) { interim_.set_period_ns(interim_ns); }
  void set_idle_rule(const IdleRule& rule) { timeouts_.set_rule(rule); }
  // Ends flows, those worth least and silent longest first, until no more than `flows_max` live.
  // Requires: 0 < flows_max, and no more than at construction. Allocates while it does.
  template <FlowObserver O>
  void set_flows_max(uint32_t flows_max, uint64_t clock_ns, O& observer);

  [[nodiscard]] FlowEntry& entry(uint32_t slot) { return table_.entry(slot); }
  [[nodiscard]] uint32_t slot_of(const FlowEntry& entry) const { return table_.slot_of(entry); }
  [[nodiscard]] uint32_t slots() const { return table_.slots(); }
  [[nodiscard]] FlowClass class_of(const FlowEntry& entry) const {
    return class_at(slot_of(entry));
  }
  // What is known of the flow beside its entry; null for most flows, and for those that came when
  // all details_max were in use (details_refused counts them).
  [[nodiscard]] const FlowDetail* detail_of(const FlowEntry& entry) const {
    return entry.detail != Slab<FlowDetail>::kNone ? &details_.get(entry.detail) : nullptr;
  }
  // The extended counters of a live flow, and its first packets with payload; null and none where
  // they are not kept.
  [[nodiscard]] const FlowMeter* meter_of(const FlowEntry& entry) const {
    return meters_.is_on() ? &meters_.of(slot_of(entry)) : nullptr;
  }
  [[nodiscard]] std::span<const FirstPacket> first_packets_of(const FlowEntry& entry) const;
  [[nodiscard]] FlowExtras extras_of(const FlowEntry& entry) const {
    return {detail_of(entry), meter_of(entry), first_packets_of(entry), {}};
  }
  [[nodiscard]] uint64_t details_refused() const { return details_refused_.value(); }
  [[nodiscard]] uint32_t flows_max() const { return table_.entries_max(); }
  [[nodiscard]] bool in_emergency() const { return timeouts_.emergency(); }
  [[nodiscard]] uint64_t created() const { return created_.value(); }
  [[nodiscard]] uint64_t ended() const { return ended_.value(); }
  [[nodiscard]] uint64_t evicted() const;
  [[nodiscard]] uint64_t evicted(EvictionCause cause) const {
    return evicted_[static_cast<size_t>(cause)].value();
  }
  // Packets, however often they were told of.
  [[nodiscard]] uint64_t anomalies(FlowAnomaly anomaly) const {
    return anomalies_[static_cast<size_t>(anomaly)].value();
  }
  [[nodiscard]] uint64_t emergencies() const { return emergencies_.value(); }
  [[nodiscard]] uint64_t sweep_steps() const { return sweep_steps_.value(); }
  [[nodiscard]] uint64_t live() const { return created_.value() - ended_.value(); }

 private:
  // How update() goes on after a packet: with the next one, or it stops before or after this one.
  enum class Next : uint8_t { Packet, StopBefore, StopAfter };
  // Whether a packet is the first of its run: no flow was touched in the run then.
  enum class Run : uint8_t { Begins, GoesOn };
  // What accounting a packet led to.
  struct Accounted {
    TcpState before;
    bool is_class_sure = true;  // nothing came that may have changed what the flow is worth
    TcpStep step;
    FlowAnomaly anomaly = FlowAnomaly::None;  // to be told
  };
  // What FlowTable::make_way asks.
  template <class O>
  struct Mover;

  // Of these flags SYN alone may open a flow anew.
  static constexpr uint8_t kOpening = tcp_flag::kSyn | tcp_flag::kAck | tcp_flag::kRst;
  static constexpr uint64_t kSweepStep_ns = uint64_t{1} << 18;
  static constexpr uint32_t kStepSets = 4096;  // at least: small tables are swept at once
  static constexpr uint64_t kLeapTicks = 0x4000;
  static constexpr uint32_t kEmergencyOverPercent = 90;  // of where it began
  static constexpr uint64_t kPressureInterval_ns = 1'000'000'000;

  [[nodiscard]] uint16_t tick(uint64_t clock_ns) const {
    return static_cast<uint16_t>(clock_ns >> timeouts_.tick_shift());
  }
  void prefetch_slots(const FlowBurst& flows, size_t begin, uint32_t count) const;
  void mind_leap(uint64_t clock_ns);
  template <FlowObserver O>
  uint32_t take_steady(const Burst& burst, const FlowKeys& keys, FlowBurst& flows, uint32_t begin,
                       uint32_t end, O& observer);
  uint32_t account_steady(const Burst& burst, const FlowKeys& keys, FlowBurst& flows,
                          uint32_t begin, uint32_t end);
  struct Steady;  // what account_steady() does for each packet
  template <FlowObserver O>
  Next take(const Burst& burst, const FlowKeys& keys, FlowBurst& flows, uint32_t packet, Run run,
            O& observer);
  template <FlowObserver O>
  uint32_t make_room(uint64_t hash, uint64_t clock_ns, Run run, O& observer);
  template <FlowObserver O>
  uint32_t make_way(const FlowTable<FlowEntry>::Choice& choice, uint64_t hash, uint64_t clock_ns,
                    Run run, O& observer);
  // Whether a flow must stay where it is for now: an earlier packet of this run touched it.
  [[nodiscard]] bool is_busy(uint32_t slot, Run run) const {
    return run == Run::GoesOn && table_.entry(slot).run_serial == serial_;
  }
  template <FlowObserver O>
  void evict(uint32_t slot, EvictionCause cause, uint64_t clock_ns, O& observer);
  // Tells that a flow ends; its slot may take the next one of the same key.
  template <FlowObserver O>
  void end(FlowEntry& entry, EndReason reason, O& observer);
  // The same, and the slot is free.
  template <FlowObserver O>
  void remove(FlowEntry& entry, EndReason reason, O& observer);
  template <FlowObserver O>
  void sweep_sets(uint32_t sets, uint32_t ended_max, uint64_t clock_ns, O& observer);
  template <FlowObserver O>
  void tell_interim(uint64_t clock_ns, O& observer);
  template <FlowObserver O>
  void watch_load(uint64_t clock_ns, O& observer);
  template <FlowObserver O>
  void tell_pressure(uint64_t clock_ns, O& observer);
  template <FlowObserver O>
  static void tell_tracker(TrackerAnomaly anomaly, uint64_t flows, uint64_t clock_ns, O& observer);
  template <FlowObserver O>
  bool tell(FlowEntry& entry, FlowSide side, const Accounted& accounted, const PacketView& packet,
            O& observer);
  static EvictionCause cause_of(uint16_t rank) { return static_cast<EvictionCause>(rank); }
  static_assert(static_cast<size_t>(EvictionCause::Oldest) == kVictimRanks - 1);
  void start(FlowEntry& entry, const FlowKey& key, Orientation orientation, const Layers& layers,
             Timestamp time);
  // Whether a SYN is one on a tuple whose flow is over, or that the old flow did not send.
  static bool reopens(const FlowEntry& entry, Orientation orientation, const Layers& layers);
  // The flow's detail, made when there is none; null when there is no room.
  FlowDetail* detail_for(FlowEntry& entry);
  // An ICMP error about a flow.
  void note_error(const QuotedFlow& quote, const Layers& error, uint64_t clock_ns);
  // The first packet of a side.
  void meet(FlowEntry& entry, FlowSide side, const Layers& layers, const PacketView& packet);
  Accounted account(FlowEntry& entry, FlowSide side, const Layers& layers, const PacketView& packet,
                    uint64_t clock_ns);
  // The same without the extended counters.
  Accounted account_basic(FlowEntry& entry, FlowSide side, const Layers& layers,
                          const PacketView& packet, uint64_t clock_ns);
  static bool opens_plainly(const FlowEntry& entry, const Layers& layers);
  Accounted account_opening(FlowEntry& entry, const Layers& layers, const PacketView& packet,
                            uint64_t clock_ns);
  // The anomaly where it is the flow's first of its kind, else None.
  FlowAnomaly first_of_kind(FlowEntry& entry, FlowAnomaly anomaly);
  [[nodiscard]] FlowClass class_at(uint32_t slot) const { return FlowClass{table_.class_of(slot)}; }
  [[nodiscard]] bool expired(const FlowEntry& entry, uint32_t slot, uint64_t clock_ns) const {
    return timeouts_.expired(entry, class_at(slot), clock_ns);
  }

  KeyedHash hash_;
  FlowTable<FlowEntry> table_;
  Slab<FlowDetail> details_;
  Interim interim_;
  FlowMeters meters_;
  IdleTimeouts timeouts_;
  uint32_t emergency_percent_;
  uint8_t serial_ = 0;  // comes round; a flow taken for touched in this run only ends the run early
  uint64_t swept_ns_ = 0;
  uint64_t next_sweep_ns_ = 0;
  uint32_t closed_slot_ = FlowTable<FlowEntry>::kNone;  // see end_closed()
  uint64_t pressure_told_ns_ = 0;
  uint64_t pressure_told_ = 0;  // evictions up to then
  Counter created_;
  Counter ended_;
  std::array<Counter, kEvictionCauses> evicted_;
  std::array<Counter, kFlowAnomalies> anomalies_;
  Counter emergencies_;
  Counter sweep_steps_;
  Counter details_refused_;
};

}  // namespace flowscope

#include "flowcore/track/burst_tracker_ends.h"    // IWYU pragma: keep
#include "flowcore/track/burst_tracker_update.h"  // IWYU pragma: keep
