#include "dataplane/pipeline/flow_record.h"

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

}  // namespace

FlowRecord flow_record_of(const FlowEntry& entry, const FlowDetail* detail) {
  FlowRecord record;
  for (size_t i = 0; i < record.sides.size(); ++i) {
    record.sides[i].packets = entry.side[i].packets();
    record.sides[i].bytes = entry.side[i].bytes();
    record.sides[i].tcp_flags = entry.side[i].tcp_flags();
  }
  record.start = Timestamp{entry.started_ns};
  record.end = Timestamp{entry.last_seen_ns};
  record.state = flow_state(entry);
  record.alerted = entry.alerted != 0;
  record.has_tcp = entry.is_tcp();
  if (record.has_tcp) record.tcp_state = tcp_state_word(entry.state);
  if (detail != nullptr) {
    record.tunnel = tunnel_of(*detail);
    record.icmp_errors = detail->icmp_errors;
    record.icmp_error_type = detail->icmp_error_type;
    record.icmp_error_code = detail->icmp_error_code;
  }
  return record;
}

}  // namespace flowscope
