#include "dataplane/dpdk/rss.h"

#include <gtest/gtest.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <array>

namespace flowscope {
namespace {

// The key that drivers take when they are given none (Microsoft's).
const std::vector<uint8_t> kUsualKey = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                        0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                        0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                        0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

TEST(RssPlan, AsksOnlyForHashesOfTheDevice) {
  const uint64_t offloads =
      RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_L2_PAYLOAD;
  EXPECT_EQ(rss_plan(offloads, 40, RssFieldsUse::AddressesAndPorts).hashes,
            RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP);
  EXPECT_EQ(rss_plan(0, 40, RssFieldsUse::AddressesAndPorts).hashes, 0U);
}

TEST(RssPlan, LeavesPortsOutWhereOnlyAddressesCount) {
  EXPECT_EQ(rss_plan(UINT64_MAX, 40, RssFieldsUse::Addresses).hashes, RTE_ETH_RSS_IP);
}

TEST(RssPlan, MakesAKeyOfTheLengthOfTheDevice) {
  EXPECT_EQ(rss_plan(0, 52, RssFieldsUse::Addresses).key.size(), 52U);
  EXPECT_EQ(rss_plan(0, 0, RssFieldsUse::Addresses).key.size(), 40U);
}

TEST(EvenTable, GivesEveryQueueItsShare) {
  for (const uint16_t size : std::array<uint16_t, 3>{64, 128, 512}) {
    for (uint16_t queues = 1; queues <= 64; ++queues) {
      const auto table = even_table(size, queues);
      ASSERT_EQ(table.size(), size);
      for (uint16_t queue = 0; queue < queues; ++queue) {
        const auto entries = std::count(table.begin(), table.end(), queue);
        EXPECT_GE(entries, size / queues);
        EXPECT_LE(entries, size / queues + 1);
      }
    }
  }
}

TEST(CheckSpread, FindsBothDirectionsOnOneQueueWithTheSymmetricKey) {
  const RssPlan plan = rss_plan(0, 40, RssFieldsUse::Addresses);
  for (const uint16_t queues : std::array<uint16_t, 4>{2, 3, 7, 16}) {
    const SpreadCheck check = check_spread(plan.key, even_table(128, queues));
    EXPECT_GE(check.flows, 1'000U);
    EXPECT_EQ(check.split, 0U) << queues << " queues";
  }
}

TEST(CheckSpread, FindsThatTheUsualKeySplitsFlows) {
  const SpreadCheck check = check_spread(kUsualKey, even_table(128, 2));
  EXPECT_GT(check.split, check.flows / 3);
}

TEST(CheckSpread, TellsTheShareOfTheBusiestQueue) {
  const RssPlan plan = rss_plan(0, 40, RssFieldsUse::Addresses);
  EXPECT_DOUBLE_EQ(check_spread(plan.key, std::vector<uint16_t>(128, 1)).busiest_share, 1.0);
  const double share = check_spread(plan.key, even_table(128, 4)).busiest_share;
  EXPECT_GT(share, 0.25);
  EXPECT_LT(share, 0.32);
}

RssInUse in_use(std::vector<uint8_t> key, uint16_t queues = 4) {
  return {.hashes = RTE_ETH_RSS_IP,
          .key = std::move(key),
          .table = even_table(128, queues),
          .has_table = true,
          .is_table_ours = true};
}

TEST(JudgeToeplitz, BelievesADeviceThatUsesTheSymmetricKey) {
  const RssResult result = judge_toeplitz(in_use(rss_plan(0, 40, RssFieldsUse::Addresses).key));
  EXPECT_EQ(result.method, RssMethod::SymmetricKey);
  EXPECT_NE(result.text.find("table of 128 filled evenly; both directions of 2000 sample flows"),
            std::string::npos)
      << result.text;
}

TEST(JudgeToeplitz, DoesNotBelieveADeviceThatKeptItsOwnKey) {
  const RssResult result = judge_toeplitz(in_use(kUsualKey));
  EXPECT_EQ(result.method, RssMethod::Software);
  EXPECT_NE(result.text.find("its key splits"), std::string::npos) << result.text;
}

TEST(JudgeToeplitz, DoesNotBelieveADeviceThatHashesNothing) {
  RssInUse none = in_use(rss_plan(0, 40, RssFieldsUse::Addresses).key);
  none.hashes = 0;
  EXPECT_EQ(judge_toeplitz(none).method, RssMethod::Software);
}

TEST(JudgeToeplitz, DoesNotBelieveAKeyThatIsTooShort) {
  EXPECT_EQ(judge_toeplitz(in_use(std::vector<uint8_t>(16, 0x6d))).method, RssMethod::Software);
}

TEST(JudgeToeplitz, TellsOfATableThatTheDriverKept) {
  RssInUse kept = in_use(rss_plan(0, 40, RssFieldsUse::Addresses).key);
  kept.table.assign(128, 0);
  kept.is_table_ours = false;
  const RssResult result = judge_toeplitz(kept);
  EXPECT_EQ(result.method, RssMethod::SymmetricKey);
  EXPECT_NE(result.text.find("the driver's own"), std::string::npos) << result.text;
  EXPECT_NE(result.text.find("the busiest gets 100 %"), std::string::npos) << result.text;
}

TEST(RssMethod, NeedsHelpOnlyInSoftware) {
  EXPECT_TRUE(is_symmetric(RssMethod::OneQueue));
  EXPECT_TRUE(is_symmetric(RssMethod::SymmetricKey));
  EXPECT_FALSE(is_symmetric(RssMethod::Software));
}

}  // namespace
}  // namespace flowscope
