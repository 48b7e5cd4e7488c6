#include "dataplane/app/balance.h"

#include <gtest/gtest.h>

#include "dataplane/app/lasting.h"
#include "tests/unit/dataplane/app/run_rig.h"

namespace flowscope {
namespace {

using testing::datagram;
using testing::Frame;
using testing::RunRig;
using Lines = std::vector<std::string>;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kPeriod = 10 * kSecond;
// More than nobody minds in ten seconds.
constexpr uint64_t kMany = 10 * Balance::kPacketsPerSecondMin;

TEST(Lasting, BeginsAndEndsWhenTwoLooksAgree) {
  using enum Lasting::Change;
  Lasting lasting;
  EXPECT_EQ(lasting.look(false, false), None);
  EXPECT_EQ(lasting.look(true, true), Suspected);
  EXPECT_EQ(lasting.look(false, true), None) << "the upper limit counts for the begin";
  EXPECT_EQ(lasting.look(true, true), Suspected);
  EXPECT_EQ(lasting.look(true, true), Begun);
  EXPECT_TRUE(lasting.is_on());
  EXPECT_EQ(lasting.look(false, true), None) << "the lower one for the end";
  EXPECT_EQ(lasting.look(false, false), None);
  EXPECT_EQ(lasting.look(true, true), None);
  EXPECT_EQ(lasting.look(false, false), None);
  EXPECT_EQ(lasting.look(false, false), Ended);
  EXPECT_FALSE(lasting.is_on());
}

// Two workers, each with a queue of its own unless told otherwise, whose figures are made up.
class BalanceOfTwo : public ::testing::Test {
 protected:
  BalanceOfTwo() {
    balance_.spread({.workers = {{.lcore = 1, .ports = {"net_test0"}, .queues = {0}},
                                 {.lcore = 2, .ports = {"net_test0"}, .queues = {1}}},
                     .is_by_flow = false});
    now_.workers.resize(2);
    now_.ports = {{.name = "net_test0 (net_test)"}};
  }
  // A period in which the workers got so many packets of many flows; the first takes its flows from
  // the rig's.
  Lines period(uint64_t first, uint64_t second) {
    now_.seconds += 10;
    const std::array<uint64_t, 2> packets = {first, second};
    for (size_t i = 0; i < 2; ++i) {
      WorkerLine& worker = now_.workers.at(i);
      worker.packets += packets.at(i);
      worker.tracked += packets.at(i);
      worker.flows_live = 100'000;
    }
    Lines lines = balance_.look(now_);
    for (int turn = 0; turn < 100; ++turn) {
      for (size_t i = 0; i < 2; ++i) rig_.pipeline(i).idle();
      if (auto line = balance_.poll()) lines.push_back(*line);
    }
    return lines;
  }
  static bool holds(const Lines& lines, std::string_view text) {
    return lines.size() == 1 && lines[0].find(text) != std::string::npos;
  }

  RunRig rig_;
  LoadFigures shown_{2};
  Balance balance_{{.period_ns = kPeriod, .imbalance_percent = 150}, rig_.flows_view(), shown_};
  StatsMoment now_;
};

TEST_F(BalanceOfTwo, TellsOfAWorkerWithTooMuchOnceAndOfTheEnd) {
  EXPECT_EQ(period(kMany, kMany), Lines{});
  EXPECT_EQ(period(9 * kMany, kMany), Lines{});
  EXPECT_TRUE(holds(period(9 * kMany, kMany),
                    "worker 0 (lcore 1, net_test0 queue 0) gets 90 % of the packets"));
  EXPECT_EQ(shown_.imbalance_percent(), 180U);
  EXPECT_EQ(period(9 * kMany, kMany), Lines{});
  EXPECT_EQ(period(kMany, kMany), Lines{});
  EXPECT_TRUE(holds(period(kMany, kMany),
                    "share the packets again, after 30 s: the busiest, worker 0, "
                    "gets 50 %"));
  EXPECT_EQ(period(kMany, kMany), Lines{});
}

TEST_F(BalanceOfTwo, IsSilentOnAQuietLinkUnlessItLoses) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(period(kMany - 1, 1), Lines{});
  now_.ports[0].missed += 5;
  EXPECT_EQ(period(kMany / 2, 1), Lines{});
  now_.ports[0].missed += 7;
  EXPECT_TRUE(holds(period(kMany / 2, 1), "; 7 packets were missed at its ports"));
}

TEST_F(BalanceOfTwo, NamesTheFlowThatCarriesIt) {
  const std::vector<Frame> elephant(60, datagram(7));
  rig_.take(0, {datagram(1), datagram(7)});
  now_.ports[0].missed += 1;
  // As many packets as the rig's flows get, which is little: a loss makes it worth a look.
  EXPECT_EQ(period(62, 1), Lines{});
  rig_.take(0, elephant);
  now_.ports[0].missed += 1;
  EXPECT_TRUE(
      holds(period(62, 1), "one flow carries them, UDP 10.0.0.1:7 -> 10.0.0.2:9 with 97 %"));
}

TEST_F(BalanceOfTwo, KeepsSilentAboutAFlowThatDoesNoHarm) {
  balance_.spread({.is_by_flow = true});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(period(9 * kMany, kMany), Lines{});
}

TEST_F(BalanceOfTwo, TellsWithoutFlowsWhereAWorkerDoesNotAnswer) {
  const auto look = [&] {
    now_.seconds += 10;
    now_.workers[0].packets += kMany;
    now_.workers[0].tracked += kMany;
    now_.workers[0].flows_live = 100'000;
    return balance_.look(now_);
  };
  EXPECT_EQ(look(), Lines{});
  EXPECT_FALSE(balance_.poll().has_value());
  EXPECT_EQ(look(), Lines{});
  Lines lines;
  for (int turn = 0; turn < 100; ++turn) {
    if (auto line = balance_.poll()) lines.push_back(*line);
  }
  EXPECT_TRUE(holds(lines, "worker 0"));
}

TEST_F(BalanceOfTwo, CountsWhatFullRingsTookAsTheirOwnersLoad) {
  for (int i = 0; i < 4; ++i) {
    now_.workers[0].resteer_full += 9 * kMany;
    now_.workers[0].packets += 9 * kMany;
    EXPECT_EQ(period(kMany, kMany), Lines{});
    EXPECT_EQ(shown_.imbalance_percent(), 100U);
  }
}

TEST_F(BalanceOfTwo, LooksWhenAPeriodIsOverAndSeesWhoIsBusy) {
  std::array<Pulse, 2> pulse;
  const auto turn = [&](uint64_t now_ns) {
    const std::array<Pulse::Beat, 2> beats = {pulse[0].beat(), pulse[1].beat()};
    return balance_.turn(now_ns, beats);
  };
  pulse[0].enter(Stage::Update);
  pulse[1].enter(Stage::Idle);
  EXPECT_FALSE(turn(kSecond));
  EXPECT_FALSE(turn(kSecond + kPeriod - 1));
  pulse[0].enter(Stage::Receive);
  pulse[1].enter(Stage::Decode);
  EXPECT_TRUE(turn(kSecond + kPeriod));
  EXPECT_FALSE(turn(kSecond + kPeriod + 1));
  period(0, 0);
  EXPECT_EQ(shown_.busy_percent(0), 100U) << "asking for packets is neither";
  EXPECT_EQ(shown_.busy_percent(1), 50U);
  period(0, 0);
  EXPECT_EQ(shown_.busy_percent(0), 0U) << "of this period";
}

TEST_F(BalanceOfTwo, TellsOfMissingDirectionsAndSilentPorts) {
  now_.ports.push_back({.name = "net_test1 (net_test)"});
  const auto look = [&] {
    now_.ports[0].packets += 1000;
    now_.flows.tcp_directions.one += 100;
    return period(0, 0);
  };
  EXPECT_EQ(look(), Lines{});
  EXPECT_TRUE(holds(look(), "; nothing came from net_test1 (net_test)"));
  EXPECT_EQ(balance_.finish(now_), Lines{});
}

TEST(Balance, LooksNeverWithoutAPeriod) {
  RunRig rig;
  LoadFigures shown(1);
  Balance balance({}, rig.flows_view(), shown);
  const std::array<Pulse::Beat, 1> beats{};
  for (uint64_t i = 1; i < 10; ++i) EXPECT_FALSE(balance.turn(i * 1000 * kSecond, beats));
  StatsMoment now;
  now.flows.tcp_directions.one = 1000;
  EXPECT_EQ(balance.finish(now), Lines{});
}

}  // namespace
}  // namespace flowscope
