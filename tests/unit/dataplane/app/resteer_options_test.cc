#include "dataplane/app/resteer_options.h"

#include <gtest/gtest.h>

#include <vector>

#include "dataplane/app/memory_plan.h"

namespace flowscope {
namespace {

Config with(uint32_t workers, const std::string& resteer) {
  Config config;
  config.workers = workers;
  config.worker.resteer = resteer;
  return config;
}

const PortSpread kSymmetric = {.name = "a", .queues = 2};
const PortSpread kSplitting = {.name = "b", .queues = 2, .is_symmetric = false};
const PortSpread kFile = {.name = "c", .queues = 2, .is_symmetric = false, .is_file = true};

ResteerChoice choice(const Config& config, const std::vector<PortSpread>& ports) {
  return choose_resteer(config, ports);
}

TEST(ResteerChoice, OneWorkerHasNobodyToSendTo) {
  const ResteerChoice made = choice(with(1, "on"), {kSplitting});
  EXPECT_FALSE(made.is_on);
  EXPECT_EQ(made.text, "");
}

TEST(ResteerChoice, AutoIsOnAndNamesThePortThatSplitsFlows) {
  const ResteerChoice made = choice(with(2, "auto"), {kSymmetric, kSplitting});
  EXPECT_TRUE(made.is_on);
  EXPECT_FALSE(made.is_warning);
  EXPECT_EQ(made.text,
            "packets are sent to the worker of their flow: port b does not bring both directions "
            "of a flow to one queue");
}

TEST(ResteerChoice, AutoIsOnForTwoPortsAndSaysThat) {
  const ResteerChoice made = choice(with(2, "auto"), {kSymmetric, kSymmetric});
  EXPECT_TRUE(made.is_on);
  EXPECT_NE(made.text.find("may come by two ports"), std::string::npos) << made.text;
}

TEST(ResteerChoice, AutoIsOnWhereThereAreFewerQueuesThanWorkers) {
  const ResteerChoice made = choice(with(2, "auto"), {{.name = "a", .queues = 1}});
  EXPECT_TRUE(made.is_on);
  EXPECT_NE(made.text.find("2 workers share 1 queue"), std::string::npos) << made.text;
}

TEST(ResteerChoice, AutoIsOnForASymmetricPortAndSaysWhatOffWouldLose) {
  const ResteerChoice made = choice(with(2, "auto"), {kSymmetric});
  EXPECT_TRUE(made.is_on);
  EXPECT_NE(made.text.find("--worker-resteer off saves the work"), std::string::npos) << made.text;
}

TEST(ResteerChoice, AutoIsOffWhereClocksDifferAndWarns) {
  const ResteerChoice made = choice(with(2, "auto"), {kFile, kSymmetric});
  EXPECT_FALSE(made.is_on);
  EXPECT_TRUE(made.is_warning);
  EXPECT_NE(made.text.find("--worker-resteer on"), std::string::npos) << made.text;
  EXPECT_TRUE(choice(with(2, "on"), {kFile, kSymmetric}).is_on);
  EXPECT_TRUE(choice(with(2, "auto"), {kFile, kFile}).is_on) << "one clock";
}

TEST(ResteerChoice, OffWarnsOnlyWhereFlowsAreSplit) {
  const ResteerChoice splits = choice(with(2, "off"), {kSplitting});
  EXPECT_FALSE(splits.is_on);
  EXPECT_TRUE(splits.is_warning);
  EXPECT_NE(splits.text.find("port b"), std::string::npos) << splits.text;
  EXPECT_EQ(choice(with(2, "off"), {kSymmetric}).text, "");
}

TEST(MemoryPlan, HasTheRingsBetweenWorkersOfLiveTraffic) {
  const Config config = with(3, "auto");
  const std::string row = "rings between workers";
  const size_t rings = resteer_bytes(config);
  EXPECT_EQ(rings, Resteer::cost(resteer_options(config)));
  const MemoryBudget live = memory_plan(config, InputKind::Live, 3);
  EXPECT_NE(live.as_table().find(row), std::string::npos) << live.as_table();
  const MemoryBudget off = memory_plan(with(3, "off"), InputKind::Live, 3);
  EXPECT_EQ(off.as_table().find(row), std::string::npos) << off.as_table();
  EXPECT_EQ(live.total_bytes() - off.total_bytes(), rings);
  const MemoryBudget files = memory_plan(config, InputKind::Files, 3);
  EXPECT_EQ(files.as_table().find(row), std::string::npos) << "every worker reads the files";
}

}  // namespace
}  // namespace flowscope
