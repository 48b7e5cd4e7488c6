#include "dataplane/pipeline/record_out.h"

#include "flowcore/extract/five_tuple.h"

namespace flowscope {

namespace {

const char* event_of(FlowAnomaly kind) {
  switch (kind) {
    case FlowAnomaly::None:
      return "stream.none";
    case FlowAnomaly::ResetOutOfWindow:
      return "stream.reset_out_of_window";
    case FlowAnomaly::FinOutOfWindow:
      return "stream.fin_out_of_window";
    case FlowAnomaly::InconsistentFlags:
      return "stream.inconsistent_flags";
  }
  return "stream.none";
}

const char* event_of(TrackerAnomaly kind) {
  switch (kind) {
    case TrackerAnomaly::EvictionPressure:
      return "flow_tracker.eviction_pressure";
    case TrackerAnomaly::EmergencyBegan:
      return "flow_tracker.emergency_began";
    case TrackerAnomaly::EmergencyOver:
      return "flow_tracker.emergency_over";
  }
  return "flow_tracker.none";
}

}  // namespace

RecordHead RecordOut::head_of(const FlowEntry& entry, FlowSide from, Timestamp time) const {
  return heads_.of(entry, tracker_.detail_of(entry), from, time, app_proto_of(entry));
}

void RecordOut::message(const FlowEntry& entry, FlowSide from, Timestamp time, const Alert& alert) {
  if (!choice_.takes(Alert::kEvent)) return;
  RecordHead head = head_of(entry, from, time);
  head.direction = direction_of(from);
  ring_.push_message(head, alert);
}

void RecordOut::anomaly(const FlowEntry& entry, FlowSide from, Timestamp time, const char* kind) {
  if (choice_.anomaly) ring_.push_anomaly(head_of(entry, from, time), AnomalyLayer::AppLayer, kind);
}

void RecordOut::flow(const FlowEntry& entry, EndReason reason, const FlowGaps& gap_bytes) {
  if (!choice_.flow) return;
  ring_.push_flow(entry, reason, app_proto_of(entry), extras_of(entry, gap_bytes));
}

void RecordOut::interim(const FlowEntry& entry, const FlowDelta& delta, const FlowGaps& gap_bytes) {
  ring_.push_interim(entry, delta, app_proto_of(entry), extras_of(entry, gap_bytes));
}

FlowExtras RecordOut::extras_of(const FlowEntry& entry, const FlowGaps& gap_bytes) const {
  FlowExtras extras = tracker_.extras_of(entry);
  extras.gap_bytes = gap_bytes;
  if (entry.app != 0 && first_app_name_ != nullptr) extras.app_proto_orig = first_app_name_(entry);
  return extras;
}

void RecordOut::stream_anomaly(const FlowEntry& entry, FlowSide from, Timestamp time,
                               const char* event) {
  if (choice_.anomaly) ring_.push_anomaly(head_of(entry, from, time), AnomalyLayer::Stream, event);
}

// Without the flow's protocol: the tracker is ahead of the streams by as much as a burst is long,
// which no record may tell of.
void RecordOut::stream_anomaly(const FlowEntry& entry, FlowSide from, FlowAnomaly kind,
                               Timestamp time) {
  if (!choice_.anomaly) return;
  RecordHead head = heads_.of(entry, tracker_.detail_of(entry), from, time, nullptr);
  head.severity = severity_of(kind);
  ring_.push_anomaly(head, AnomalyLayer::Stream, event_of(kind));
}

void RecordOut::tracker_anomaly(TrackerAnomaly kind, uint64_t flows, Timestamp time) {
  if (!choice_.anomaly) return;
  const RecordHead head{.severity = severity_of(kind), .time = time, .flows = flows};
  ring_.push_anomaly(head, AnomalyLayer::Tracker, event_of(kind));
}

void RecordOut::packet_anomaly(const PacketView& packet, const Layers& layers, const char* kind) {
  if (!choice_.anomaly) return;
  RecordHead head;
  head.protocol = layers.ip_protocol;
  head.vlan_id = layers.vlan_id;
  head.inner_vlan_id = layers.inner_vlan_id;
  head.time = packet.time;
  FlowKey key;
  Orientation orientation = Orientation::Forward;
  if (FiveTuple::directional().extract(layers, packet, key, orientation)) {
    head.ip_version = layers.ip_version;
    head.source.address = key.a_address;
    head.destination.address = key.b_address;
  }
  ring_.push_anomaly(head, AnomalyLayer::Decode, kind);
}

}  // namespace flowscope
