#include "dataplane/pipeline/record_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>

#include "dataplane/pipeline/record_reader.h"
#include "tests/unit/dataplane/pipeline/recorded_fields.h"

namespace flowscope {
namespace {

constexpr size_t kRingBytes = RecordRing::kBytesMin;

struct TextMessage {
  static constexpr const char* kEvent = "http";
  std::string text;

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("text", text);
  }
};

// Fields enough to fill any record, each small.
struct EndlessMessage {
  static constexpr const char* kEvent = "dns";

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.begin_array("answers");
    for (uint64_t i = 0; i < 20'000; ++i) visitor.number(nullptr, i);
    visitor.end_array();
  }
};

class RecordRingTest : public testing::Test {
 protected:
  // The next record, taken out of the ring.
  RecordReader next(RecordRing& ring) {
    const Bytes bytes = ring.front();
    EXPECT_FALSE(bytes.empty());
    return RecordReader(bytes, heads_);
  }
  bool push_some_flow() { return ring_.push_flow(FlowEntry{}, EndReason::Fin, nullptr, {}); }
  static uint64_t pushed(const RecordRing& ring, RecordKind kind) {
    return ring.counts().pushed[static_cast<size_t>(kind)];
  }
  static uint64_t shed(const RecordRing& ring, RecordKind kind) {
    return ring.counts().shed[static_cast<size_t>(kind)];
  }

  Arena arena_ =
      std::move(Arena::create(2 * RecordRing::cost(kRingBytes), Arena::Populate::Lazily).value());
  RecordRing ring_{arena_, kRingBytes, Overflow::Shed};
  FlowHeads heads_;
};

FlowEntry some_flow() {
  FlowEntry entry{};
  entry.key = {.a_address = {10, 0, 0, 1},
               .b_address = {10, 0, 0, 2},
               .a_port = 1000,
               .b_port = 443,
               .protocol = 6,
               .ip_version = 4};
  entry.started_ns = 5'000'000'000;
  entry.last_seen_ns = 6'000'000'000;
  entry.side[1].count(123);
  return entry;
}

TEST_F(RecordRingTest, CarriesWhatAFlowsEntrySays) {
  ASSERT_TRUE(ring_.push_flow(some_flow(), EndReason::Rst, "tls", {}));
  ring_.publish();
  const RecordReader record = next(ring_);
  EXPECT_EQ(record.head().kind, RecordKind::Flow);
  EXPECT_EQ(record.head().flow_id, heads_.flow_id_of(some_flow()));
  EXPECT_EQ(record.head().time.ns, 6'000'000'000U);
  EXPECT_EQ(record.head().source.port, 1000);
  EXPECT_STREQ(record.head().app_proto, "tls");
  EXPECT_STREQ(record.head().event, "flow");
  EXPECT_EQ(record.flow().sides[1].bytes, 123U);
  EXPECT_EQ(record.flow().reason, EndReason::Rst);
  EXPECT_EQ(record.flow().tunnel.kind, EncapKind::None);
}

TEST_F(RecordRingTest, CarriesTheDetailOfAFlowThatHasOne) {
  FlowDetail detail;
  detail.encap = EncapKind::Vxlan;
  detail.side[0] = {.tunnel_id = 77, .inner_vlan_id = 9, .seen = true};
  detail.icmp_errors = 3;
  ASSERT_TRUE(ring_.push_flow(some_flow(), EndReason::Fin, nullptr, {.detail = &detail}));
  ring_.publish();
  const RecordReader record = next(ring_);
  EXPECT_EQ(record.head().inner_vlan_id, 9);
  EXPECT_EQ(record.head().app_proto, nullptr);
  EXPECT_EQ(record.flow().tunnel.kind, EncapKind::Vxlan);
  EXPECT_EQ(record.flow().tunnel.sides[0].id, 77U);
  EXPECT_EQ(record.flow().icmp_errors, 3U);
}

TEST_F(RecordRingTest, CarriesWhatWasMissedOfAFlow) {
  FlowDetail detail;
  detail.icmp_errors = 3;
  ASSERT_TRUE(ring_.push_flow(some_flow(), EndReason::Fin, nullptr,
                              {.detail = &detail, .gap_bytes = {5, 7'000'000'000}}));
  ring_.publish();
  const RecordReader record = next(ring_);
  EXPECT_EQ(record.flow().sides[0].gap_bytes, 5U);
  EXPECT_EQ(record.flow().sides[1].gap_bytes, 7'000'000'000U);
  EXPECT_EQ(record.flow().icmp_errors, 3U);
}

TEST_F(RecordRingTest, CarriesTheProtocolThatAFlowBeganWith) {
  ASSERT_TRUE(ring_.push_flow(some_flow(), EndReason::Fin, "tls",
                              {.gap_bytes = {5, 0}, .app_proto_orig = "smtp"}));
  ASSERT_TRUE(push_some_flow());
  ring_.publish();
  const RecordReader turned = next(ring_);
  EXPECT_STREQ(turned.head().app_proto, "tls");
  EXPECT_STREQ(turned.flow().app_proto_orig, "smtp");
  EXPECT_EQ(turned.flow().sides[0].gap_bytes, 5U);
  ring_.pop();
  EXPECT_EQ(next(ring_).flow().app_proto_orig, nullptr);
}

TEST_F(RecordRingTest, TakesNoMoreRoomForAFlowThanItsEntryAndAHeader) {
  ASSERT_TRUE(push_some_flow());
  ring_.publish();
  EXPECT_EQ(ring_.front().size(), sizeof(FlowEntry) + 16);
}

TEST_F(RecordRingTest, NamesAMessageAfterItsEvent) {
  ASSERT_TRUE(ring_.push_message({}, TextMessage{"hello"}));
  ring_.publish();
  EXPECT_STREQ(next(ring_).head().event, "http");
}

TEST_F(RecordRingTest, CarriesAnAnomalyWithItsLayer) {
  ASSERT_TRUE(ring_.push_anomaly({.flow_id = 5}, AnomalyLayer::Stream, "gap"));
  ring_.publish();
  const RecordReader record = next(ring_);
  EXPECT_EQ(record.head().kind, RecordKind::Anomaly);
  EXPECT_EQ(record.head().layer, AnomalyLayer::Stream);
  EXPECT_STREQ(record.head().event, "gap");
}

TEST_F(RecordRingTest, ShowsNothingBeforePublish) {
  ASSERT_TRUE(push_some_flow());
  EXPECT_TRUE(ring_.front().empty());
}

TEST_F(RecordRingTest, MakesRoomForAMessageAboveTheUsualLength) {
  const std::string text(kRecordTextBytesMax, 'x');
  ASSERT_TRUE(ring_.push_message({}, TextMessage{text}));
  ring_.publish();
  RecordedFields fields;
  next(ring_).replay(fields);
  EXPECT_EQ(fields.lines(), std::vector<std::string>{"text='" + text + "'"});
}

TEST_F(RecordRingTest, LimitsAndMarksTheLongestRecord) {
  ASSERT_TRUE(ring_.push_message({}, EndlessMessage{}));
  ring_.publish();
  const Bytes bytes = ring_.front();
  EXPECT_LE(bytes.size(), kRecordBytesMax);
  EXPECT_GT(bytes.size(), kRecordBytesMax - 64);
  RecordedFields fields;
  RecordReader(bytes, heads_).replay(fields);
  EXPECT_EQ(fields.lines().back(), "truncated=true");
}

TEST_F(RecordRingTest, ShedsAndCountsByKindWhenFull) {
  uint64_t flows = 0;
  uint64_t anomalies = 0;
  while (push_some_flow()) ++flows;
  EXPECT_GT(flows, 100U);
  // What is left has no room for another flow, but for smaller records.
  while (ring_.push_anomaly({}, AnomalyLayer::Decode, "bad")) ++anomalies;
  EXPECT_FALSE(ring_.push_message({}, TextMessage{"x"}));
  EXPECT_FALSE(ring_.push_anomaly({}, AnomalyLayer::Decode, "bad"));
  EXPECT_EQ(pushed(ring_, RecordKind::Flow), flows);
  EXPECT_EQ(pushed(ring_, RecordKind::Anomaly), anomalies);
  EXPECT_EQ(shed(ring_, RecordKind::Flow), 1U);
  EXPECT_EQ(shed(ring_, RecordKind::Message), 1U);
  EXPECT_EQ(shed(ring_, RecordKind::Anomaly), 2U);
}

TEST_F(RecordRingTest, ShedsInTheOrderThatIsAskedFor) {
  const std::array order = {RecordType::Anomaly, RecordType::Http, RecordType::Flow};
  RecordRing ring(arena_, kRingBytes, Overflow::Shed, order);
  const auto push_anomaly = [&] { return ring.push_anomaly({}, AnomalyLayer::Decode, "bad"); };
  const auto push_http = [&] { return ring.push_message({}, TextMessage{"x"}); };
  const auto push_flow = [&] { return ring.push_flow(FlowEntry{}, EndReason::Fin, nullptr, {}); };
  const auto push_interim = [&] { return ring.push_interim(FlowEntry{}, {}, nullptr, {}); };
  constexpr size_t kStep = kRingBytes / 2 / 3;
  constexpr size_t kSlack = 8192;
  const auto expect_free = [&](size_t bytes) {
    EXPECT_GE(ring.bytes_free(), bytes);
    EXPECT_LT(ring.bytes_free(), bytes + kSlack);
  };
  while (push_anomaly()) {
  }
  expect_free(3 * kStep);
  EXPECT_FALSE(push_anomaly());
  while (push_http()) {
  }
  expect_free(2 * kStep);
  while (push_flow()) {
  }
  expect_free(kStep);
  EXPECT_FALSE(push_anomaly());
  EXPECT_FALSE(push_http());
  // Not named: goes last.
  while (push_interim()) {
  }
  expect_free(0);

  const RecordCounts counts = ring.counts();
  const auto shed_of = [&](RecordType type) {
    return counts.shed_by_type[static_cast<size_t>(type)];
  };
  EXPECT_EQ(shed_of(RecordType::Anomaly), 3U);
  EXPECT_EQ(shed_of(RecordType::Http), 2U);
  EXPECT_EQ(shed_of(RecordType::Flow), 1U);
  EXPECT_EQ(shed_of(RecordType::Interim), 1U);
  EXPECT_EQ(shed_of(RecordType::Dns), 0U);
  EXPECT_EQ(counts.shed[static_cast<size_t>(RecordKind::Message)], 2U);
}

TEST_F(RecordRingTest, TakesAnotherOrderOfSheddingWhileItIsFilled) {
  const std::array first = {RecordType::Anomaly};
  RecordRing ring(arena_, kRingBytes, Overflow::Shed, first);
  const auto push_anomaly = [&] { return ring.push_anomaly({}, AnomalyLayer::Decode, "bad"); };
  const auto push_flow = [&] { return ring.push_flow(FlowEntry{}, EndReason::Fin, nullptr, {}); };
  while (push_anomaly()) {
  }
  EXPECT_TRUE(push_flow()) << "half of the ring is left for it";
  const std::array other = {RecordType::Flow};
  ring.set_shed_first(other);
  EXPECT_FALSE(push_flow());
  EXPECT_TRUE(push_anomaly());
  ring.set_shed_first({});
  EXPECT_TRUE(push_flow());
}

TEST_F(RecordRingTest, CountsMessagesByTheirEvent) {
  ring_.push_message({}, TextMessage{"x"});
  ring_.push_message({}, EndlessMessage{});
  const RecordCounts counts = ring_.counts();
  EXPECT_EQ(counts.pushed_by_type[static_cast<size_t>(RecordType::Http)], 1U);
  EXPECT_EQ(counts.pushed_by_type[static_cast<size_t>(RecordType::Dns)], 1U);
  EXPECT_EQ(counts.pushed[static_cast<size_t>(RecordKind::Message)], 2U);
  EXPECT_EQ(message_type("http_request"), RecordType::Other);
  EXPECT_EQ(message_type("flow"), RecordType::Other) << "a message is no flow, whatever its event";
}

TEST_F(RecordRingTest, SparesNothingWhereRecordsAreWaitedFor) {
  const std::array order = {RecordType::Flow};
  RecordRing ring(arena_, kRingBytes, Overflow::Wait, order);
  while (ring.bytes_free() > kRingBytes / 4) {
    ASSERT_TRUE(ring.push_flow(FlowEntry{}, EndReason::Fin, nullptr, {}));
  }
}

TEST_F(RecordRingTest, TakesRecordsAgainOnceRoomIsGivenBack) {
  while (push_some_flow()) {
  }
  ring_.publish();
  while (!ring_.front().empty()) ring_.pop();
  ring_.release();
  EXPECT_TRUE(push_some_flow());
}

TEST_F(RecordRingTest, WaitingLosesNothingAgainstASlowExporter) {
  const TextMessage message{std::string(300, 'x')};
  uint64_t capacity = 0;
  while (ring_.push_message({}, message)) ++capacity;

  RecordRing ring(arena_, kRingBytes, Overflow::Wait);
  const uint64_t records = 20 * capacity;
  uint64_t taken = 0;
  uint64_t out_of_order = 0;
  std::thread exporter([&] {
    // Slow: it does not begin before the ring is full, and then takes a few records a turn.
    while (pushed(ring, RecordKind::Message) < capacity) std::this_thread::yield();
    while (taken < records) {
      for (int i = 0; i < 100 && !ring.front().empty(); ++i) {
        out_of_order += RecordReader(ring.front(), heads_).head().flow_id == taken ? 0 : 1;
        ++taken;
        ring.pop();
      }
      ring.release();
      std::this_thread::yield();
    }
  });
  for (uint64_t i = 0; i < records; ++i) {
    EXPECT_TRUE(ring.push_message({.flow_id = i}, message));
    if (i % 64 == 0) ring.publish();
  }
  ring.publish();
  exporter.join();
  EXPECT_EQ(out_of_order, 0U);
  EXPECT_EQ(pushed(ring, RecordKind::Message), records);
  EXPECT_EQ(shed(ring, RecordKind::Message), 0U);
}

}  // namespace
}  // namespace flowscope
