#include "flowcore/base/timestamp.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

TEST(Timestamp, OrdersBySecondsThenNanoseconds) {
  EXPECT_LT(Timestamp::from_parts(1, 999'999'999), Timestamp::from_parts(2, 0));
  EXPECT_EQ(Timestamp::from_parts(3, 7).seconds(), 3U);
  EXPECT_EQ(Timestamp::from_parts(3, 7).subsecond_ns(), 7U);
}

TEST(Timestamp, DifferenceStopsAtZero) {
  EXPECT_EQ(Timestamp{5}.saturating_since(Timestamp{9}), 0U);
  EXPECT_EQ(Timestamp{9}.saturating_since(Timestamp{5}), 4U);
}

TEST(Timestamp, HoldsDatesPastTheYear2106) {
  EXPECT_EQ(Timestamp::from_parts(uint64_t{1} << 33, 1).seconds(), uint64_t{1} << 33);
}

}  // namespace
}  // namespace flowscope
