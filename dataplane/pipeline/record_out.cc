#include "dataplane/pipeline/record_out.h"

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/icmp.h"

namespace flowscope {

namespace {

// Suricata's words for a TCP flow's state.
const char* tcp_state_word(TcpState state) {
  switch (state) {
    case TcpState::Active:
      return "none";
    case TcpState::SynSent:
      return "syn_sent";
    case TcpState::SynReceived:
      return "syn_recv";
    case TcpState::Established:
      return "established";
    case TcpState::InitiatorClosed:
      return "fin_wait1";
    case TcpState::ResponderClosed:
      return "close_wait";
    case TcpState::Closing:
      return "last_ack";
    case TcpState::Closed:
      return "closed";
    case TcpState::Reset:
      return "closed";
  }
  return "none";
}

FlowState flow_state(const FlowEntry& entry) {
  if (is_over(entry.state)) return FlowState::Closed;
  const bool both_spoke = entry.side[0].packets() != 0 && entry.side[1].packets() != 0;
  if (entry.is_tcp()) {
    return entry.state == TcpState::Established || entry.state >= TcpState::InitiatorClosed
               ? FlowState::Established
               : FlowState::New;
  }
  return both_spoke ? FlowState::Established : FlowState::New;
}

TunnelRecord tunnel_of(const FlowDetail& detail) {
  TunnelRecord tunnel{
      .source = {.address = detail.outer_source, .port = detail.outer_source_port},
      .destination = {.address = detail.outer_destination, .port = detail.outer_destination_port},
      .kind = detail.encap,
      .depth = detail.depth,
      .ip_version = detail.outer_ip_version,
      .protocol = detail.outer_protocol,
      .sides = {}};
  for (size_t i = 0; i < detail.side.size(); ++i) {
    tunnel.sides[i] = {.id = detail.side[i].tunnel_id,
                       .mpls_label = detail.side[i].mpls_label,
                       .seen = detail.side[i].seen};
  }
  return tunnel;
}

// The first message of one side of an ICMP flow. A silent side has none written.
IcmpSeen first_icmp(const FlowEntry& entry, FlowSide side) {
  const SideCounters& sender = entry.side[index_of(side)];
  return sender.packets() != 0 ? sender.icmp : IcmpSeen{};
}

}  // namespace

uint64_t RecordOut::flow_id_of(const FlowEntry& entry) const {
  // splitmix64's finaliser over the key's hash and the start.
  uint64_t mixed = id_hash_(&entry.key) ^ (entry.started_ns * 0x9e3779b97f4a7c15);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return (mixed ^ (mixed >> 31)) >> 11;
}

RecordHead RecordOut::head_of(const FlowEntry& entry, FlowSide from, Timestamp time) const {
  RecordHead head;
  head.protocol = entry.key.protocol;
  head.ip_version = entry.key.ip_version;
  head.vlan_id = entry.side[index_of(FlowSide::Initiator)].vlan_id();
  if (const FlowDetail* detail = tracker_.detail_of(entry); detail != nullptr) {
    head.inner_vlan_id = detail->side[index_of(FlowSide::Initiator)].inner_vlan_id;
  }
  head.time = time;
  head.flow_id = flow_id_of(entry);
  head.source = {.address = entry.key.a_address, .port = entry.key.a_port};
  head.destination = {.address = entry.key.b_address, .port = entry.key.b_port};
  if ((from == FlowSide::Initiator) != (entry.initiator == Orientation::Forward)) {
    std::swap(head.source, head.destination);
  }
  if (is_icmp(head.protocol)) {
    head.source.port = 0;  // the key's fields for ports hold no ports
    head.destination.port = 0;
    head.icmp_initiator = first_icmp(entry, FlowSide::Initiator);
    head.icmp_responder = first_icmp(entry, FlowSide::Responder);
  }
  head.app_proto = app_name_(entry);
  return head;
}

void RecordOut::anomaly(const FlowEntry& entry, FlowSide from, Timestamp time, const char* kind) {
  if (choice_.anomaly) ring_.push_anomaly(head_of(entry, from, time), AnomalyLayer::AppLayer, kind);
}

void RecordOut::flow(const FlowEntry& entry, EndReason reason) {
  if (!choice_.flow) return;
  const Timestamp last{entry.last_seen_ns};
  FlowRecord record;
  for (size_t i = 0; i < record.sides.size(); ++i) {
    record.sides[i].packets = entry.side[i].packets();
    record.sides[i].bytes = entry.side[i].bytes();
    record.sides[i].tcp_flags = entry.side[i].tcp_flags();
  }
  record.start = Timestamp{entry.started_ns};
  record.end = last;
  record.state = flow_state(entry);
  record.reason = reason;
  record.has_tcp = entry.is_tcp();
  if (record.has_tcp) record.tcp_state = tcp_state_word(entry.state);
  if (const FlowDetail* detail = tracker_.detail_of(entry); detail != nullptr) {
    record.tunnel = tunnel_of(*detail);
    record.icmp_errors = detail->icmp_errors;
    record.icmp_error_type = detail->icmp_error_type;
    record.icmp_error_code = detail->icmp_error_code;
  }
  if (const FlowMeter* meter = tracker_.meter_of(entry); meter != nullptr)
    record.metrics = FlowMetrics::of(entry, *meter, tracker_.first_packets_of(entry));
  ring_.push_flow(head_of(entry, FlowSide::Initiator, last), record);
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
