#pragma once

// How a packet is accounted to its flow; included by burst_tracker.h only, for reading one idea per
// file.
#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/tcp_step.h"

namespace flowscope {

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
