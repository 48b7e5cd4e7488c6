#include "dataplane/pipeline/empty_polls.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

TEST(EmptyPolls, PauseForAWhileAndThenSleepLongerAndLongerUpToTheLimit) {
  EmptyPolls polls({.way = IdleWay::Sleep, .sleep_max_ns = 5'000});
  for (uint32_t i = 0; i < EmptyPolls::kPauses; ++i) {
    const EmptyPolls::Next next = polls.next();
    ASSERT_TRUE(next.is_pause && next.sleep_ns == 0) << i;
  }
  for (const uint64_t expected : {1'000U, 2'000U, 4'000U, 5'000U, 5'000U, 5'000U}) {
    const EmptyPolls::Next next = polls.next();
    EXPECT_FALSE(next.is_pause);
    EXPECT_EQ(next.sleep_ns, expected);
  }
}

TEST(EmptyPolls, BeginAnewAfterPackets) {
  EmptyPolls polls({.way = IdleWay::Sleep, .sleep_max_ns = 100'000});
  for (uint32_t i = 0; i < EmptyPolls::kPauses + 5; ++i) (void)polls.next();
  polls.reset();
  EXPECT_TRUE(polls.next().is_pause);
  for (uint32_t i = 1; i < EmptyPolls::kPauses; ++i) (void)polls.next();
  EXPECT_EQ(polls.next().sleep_ns, EmptyPolls::kSleepMinNs);
}

TEST(EmptyPolls, NeverSleepWhereThatWasNotAskedFor) {
  EmptyPolls spinning({.way = IdleWay::Spin});
  EmptyPolls pausing({.way = IdleWay::Pause});
  for (uint32_t i = 0; i < 3 * EmptyPolls::kPauses; ++i) {
    const EmptyPolls::Next spin = spinning.next();
    ASSERT_TRUE(!spin.is_pause && spin.sleep_ns == 0);
    const EmptyPolls::Next pause = pausing.next();
    ASSERT_TRUE(pause.is_pause && pause.sleep_ns == 0);
  }
}

TEST(EmptyPolls, TakeAnotherWayFromTheNextPollOn) {
  EmptyPolls polls({.way = IdleWay::Spin});
  EXPECT_FALSE(polls.next().is_pause);
  polls.change({.way = IdleWay::Sleep, .sleep_max_ns = 2'000});
  for (uint32_t i = 0; i < EmptyPolls::kPauses + 5; ++i) (void)polls.next();
  EXPECT_EQ(polls.next().sleep_ns, 2'000U);
  polls.change({.way = IdleWay::Sleep, .sleep_max_ns = 1'000});
  EXPECT_EQ(polls.next().sleep_ns, 1'000U);
  polls.change({.way = IdleWay::Pause});
  EXPECT_TRUE(polls.next().is_pause);
}

TEST(EmptyPolls, NeverSleepLongerThanTheShortestLimit) {
  EmptyPolls polls({.way = IdleWay::Sleep, .sleep_max_ns = 1'000});
  for (uint32_t i = 0; i < 2 * EmptyPolls::kPauses; ++i) ASSERT_LE(polls.next().sleep_ns, 1'000U);
}

}  // namespace
}  // namespace flowscope
