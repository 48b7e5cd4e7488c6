#include "dataplane/export/eve_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "dataplane/pipeline/record_ring.h"

namespace flowscope {
namespace {

using nlohmann::json;

// The shape of a DNS message: nesting, an array of objects, an array of texts.
struct AnswerMessage {
  static constexpr const char* kEvent = "dns";

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.number("version", 3);
    visitor.begin_array("answers");
    visitor.begin_object(nullptr);
    visitor.text("rrname", "example.org");
    visitor.end_object();
    visitor.end_array();
    visitor.begin_object("grouped");
    visitor.begin_array("A");
    visitor.text(nullptr, "10.0.0.1");
    visitor.end_array();
    visitor.end_object();
    visitor.boolean("aa", true);
  }
};

struct HostileMessage {
  static constexpr const char* kEvent = "http";
  std::string text;

  template <FieldVisitor V>
  void describe(V& visitor) const {
    for (int i = 0; i < 20; ++i) visitor.text("field", text);
  }
};

RecordHead tcp_head() {
  return {.protocol = 6,
          .ip_version = 4,
          .time = Timestamp::from_parts(1'530'819'759, 123'456'000),
          .flow_id = 1234567890123,
          .source = {{128, 232, 110, 120}, 34855},
          .destination = {{66, 35, 250, 204}, 80},
          .app_proto = "http"};
}

FlowRecord tcp_flow() {
  FlowRecord flow;
  flow.sides[0] = {.packets = 6, .bytes = 419, .tcp_flags = 0x1b};
  flow.sides[1] = {.packets = 4, .bytes = 277, .tcp_flags = 0x12};
  flow.start = Timestamp::from_parts(1'530'819'738, 900'000'000);
  flow.end = Timestamp::from_parts(1'530'819'759, 123'456'000);
  flow.tcp_state = "closed";
  flow.state = FlowState::Closed;
  flow.reason = EndReason::Fin;
  flow.has_tcp = true;
  return flow;
}

class EveWriterTest : public testing::Test {
 protected:
  // The line of the one record that `push` puts into the ring.
  template <class Push>
  std::string line(Push push) {
    EXPECT_TRUE(push(ring_));
    ring_.publish();
    eve_.write(RecordReader(ring_.front(), heads_), buffer_);
    ring_.pop();
    ring_.release();
    return take();
  }
  std::string flow_line(const RecordHead& head, const FlowRecord& flow = {}) {
    eve_.write_flow(head, flow, buffer_);
    return take();
  }
  std::string take() {
    const std::string text(buffer_.text());
    buffer_.clear();
    return text;
  }

  Arena arena_ = std::move(
      Arena::create(RecordRing::cost(RecordRing::kBytesMin), Arena::Populate::Lazily).value());
  RecordRing ring_{arena_, RecordRing::kBytesMin, Overflow::Shed};
  FlowHeads heads_;
  EveWriter eve_{EveOptions{}};
  TextBuffer buffer_{size_t{1} << 16};
};

TEST_F(EveWriterTest, WritesATcpFlow) {
  EXPECT_EQ(flow_line(tcp_head(), tcp_flow()),
            R"({"timestamp":"2018-07-05T19:42:39.123456+0000","flow_id":1234567890123,)"
            R"("event_type":"flow","src_ip":"128.232.110.120","src_port":34855,)"
            R"("dest_ip":"66.35.250.204","dest_port":80,"proto":"TCP","ip_v":4,"app_proto":"http",)"
            R"("community_id":"1:LQU9qZlK+B5F3KDmev6m5PMibrg=",)"
            R"("flow":{"pkts_toserver":6,"pkts_toclient":4,"bytes_toserver":419,)"
            R"("bytes_toclient":277,"start":"2018-07-05T19:42:18.900000+0000",)"
            R"("end":"2018-07-05T19:42:39.123456+0000","age":21,"state":"closed",)"
            R"("reason":"timeout","end_reason":"fin","alerted":false},)"
            R"("tcp":{"tcp_flags":"1b","tcp_flags_ts":"1b","tcp_flags_tc":"12","syn":true,)"
            R"("fin":true,"psh":true,"ack":true,"state":"closed"}})"
            "\n");
}

TEST_F(EveWriterTest, WritesAUdpFlowOverIpv6WithVlan) {
  const RecordHead head = {
      .protocol = 17,
      .ip_version = 6,
      .vlan_id = 1011,
      .flow_id = 1,
      .source = {{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 5353},
      .destination = {{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfb}, 0}};
  const json record = json::parse(flow_line(head));
  EXPECT_EQ(record["vlan"], json({1011}));
  EXPECT_EQ(record["src_ip"], "fe80::1");
  EXPECT_EQ(record["dest_ip"], "ff02::fb");
  EXPECT_EQ(record["dest_port"], 0) << "port 0 is a port in UDP";
  EXPECT_EQ(record["proto"], "UDP");
  EXPECT_EQ(record["ip_v"], 6);
  EXPECT_FALSE(record.contains("app_proto"));
  EXPECT_FALSE(record.contains("tcp"));
}

TEST_F(EveWriterTest, WritesIcmpTypesInPlaceOfPorts) {
  const RecordHead head = {.protocol = 1,
                           .ip_version = 4,
                           .icmp_initiator = {.type = 8, .code = 0, .seen = true},
                           .icmp_responder = {.type = 0, .code = 0, .seen = true},
                           .source = {{192, 168, 0, 89}},
                           .destination = {{192, 168, 0, 1}}};
  const json record = json::parse(flow_line(head));
  EXPECT_EQ(record["proto"], "ICMP");
  EXPECT_FALSE(record.contains("src_port"));
  EXPECT_EQ(record["icmp_type"], 8);
  EXPECT_EQ(record["icmp_code"], 0);
  EXPECT_EQ(record["response_icmp_type"], 0);
  EXPECT_EQ(record["community_id"], "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
}

TEST_F(EveWriterTest, NamesProtocolsAsSuricataDoes) {
  const auto proto = [&](uint8_t protocol) {
    return json::parse(flow_line({.protocol = protocol, .ip_version = 4}))["proto"];
  };
  EXPECT_EQ(proto(58), "IPv6-ICMP");
  EXPECT_EQ(proto(132), "SCTP");
  EXPECT_EQ(proto(4), "IP-in-IP");
  EXPECT_EQ(proto(7), "007");
  EXPECT_EQ(proto(253), "253");
}

TEST_F(EveWriterTest, KeepsFlowIdsExactForReadersThatHoldThemAsDoubles) {
  const json record = json::parse(flow_line({.ip_version = 4, .flow_id = UINT64_MAX}));
  EXPECT_EQ(record["flow_id"], (uint64_t{1} << 53) - 1);
}

TEST_F(EveWriterTest, CountsAnAgeOfZeroWhenTimeRanBackwards) {
  FlowRecord flow;
  flow.start = Timestamp::from_parts(100, 0);
  flow.end = Timestamp::from_parts(99, 0);
  EXPECT_EQ(json::parse(flow_line(tcp_head(), flow))["flow"]["age"], 0);
}

TEST_F(EveWriterTest, TellsGapsOfTheSideThatHasThem) {
  FlowRecord flow = tcp_flow();
  flow.sides[1].gap_bytes = 1460;
  const json tcp = json::parse(flow_line(tcp_head(), flow))["tcp"];
  EXPECT_EQ(tcp["gap_tc"], true);
  EXPECT_EQ(tcp["gap_bytes_tc"], 1460);
  EXPECT_FALSE(tcp.contains("gap_ts"));
}

// Those of a SYN, and of a first packet of 5 bytes.
FlowMetrics some_metrics() {
  FlowEntry entry{};
  entry.key.protocol = 6;
  entry.started_ns = 1'530'819'738'900'000'000;
  FlowMeter meter;
  FirstPacket first = FirstPacket::of(FlowSide::Initiator, 5, 30'000);
  std::array<uint8_t, 61> header{};
  constexpr std::array<uint8_t, 7> kOptions = {2, 4, 5, 0xb4, 3, 3, 7};
  std::ranges::copy(kOptions, header.begin() + 54);
  Layers layers;
  layers.has_l4 = true;
  layers.ip_version = 4;
  layers.ttl = 64;
  layers.l4_offset = 34;
  layers.payload_offset = 61;
  layers.tcp_flags = tcp_flag::kSyn;
  layers.tcp_window = 1000;
  const PacketView packet{.frame = {header.data(), header.size()}};
  entry.side[0].count(60);
  entry.last_seen_ns = entry.started_ns;
  meter.count(entry, FlowBefore(entry), FlowSide::Initiator, layers, packet,
              {.segment = SegmentKind::Next});
  (void)meter.next_first_packet(1);
  return FlowMetrics::of(entry, meter, {&first, 1});
}

TEST_F(EveWriterTest, WritesTheExtendedCountersWhereThereAreAny) {
  FlowRecord flow = tcp_flow();
  EXPECT_FALSE(json::parse(flow_line(tcp_head(), flow)).contains("metrics"));
  flow.metrics = some_metrics();
  const json metrics = json::parse(flow_line(tcp_head(), flow))["metrics"];
  EXPECT_EQ(metrics["payload_bytes_toserver"], 0);
  EXPECT_EQ(metrics["start_toserver"], "2018-07-05T19:42:18.900000+0000");
  EXPECT_EQ(metrics["ttl_min_toserver"], 64);
  EXPECT_FALSE(metrics.contains("ttl_min_toclient")) << "the server sent nothing";
  EXPECT_EQ(metrics["syn_window_toserver"], 1000);
  EXPECT_EQ(metrics["mss_toserver"], 1460);
  EXPECT_EQ(metrics["wscale_toserver"], 7);
  EXPECT_EQ(metrics["syn_options_toserver"], "mss,ws");
  EXPECT_FALSE(metrics.contains("rtt_toserver"));
  EXPECT_EQ(metrics["history"], "S");
  EXPECT_EQ(metrics["history_compact"], "S");
  EXPECT_EQ(metrics["first_sizes"], json::array({5}));
  EXPECT_EQ(metrics["first_sides"], "C");
  EXPECT_EQ(metrics["first_gaps"], json::array({30}));
}

TEST_F(EveWriterTest, WritesAMessageUnderItsEvent) {
  const std::string written =
      line([](RecordRing& ring) { return ring.push_message(tcp_head(), AnswerMessage{}); });
  EXPECT_EQ(written,
            R"({"timestamp":"2018-07-05T19:42:39.123456+0000","flow_id":1234567890123,)"
            R"("event_type":"dns","src_ip":"128.232.110.120","src_port":34855,)"
            R"("dest_ip":"66.35.250.204","dest_port":80,"proto":"TCP","ip_v":4,"app_proto":"http",)"
            R"("community_id":"1:LQU9qZlK+B5F3KDmev6m5PMibrg=",)"
            R"("dns":{"version":3,"answers":[{"rrname":"example.org"}],)"
            R"("grouped":{"A":["10.0.0.1"]},"aa":true}})"
            "\n");
}

TEST_F(EveWriterTest, WritesAnAnomalyOfAProtocol) {
  const std::string written = line([](RecordRing& ring) {
    return ring.push_anomaly(tcp_head(), AnomalyLayer::AppLayer, "invalid_opcode");
  });
  EXPECT_EQ(written, R"({"timestamp":"2018-07-05T19:42:39.123456+0000","flow_id":1234567890123,)"
                     R"("event_type":"anomaly","src_ip":"128.232.110.120","src_port":34855,)"
                     R"("dest_ip":"66.35.250.204","dest_port":80,"proto":"TCP","ip_v":4,)"
                     R"("community_id":"1:LQU9qZlK+B5F3KDmev6m5PMibrg=",)"
                     R"("anomaly":{"app_proto":"http","type":"applayer","event":"invalid_opcode",)"
                     R"("layer":"proto_parser","severity":"warning"}})"
                     "\n");
}

TEST_F(EveWriterTest, WritesAnAnomalyWithoutAFlow) {
  const std::string written = line([](RecordRing& ring) {
    return ring.push_anomaly({}, AnomalyLayer::Decode, "ipv4_truncated");
  });
  EXPECT_EQ(written, R"({"timestamp":"1970-01-01T00:00:00.000000+0000","event_type":"anomaly",)"
                     R"("anomaly":{"type":"decode","event":"ipv4_truncated","severity":"warning"}})"
                     "\n");
}

TEST_F(EveWriterTest, WritesAnAnomalyOfTheTracker) {
  const std::string written = line([](RecordRing& ring) {
    return ring.push_anomaly({.severity = Severity::Critical, .flows = 950}, AnomalyLayer::Tracker,
                             "flow_tracker.emergency_began");
  });
  EXPECT_EQ(written, R"({"timestamp":"1970-01-01T00:00:00.000000+0000","event_type":"anomaly",)"
                     R"("anomaly":{"type":"flow_tracker","event":"flow_tracker.emergency_began",)"
                     R"("severity":"critical","flows":950}})"
                     "\n");
}

TEST_F(EveWriterTest, WritesAFlowThatLivesOnWithoutAReason) {
  FlowEntry entry{};
  entry.key = {
      .a_address = {10, 0, 0, 1}, .b_address = {10, 0, 0, 2}, .protocol = 17, .ip_version = 4};
  entry.side[0].count(100);
  entry.side[0].count(60);
  const FlowDelta delta{.packets = {1, 0}, .bytes = {60, 0}};
  const json record = json::parse(
      line([&](RecordRing& ring) { return ring.push_interim(entry, delta, "dns", {}); }));
  EXPECT_EQ(record["event_type"], "flow_interim");
  EXPECT_EQ(record["app_proto"], "dns");
  EXPECT_EQ(record["flow"]["bytes_toserver"], 160);
  EXPECT_EQ(record["flow"]["state"], "new");
  EXPECT_FALSE(record["flow"].contains("reason"));
  EXPECT_FALSE(record["flow"].contains("end_reason"));
  EXPECT_EQ(record["delta"], json::parse(R"({"pkts_toserver":1,"pkts_toclient":0,)"
                                         R"("bytes_toserver":60,"bytes_toclient":0})"));
}

TEST_F(EveWriterTest, WritesRecordsInGroupsAsOneByOne) {
  // More than two groups, of every kind, with and without a flow.
  std::vector<RecordReader> records;
  FlowEntry entry{};
  entry.key = {.a_address = {10, 0, 0, 1}, .b_address = {10, 0, 0, 2}, .ip_version = 4};
  for (uint16_t i = 0; i < 20; ++i) {
    RecordHead head = tcp_head();
    head.source.port = i;
    entry.key.a_port = i;
    entry.key.protocol = i % 2 == 0 ? 17 : 6;
    if (i % 4 == 0) ring_.push_anomaly({}, AnomalyLayer::Decode, "ipv4_truncated");
    if (i % 4 == 1) ring_.push_anomaly(head, AnomalyLayer::AppLayer, "invalid_opcode");
    if (i % 4 == 2) ring_.push_message(head, AnswerMessage{});
    if (i % 4 == 3) ring_.push_flow(entry, EndReason::Fin, nullptr, {});
  }
  ring_.publish();
  for (Bytes record = ring_.front(); !record.empty(); record = ring_.front()) {
    records.emplace_back(record, heads_);
    ring_.pop();
  }
  ASSERT_EQ(records.size(), 20U);
  for (const RecordReader& record : records) eve_.write(record, buffer_);
  const std::string one_by_one = take();
  eve_.write(records, buffer_);
  EXPECT_EQ(take(), one_by_one);
}

TEST_F(EveWriterTest, LeavesOutTheCommunityIdOnRequest) {
  eve_ = EveWriter({.community_id = false});
  EXPECT_FALSE(json::parse(flow_line(tcp_head())).contains("community_id"));
}

TEST_F(EveWriterTest, IsValidJsonForAnyMessageText) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    std::string text(random() % 10'000, '\0');
    for (char& character : text) character = static_cast<char>(random());
    const std::string written =
        line([&](RecordRing& ring) { return ring.push_message(tcp_head(), HostileMessage{text}); });
    ASSERT_TRUE(json::accept(written));
    ASSERT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
  }
}

TEST_F(EveWriterTest, GroupsStatsByTheDotsInTheirNames) {
  const StatsSnapshot snapshot = {.time = Timestamp::from_parts(1, 0),
                                  .figures = {{"uptime", 5},
                                              {"decoder.pkts", 10},
                                              {"ledger.tracked", 8},
                                              {"decoder.bytes", 999},
                                              {"ledger.dropped.full", 2}}};
  eve_.write_stats(snapshot, buffer_);
  EXPECT_EQ(take(), R"({"timestamp":"1970-01-01T00:00:01.000000+0000","event_type":"stats",)"
                    R"("stats":{"decoder":{"bytes":999,"pkts":10},)"
                    R"("ledger":{"dropped":{"full":2},"tracked":8},"uptime":5}})"
                    "\n");
}

TEST_F(EveWriterTest, WritesStatsWithoutFigures) {
  eve_.write_stats({}, buffer_);
  EXPECT_EQ(json::parse(take())["stats"], json::object());
}

TEST_F(EveWriterTest, KeepsStatsValidWhateverPortsAreNamed) {
  eve_.write_stats({.figures = {{"port.a\"b\\c\n.rx", 1}}}, buffer_);
  EXPECT_EQ(json::parse(take())["stats"]["port"]["a_b_c_"]["rx"], 1);
}

}  // namespace
}  // namespace flowscope
