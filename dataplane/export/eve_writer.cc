#include "dataplane/export/eve_writer.h"

#include <algorithm>
#include <string>
#include <vector>

#include "dataplane/export/community_id.h"
#include "dataplane/export/text_scan.h"
#include "dataplane/pipeline/protocol_name.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

namespace {

// JavaScript and many JSON readers hold numbers as doubles: above 53 bits they would round.
constexpr uint64_t kFlowIdMask = (uint64_t{1} << 53) - 1;

void put_protocol(JsonWriter& json, uint8_t protocol) {
  if (protocol == static_cast<uint8_t>(IpProtocol::Tcp)) return json.word("proto", "TCP");
  if (protocol == static_cast<uint8_t>(IpProtocol::Udp)) return json.word("proto", "UDP");
  json.word("proto", ProtocolName(protocol).text());
}

bool has_ports(const RecordHead& head) {
  switch (static_cast<IpProtocol>(head.protocol)) {
    case IpProtocol::Tcp:
    case IpProtocol::Udp:
    case IpProtocol::Sctp:
      return true;
    default:
      return head.source.port != 0 || head.destination.port != 0;
  }
}

void put_icmp(JsonWriter& json, const RecordHead& head) {
  if (head.icmp_initiator.seen) {
    json.number("icmp_type", head.icmp_initiator.type);
    json.number("icmp_code", head.icmp_initiator.code);
  }
  if (head.icmp_responder.seen) {
    json.number("response_icmp_type", head.icmp_responder.type);
    json.number("response_icmp_code", head.icmp_responder.code);
  }
}

void put_anomaly(JsonWriter& json, const RecordHead& head) {
  json.begin_object("anomaly");
  if (head.app_proto != nullptr) json.word("app_proto", head.app_proto);
  switch (head.layer) {
    case AnomalyLayer::Decode:
      json.word("type", "decode");
      break;
    case AnomalyLayer::Stream:
      json.word("type", "stream");
      break;
    case AnomalyLayer::AppLayer:
      json.word("type", "applayer");
      break;
    case AnomalyLayer::Tracker:
      json.word("type", "flow_tracker");
      break;
  }
  json.word("event", head.event);
  if (head.layer == AnomalyLayer::AppLayer) json.word("layer", "proto_parser");
  json.word("severity", name_of(head.severity));
  if (head.layer == AnomalyLayer::Tracker) json.number("flows", head.flows);
  json.end_object();
}

std::string_view event_type_of(const RecordHead& head) {
  switch (head.kind) {
    case RecordKind::Flow:
      return "flow";
    case RecordKind::Message:
      return head.event;
    case RecordKind::Anomaly:
      return "anomaly";
    case RecordKind::Interim:
      return "flow_interim";
  }
  return {};
}

void put_community_id(JsonWriter& json, const RecordHead& head, uint16_t seed) {
  CommunityTuple tuple = {.source = head.source.address,
                          .destination = head.destination.address,
                          .source_port = head.source.port,
                          .destination_port = head.destination.port,
                          .protocol = head.protocol,
                          .ip_version = head.ip_version};
  if (head.icmp_initiator.seen) {
    tuple.source_port = head.icmp_initiator.type;
    tuple.destination_port = head.icmp_initiator.code;
  }
  const CommunityIdText id = community_id(tuple, seed);
  json.word("community_id", {id.data(), id.size()});
}

void put_head(JsonWriter& json, const RecordHead& head, const EveOptions& options) {
  json.timestamp("timestamp", head.time);
  if (head.flow_id != 0) json.number("flow_id", head.flow_id & kFlowIdMask);
  json.word("event_type", event_type_of(head));
  if (head.vlan_id != 0) {
    json.begin_array("vlan");
    json.number(nullptr, head.vlan_id);
    if (head.inner_vlan_id != 0) json.number(nullptr, head.inner_vlan_id);
    json.end_array();
  }
  if (head.ip_version == 0) return;
  // What is wrong with a packet on its way to a flow is told before ports are known.
  const bool is_of_packet = head.kind == RecordKind::Anomaly && head.layer == AnomalyLayer::Decode;
  const bool with_ports = has_ports(head) && !is_of_packet;
  json.address("src_ip", head.source.address, head.ip_version);
  if (with_ports) json.number("src_port", head.source.port);
  json.address("dest_ip", head.destination.address, head.ip_version);
  if (with_ports) json.number("dest_port", head.destination.port);
  put_protocol(json, head.protocol);
  json.number("ip_v", head.ip_version);
  if (!with_ports) put_icmp(json, head);
  if (head.app_proto != nullptr && head.kind != RecordKind::Anomaly)
    json.word("app_proto", head.app_proto);
  if (head.direction != nullptr) json.word("direction", head.direction);
  if (options.community_id && !is_of_packet)
    put_community_id(json, head, options.community_id_seed);
}

// "decoder.pkts" as {"decoder", "pkts"}.
std::vector<std::string> segments_of(std::string_view name) {
  std::vector<std::string> segments(1);
  for (const char character : name) {
    if (character == '.') {
      segments.emplace_back();
    } else {
      // Figures may be named after ports, which users name.
      segments.back() += needs_care(static_cast<uint8_t>(character)) ? '_' : character;
    }
  }
  return segments;
}

// One figure with its name taken apart; ordered so that figures of one group stand together.
struct SplitFigure {
  std::vector<std::string> segments;
  uint64_t value;

  friend bool operator<(const SplitFigure& x, const SplitFigure& y) {
    return x.segments < y.segments;
  }
};

// Opens and closes objects so that the figure's group, all segments but the last, is open.
void enter_group(JsonWriter& json, std::vector<std::string>& open,
                 const std::vector<std::string>& segments) {
  const auto groups_end = segments.end() - 1;
  const auto [same_end, unused] =
      std::mismatch(open.begin(), open.end(), segments.begin(), groups_end);
  for (auto group = same_end; group != open.end(); ++group) json.end_object();
  open.erase(same_end, open.end());
  for (size_t i = open.size(); i + 1 < segments.size(); ++i) {
    json.begin_object(segments[i].c_str());
    open.push_back(segments[i]);
  }
}

}  // namespace

// PERF: bound by short stores and by the SHA-1 block of the Community ID. Flattened, because one
// call that is not inlined and sees the JsonWriter puts its cursor into memory: flow line of 650
// bytes 173 ns without, 140 with, 59 of them the Community ID (GCC 12, AMD EPYC with SHA
// extensions; fmt 950 ns in the same run). Clang flattens one level only; the forced inlining in
// JsonWriter and FlowRecord took it from 218 to 153 ns and leaves GCC as it was.
[[gnu::flatten]] void EveWriter::write(const RecordReader& record, TextBuffer& out) {
  const RecordHead& head = record.head();
  if (head.kind == RecordKind::Flow || head.kind == RecordKind::Interim)
    return write_flow(head, record.flow(), out);
  JsonWriter json(out, day_);
  put_head(json, head, options_);
  if (head.kind == RecordKind::Anomaly) {
    put_anomaly(json, head);
  } else {
    json.begin_object(head.event);
    record.replay(json);
    json.end_object();
  }
  json.finish();
}

[[gnu::flatten]] void EveWriter::write_flow(const RecordHead& head, const FlowRecord& flow,
                                            TextBuffer& out) {
  JsonWriter json(out, day_);
  put_head(json, head, options_);
  flow.describe(json);
  json.finish();
}

void EveWriter::write_stats(const StatsSnapshot& snapshot, TextBuffer& out) {
  std::vector<SplitFigure> figures;
  for (const StatsFigure& figure : snapshot.figures) {
    figures.push_back({.segments = segments_of(figure.name), .value = figure.value});
  }
  std::sort(figures.begin(), figures.end());

  JsonWriter json(out, day_);
  json.timestamp("timestamp", snapshot.time);
  json.word("event_type", "stats");
  json.begin_object("stats");
  std::vector<std::string> open;
  for (const SplitFigure& figure : figures) {
    enter_group(json, open, figure.segments);
    json.number(figure.segments.back().c_str(), figure.value);
  }
  for (size_t i = 0; i < open.size(); ++i) json.end_object();
  json.end_object();
  json.finish();
}

}  // namespace flowscope
