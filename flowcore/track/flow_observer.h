#pragma once

#include "flowcore/track/flow_entry.h"

namespace flowscope {

// What hears of the lives of flows. The entry is live during the call; on_ended is its last moment.
// An observer may have these as well, and pays for those that it has:
//   on_state_change(FlowEntry&, TcpState from, Timestamp)           but for becoming established
//   on_anomaly(FlowEntry&, FlowSide from, FlowAnomaly, Timestamp)   the first of its kind of a flow
//   on_packet(FlowEntry&, FlowSide from, const PacketView&)         each, after the rest of it
//   on_tracker_anomaly(TrackerAnomaly, uint64_t flows, Timestamp)   evicted, or live in emergencies
//   on_interim(FlowEntry&, const FlowDelta&)                        lives on, see interim_ns
//   on_moved(uint32_t from_slot, uint32_t to_slot)                  the entry lives elsewhere now
template <class O>
concept FlowObserver = requires(O& observer, FlowEntry& entry, EndReason reason) {
  observer.on_started(entry);
  observer.on_established(entry);
  observer.on_ended(entry, reason);
};

}  // namespace flowscope
