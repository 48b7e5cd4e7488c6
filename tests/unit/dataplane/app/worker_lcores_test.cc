#include "dataplane/app/worker_lcores.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

using Lcores = std::vector<uint32_t>;

Result<Lcores> placed(uint32_t workers, std::vector<std::string> chosen, const EalLcores& lcores) {
  Config config;
  config.workers = workers;
  config.worker.lcores = std::move(chosen);
  return place_workers(config, lcores);
}

TEST(WorkerLcores, AreTheOthersInTurnUnlessChosen) {
  EXPECT_EQ(placed(2, {}, {.main = 0, .others = {1, 2, 3}}).value(), (Lcores{1, 2}));
  EXPECT_EQ(placed(3, {}, {.main = 2, .others = {0, 1, 3}}).value(), (Lcores{0, 1, 3}));
  EXPECT_EQ(placed(1, {}, {.main = 0, .others = {}}).value(), Lcores{}) << "a thread beside it";
}

TEST(WorkerLcores, AreTheChosenOnesInTheirOrder) {
  const EalLcores lcores{.main = 0, .others = {1, 2, 3, 4, 5}};
  EXPECT_EQ(placed(2, {"4", "2"}, lcores).value(), (Lcores{4, 2}));
  EXPECT_EQ(placed(2, {"3-5"}, lcores).value(), (Lcores{3, 4}));
}

TEST(WorkerLcores, HaveToBeEnough) {
  const auto refused = placed(3, {}, {.main = 0, .others = {1, 2}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "--workers 3 needs 4 lcores (one is the main lcore), EAL gave 3: use -l 0-3");
}

TEST(WorkerLcores, CannotBeTheMainOne) {
  const auto refused = placed(2, {"1-2"}, {.main = 2, .others = {0, 1, 3}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "worker.lcores: lcore 2 is the main lcore, which is for signals and statistics; choose "
            "another, or another main lcore with --main-lcore");
}

TEST(WorkerLcores, HaveToBeTheEals) {
  const auto refused = placed(1, {"9"}, {.main = 2, .others = {0, 1, 3}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "worker.lcores: lcore 9 is none of the EAL's, which are 0-3; add it to -l or --lcores");
  EXPECT_FALSE(placed(1, {"1"}, {.main = 0, .others = {}}).ok());
}

}  // namespace
}  // namespace flowscope
