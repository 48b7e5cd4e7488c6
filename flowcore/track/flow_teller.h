#pragma once

#include <cstdint>

#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/flow_event.h"
#include "flowcore/track/state_column.h"

namespace flowscope {

// Takes each event, or at least what `[](const FlowEvent&)` takes. Called on the packet path; may
// ask the tracker about flows, but not track, sweep or forget.
template <class S>
concept EventSink = requires(S& sink, const FlowEvent& event) {
  sink(event);
};

// Makes events of what BurstTracker says, and keeps the users' states in step with the flows: a
// state is made before its flow's first event and destroyed after the last. Lives for one call of
// FlowTracker.
template <EventSink S, class State, class Init>
class FlowTeller {
 public:
  FlowTeller(BurstTracker& tracker, StateColumn<State>& states, Init& init, EventMask mask, S& sink)
      : tracker_(tracker), states_(states), init_(init), mask_(mask), sink_(sink) {}

  void on_started(FlowEntry& entry) {
    states_.make(tracker_.slot_of(entry), init_, entry.key);
    if (!mask_.has(EventKind::Started)) return;
    const FlowSide side = entry.orientation_inferred ? FlowSide::Responder : FlowSide::Initiator;
    tell(FlowStarted{entry.key, side, {entry.started_ns}, entry.l4, entry.initiator});
  }
  void on_packet(FlowEntry& entry, FlowSide from, const PacketView& packet) {
    if (!mask_.has(EventKind::Packet)) return;
    tell(FlowPacket{entry.key, from, packet.wire_bytes, packet.time});
  }
  void on_established(FlowEntry& entry) {
    if (!mask_.has(EventKind::Established)) return;
    tell(FlowEstablished{entry.key, {entry.last_seen_ns}});
  }
  void on_state_change(FlowEntry& entry, TcpState from, Timestamp time) {
    if (!mask_.has(EventKind::StateChange)) return;
    tell(FlowStateChange{entry.key, from, entry.state, time});
  }
  void on_ended(FlowEntry& entry, EndReason reason) {
    if (mask_.has(EventKind::Ended)) tell(FlowEnded{entry.key, reason, FlowStats::of(entry)});
    states_.destroy(tracker_.slot_of(entry));
  }
  void on_interim(FlowEntry& entry, const FlowDelta& delta) {
    if (!mask_.has(EventKind::Interim)) return;
    tell(FlowInterim{entry.key, FlowStats::of(entry), delta});
  }
  void on_anomaly(FlowEntry& entry, FlowSide from, FlowAnomaly kind, Timestamp time) {
    if (!mask_.has(EventKind::FlowAnomaly)) return;
    tell(FlowAnomalyEvent{entry.key, from, kind, time});
  }
  void on_tracker_anomaly(TrackerAnomaly kind, uint64_t flows, Timestamp time) {
    if (!mask_.has(EventKind::TrackerAnomaly)) return;
    tell(TrackerAnomalyEvent{kind, flows, time});
  }
  void on_moved(uint32_t from_slot, uint32_t to_slot) { states_.move(from_slot, to_slot); }

 private:
  void tell(const FlowEvent& event) { sink_(event); }

  BurstTracker& tracker_;
  StateColumn<State>& states_;
  Init& init_;
  EventMask mask_;
  S& sink_;
};

}  // namespace flowscope
