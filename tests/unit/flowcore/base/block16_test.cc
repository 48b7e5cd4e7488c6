#include "flowcore/base/block16.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

namespace flowscope {
namespace {

using Sixteen = std::array<uint8_t, 16>;
constexpr uint64_t kSeed = 1616;
constexpr int kRounds = 20000;

template <class B>
Sixteen bytes_of(B block) {
  Sixteen bytes{};
  block.store(bytes.data());
  return bytes;
}

Sixteen counting() {
  Sixteen bytes{};
  for (uint8_t i = 0; i < 16; ++i) bytes.at(i) = static_cast<uint8_t>(i + 1);
  return bytes;
}

TEST(Block16, RearrangesAndZeroes) {
  BytePlaces places{};
  places.fill(kZeroByte);
  places[0] = 15;
  places[15] = 0;
  Sixteen expected{};
  expected[0] = 16;
  expected[15] = 1;
  EXPECT_EQ(bytes_of(Block16::of(counting().data()).rearranged(places)), expected);
}

TEST(Block16, LoadsFromAnOffset) {
  std::array<uint8_t, 20> memory{};
  std::memcpy(memory.data() + 4, counting().data(), 16);
  EXPECT_EQ(bytes_of(Block16::load({memory.data(), memory.size()}, 4)), counting());
}

TEST(Block16, LowIsLittleEndianWithZeroesBehind) {
  EXPECT_EQ(bytes_of(Block16::low(0x0807060504030201)),
            (Sixteen{1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Block16, FirstByteThatDiffersDecides) {
  for (size_t first = 0; first < 16; ++first) {
    SCOPED_TRACE(first);
    Sixteen x{};
    Sixteen y{};
    x.at(first) = 0x80;  // above 0x7f only where bytes have no sign
    y.at(first) = 0x7f;
    if (first < 15) y.at(first + 1) = 0xff;
    for (const bool tie : {false, true}) {
      EXPECT_TRUE(is_above(Block16::of(x.data()), Block16::of(y.data()), tie));
      EXPECT_FALSE(is_above(Block16::of(y.data()), Block16::of(x.data()), tie));
    }
  }
}

TEST(Block16, TieDecidesBetweenEqualBlocks) {
  const Block16 block = Block16::of(counting().data());
  EXPECT_TRUE(is_above(block, block, true));
  EXPECT_FALSE(is_above(block, block, false));
}

#ifdef __SSE4_1__
TEST(Block16, InstructionsGiveWhatThePortableTwinGives) {
  using P = portable::Block16;
  using S = sse4::Block16;
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    Sixteen x{};
    BytePlaces places{};
    for (size_t i = 0; i < 16; ++i) {
      x.at(i) = static_cast<uint8_t>(random());
      places.at(i) = static_cast<uint8_t>(random() % 17);
      if (places.at(i) == 16) places.at(i) = kZeroByte;
    }
    Sixteen y = x;  // equal but for few bytes, which then decide
    for (uint64_t left = random() % 4; left > 0; --left) {
      y.at(random() % 16) = static_cast<uint8_t>(random());
    }
    const bool tie = random() % 2 == 0;
    const uint64_t number = random();
    ASSERT_EQ(bytes_of(S::of(x.data()).rearranged(places)),
              bytes_of(P::of(x.data()).rearranged(places)));
    ASSERT_EQ(bytes_of(S::low(number)), bytes_of(P::low(number)));
    const S differs = S::of(x.data()) ^ S::of(y.data());
    ASSERT_EQ(bytes_of(differs), bytes_of(P::of(x.data()) ^ P::of(y.data())));
    ASSERT_EQ(bytes_of(S::of(x.data()) | S::of(y.data())),
              bytes_of(P::of(x.data()) | P::of(y.data())));
    ASSERT_EQ(differs.is_zero(), x == y);
    ASSERT_EQ((P::of(x.data()) ^ P::of(y.data())).is_zero(), x == y);
    ASSERT_EQ(is_above(S::of(x.data()), S::of(y.data()), tie),
              is_above(P::of(x.data()), P::of(y.data()), tie));
  }
}
#endif

}  // namespace
}  // namespace flowscope
