#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include "flowcore/base/counter.h"
#include "flowcore/base/keyed_hash.h"
#include "flowcore/base/slab.h"
#include "flowcore/extract/keys.h"
#include "flowcore/extract/quoted_flows.h"
#include "flowcore/packet/burst.h"
#include "flowcore/table/flow_table.h"
#include "flowcore/track/flow_burst.h"
#include "flowcore/track/flow_detail.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/idle_policy.h"

namespace flowscope {

// What hears of the lives of flows. The entry is live during the call; on_ended is its last moment.
template <class O>
concept FlowObserver = requires(O& observer, FlowEntry& entry, EndReason reason) {
  observer.on_started(entry);
  observer.on_established(entry);
  observer.on_ended(entry, reason);
};

// Follows every flow of one worker: finds or makes the flow of each packet, accounts the packet to
// its side, walks the TCP states, and ends flows that fell silent, closed or were pushed out.
//
// Exactness: the outcome depends only on the order and times of the packets, not on how they are
// cut into bursts. find() only guesses and prefetches; update() decides packet by packet, in order.
// Balance: created() == ended() + live() at every return.
// Thread rule: one worker; counters may be read by any thread. No allocation after construction.
class FlowTracker {
 public:
  struct Options {
    uint32_t flows_max = 1 << 18;
    uint32_t details_max = 1 << 12;  // flows with a FlowDetail at the same time
    IdlePolicy idle;
    uint64_t hash_seed_low = 0;
    uint64_t hash_seed_high = 0;
  };
  static size_t cost(const Options& options) {
    return FlowTable<FlowEntry>::cost(options.flows_max)
           + Slab<FlowDetail>::cost(options.details_max);
  }
  FlowTracker(Arena& arena, const Options& options)
      : hash_(options.hash_seed_low, options.hash_seed_high),
        table_(arena, options.flows_max),
        details_(arena, options.details_max),
        timeouts_(options.idle),
        age_least_(tick_count(timeouts_.least())) {}

  // The hash that keys[] must have been made with.
  [[nodiscard]] const KeyedHash& hash() const { return hash_; }

  // Hop 4a: asks for the set of each key; the lines arrive while the caller goes on.
  void prefetch(const Burst& burst, const FlowKeys& keys) const;
  // Hop 4b: guesses the flow of each packet by signature and asks for its entry.
  void find(const Burst& burst, const FlowKeys& keys, FlowBurst& flows) const;
  // Hop 5: from packet `begin` on, finds or makes each packet's flow and accounts it. Stops before
  // a packet that must end a flow which an earlier packet of this same run touched, so that the
  // caller can deliver those first; returns the packet to go on with (burst.count when all are
  // done).
  template <FlowObserver O>
  // Errors in `quoted` are noted with the flows that they are about, where those are live.
  uint32_t update(const Burst& burst, const FlowKeys& keys, FlowBurst& flows, uint32_t begin,
                  O& observer, std::span<const QuotedFlow> quoted = {});

  // Ends flows that have been idle for their time-out; visits at most `sets_max` sets and goes on
  // from there at the next call. Requires: clock_ns never goes back.
  template <FlowObserver O>
  void sweep(uint64_t clock_ns, uint32_t sets_max, O& observer);
  // Ends every flow; one that is past its time-out by now as idle, whether a sweep came by or not.
  template <FlowObserver O>
  void finish(uint64_t clock_ns, O& observer);

  [[nodiscard]] FlowEntry& entry(uint32_t slot) { return table_.entry(slot); }
  // What is known of the flow beside its entry; null for most flows, and for those that came when
  // all details_max were in use (details_refused counts them).
  [[nodiscard]] const FlowDetail* detail_of(const FlowEntry& entry) const {
    return entry.detail != Slab<FlowDetail>::kNone ? &details_.get(entry.detail) : nullptr;
  }
  [[nodiscard]] uint64_t details_refused() const { return details_refused_.value(); }
  [[nodiscard]] uint32_t capacity() const { return table_.capacity(); }
  [[nodiscard]] uint64_t created() const { return created_.value(); }
  [[nodiscard]] uint64_t ended() const { return ended_.value(); }
  [[nodiscard]] uint64_t evicted() const { return evicted_.value(); }
  [[nodiscard]] uint64_t live() const { return created_.value() - ended_.value(); }

 private:
  // Whether a packet is the first of its run: no flow was touched in the run then.
  enum class Run : uint8_t { Begins, GoesOn };

  // The table's age clock: 8.4 ms a tick, so that 16 bits span nine minutes.
  static constexpr uint32_t kTickShift = 23;
  static uint16_t tick(uint64_t clock_ns) { return static_cast<uint16_t>(clock_ns >> kTickShift); }
  static uint16_t tick_count(uint64_t span_ns) {
    return static_cast<uint16_t>(std::min<uint64_t>(span_ns >> kTickShift, 0x7fff));
  }

  template <FlowObserver O>
  uint32_t make_room(uint64_t hash, uint64_t clock_ns, Run run, O& observer);
  template <FlowObserver O>
  void end(FlowEntry& entry, EndReason reason, O& observer);
  void start(FlowEntry& entry, const FlowKey& key, Orientation orientation, const Layers& layers,
             Timestamp time);
  // A new SYN on a tuple whose flow is over, or that the old flow did not send.
  static bool reopens(const FlowEntry& entry, Orientation orientation, const Layers& layers);
  // The flow's detail, made when there is none; null when there is no room.
  FlowDetail* detail_for(FlowEntry& entry);
  // An ICMP error about a flow.
  void note_error(const QuotedFlow& quote, const Layers& error, uint64_t clock_ns);
  // The first packet of a side.
  void meet(FlowEntry& entry, FlowSide side, const Layers& layers, const PacketView& packet);
  // True when this packet completed the handshake.
  bool account(FlowEntry& entry, FlowSide side, const Layers& layers, const PacketView& packet,
               uint64_t clock_ns);
  static EndReason reason_of(const FlowEntry& entry, EndReason otherwise);

  KeyedHash hash_;
  FlowTable<FlowEntry> table_;
  Slab<FlowDetail> details_;
  IdleTimeouts timeouts_;
  uint16_t age_least_;
  uint8_t serial_ = 0;  // comes round; a flow taken for touched in this run only ends the run early
  Counter created_;
  Counter ended_;
  Counter evicted_;
  Counter details_refused_;
};

template <FlowObserver O>
uint32_t FlowTracker::update(const Burst& burst, const FlowKeys& keys, FlowBurst& flows,
                             uint32_t begin, O& observer, std::span<const QuotedFlow> quoted) {
  ++serial_;
  while (!quoted.empty() && quoted.front().packet < begin) quoted = quoted.subspan(1);
  for (uint32_t i = begin; i < burst.count; ++i) {
    flows.slot[i] = FlowBurst::kNoFlow;
    if (!quoted.empty() && quoted.front().packet == i) [[unlikely]] {
      note_error(quoted.front(), burst.layers[i], flows.clock_ns[i]);
      quoted = quoted.subspan(1);
    }
    if (!keys.has_key[i]) continue;
    const FlowKey& key = keys.key[i];
    const uint64_t clock_ns = flows.clock_ns[i];
    uint32_t slot = table_.find(keys.hash[i], key, flows.guess[i]);
    bool is_new = false;
    if (slot == FlowTable<FlowEntry>::kNone) [[unlikely]] {
      const auto run = i == begin ? Run::Begins : Run::GoesOn;
      slot = make_room(keys.hash[i], clock_ns, run, observer);
      if (slot == FlowTable<FlowEntry>::kNone) return i;
      table_.place(slot, keys.hash[i], tick(clock_ns));
      is_new = true;
    } else {
      FlowEntry& old = table_.entry(slot);
      const bool expired = timeouts_.expired(old, clock_ns);
      if (expired || reopens(old, keys.orientation[i], burst.layers[i])) [[unlikely]] {
        if (i != begin && old.run_serial == serial_) return i;
        end(old, reason_of(old, expired ? EndReason::IdleTimeout : EndReason::Reopened), observer);
        is_new = true;
      }
      table_.touch(slot, tick(clock_ns));
    }
    FlowEntry& entry = table_.entry(slot);
    if (is_new) {
      start(entry, key, keys.orientation[i], burst.layers[i], burst.packet[i].time);
      observer.on_started(entry);
    }
    entry.run_serial = serial_;
    flows.slot[i] = slot;
    flows.side[i] = entry.side_of(keys.orientation[i]);
    if (account(entry, flows.side[i], burst.layers[i], burst.packet[i], clock_ns))
      observer.on_established(entry);
  }
  return burst.count;
}

// A free slot for `hash`, evicting when its sets are full; kNone when the victim was touched in
// this run.
template <FlowObserver O>
uint32_t FlowTracker::make_room(uint64_t hash, uint64_t clock_ns, Run run, O& observer) {
  const auto choice = table_.choose(hash);
  if (choice.occupied) {
    FlowEntry& victim = table_.entry(choice.slot);
    if (run == Run::GoesOn && victim.run_serial == serial_) return FlowTable<FlowEntry>::kNone;
    // A flow past its time-out was only not swept yet.
    const bool expired = timeouts_.expired(victim, clock_ns);
    if (!expired) evicted_.add(1);
    end(victim, reason_of(victim, expired ? EndReason::IdleTimeout : EndReason::Evicted), observer);
    table_.vacate(choice.slot, hash_(&victim.key));
  }
  return choice.slot;
}

template <FlowObserver O>
void FlowTracker::end(FlowEntry& entry, EndReason reason, O& observer) {
  observer.on_ended(entry, reason);
  if (entry.detail != Slab<FlowDetail>::kNone) details_.destroy(entry.detail);
  entry.detail = Slab<FlowDetail>::kNone;
  ended_.add(1);
}

template <FlowObserver O>
void FlowTracker::sweep(uint64_t clock_ns, uint32_t sets_max, O& observer) {
  table_.sweep(sets_max, tick(clock_ns), age_least_, [&](uint32_t slot, FlowEntry& entry) {
    if (!timeouts_.expired(entry, clock_ns)) return;
    end(entry, reason_of(entry, EndReason::IdleTimeout), observer);
    table_.vacate(slot, hash_(&entry.key));
  });
}

template <FlowObserver O>
void FlowTracker::finish(uint64_t clock_ns, O& observer) {
  table_.for_each([&](uint32_t slot, FlowEntry& entry) {
    const bool expired = timeouts_.expired(entry, clock_ns);
    end(entry, reason_of(entry, expired ? EndReason::IdleTimeout : EndReason::Shutdown), observer);
    table_.vacate(slot, hash_(&entry.key));
  });
}

}  // namespace flowscope
