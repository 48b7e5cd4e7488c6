#include "flowcore/base/histogram.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

TEST(Histogram, PutsAValueIntoTheFirstRangeThatHoldsIt) {
  Histogram<std::array<uint64_t, 2>{10, 100}> histogram;
  for (const uint64_t value : {0, 10, 11, 100, 101}) histogram.add(value);
  EXPECT_EQ(histogram.counts(), (std::array<uint64_t, 3>{2, 2, 1}));
  EXPECT_EQ(histogram.sum(), 222U);
}

TEST(Histogram, TakesTheLargestValue) {
  Histogram<std::array<uint64_t, 1>{0}> histogram;
  histogram.add(UINT64_MAX);
  EXPECT_EQ(histogram.counts(), (std::array<uint64_t, 2>{0, 1}));
}

}  // namespace
}  // namespace flowscope
