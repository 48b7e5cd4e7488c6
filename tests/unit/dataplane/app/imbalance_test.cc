#include "dataplane/app/imbalance.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

using Loads = std::vector<WorkerLoad>;

constexpr WorkerLoss kNoLoss{};

SpreadWay by_queues(size_t workers) {
  SpreadWay way{.workers = std::vector<WorkerPlace>(workers), .is_by_flow = false};
  for (size_t i = 0; i < workers; ++i) {
    way.workers[i] = {.lcore = static_cast<int>(i) + 2,
                      .ports = {"0000:65:00.0"},
                      .queues = {static_cast<uint16_t>(i)}};
  }
  return way;
}

FlowEntry flow_of(uint16_t port, uint64_t packets, uint32_t packet_bytes = 100) {
  FlowEntry entry;
  entry.key = {.a_address = {192, 0, 2, 1},
               .b_address = {192, 0, 2, 2},
               .a_port = port,
               .b_port = 443,
               .protocol = 6,
               .ip_version = 4};
  entry.l4 = 6;
  for (uint64_t i = 0; i < packets; ++i) entry.side[0].count(packet_bytes);
  return entry;
}

bool holds(const std::string& line, std::string_view text) {
  return line.find(text) != std::string::npos;
}

TEST(Imbalance, IsMeasuredAgainstAFairShare) {
  const Busiest busiest = busiest_of(Loads{{.packets = 10}, {.packets = 60}, {.packets = 10}});
  EXPECT_EQ(busiest.worker, 1U);
  EXPECT_DOUBLE_EQ(busiest.share, 0.75);
  EXPECT_DOUBLE_EQ(busiest.ratio, 2.25);
  EXPECT_DOUBLE_EQ(busiest_of(Loads{{}, {}}).ratio, 0) << "nothing came";
  EXPECT_DOUBLE_EQ(busiest_of(Loads{{.packets = 5}, {.packets = 5}}).ratio, 1);
}

TEST(Imbalance, OfManyFlowsIsNoAccident) {
  EXPECT_GT(ratio_by_chance(4, 2), 2) << "four flows may well be one worker's";
  EXPECT_LT(ratio_by_chance(10'000, 2), 1.05);
  EXPECT_GT(ratio_by_chance(0, 8), 8);
}

TEST(ImbalanceCause, IsOneFlowThatIsHalfOfTheWorkersPackets) {
  const Loads loads = {{.packets = 1000, .flows = 5000}, {.packets = 100, .flows = 5000}};
  const std::vector<FlowLoad> heaviest = {{flow_of(1, 1), 500}, {flow_of(2, 1), 400}};
  EXPECT_EQ(cause_of(loads, busiest_of(loads), heaviest, by_queues(2)), ImbalanceCause::OneFlow);
}

TEST(ImbalanceCause, IsFewFlowsWhereSomeAreHeavyOrChanceExplainsIt) {
  const Loads many = {{.packets = 1000, .flows = 5000}, {.packets = 100, .flows = 5000}};
  const std::vector<FlowLoad> heaviest = {{flow_of(1, 1), 300}, {flow_of(2, 1), 250}};
  EXPECT_EQ(cause_of(many, busiest_of(many), heaviest, by_queues(2)), ImbalanceCause::FewFlows);
  const Loads few = {{.packets = 1000, .flows = 6}, {.packets = 100, .flows = 2}};
  EXPECT_EQ(cause_of(few, busiest_of(few), {}, by_queues(2)), ImbalanceCause::FewFlows);
}

TEST(ImbalanceCause, IsTheQueuesWhereManyFlowsAreSpreadUnevenly) {
  Loads loads = {{.packets = 1000, .flows = 5000}, {.packets = 100, .flows = 5000}};
  const Busiest busiest = busiest_of(loads);
  SpreadWay way = by_queues(2);
  EXPECT_EQ(cause_of(loads, busiest, {}, way), ImbalanceCause::Uneven);
  way.has_ports = false;
  EXPECT_EQ(cause_of(loads, busiest, {}, way), ImbalanceCause::Addresses);
  loads[0].tunnelled = 500;
  EXPECT_EQ(cause_of(loads, busiest, {}, way), ImbalanceCause::Tunnels);
  loads[0].flowless = 700;
  EXPECT_EQ(cause_of(loads, busiest, {}, way), ImbalanceCause::NoFlow);
  way.workers[1] = {};
  EXPECT_EQ(cause_of(loads, busiest, {}, way), ImbalanceCause::NoQueue);
}

TEST(ImbalanceCause, IsTheSizeOfFlowsWhereTheirHashDecides) {
  const Loads loads = {{.packets = 1000, .tunnelled = 1000, .flows = 5000},
                       {.packets = 100, .flows = 5000}};
  SpreadWay way = by_queues(2);
  way.is_by_flow = true;
  way.workers[1] = {};
  EXPECT_EQ(cause_of(loads, busiest_of(loads), {}, way), ImbalanceCause::FewFlows);
}

TEST(Imbalance, ThatNothingMendsIsToldOnlyWhereItCosts) {
  const WorkerLoad calm = {.packets = 1000, .busy = 0.3};
  const WorkerLoad pressed = {.packets = 1000, .busy = 0.9};
  for (const auto cause : {ImbalanceCause::OneFlow, ImbalanceCause::FewFlows}) {
    EXPECT_FALSE(is_worth_telling(cause, calm, kNoLoss));
    EXPECT_TRUE(is_worth_telling(cause, pressed, kNoLoss));
    EXPECT_TRUE(is_worth_telling(cause, calm, {.missed = 1}));
    EXPECT_TRUE(is_worth_telling(cause, calm, {.resteer_full = 1}));
  }
  EXPECT_TRUE(is_worth_telling(ImbalanceCause::Tunnels, calm, kNoLoss));
}

TEST(ImbalanceLine, SaysWhoWhyAndWhatWasLost) {
  const Loads loads = {{.packets = 960, .flows = 3, .busy = 0.99},
                       {.packets = 40, .flows = 9, .busy = 0.125}};
  const std::vector<FlowLoad> heaviest = {{flow_of(40'000, 1), 912}};
  EXPECT_EQ(imbalance_line(loads, busiest_of(loads), heaviest, by_queues(2),
                           {.missed = 12, .resteer_full = 7}),
            "worker 0 (lcore 2, 0000:65:00.0 queue 0) gets 96 % of the packets, 1.9 times its "
            "share, and is busy 99 % of the time, the others 12 %: one flow carries them, TCP "
            "192.0.2.1:40000 -> 192.0.2.2:443 with 95 %; no hash and no re-steer divides a flow: "
            "spend less on it (--streams-depth-bytes), or keep it away from flowscope; 12 packets "
            "were missed at its ports; 7 were dropped because rings to other workers were full");
}

TEST(ImbalanceLine, NamesTheRemedyOfABadSpread) {
  const Loads loads = {{.packets = 1000, .tunnelled = 980, .flows = 5000}, {.flows = 5000}};
  const std::string tunnels = imbalance_line(loads, busiest_of(loads), {}, by_queues(2), kNoLoss);
  EXPECT_TRUE(holds(tunnels, "98 % of them are in tunnels")) << tunnels;
  EXPECT_TRUE(holds(tunnels, "--worker-resteer on")) << tunnels;
  SpreadWay way = by_queues(2);
  way.workers[1] = {};
  way.workers[0].ports = {"a", "b", "c", "d"};
  way.workers[0].queues = {0, 0, 0, 0};
  way.workers[0].lcore = -1;
  const std::string queues = imbalance_line(loads, busiest_of(loads), {}, way, kNoLoss);
  EXPECT_TRUE(holds(queues, "workers without a queue")) << queues;
  EXPECT_TRUE(holds(queues, "worker 0 (a queue 0, b queue 0 and 2 more) gets")) << queues;
}

TEST(FlowLoads, AreWhatCameSinceTheFirstLook) {
  const std::vector<FlowEntry> before = {flow_of(1, 1000), flow_of(2, 10)};
  const std::vector<FlowEntry> now = {flow_of(1, 1001), flow_of(2, 60), flow_of(3, 5)};
  const auto loads = flow_loads(before, now, 40);
  ASSERT_EQ(loads.size(), 3U);
  EXPECT_EQ(loads[0].entry.key.a_port, 2);
  EXPECT_EQ(loads[0].packets, 50U);
  EXPECT_EQ(loads[1].packets, 5U) << "a new one";
  EXPECT_EQ(loads[2].packets, 1U) << "large, but of old";
}

TEST(FlowLoads, CountWhatAFlowHasAboveTheSmallestThatWasShown) {
  const std::vector<FlowEntry> before = {flow_of(1, 50), flow_of(2, 30)};
  const auto loads = flow_loads(before, std::vector<FlowEntry>{flow_of(3, 40)}, 2);
  EXPECT_EQ(loads[0].packets, 10U) << "it may have had 30 before";
}

TEST(FlowLoads, TakeAFlowThatBeganAgainForANewOne) {
  FlowEntry again = flow_of(1, 20);
  again.started_ns = 5;
  const auto loads =
      flow_loads(std::vector<FlowEntry>{flow_of(1, 100)}, std::vector<FlowEntry>{again}, 40);
  EXPECT_EQ(loads[0].packets, 20U);
}

}  // namespace
}  // namespace flowscope
