#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "l7/signatures/rule_file.h"
#include "tests/unit/l7/streams_rig.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::HttpFlow;
using testing::PacketBuilder;
using testing::StreamsRig;

constexpr ScanOptions kScan{.flows_max = 64, .depth_bytes = 2000};

// Signatures are looked for in what the streams stage puts in order, whether a parser wants it or
// not.
class StreamsScanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!can_scan_patterns()) GTEST_SKIP() << "no Hyperscan in this build";
    auto set = SignatureSet::compile(
        parse_rules("alert any \"needle\" (sid:1; msg:\"m\")\n", {}).signatures, nullptr);
    ASSERT_TRUE(set.ok());
    set_ = std::move(set.value());
  }
  void look() {
    auto seat = ScanSeat::create(*set_, SignatureScan::streams_max(kScan));
    ASSERT_TRUE(seat.ok());
    (void)rig_.signatures().exchange(std::move(seat.value()));
  }
  void open() {
    rig_.give(flow_.syn());
    rig_.give(flow_.syn_ack());
    rig_.give(flow_.client(0, {}));
  }
  [[nodiscard]] int64_t alerts() const {
    return std::count(rig_.said().begin(), rig_.said().end(), "alert");
  }
  static Frame datagram(std::string_view text) {
    return PacketBuilder()
        .ethernet()
        .ipv4("10.0.0.1", "10.0.0.2")
        .udp(5000, 6000)
        .payload(text)
        .build();
  }

  std::unique_ptr<SignatureSet> set_;
  StreamsRig rig_{{.datagrams_max = 64,
                   .streams_max = 64,
                   .buffers_bytes = size_t{4} << 20,
                   .signatures = kScan}};
  HttpFlow flow_;
};

TEST_F(StreamsScanTest, FindsWhatCameOutOfOrder) {
  look();
  open();
  rig_.give(flow_.client(5, "dle"));
  EXPECT_EQ(alerts(), 0);
  rig_.give(flow_.client(0, "\x01 nee"));
  EXPECT_EQ(alerts(), 1);
}

TEST_F(StreamsScanTest, FollowsAFlowThatNobodyKnowsToTheDepthAndNoFurther) {
  look();
  open();
  const std::string run(100, '\x01');
  uint32_t offset = 0;
  for (; offset < 1900; offset += 100) rig_.give(flow_.client(offset, run));
  EXPECT_EQ(rig_.streams().sessions_open(), 1U) << "no parser wants it, its signatures do";
  rig_.give(flow_.client(offset, "needle" + run));
  EXPECT_EQ(alerts(), 1);
  EXPECT_EQ(rig_.streams().sessions_open(), 1U) << "the other side may still speak";
  for (uint32_t at = 0; at < 2000; at += 100) rig_.give(flow_.server(at, run));
  EXPECT_EQ(rig_.streams().sessions_open(), 0U);
  EXPECT_EQ(rig_.signatures().flows_open(), 0U);
  EXPECT_EQ(rig_.signatures().counters().bytes.value(), 4000U);
}

TEST_F(StreamsScanTest, WithoutSignaturesAFlowThatNobodyKnowsIsLeftAsBefore) {
  open();
  for (uint32_t i = 0; i <= FirstRuns::kRunsMax; ++i)
    rig_.give(flow_.client(i * 4, "\x01\x02\x03\x04"));
  EXPECT_EQ(rig_.streams().sessions_open(), 0U);
}

TEST_F(StreamsScanTest, FindsNothingAcrossAGap) {
  look();
  open();
  rig_.give(flow_.client(0, "\x01 nee"));
  rig_.give(flow_.client(15, "dle"));
  rig_.finish();
  EXPECT_EQ(alerts(), 0);
  EXPECT_EQ(rig_.gap_bytes, 10U);
}

TEST_F(StreamsScanTest, GivesEveryPlaceBackWhenFlowsEnd) {
  look();
  for (uint16_t port = 2000; port < 2050; ++port) {
    const HttpFlow flow(port);
    rig_.give(flow.syn());
    rig_.give(flow.syn_ack());
    rig_.give(flow.client(0, "needle"));
  }
  EXPECT_EQ(rig_.signatures().flows_open(), 50U);
  rig_.finish();
  EXPECT_EQ(alerts(), 50);
  EXPECT_EQ(rig_.signatures().flows_open(), 0U);
  EXPECT_EQ(rig_.signatures().exchange(nullptr)->streams.live(), 0U);
}

TEST_F(StreamsScanTest, ScansDatagramsWhoseParserIsNotFound) {
  look();
  for (int i = 0; i < 10; ++i) rig_.give(datagram("\x01\x02 nothing that anybody knows"));
  rig_.give(datagram("\x01 needle"));
  rig_.give(datagram("\x01 needle"));
  EXPECT_EQ(alerts(), 1);
  EXPECT_EQ(rig_.signatures().flows_open(), 1U);
  rig_.finish();
  EXPECT_EQ(rig_.signatures().flows_open(), 0U);
}

TEST_F(StreamsScanTest, ScansDatagramsOnlyToTheDepth) {
  look();
  rig_.give(datagram(std::string(1995, '\x01') + "needle"));
  rig_.give(datagram("needle"));
  EXPECT_EQ(alerts(), 0);
  EXPECT_EQ(rig_.signatures().counters().bytes.value(), 2000U);
}

TEST_F(StreamsScanTest, SignaturesMayComeAndGoWhileFlowsAreOpen) {
  open();
  rig_.give(flow_.client(0, "\x01 needle"));
  look();
  rig_.give(flow_.client(8, " nee"));
  look();
  rig_.give(flow_.client(12, "dle"));
  EXPECT_EQ(alerts(), 0) << "before the first, and across the second";
  rig_.give(flow_.client(15, "needle"));
  EXPECT_EQ(alerts(), 1);
  (void)rig_.signatures().exchange(nullptr);
  rig_.give(flow_.client(21, "needle"));
  rig_.finish();
  EXPECT_EQ(alerts(), 1);
  EXPECT_EQ(rig_.signatures().flows_open(), 0U);
}

}  // namespace
}  // namespace flowscope
