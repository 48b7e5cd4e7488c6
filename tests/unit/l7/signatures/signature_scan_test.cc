#include "l7/signatures/signature_scan.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "l7/signatures/rule_file.h"

namespace flowscope {
namespace {

using Words = std::vector<std::string>;

std::unique_ptr<SignatureSet> set_of(std::string_view rules) {
  RuleFile file = parse_rules(rules, {});
  check_patterns(file);
  EXPECT_EQ(file.faults_text("rules"), "");
  RuleFault fault;
  auto set = SignatureSet::compile(std::move(file.signatures), &fault);
  EXPECT_TRUE(set.ok()) << fault.text;
  return std::move(set.value());
}

// A flow whose bytes are scanned: what its owner keeps, and what was found in it.
struct Flow {
  SignatureScan::Handle handle = SignatureScan::kNone;
  std::array<uint64_t, 2> offset{};
  std::array<uint32_t, 2> scanned_bytes{};
  uint16_t port = 80;
  const char* app_proto = nullptr;
  Words alerts;  // "SID i" or "SID r"
};

class SignatureScanTest : public testing::Test {
 protected:
  static constexpr ScanOptions kOptions{.flows_max = 4, .depth_bytes = 1000};

  void SetUp() override {
    if (!can_scan_patterns()) GTEST_SKIP() << "no Hyperscan in this build";
  }
  void use(std::string_view rules) {
    sets_.push_back(set_of(rules));
    auto seat = ScanSeat::create(*sets_.back(), SignatureScan::streams_max(kOptions));
    ASSERT_TRUE(seat.ok());
    former_seats_.push_back(scan_.exchange(std::move(seat.value())));
  }
  static auto facts(const Flow& flow) {
    return
        [&flow] { return ScannedFlow{.responder_port = flow.port, .app_proto = flow.app_proto}; };
  }
  static auto out(Flow& flow) {
    return [&flow](FlowSide side, const Alert& alert) {
      flow.alerts.push_back(std::to_string(alert.signature.sid)
                            + (side == FlowSide::Initiator ? " i" : " r"));
    };
  }
  void stream(Flow& flow, FlowSide side, std::string_view text) {
    uint64_t& offset = flow.offset[index_of(side)];
    offset += text.size();
    scan_.on_bytes(flow.handle, side, Bytes::of(text), offset, facts(flow), out(flow));
  }
  void gap(Flow& flow, FlowSide side, uint32_t bytes) {
    flow.offset[index_of(side)] += bytes;
    scan_.on_gap(flow.handle, side);
  }
  void datagram(Flow& flow, FlowSide side, std::string_view text) {
    scan_.on_datagram(flow.handle, side, Bytes::of(text), flow.scanned_bytes[index_of(side)],
                      facts(flow), out(flow));
  }
  void end(Flow& flow) { scan_.on_end(flow.handle, facts(flow), out(flow)); }
  [[nodiscard]] bool wants(const Flow& flow) const {
    return scan_.wants(flow.handle, flow.offset[0], flow.offset[1]);
  }

  static constexpr FlowSide kI = FlowSide::Initiator;
  static constexpr FlowSide kR = FlowSide::Responder;

  std::vector<std::unique_ptr<SignatureSet>> sets_;  // outlive the seats
  std::vector<std::unique_ptr<ScanSeat>> former_seats_;
  Arena arena_ =
      std::move(Arena::create(SignatureScan::cost(kOptions), Arena::Populate::Lazily).value());
  SignatureScan scan_{arena_, kOptions};
};

TEST_F(SignatureScanTest, WithoutSignaturesNothingIsScanned) {
  EXPECT_FALSE(scan_.scans_streams());
  EXPECT_FALSE(scan_.scans_datagrams());
  EXPECT_FALSE(scan_.wants(SignatureScan::kNone, 0, 0));
}

TEST_F(SignatureScanTest, FindsWhatLiesAcrossSegmentsWhereverTheyAreCut) {
  use("alert tcp \"needle\" (sid:1; msg:\"m\")\nalert tcp /x[0-9]{3}y/ (sid:2; msg:\"m\")");
  const std::string kText = "some needle and x123y";
  for (size_t split = 0; split <= kText.size(); ++split) {
    Flow flow;
    stream(flow, kI, kText.substr(0, split));
    stream(flow, kI, kText.substr(split));
    EXPECT_EQ(flow.alerts, (Words{"1 i", "2 i"})) << "cut at " << split;
    end(flow);
  }
}

TEST_F(SignatureScanTest, FindsTheSameByteByByteAndInRandomPieces) {
  use("alert tcp \"needle\" (sid:1; msg:\"m\")\nalert tcp /x[0-9]{3}y/ (sid:2; msg:\"m\")");
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string kText = std::string(300, '.') + "x123y" + std::string(200, 'n') + "needle..";
  for (size_t longest = 1; longest < 60; ++longest) {
    Flow flow;
    for (size_t at = 0; at < kText.size();) {
      const size_t bytes = 1 + random() % longest;
      stream(flow, kR, std::string_view(kText).substr(at, bytes));
      at += bytes;
    }
    EXPECT_EQ(flow.alerts, (Words{"2 r", "1 r"})) << longest;
    end(flow);
  }
}

TEST_F(SignatureScanTest, TellsOnceForASideAndSidesApart) {
  use("alert any \"needle\" (sid:1; msg:\"m\")\nalert any \"thread\" (sid:2; msg:\"m\"; "
      "once:flow)");
  Flow flow;
  stream(flow, kI, "needle thread needle");
  stream(flow, kR, "needle thread");
  stream(flow, kI, "needle");
  EXPECT_EQ(flow.alerts, (Words{"1 i", "2 i", "1 r"}));
  Flow datagrams;
  for (int i = 0; i < 3; ++i) datagram(datagrams, kI, "needle thread needle");
  datagram(datagrams, kR, "needle thread");
  EXPECT_EQ(datagrams.alerts, (Words{"1 i", "2 i", "1 r"}));
  end(flow);
  end(datagrams);
  EXPECT_EQ(scan_.flows_open(), 0U);
  EXPECT_EQ(scan_.counters().alerts.value(), 6U);
}

TEST_F(SignatureScanTest, KeepsToDirectionPortAndTransport) {
  use("alert any from initiator \"needle\" (sid:1; msg:\"m\")\n"
      "alert any from responder \"needle\" (sid:2; msg:\"m\")\n"
      "alert any port 80 \"needle\" (sid:3; msg:\"m\")\n"
      "alert any port 81-90 \"needle\" (sid:4; msg:\"m\")\n"
      "alert udp \"needle\" (sid:5; msg:\"m\")\n"
      "alert tcp \"needle\" (sid:6; msg:\"m\")\n");
  Flow flow;
  stream(flow, kI, "needle");
  std::sort(flow.alerts.begin(), flow.alerts.end());
  EXPECT_EQ(flow.alerts, (Words{"1 i", "3 i", "6 i"}));
  Flow datagrams{.port = 85};
  datagram(datagrams, kR, "needle");
  std::sort(datagrams.alerts.begin(), datagrams.alerts.end());
  EXPECT_EQ(datagrams.alerts, (Words{"2 r", "4 r", "5 r"}));
}

TEST_F(SignatureScanTest, WaitsForTheProtocolToBeFound) {
  use("alert any proto http \"needle\" (sid:1; msg:\"m\")\n"
      "alert any proto tls,dns \"needle\" (sid:2; msg:\"m\")\n");
  Flow later;
  stream(later, kI, "needle");
  EXPECT_EQ(later.alerts, Words{});
  later.app_proto = "http";
  stream(later, kR, "x");
  EXPECT_EQ(later.alerts, Words{"1 i"});
  Flow at_the_end;
  stream(at_the_end, kI, "needle");
  at_the_end.app_proto = "dns";
  end(at_the_end);
  EXPECT_EQ(at_the_end.alerts, Words{"2 i"});
  Flow never;
  stream(never, kI, "needle");
  end(never);
  EXPECT_EQ(never.alerts, Words{});
  EXPECT_EQ(scan_.counters().matches_dropped.value(), 2U);
  Flow datagrams{.app_proto = "dns"};
  datagram(datagrams, kI, "needle");
  EXPECT_EQ(datagrams.alerts, Words{"2 i"});
}

TEST_F(SignatureScanTest, KeepsToTheDepthOfARule) {
  use("alert any \"needle\" (sid:1; msg:\"m\"; depth:10)");
  Flow within;
  stream(within, kI, "0123");
  stream(within, kI, "needle");
  EXPECT_EQ(within.alerts, Words{"1 i"});
  Flow beyond;
  stream(beyond, kI, "01234");
  stream(beyond, kI, "needle");
  EXPECT_EQ(beyond.alerts, Words{});
  Flow datagrams;  // each datagram begins anew
  datagram(datagrams, kI, "0123456789");
  datagram(datagrams, kI, "0123needle");
  EXPECT_EQ(datagrams.alerts, Words{"1 i"});
}

TEST_F(SignatureScanTest, ScansNoFurtherThanTheDepth) {
  use("alert any \"needle\" (sid:1; msg:\"m\")");
  Flow flow;
  stream(flow, kI, std::string(994, '.') + "needle");
  EXPECT_EQ(flow.alerts, Words{"1 i"});
  EXPECT_TRUE(wants(flow)) << "the other side has not come that far";
  Flow beyond;
  stream(beyond, kI, std::string(995, '.') + "needle");
  stream(beyond, kI, "needle");
  EXPECT_EQ(beyond.alerts, Words{});
  stream(beyond, kR, std::string(1000, '.'));
  EXPECT_FALSE(wants(beyond));
  EXPECT_EQ(scan_.counters().bytes.value(), 3000U);
  Flow datagrams;
  datagram(datagrams, kI, std::string(995, '.'));
  datagram(datagrams, kI, "needle");
  datagram(datagrams, kI, "needle");
  EXPECT_EQ(datagrams.alerts, Words{});
  EXPECT_EQ(datagrams.scanned_bytes[0], 1000U);
}

TEST_F(SignatureScanTest, DoesNotWaitForASideThatHardlySpeaks) {
  use("alert tcp \"needle\" (sid:1; msg:\"m\")");
  Flow flow;
  stream(flow, kI, "GET /");
  stream(flow, kR, std::string(3999, '.'));
  EXPECT_TRUE(wants(flow));
  stream(flow, kR, ".");
  EXPECT_FALSE(wants(flow));
}

TEST_F(SignatureScanTest, FindsNothingAcrossAGap) {
  use("alert tcp \"needle\" (sid:1; msg:\"m\")\nalert tcp /^abc/ (sid:2; msg:\"m\")");
  Flow flow;
  stream(flow, kI, "nee");
  gap(flow, kI, 5);
  stream(flow, kI, "dle");
  EXPECT_EQ(flow.alerts, Words{});
  gap(flow, kI, 5);
  stream(flow, kI, "abc needle");
  EXPECT_EQ(flow.alerts, Words{"1 i"}) << "the first byte of the side is not seen anew";
  stream(flow, kR, "abc");
  EXPECT_EQ(flow.alerts, (Words{"1 i", "2 r"}));
  end(flow);
}

TEST_F(SignatureScanTest, TellsOnceForASideAcrossAGap) {
  use("alert tcp \"needle\" (sid:1; msg:\"m\")");
  Flow flow;
  stream(flow, kI, "needle");
  gap(flow, kI, 5);
  stream(flow, kI, "needle");
  EXPECT_EQ(flow.alerts, Words{"1 i"});
}

TEST_F(SignatureScanTest, WithholdsAlertsBeyondTheMostOfASide) {
  std::string rules;
  for (size_t sid = 1; sid <= SignatureScan::kAlertsMax + 3; ++sid)
    rules += "alert tcp \"needle\" (sid:" + std::to_string(sid) + "; msg:\"m\")\n";
  use(rules);
  Flow flow;
  stream(flow, kI, "needle");
  EXPECT_EQ(flow.alerts.size(), SignatureScan::kAlertsMax);
  EXPECT_EQ(scan_.counters().alerts_withheld.value(), 3U);
}

TEST_F(SignatureScanTest, DropsMatchesBeyondTheMostThatMayWait) {
  std::string rules;
  for (size_t sid = 1; sid <= SignatureScan::kPendingMax + 2; ++sid)
    rules += "alert tcp proto http \"needle\" (sid:" + std::to_string(sid) + "; msg:\"m\")\n";
  use(rules);
  Flow flow;
  stream(flow, kI, "needle");
  EXPECT_EQ(scan_.counters().matches_dropped.value(), 2U);
  flow.app_proto = "http";
  end(flow);
  EXPECT_EQ(flow.alerts.size(), SignatureScan::kPendingMax);
}

TEST_F(SignatureScanTest, RefusesFlowsWhenEveryPlaceIsTaken) {
  use("alert any \"needle\" (sid:1; msg:\"m\")");
  std::vector<Flow> flows(kOptions.flows_max + 1);
  for (Flow& flow : flows) {
    stream(flow, kI, "nee");
    stream(flow, kR, "nee");
  }
  Flow& refused = flows.back();
  EXPECT_EQ(refused.handle, SignatureScan::kOff);
  EXPECT_FALSE(wants(refused));
  stream(refused, kI, "needle");
  Flow datagrams;
  datagram(datagrams, kI, "needle");
  EXPECT_EQ(scan_.counters().flows_refused.value(), 2U);
  EXPECT_EQ(refused.alerts, Words{});
  stream(flows[0], kI, "dle");
  EXPECT_EQ(flows[0].alerts, Words{"1 i"});
  for (Flow& flow : flows) end(flow);
  EXPECT_EQ(scan_.flows_open(), 0U);
  Flow next;
  stream(next, kI, "needle");
  EXPECT_EQ(next.alerts, Words{"1 i"});
}

TEST_F(SignatureScanTest, ChangesItsSignaturesWhileFlowsAreOpen) {
  use("alert any \"needle\" (sid:1; msg:\"m\")\nalert any proto http \"wait\" (sid:2; msg:\"m\")");
  Flow flow;
  Flow finished;
  stream(flow, kI, "needle wait nee");
  stream(flow, kR, "thr");
  stream(finished, kI, "nee");
  use("alert any \"needle\" (sid:1; msg:\"m\")\nalert any \"thread\" (sid:3; msg:\"m\")");
  end(finished);
  former_seats_.clear();
  sets_.erase(sets_.begin());
  stream(flow, kI, "dle");
  stream(flow, kR, "ead");
  EXPECT_EQ(flow.alerts, Words{"1 i"}) << "nothing is found across the change";
  flow.app_proto = "http";
  stream(flow, kI, "thread needle");
  EXPECT_EQ(flow.alerts, (Words{"1 i", "3 i"})) << "what was told stays told";
  end(flow);
  EXPECT_EQ(scan_.flows_open(), 0U);
}

TEST_F(SignatureScanTest, EveryStreamComesBackWhateverHappened) {
  const uint32_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  use("alert any \"needle\" (sid:1; msg:\"m\")");
  std::vector<Flow> flows(6);
  for (int step = 0; step < 4000; ++step) {
    Flow& flow = flows[random() % flows.size()];
    const FlowSide side = random() % 2 == 0 ? kI : kR;
    switch (random() % 16) {
      case 0:
        gap(flow, side, static_cast<uint32_t>(1 + random() % 300));
        break;
      case 1:
        end(flow);
        flow = {};
        break;
      case 2:
        if (step % 8 == 0) use("alert any \"needle\" (sid:1; msg:\"m\")");
        break;
      default:
        stream(flow, side, std::string(1 + random() % 100, 'n') + "eedle");
    }
  }
  for (Flow& flow : flows) end(flow);
  EXPECT_EQ(scan_.flows_open(), 0U);
  EXPECT_EQ(scan_.exchange(nullptr)->streams.live(), 0U);
}

TEST_F(SignatureScanTest, ASetRestoredFromItsBytesFindsTheSame) {
  const auto set = set_of("alert tcp \"needle\" (sid:1; msg:\"m\")\n");
  const auto bytes = set->database_bytes();
  ASSERT_TRUE(bytes.ok());
  RuleFile file = parse_rules("alert tcp \"needle\" (sid:1; msg:\"m\")\n", {});
  auto restored = SignatureSet::restore(file.signatures, Bytes::of(bytes.value()));
  ASSERT_TRUE(restored.ok());
  EXPECT_NE(restored.value()->streams(), nullptr);
  EXPECT_EQ(restored.value()->datagrams(), nullptr);
  for (const size_t cut : {size_t{0}, size_t{4}, size_t{20}, bytes.value().size() - 1})
    EXPECT_FALSE(SignatureSet::restore(file.signatures, Bytes::of(bytes.value()).first(cut)).ok());
}

TEST_F(SignatureScanTest, CompilingTellsOfTheLineAtFault) {
  RuleFile file = parse_rules("\nalert tcp /a(b/ (sid:1; msg:\"m\")\n", {});
  RuleFault fault;
  EXPECT_FALSE(SignatureSet::compile(file.signatures, &fault).ok());
  EXPECT_EQ(fault.line, 2U);
}

}  // namespace
}  // namespace flowscope
