#include "dataplane/export/eve_writer.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "dataplane/export/text_scan.h"
#include "dataplane/pipeline/protocol_name.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

namespace {

// JavaScript and many JSON readers hold numbers as doubles: above 53 bits they would round.
constexpr uint64_t kFlowIdMask = (uint64_t{1} << 53) - 1;

[[gnu::always_inline]] inline void put_protocol(JsonWriter& json, uint8_t protocol) {
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

[[gnu::always_inline]] inline void put_icmp(JsonWriter& json, const RecordHead& head) {
  if (head.icmp_initiator.seen) {
    json.number("icmp_type", head.icmp_initiator.type);
    json.number("icmp_code", head.icmp_initiator.code);
  }
  if (head.icmp_responder.seen) {
    json.number("response_icmp_type", head.icmp_responder.type);
    json.number("response_icmp_code", head.icmp_responder.code);
  }
}

[[gnu::always_inline]] inline void put_anomaly(JsonWriter& json, const RecordHead& head) {
  json.begin_object("anomaly");
  if (head.app_proto != nullptr) json.literal("app_proto", head.app_proto);
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
  json.literal("event", head.event);
  if (head.layer == AnomalyLayer::AppLayer) json.word("layer", "proto_parser");
  json.word("severity", name_of(head.severity));
  if (head.layer == AnomalyLayer::Tracker) json.number("flows", head.flows);
  json.end_object();
}

const char* event_type_of(const RecordHead& head) {
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
  return nullptr;
}

CommunityTuple tuple_of(const RecordHead& head) {
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
  return tuple;
}

[[gnu::always_inline]] inline void put_head(JsonWriter& json, const RecordHead& head,
                                            const CommunityIdText* id) {
  json.timestamp("timestamp", head.time);
  if (head.flow_id != 0) json.number("flow_id", head.flow_id & kFlowIdMask);
  json.literal("event_type", event_type_of(head));
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
    json.literal("app_proto", head.app_proto);
  if (head.direction != nullptr) json.literal("direction", head.direction);
  if (id != nullptr && !is_of_packet) json.word("community_id", {id->data(), id->size()});
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
    json.begin_object(std::string_view(segments[i]));
    open.push_back(segments[i]);
  }
}

}  // namespace

void EveWriter::write(std::span<const RecordReader> records, TextBuffer& out) {
  std::array<CommunityTuple, kCommunityIdsAtOnce> tuples;
  std::array<CommunityIdText, kCommunityIdsAtOnce> ids;
  while (!records.empty()) {
    const auto group = records.first(std::min(records.size(), ids.size()));
    if (options_.community_id) {
      for (size_t i = 0; i < group.size(); ++i) tuples[i] = tuple_of(group[i].head());
      community_ids(std::span(tuples).first(group.size()), options_.community_id_seed,
                    std::span(ids).first(group.size()));
    }
    for (size_t i = 0; i < group.size(); ++i) {
      const CommunityIdText* id = options_.community_id ? &ids[i] : nullptr;
      if (group[i].tells_of_flow()) {
        put_flow(group[i].head(), group[i].flow(), id, out);
      } else {
        put_other(group[i], id, out);
      }
    }
    records = records.subspan(group.size());
  }
}

void EveWriter::write_flow(const RecordHead& head, const FlowRecord& flow, TextBuffer& out) {
  if (!options_.community_id) return put_flow(head, flow, nullptr, out);
  const CommunityIdText id = community_id(tuple_of(head), options_.community_id_seed);
  put_flow(head, flow, &id, out);
}

// PERF: bound by short stores. Flattened, because one call that is not inlined and sees the
// JsonWriter puts its cursor into memory: a flow line of 650 bytes took 173 ns without, 140 with
// (GCC 12, AMD EPYC). Clang flattens one level only, hence the forced inlining in JsonWriter,
// FlowRecord and FlowMetrics (153 ns after 218).
[[gnu::flatten]] void EveWriter::put_flow(const RecordHead& head, const FlowRecord& flow,
                                          const CommunityIdText* id, TextBuffer& out) {
  JsonWriter json(out, texts_);
  put_head(json, head, id);
  flow.describe(json);
  json.finish();
}

[[gnu::flatten]] void EveWriter::put_other(const RecordReader& record, const CommunityIdText* id,
                                           TextBuffer& out) {
  const RecordHead& head = record.head();
  JsonWriter json(out, texts_);
  put_head(json, head, id);
  if (head.kind == RecordKind::Anomaly) {
    put_anomaly(json, head);
  } else {
    json.begin_object(head.event);
    record.replay(json);
    json.end_object();
  }
  json.finish();
}

void EveWriter::write_stats(const StatsSnapshot& snapshot, TextBuffer& out) {
  std::vector<SplitFigure> figures;
  for (const StatsFigure& figure : snapshot.figures) {
    figures.push_back({.segments = segments_of(figure.name), .value = figure.value});
  }
  std::sort(figures.begin(), figures.end());

  JsonWriter json(out, texts_);
  json.timestamp("timestamp", snapshot.time);
  json.word("event_type", "stats");
  json.begin_object("stats");
  std::vector<std::string> open;
  for (const SplitFigure& figure : figures) {
    enter_group(json, open, figure.segments);
    json.number(std::string_view(figure.segments.back()), figure.value);
  }
  for (size_t i = 0; i < open.size(); ++i) json.end_object();
  json.end_object();
  json.finish();
}

}  // namespace flowscope
