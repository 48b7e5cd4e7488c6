#include "dataplane/dpdk/device_clock.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

using Verdict = DeviceClock::Verdict;
constexpr uint64_t kStartNs = 1'700'000'000'000'000'000;
constexpr uint64_t kMsNs = 1'000'000;

// A device whose clock makes `ticks_per_us` and began at 5000.
DeviceClock::Reading at_ms(uint64_t ms, double ticks_per_us = 156.25) {
  return {.ticks = 5'000 + static_cast<uint64_t>(static_cast<double>(ms) * 1e3 * ticks_per_us),
          .wall_ns = kStartNs + ms * kMsNs};
}

TEST(DeviceClock, KnowsNoTimeBeforeTheSecondReading) {
  DeviceClock clock;
  EXPECT_FALSE(clock.good());
  EXPECT_EQ(clock.take(at_ms(0)), Verdict::Measuring);
  EXPECT_EQ(clock.take(at_ms(1)), Verdict::Measuring) << "too close to tell a rate";
  EXPECT_FALSE(clock.good());
  EXPECT_EQ(clock.take(at_ms(10)), Verdict::Good);
  EXPECT_TRUE(clock.good());
}

TEST(DeviceClock, TurnsTicksIntoTimeBeforeAndAfterTheReading) {
  DeviceClock clock;
  (void)clock.take(at_ms(0));
  (void)clock.take(at_ms(100));
  for (const uint64_t ms : {50, 100, 150, 1'000}) {
    EXPECT_NEAR(static_cast<double>(clock.at(at_ms(ms).ticks) - kStartNs),
                static_cast<double>(ms * kMsNs), 10.0)
        << ms;
  }
}

TEST(DeviceClock, FollowsSmallDrift) {
  DeviceClock clock;
  for (uint64_t ms = 0; ms <= 1'000; ms += 200)
    EXPECT_NE(clock.take(at_ms(ms, 156.25 + static_cast<double>(ms) * 1e-4)), Verdict::Drifting);
  EXPECT_NEAR(static_cast<double>(clock.at(at_ms(1'000, 156.35).ticks) - kStartNs), 1e9, 1'000.0);
}

TEST(DeviceClock, IsNotBelievedOnceItRunsOff) {
  DeviceClock clock;
  (void)clock.take(at_ms(0));
  EXPECT_EQ(clock.take(at_ms(100)), Verdict::Good);
  DeviceClock::Reading late = at_ms(200);
  late.ticks += 156'250 * 2;  // two of a hundred milliseconds
  EXPECT_EQ(clock.take(late), Verdict::Drifting);
  EXPECT_FALSE(clock.good());
  EXPECT_EQ(clock.take(at_ms(300)), Verdict::Drifting) << "for good";
}

TEST(DeviceClock, IsNotBelievedWhenItStandsOrGoesBack) {
  DeviceClock standing;
  (void)standing.take(at_ms(0));
  EXPECT_EQ(standing.take({.ticks = at_ms(0).ticks, .wall_ns = at_ms(10).wall_ns}),
            Verdict::Drifting);
  DeviceClock back;
  (void)back.take(at_ms(100));
  EXPECT_EQ(back.take({.ticks = at_ms(50).ticks, .wall_ns = at_ms(200).wall_ns}),
            Verdict::Drifting);
}

}  // namespace
}  // namespace flowscope
