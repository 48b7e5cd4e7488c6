#include "flowcore/table/u16x16.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "flowcore/table/set_line.h"

namespace flowscope {
namespace {

constexpr uint64_t kSeed = 5150;
constexpr int kRounds = 20000;

template <class L>
std::vector<uint32_t> listed(L lanes) {
  std::vector<uint32_t> list;
  for (; lanes.any(); lanes = lanes.without_first()) list.push_back(lanes.first());
  return list;
}

template <class U>
std::vector<uint16_t> numbers(U value) {
  U16Lanes memory;
  value.store(memory);
  return {memory.at.begin(), memory.at.end()};
}

// Few different values, so that lanes tie, and those at which signs and carries turn.
U16Lanes random_lanes(std::mt19937_64& random) {
  constexpr std::array<uint16_t, 6> kEdges = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
  U16Lanes lanes;
  for (uint16_t& lane : lanes.at) {
    const uint64_t bits = random();
    lane = bits % 2 == 0 ? kEdges.at(bits / 2 % kEdges.size()) : static_cast<uint16_t>(bits >> 32);
  }
  return lanes;
}

// Compares an instruction set with the portable twin, operation by operation.
template <class U>
void expect_same_as_portable() {
  using P = portable::U16x16;
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  for (int round = 0; round < kRounds; ++round) {
    const U16Lanes x = random_lanes(random);
    const U16Lanes y = random_lanes(random);
    const U ux = U::load(x);
    const U uy = U::load(y);
    const P px = P::load(x);
    const P py = P::load(y);
    ASSERT_EQ(numbers(ux - uy), numbers(px - py));
    ASSERT_EQ(numbers(ux & uy), numbers(px & py));
    ASSERT_EQ(numbers(ux | uy), numbers(px | py));
    ASSERT_EQ(numbers(differing(ux, uy)), numbers(differing(px, py)));
    ASSERT_EQ(numbers(pick(U16Choice(y.at), ux & U::all(15))),
              numbers(pick(U16Choice(y.at), px & P::all(15))));
    ASSERT_EQ(numbers(U::all(x.at[0])), numbers(P::all(x.at[0])));
    ASSERT_EQ(listed(equal(ux, uy)), listed(equal(px, py)));
    ASSERT_EQ(listed(at_least(ux, uy)), listed(at_least(px, py)));
    ASSERT_EQ(listed(at_least(ux, uy).without(equal(ux, uy))),
              listed(at_least(px, py).without(equal(px, py))));
    ASSERT_EQ(ux.least().value, px.least().value);
    ASSERT_EQ(ux.least().lane, px.least().lane);
  }
}

#ifdef __AVX2__
TEST(U16x16, Avx2GivesTheResultsOfThePortableTwin) { expect_same_as_portable<avx2::U16x16>(); }
#endif
#if defined(__AVX512BW__) && defined(__AVX512VL__)
TEST(U16x16, Avx512GivesTheResultsOfThePortableTwin) { expect_same_as_portable<avx512::U16x16>(); }
#endif

TEST(U16x16, LeastIsTheFirstOfEqualLanes) {
  U16Lanes lanes;
  lanes.at.fill(9);
  EXPECT_EQ(U16x16::load(lanes).least().lane, 0U);
  lanes.at[5] = lanes.at[11] = 3;
  EXPECT_EQ(U16x16::load(lanes).least().lane, 5U);
  lanes.at[11] = 2;
  EXPECT_EQ(U16x16::load(lanes).least().lane, 11U);
  EXPECT_EQ(U16x16::load(lanes).least().value, 2U);
}

constexpr VictimRanks kRanks = {0, 1, 2, 2, 2, 3, 3, 3, 3};

TEST(U16x16, PickGivesTheNumberThatALaneStandsFor) {
  std::array<uint16_t, 16> table{};
  for (size_t i = 0; i < 16; ++i) table.at(i) = static_cast<uint16_t>(1000 * i + 7);
  U16Lanes lanes;
  for (uint16_t i = 0; i < 16; ++i) lanes.at.at(i) = 15 - i;
  const auto picked = numbers(pick(U16Choice(table), U16x16::load(lanes)));
  for (size_t i = 0; i < 16; ++i) EXPECT_EQ(picked.at(i), table.at(15 - i));
}

TEST(SetLine, TheVictimIsTheOldestOfTheLowestRankAcrossTheWrapOfTheClock) {
  const U16Choice ranks(kRanks);
  SetLine line;
  EXPECT_EQ(line.victim(5, ranks).rank(), SetLine::kNoRank) << "all ways are free";
  line.word.at.fill(0x40 | 8);
  line.tick.at.fill(2);
  line.tick.at[3] = 0xfff0;  // before the wrap
  line.tick.at[9] = 0xfff8;
  EXPECT_EQ(line.victim(5, ranks).lane, 3U);
  EXPECT_EQ(line.victim(5, ranks).rank(), 3U);
  line.word.at[7] = 0x50 | 3;
  line.word.at[8] = 0x50 | 2;
  EXPECT_EQ(line.victim(5, ranks).lane, 7U) << "the first of equal rank and age";
  EXPECT_EQ(line.victim(5, ranks).rank(), 2U);
  line.word.at[9] = 0;
  line.word.at[12] = 0x60;
  EXPECT_EQ(line.victim(5, ranks).lane, 12U) << "class 0 is no free way";
  line.tick.at[12] = 5;
  EXPECT_EQ(line.victim(5, ranks).lane, 12U) << "just touched, but of the lowest rank";
}

TEST(SetLine, DueAreUsedWaysAsOldAsTheirClassIsToBeLookedAt) {
  const U16Choice class_ages(std::array<uint16_t, 16>{0, 10, 300});
  SetLine line;
  line.word.at[1] = 0x70 | 1;
  line.word.at[2] = 0x70 | 1;
  line.word.at[4] = 0x70 | 2;
  line.word.at[15] = 0x70;
  line.tick.at.fill(100);
  line.tick.at[2] = 101;
  EXPECT_EQ(listed(line.due(110, class_ages)), (std::vector<uint32_t>{1, 15}));
  EXPECT_EQ(listed(line.due(400, class_ages)), (std::vector<uint32_t>{1, 2, 4, 15}));
}

TEST(SetLine, SaturateKeepsAgesUpToTheLargest) {
  SetLine line;
  const uint16_t now = 40000;
  line.tick.at[0] = now;
  line.tick.at[1] = static_cast<uint16_t>(now - 0x7fff);
  line.tick.at[2] = static_cast<uint16_t>(now - 0x8000);
  line.tick.at[3] = static_cast<uint16_t>(now - 0x8001);
  line.tick.at[4] = static_cast<uint16_t>(now - 0xffff);
  line.saturate(now, SetLine::kAgeMax);
  const auto age = [&](size_t way) { return static_cast<uint16_t>(now - line.tick.at.at(way)); };
  EXPECT_EQ(age(0), 0U);
  EXPECT_EQ(age(1), 0x7fffU);
  EXPECT_EQ(age(2), 0x8000U);
  EXPECT_EQ(age(3), 0x8000U);
  EXPECT_EQ(age(4), 0x8000U);
}

}  // namespace
}  // namespace flowscope
