#pragma once

// How packets find their flows and are accounted; included by burst_tracker.h only, for reading one
// idea per file.
#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/tcp_step.h"

namespace flowscope {

template <FlowObserver O>
uint32_t BurstTracker::update(const Burst& burst, const FlowKeys& keys, FlowBurst& flows,
                              uint32_t begin, O& observer, std::span<const QuotedFlow> quoted) {
  end_closed(observer);
  ++serial_;
  while (!quoted.empty() && quoted.front().packet < begin) quoted = quoted.subspan(1);
  for (uint32_t i = begin; i < burst.count; ++i) {
    const uint64_t clock_ns = flows.clock_ns[i];
    flows.slot[i] = FlowBurst::kNoFlow;
    if (clock_ns >= next_sweep_ns_ && i != begin) [[unlikely]]
      return i;
    if (!quoted.empty() && quoted.front().packet == i) [[unlikely]] {
      note_error(quoted.front(), burst.layers[i], clock_ns);
      quoted = quoted.subspan(1);
    }
    if (!keys.has_key[i]) continue;
    const FlowKey& key = keys.key[i];
    uint32_t slot = table_.find(keys.hash[i], key, flows.guess[i]);
    bool is_new = false;
    if (slot == FlowTable<FlowEntry>::kNone) [[unlikely]] {
      slot = make_room(keys.hash[i], clock_ns, i == begin ? Run::Begins : Run::GoesOn, observer);
      if (slot == FlowTable<FlowEntry>::kNone) return i;
      table_.place(slot, keys.hash[i], 0, tick(clock_ns));
      is_new = true;
    } else {
      FlowEntry& old = table_.entry(slot);
      const bool is_expired = expired(old, slot, clock_ns);
      const bool opens = (burst.layers[i].tcp_flags & kOpening) == tcp_flag::kSyn;
      if (is_expired || (opens && reopens(old, keys.orientation[i], burst.layers[i])))
          [[unlikely]] {
        if (i != begin && old.run_serial == serial_) return i;
        end(old, reason_of(old, is_expired ? EndReason::IdleTimeout : EndReason::Reopened),
            observer);
        is_new = true;
      }
      table_.touch(slot, tick(clock_ns));
    }
    FlowEntry& entry = table_.entry(slot);
    if (is_new) {
      start(entry, key, keys.orientation[i], burst.layers[i], burst.packet[i].time);
      interim_.restart(slot);
      observer.on_started(entry);
    }
    entry.run_serial = serial_;
    flows.slot[i] = slot;
    const FlowSide side = entry.side_of(keys.orientation[i]);
    flows.side[i] = side;
    const Accounted accounted = account(entry, side, burst.layers[i], burst.packet[i], clock_ns);
    flows.signal[i] = accounted.step.signal;
    if (!accounted.is_class_sure)
      table_.set_class(slot, static_cast<EntryClass>(entry.flow_class()));
    if (tell(entry, side, accounted, burst.packet[i], observer)) [[unlikely]] {
      closed_slot_ = slot;
      return i + 1;
    }
  }
  return burst.count;
}

inline BurstTracker::Accounted BurstTracker::account(FlowEntry& entry, FlowSide side,
                                                     const Layers& layers, const PacketView& packet,
                                                     uint64_t clock_ns) {
  if (!meters_.is_on()) return account_basic(entry, side, layers, packet, clock_ns);
  const FlowBefore before(entry);
  const Accounted accounted = account_basic(entry, side, layers, packet, clock_ns);
  const uint32_t slot = slot_of(entry);
  meters_.of(slot).count(entry, before, side, layers, packet, accounted.step);
  meters_.note_first(slot, entry, side, layers);
  return accounted;
}

inline BurstTracker::Accounted BurstTracker::account_basic(FlowEntry& entry, FlowSide side,
                                                           const Layers& layers,
                                                           const PacketView& packet,
                                                           uint64_t clock_ns) {
  SideCounters& sender = entry.side[index_of(side)];
  if (sender.packets() == 0) [[unlikely]]
    meet(entry, side, layers, packet);
  sender.count(packet.wire_bytes);
  entry.see(packet.time, clock_ns);
  Accounted accounted{.before = entry.state, .is_class_sure = sender.packets() > 2, .step = {}};
  if (!layers.has_l4 || !entry.is_tcp()) return accounted;
  sender.add_tcp_flags(layers.tcp_flags);
  if (follow_steady_tcp(entry, side, layers, accounted.step)) [[likely]]
    return accounted;
  accounted.step = follow_tcp(entry, side, layers, packet);
  entry.state = next_tcp_state(entry.state, side, accounted.step.signal);
  accounted.is_class_sure &= entry.state == accounted.before;
  if (accounted.step.anomaly != FlowAnomaly::None) [[unlikely]]
    accounted.anomaly = first_of_kind(entry, accounted.step.anomaly);
  return accounted;
}

}  // namespace flowscope
