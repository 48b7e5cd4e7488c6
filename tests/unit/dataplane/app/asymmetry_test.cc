#include "dataplane/app/asymmetry.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

using Lines = std::vector<std::string>;

constexpr SplitEstimate kSplit = {.sampled = 100, .split = 97};
constexpr SplitEstimate kTogether = {.sampled = 100, .split = 0};

// Flows that end, period after period.
class AsymmetryOfALink : public ::testing::Test {
 protected:
  Lines period(uint64_t tcp_both, uint64_t tcp_one, SplitEstimate split = kTogether) {
    now_.tcp.both += tcp_both;
    now_.tcp.one += tcp_one;
    now_.tcp.split = split;
    return watch_.look(now_, facts_);
  }
  Lines udp_period(uint64_t both, uint64_t one, SplitEstimate split) {
    now_.udp.both += both;
    now_.udp.one += one;
    now_.udp.split = split;
    return watch_.look(now_, facts_);
  }
  // Of protocols that answer, where nobody does.
  Lines unanswered_period(uint64_t one) {
    now_.unanswered += one;
    return udp_period(0, one, kTogether);
  }
  static bool holds(const Lines& lines, std::string_view text) {
    return lines.size() == 1 && lines[0].find(text) != std::string::npos;
  }

  DirectionsLines now_;
  AsymmetryFacts facts_;
  AsymmetryWatch watch_;
};

TEST_F(AsymmetryOfALink, IsToldOnceWhenItLastsAndOnceWhenItIsOver) {
  EXPECT_EQ(period(20, 80), Lines{}) << "it may pass";
  EXPECT_TRUE(holds(period(20, 80),
                    "80 % of the TCP flows show one direction only, and no worker "
                    "has the other one"));
  EXPECT_EQ(period(20, 80), Lines{}) << "told of already";
  EXPECT_EQ(period(85, 15), Lines{}) << "between the limits";
  EXPECT_EQ(period(99, 1), Lines{});
  EXPECT_TRUE(holds(period(99, 1), "both directions of flows are seen together again"));
  EXPECT_EQ(period(99, 1), Lines{});
}

TEST_F(AsymmetryOfALink, ThatPassesIsNotTold) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(period(20, 80), Lines{});
    EXPECT_EQ(period(99, 1), Lines{});
  }
}

TEST_F(AsymmetryOfALink, BetweenWorkersNamesTheRemedy) {
  period(10, 190, kSplit);
  const Lines lines = period(10, 190, kSplit);
  EXPECT_TRUE(holds(lines,
                    "95 % of the TCP flows show one direction only, and for 97 % of these "
                    "another worker has the other one"));
  EXPECT_TRUE(holds(lines, "--worker-resteer on"));
}

TEST_F(AsymmetryOfALink, WaitsUntilEnoughFlowsHaveEnded) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(period(0, 9), Lines{}) << "27 flows are one judgment";
  EXPECT_EQ(period(0, 9), Lines{});
  EXPECT_EQ(period(0, 9), Lines{});
  EXPECT_EQ(period(0, 9).size(), 1U);
}

TEST_F(AsymmetryOfALink, OfUdpIsToldOnlyWhereWorkersHaveTheOtherDirection) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(udp_period(0, 500, kTogether), Lines{});
  EXPECT_EQ(udp_period(0, 500, kSplit), Lines{});
  EXPECT_TRUE(holds(udp_period(0, 500, kSplit), "100 % of the UDP flows"));
}

TEST_F(AsymmetryOfALink, OfUdpIsToldWhereAnswersAreExpectedAndNothingIsWhole) {
  EXPECT_EQ(unanswered_period(30), Lines{});
  EXPECT_TRUE(holds(unanswered_period(30),
                    "100 % of the UDP flows show one direction only, and no worker has the other "
                    "one: it does not come here, or nobody answers DNS, NTP and QUIC; look for"));
  EXPECT_EQ(unanswered_period(30), Lines{}) << "told of already";
  EXPECT_EQ(udp_period(1, 30, kTogether), Lines{});
  EXPECT_TRUE(holds(udp_period(1, 30, kTogether), "seen together again"));
}

TEST_F(AsymmetryOfALink, OfUdpIsNotToldWhereSomeFlowOfTcpIsWhole) {
  for (int i = 0; i < 5; ++i) {
    ++now_.tcp.both;
    EXPECT_EQ(unanswered_period(30), Lines{}) << "a scan, or a server that is down";
  }
}

TEST_F(AsymmetryOfALink, OfTcpIsNotToldOfUdpOnceMore) {
  now_.unanswered = now_.udp.one = 30;
  EXPECT_EQ(period(0, 100), Lines{});
  now_.unanswered = now_.udp.one = 60;
  EXPECT_TRUE(holds(period(0, 100), "100 % of the TCP flows"));
}

TEST_F(AsymmetryOfALink, OfUdpOfAShortRunIsToldAtItsEnd) {
  now_.udp.one = 100;
  now_.unanswered = AsymmetryWatch::kFlowsMin - 1;
  EXPECT_EQ(AsymmetryWatch(watch_).finish(now_, facts_), Lines{}) << "hardly any expects an answer";
  now_.unanswered = AsymmetryWatch::kFlowsMin;
  EXPECT_TRUE(holds(watch_.finish(now_, facts_), "100 % of the UDP flows"));
}

TEST_F(AsymmetryOfALink, IsOneLineForBothProtocols) {
  now_.udp.split = kSplit;
  now_.udp.one = 100;
  period(0, 100, kSplit);
  now_.udp.one = 200;
  EXPECT_EQ(period(0, 100, kSplit).size(), 1U);
}

TEST_F(AsymmetryOfALink, ThatBecomesAnotherIsToldAnew) {
  period(0, 100, kSplit);
  EXPECT_TRUE(holds(period(0, 100, kSplit), "another worker"));
  EXPECT_EQ(period(0, 100), Lines{});
  EXPECT_TRUE(holds(period(0, 100), "no worker"));
}

TEST_F(AsymmetryOfALink, SaysWhatElseMayPartTheDirections) {
  facts_ = {.silent_ports = {"net_b (net_test)"}, .is_key_wide = true};
  period(0, 100);
  const Lines lines = period(0, 100);
  EXPECT_TRUE(holds(lines, "; nothing came from net_b (net_test); or table.key_with tells"));
}

TEST_F(AsymmetryOfALink, OfAShortRunIsToldAtItsEnd) {
  now_.tcp = {.both = 1, .one = 30, .split = kTogether};
  EXPECT_TRUE(holds(watch_.finish(now_, facts_), "97 % of the TCP flows"));
  EXPECT_EQ(watch_.finish(now_, facts_), Lines{});
}

TEST_F(AsymmetryOfALink, ThatWasToldIsNotToldAtTheEndAgain) {
  period(0, 100);
  period(0, 100);
  EXPECT_EQ(watch_.finish(now_, facts_), Lines{});
}

TEST_F(AsymmetryOfALink, OfAFewFlowsIsNothing) {
  now_.tcp = {.both = 0, .one = AsymmetryWatch::kFlowsMin - 1};
  EXPECT_EQ(watch_.finish(now_, facts_), Lines{});
  now_.tcp = {.both = 1000, .one = 100};
  EXPECT_EQ(watch_.finish(now_, facts_), Lines{}) << "below the limit";
}

}  // namespace
}  // namespace flowscope
