#include "dataplane/pipeline/record_out.h"

#include "flowcore/extract/five_tuple.h"

namespace flowscope {

RecordHead RecordOut::head_of(const FlowEntry& entry, FlowSide from, Timestamp time) const {
  return heads_.of(entry, tracker_.detail_of(entry), from, time, app_proto_of(entry));
}

void RecordOut::anomaly(const FlowEntry& entry, FlowSide from, Timestamp time, const char* kind) {
  if (choice_.anomaly) ring_.push_anomaly(head_of(entry, from, time), AnomalyLayer::AppLayer, kind);
}

void RecordOut::flow(const FlowEntry& entry, EndReason reason) {
  if (!choice_.flow) return;
  ring_.push_flow(entry, reason, app_proto_of(entry), tracker_.detail_of(entry));
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
