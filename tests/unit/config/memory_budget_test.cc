#include "config/memory_budget.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

TEST(MemoryBudget, SumsItsRows) {
  MemoryBudget budget;
  budget.add("flow table", 96 << 20, 2);
  budget.add("writer", 1 << 20);
  EXPECT_EQ(budget.total_bytes(), uint64_t{193} << 20);
}

TEST(MemoryBudget, PrintsARowForEachShareAndTheTotal) {
  MemoryBudget budget;
  budget.add("flow table", 96 << 20, 2);
  budget.add("writer", 1 << 20);
  EXPECT_EQ(budget.as_table(),
            "memory reserved before the first packet:\n"
            "  flow table         192.0 MiB  (2 x 96.0 MiB)\n"
            "  writer               1.0 MiB\n"
            "  total              193.0 MiB\n");
}

TEST(MemoryBudget, SaturatesInsteadOfWrappingAround) {
  MemoryBudget budget;
  budget.add("all", UINT64_MAX, 2);
  budget.add("more", 1);
  EXPECT_EQ(budget.total_bytes(), UINT64_MAX);
}

}  // namespace
}  // namespace flowscope
