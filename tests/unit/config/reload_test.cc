#include "config/reload.h"

#include <gtest/gtest.h>

#include "config/schema.h"

namespace flowscope {
namespace {

TEST(ConfigReload, OfTheSameConfigurationChangesNothing) {
  const ReloadPlan plan = plan_reload(Config{}, Config{});
  EXPECT_TRUE(plan.changes.empty());
  EXPECT_EQ(plan.summary(), "0 settings changed, 0 need a restart");
}

TEST(ConfigReload, TakesWhatCanChangeAndLeavesTheRest) {
  const Config used;
  Config wanted;
  wanted.timeouts.udp_ns = 30 * kSecondNs;
  wanted.output.records.dns = false;
  wanted.table.flows_max = 2'000'000;
  const ReloadPlan plan = plan_reload(used, wanted);
  EXPECT_EQ(plan.config.timeouts.udp_ns, 30 * kSecondNs);
  EXPECT_FALSE(plan.config.output.records.dns);
  EXPECT_EQ(plan.config.table.flows_max, used.table.flows_max);
  ASSERT_EQ(plan.changes.size(), 3U);
  EXPECT_EQ(plan.changes[0].text(), "table.flows_max 0 -> 2000000 needs a restart");
  EXPECT_EQ(plan.changes[1].text(), "timeouts.udp 60s -> 30s");
  EXPECT_EQ(plan.changes[2].text(), "output.records.dns true -> false");
  EXPECT_EQ(plan.summary(), "2 settings changed, 1 needs a restart");
}

TEST(ConfigReload, TellsOfWhatNeedsARestartUntilItIsTakenBack) {
  Config used;
  Config wanted;
  wanted.workers = 2;
  used = plan_reload(used, wanted).config;
  EXPECT_EQ(plan_reload(used, wanted).left_for_restart(), 1U);
  EXPECT_EQ(plan_reload(used, Config{}).left_for_restart(), 0U);
}

TEST(ConfigReload, TurnsNothingOnOrOffThatTakesMemory) {
  Config off;
  Config one;
  one.signatures.rules = "one.rules";
  one.output.interim_ns = 10 * kSecondNs;
  Config other;
  other.signatures.rules = "other.rules";
  other.output.interim_ns = 20 * kSecondNs;
  EXPECT_EQ(plan_reload(off, one).left_for_restart(), 2U);
  EXPECT_EQ(plan_reload(one, off).left_for_restart(), 2U);
  const ReloadPlan plan = plan_reload(one, other);
  EXPECT_EQ(plan.taken(), 2U);
  EXPECT_EQ(plan.config.signatures.rules, "other.rules");
  EXPECT_EQ(plan.config.output.interim_ns, 20 * kSecondNs);
}

// What workers, ports and memory are made of must never be marked by mistake.
TEST(ConfigReload, LeavesPortsWorkersAndSizesToTheStart) {
  for (const Setting& setting : all_settings()) {
    const std::string_view key = setting.key;
    if (key.starts_with("dpdk.") || key.starts_with("pcap.") || key.starts_with("security.")
        || key.starts_with("streams.") || (key.ends_with("_max") && key != "worker.sleep_max")
        || key == "workers" || key == "output.destination" || key == "output.ring_bytes") {
      EXPECT_EQ(setting.taken, Taken::AtStart) << key;
    }
  }
}

}  // namespace
}  // namespace flowscope
