#include "dataplane/app/burst_times.h"

#include <gtest/gtest.h>

#include <random>

namespace flowscope {
namespace {

using std::chrono::nanoseconds;

TEST(BurstTimes, GivesNothingWhereNothingWas) {
  EXPECT_EQ(BurstTimes().percentile_ns(0.5), 0U);
  EXPECT_EQ(BurstTimes().longest_ns(), 0U);
}

TEST(BurstTimes, GivesPercentilesAtMostASixteenthTooHigh) {
  BurstTimes times;
  constexpr uint64_t kBursts = 100'000;
  for (uint64_t ns = 1; ns <= kBursts; ++ns) times.add(nanoseconds(ns));
  for (const double part : {0.00005, 0.001, 0.5, 0.99, 0.9999}) {
    const double exact = part * kBursts;
    const auto got = static_cast<double>(times.percentile_ns(part));
    EXPECT_GE(got, exact - 1) << part;
    EXPECT_LE(got, exact * 17 / 16 + 1) << part;
  }
  EXPECT_EQ(times.percentile_ns(1), kBursts) << "never above the longest";
  EXPECT_EQ(times.bursts(), kBursts);
}

TEST(BurstTimes, TakesHoursAndAddsUp) {
  BurstTimes one;
  one.add(std::chrono::hours(100));
  BurstTimes both;
  both.add(nanoseconds(7));
  both.add(one);
  EXPECT_EQ(both.bursts(), 2U);
  EXPECT_EQ(both.percentile_ns(0.5), 7U);
  EXPECT_EQ(both.longest_ns(), 360'000'000'000'000U);
}

}  // namespace
}  // namespace flowscope
