// What the library finds in captures, for comparison with what the program flowscope writes.
//
//   library_records engine CAPTURE...   the C interface: whole EVE records
//   library_records driver CAPTURE...   Driver over PcapFlowSource: ends of flows, messages and
//                                       anomalies, as the objects of EVE that drivers know
//
// Both are set up as the program is for files. Prints one JSON object a line; a line
// {"capture":"..."} stands in front of each capture's, and {"fault":"..."} behind those of a
// capture that could not be read to its end.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "dataplane/capi/flowscope.h"
#include "dataplane/export/json_writer.h"
#include "dataplane/export/text_buffer.h"
#include "dataplane/pcap/pcap_flow_source.h"
#include "dataplane/pipeline/flow_record.h"
#include "dataplane/pipeline/protocol_name.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decap.h"
#include "flowcore/packet/icmp.h"
#include "flowcore/packet/link_number.h"
#include "l7/driver.h"
#include "l7/parser_list.h"

namespace {

using namespace std::string_view_literals;
using flowscope::Application;
using flowscope::FiveTuple;
using flowscope::FlowEntry;
using flowscope::FlowRecord;
using flowscope::FlowSide;
using flowscope::JsonWriter;
using flowscope::LineTexts;
using flowscope::Orientation;
using flowscope::PcapFlowSource;
using flowscope::SessionAnomaly;
using flowscope::SessionClosed;
using flowscope::SessionParseError;
using flowscope::TextBuffer;
using flowscope::Timestamp;

// The program's limits and time-outs for files.
constexpr uint32_t kFlowsMax = 1 << 18;
constexpr uint32_t kStreamsMax = 1 << 16;
constexpr uint64_t kSecondNs = 1'000'000'000;

// One line of JSON with a text, for what is not a record.
void print_text(const char* name, std::string_view value) {
  LineTexts texts;
  TextBuffer text(256);
  JsonWriter json(text, texts);
  json.text(name, value);
  json.finish();
  std::fwrite(text.text().data(), 1, text.size(), stdout);
}

// An event of a driver as the line of a record.
class Line {
 public:
  template <class M>
  explicit Line(const Application<M>& event) {
    JsonWriter json(text_, texts_);
    put_head(json, M::kEvent, event.flow, event.side, event.time);
    json.begin_object(M::kEvent);
    event.message.describe(json);
    json.end_object();
    json.finish();
  }
  explicit Line(const SessionClosed& event) {
    FlowRecord record = flowscope::flow_record_of(event.flow, nullptr);
    record.reason = event.reason;
    for (size_t i = 0; i < record.sides.size(); ++i)
      record.sides[i].gap_bytes = event.stats.side[i].gap_bytes;
    JsonWriter json(text_, texts_);
    put_head(json, "flow", event.flow, FlowSide::Initiator, event.time);
    if (!event.parser.empty()) json.text("app_proto", event.parser);
    record.describe(json);
    json.finish();
  }
  explicit Line(const SessionParseError& event) {
    put_anomaly(event.flow, event.side, event.time, "applayer"sv, "parse_error"sv);
  }
  explicit Line(const SessionAnomaly& event) {
    if (event.flow == nullptr) return;  // about the tracker
    const bool of_parser = event.source == SessionAnomaly::Source::Parser;
    const std::string kind =
        of_parser ? std::string(event.kind) : "stream." + std::string(event.kind);
    put_anomaly(*event.flow, event.side, event.time, of_parser ? "applayer"sv : "stream"sv, kind);
  }

  [[nodiscard]] std::string_view text() const { return text_.text(); }

 private:
  // The part of EVE's head that a flow's entry tells.
  static void put_head(JsonWriter& json, const char* type, const FlowEntry& flow, FlowSide from,
                       Timestamp time) {
    const bool from_a = (from == FlowSide::Initiator) == (flow.initiator == Orientation::Forward);
    const auto& key = flow.key;
    json.timestamp("timestamp", time);
    json.word("event_type", type);
    json.address("src_ip", from_a ? key.a_address : key.b_address, key.ip_version);
    json.address("dest_ip", from_a ? key.b_address : key.a_address, key.ip_version);
    if (!flowscope::is_icmp(key.protocol)) {
      json.number("src_port", from_a ? key.a_port : key.b_port);
      json.number("dest_port", from_a ? key.b_port : key.a_port);
    }
    const flowscope::ProtocolName name(key.protocol);
    json.word("proto", key.protocol == 6 ? "TCP"sv : key.protocol == 17 ? "UDP"sv : name.text());
  }
  void put_anomaly(const FlowEntry& flow, FlowSide from, Timestamp time, std::string_view type,
                   std::string_view event) {
    JsonWriter json(text_, texts_);
    put_head(json, "anomaly", flow, from, time);
    json.begin_object("anomaly");
    json.word("type", type);
    json.word("event", event);
    json.end_object();
    json.finish();
  }

  LineTexts texts_;
  TextBuffer text_{1024};
};

using AllDriver =
    flowscope::DriverOf<FiveTuple, flowscope::AllStreamParsers, flowscope::AllDatagramParsers>;

AllDriver::Options driver_options(const flowscope::Decap& decap) {
  AllDriver::Options options;
  options.tracker = PcapFlowSource::kTrackerOptions;
  options.tracker.flows_max = kFlowsMax;
  options.tracker.idle = {.tcp_new_ns = 30 * kSecondNs,
                          .tcp_established_ns = 300 * kSecondNs,
                          .tcp_closing_ns = 30 * kSecondNs,
                          .tcp_closed_ns = 5 * kSecondNs,
                          .udp_ns = 60 * kSecondNs,
                          .other_ns = 30 * kSecondNs};
  options.tracker.events = flowscope::EventMask::all();
  options.tracker.decap = &decap;
  options.sessions.streams_max = kStreamsMax;
  options.sessions.datagrams_max = kFlowsMax;
  options.sessions.parsers_max = kStreamsMax;
  options.fragments = flowscope::FragmentTable::Options{};
  return options;
}

// Gives what was wrong with the capture, empty when nothing was.
std::string drive(PcapFlowSource source) {
  const auto decap = flowscope::Decap::all();
  auto driver = AllDriver::create(driver_options(decap), FiveTuple::bidirectional());
  if (!driver.ok()) return driver.error().message;
  auto lines = source.events<Line>(std::move(driver.value()));
  for (const Line& line : lines) std::fwrite(line.text().data(), 1, line.text().size(), stdout);
  return lines.fault() ? lines.fault()->message : std::string();
}

fs_options engine_options() {
  return {.size = sizeof(fs_options),
          .flows_max = kFlowsMax,
          .streams_max = kStreamsMax,
          .tcp_new_ns = 30 * kSecondNs,
          .tcp_established_ns = 300 * kSecondNs,
          .tcp_closing_ns = 30 * kSecondNs,
          .tcp_closed_ns = 5 * kSecondNs,
          .udp_ns = 60 * kSecondNs,
          .other_ns = 30 * kSecondNs,
          .tunnels = FS_TUNNELS_TAKE_OFF,
          .flags = FS_FULL_COUNTERS};
}

// A number that stands for the link type, as the C interface wants it.
uint32_t number_of(flowscope::LinkType link) {
  constexpr uint32_t kUserOne = 147;  // means nothing to anybody
  for (uint32_t number = 0; number < flowscope::kLinkNumbers; ++number) {
    if (flowscope::link_type_of(number) == link) return number;
  }
  return kUserOne;
}

void print_records(fs_engine* engine) {
  const fs_record* record = nullptr;
  while ((record = fs_engine_poll(engine)) != nullptr) {
    if (record->json != nullptr) std::puts(record->json);
  }
}

// As drive(), packet by packet.
std::string feed(PcapFlowSource source) {
  const fs_options options = engine_options();
  fs_error error;
  fs_engine* const engine = fs_engine_create(&options, &error);
  if (engine == nullptr) return error.message;
  auto packets = source.packets();
  for (const flowscope::PacketView& packet : packets) {
    const fs_packet fed = {.frame = packet.frame.begin(),
                           .captured_bytes = static_cast<uint32_t>(packet.frame.size()),
                           .wire_bytes = packet.wire_bytes,
                           .time_ns = packet.time.ns,
                           .link_type = number_of(packet.link),
                           .reserved = 0};
    while (fs_engine_feed(engine, &fed, 1) == 0) print_records(engine);
  }
  print_records(engine);
  fs_engine_finish(engine);
  print_records(engine);
  fs_counters counters = {.size = sizeof(fs_counters)};
  fs_engine_counters(engine, &counters);
  fs_engine_destroy(engine);
  if (counters.records_shed != 0) return "records were shed";
  return packets.fault() ? packets.fault()->message : std::string();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view way = argc > 2 ? argv[1] : "";
  if (way != "engine" && way != "driver") {
    std::fprintf(stderr, "usage: %s engine|driver CAPTURE...\n", argv[0]);
    return 1;
  }
  for (int i = 2; i < argc; ++i) {
    print_text("capture", argv[i]);
    auto source = PcapFlowSource::open(argv[i]);
    std::string fault;
    if (!source.ok()) {
      fault = source.error().message;
    } else {
      fault = way == "engine" ? feed(std::move(source.value())) : drive(std::move(source.value()));
    }
    if (!fault.empty()) print_text("fault", fault);
  }
  return 0;
}
