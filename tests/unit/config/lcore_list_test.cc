#include "config/lcore_list.h"

#include <gtest/gtest.h>

#include "config/load.h"
#include "config/validate.h"

namespace flowscope {
namespace {

std::vector<uint32_t> parsed(const std::vector<std::string>& items) {
  const auto lcores = parse_lcores(items);
  EXPECT_TRUE(lcores.ok()) << lcores.error().message;
  return lcores.ok() ? lcores.value() : std::vector<uint32_t>{};
}

std::string refusal(const std::vector<std::string>& items) {
  const auto lcores = parse_lcores(items);
  return lcores.ok() ? "taken" : lcores.error().message;
}

TEST(LcoreList, TakesNumbersAndRangesInTheirOrder) {
  EXPECT_EQ(parsed({}), std::vector<uint32_t>{});
  EXPECT_EQ(parsed({"4", "2"}), (std::vector<uint32_t>{4, 2}));
  EXPECT_EQ(parsed({"8", "2-5"}), (std::vector<uint32_t>{8, 2, 3, 4, 5}));
  EXPECT_EQ(parsed({"7-7", "4095"}), (std::vector<uint32_t>{7, 4095}));
}

TEST(LcoreList, RefusesWhatNamesNoLcore) {
  for (const char* const item : {"a", "", "-1", "3-", "-", "1-2-3", "5-2", "2 ", "+2", "4096",
                                 "0-4096", "99999999999999999999"}) {
    EXPECT_NE(refusal({item}).find("is no lcore; expected a number up to 4095"), std::string::npos)
        << item;
  }
}

TEST(LcoreList, RefusesAnLcoreThatIsThereTwice) {
  EXPECT_EQ(refusal({"2-5", "4"}), "lcore 4 is there twice");
  EXPECT_EQ(refusal({"4", "2-5"}), "lcore 4 is there twice");
}

TEST(LcoreList, IsASettingInEachOfItsForms) {
  for (const char* const text : {"worker: {lcores: [2, 3, 4]}", "worker: {lcores: \"2,3,4\"}",
                                 "worker: {lcores: 2-4}", "worker: {lcores: [2-3, 4]}"}) {
    Config config;
    ASSERT_TRUE(load_yaml_text("f.yaml", text, config).ok()) << text;
    EXPECT_EQ(parsed(config.worker.lcores), (std::vector<uint32_t>{2, 3, 4})) << text;
  }
}

TEST(LcoreList, HasToBeEnoughForTheWorkers) {
  Config config;
  config.workers = 3;
  config.worker.lcores = {"2", "4"};
  const auto checked = validate(config, {});
  ASSERT_FALSE(checked.ok());
  EXPECT_EQ(
      checked.error().message,
      "worker.lcores: 2 lcores for 3 workers; expected at least 3, or none to take them in turn");
  config.worker.lcores = {"2-4"};
  EXPECT_TRUE(validate(config, {}).ok());
  config.worker.lcores = {"x"};
  EXPECT_TRUE(validate(config, {}).error().message.starts_with("worker.lcores: \"x\" is no lcore"));
}

}  // namespace
}  // namespace flowscope
