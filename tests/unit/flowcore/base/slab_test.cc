#include "flowcore/base/slab.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

class SlabTest : public testing::Test {
 protected:
  Arena arena_ = std::move(Arena::create(Slab<uint64_t>::cost(3), Arena::Populate::Lazily).value());
  Slab<uint64_t> slab_{arena_, 3};
};

TEST_F(SlabTest, GivesNothingWhenFull) {
  EXPECT_NE(slab_.make(1U), Slab<uint64_t>::kNone);
  EXPECT_NE(slab_.make(2U), Slab<uint64_t>::kNone);
  EXPECT_NE(slab_.make(3U), Slab<uint64_t>::kNone);
  EXPECT_EQ(slab_.make(4U), Slab<uint64_t>::kNone);
  EXPECT_EQ(slab_.live(), 3U);
}

TEST_F(SlabTest, ReusesAPlaceThatWasGivenBack) {
  const auto first = slab_.make(1U);
  const auto second = slab_.make(2U);
  slab_.destroy(first);
  EXPECT_EQ(slab_.make(3U), first);
  EXPECT_EQ(slab_.get(first), 3U);
  EXPECT_EQ(slab_.get(second), 2U);
}

TEST(Arena, SaysHowToMendWhenMemoryIsRefused) {
  auto arena = Arena::create(size_t{1} << 60, Arena::Populate::Lazily);
  ASSERT_FALSE(arena.ok());
  EXPECT_NE(arena.error().message.find("flows_max"), std::string::npos);
}

TEST(Arena, HandsOutZeroedAlignedMemory) {
  Arena arena = std::move(Arena::create(4096, Arena::Populate::Now).value());
  (void)arena.take<uint8_t>(1);
  const auto words = arena.take<uint64_t>(8);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(words.data()) % kCacheLineBytes, 0U);
  for (const uint64_t word : words) EXPECT_EQ(word, 0U);
}

}  // namespace
}  // namespace flowscope
