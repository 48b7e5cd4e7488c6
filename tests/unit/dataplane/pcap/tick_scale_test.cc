#include "dataplane/pcap/tick_scale.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

constexpr uint8_t kBinary = 0x80;

TEST(TickScale, CountsMicrosecondsUnlessTold) {
  EXPECT_EQ(TickScale().time(1'000'001).ns, 1'000'001'000U);
}

TEST(TickScale, ScalesPowersOfTen) {
  EXPECT_EQ(TickScale(0, 0).time(7).ns, 7'000'000'000U);
  EXPECT_EQ(TickScale(9, 0).time(7).ns, 7U);
  EXPECT_EQ(TickScale(12, 0).time(7999).ns, 7U);
  EXPECT_EQ(TickScale(28, 0).time(UINT64_MAX).ns, 1U);
  EXPECT_EQ(TickScale(127, 0).time(UINT64_MAX).ns, 0U);
}

TEST(TickScale, ScalesPowersOfTwo) {
  EXPECT_EQ(TickScale(kBinary | 0, 0).time(7).ns, 7'000'000'000U);
  EXPECT_EQ(TickScale(kBinary | 10, 0).time(1024 + 512).ns, 1'500'000'000U);
  EXPECT_EQ(TickScale(kBinary | 32, 0).time((uint64_t{3} << 32) + (1U << 31)).ns, 3'500'000'000U);
  EXPECT_EQ(TickScale(kBinary | 63, 0).time((uint64_t{1} << 63) + (uint64_t{1} << 62)).ns,
            1'500'000'000U);
  EXPECT_EQ(TickScale(kBinary | 64, 0).time(uint64_t{1} << 63).ns, 500'000'000U);
  EXPECT_EQ(TickScale(kBinary | 127, 0).time(UINT64_MAX).ns, 0U);
}

TEST(TickScale, ShiftsBySeconds) {
  EXPECT_EQ(TickScale(6, 2).time(1).ns, 2'000'001'000U);
  EXPECT_EQ(TickScale(6, -2).time(3'000'000).ns, 1'000'000'000U);
}

TEST(TickScale, ClampsWhatATimestampCannotHold) {
  EXPECT_EQ(TickScale(6, 0).time(UINT64_MAX).ns, UINT64_MAX);
  EXPECT_EQ(TickScale(kBinary | 1, 0).time(UINT64_MAX).ns, UINT64_MAX);
  EXPECT_EQ(TickScale(6, -2).time(1).ns, 0U);
  EXPECT_EQ(TickScale(6, INT64_MIN).time(1).ns, 0U);
  EXPECT_EQ(TickScale(6, INT64_MAX).time(1).ns, UINT64_MAX);
  EXPECT_EQ(TickScale(9, 1).time(UINT64_MAX).ns, UINT64_MAX);
}

}  // namespace
}  // namespace flowscope
