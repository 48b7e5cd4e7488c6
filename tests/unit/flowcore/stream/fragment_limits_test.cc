#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "flowcore/stream/fragment_table.h"
#include "tests/support/fragment_rig.h"

namespace flowscope {
namespace {

using testing::FragmentRig;
using testing::Frame;
using testing::JoinedRow;
using testing::PacketBuilder;
using testing::TimedFrame;

constexpr size_t kBlockBytes = 512;

Frame fragment(uint16_t identification, size_t begin, size_t bytes, bool more, uint8_t fill = 'x') {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2",
            {.identification = identification,
             .fragment_offset = static_cast<uint16_t>(begin),
             .more_fragments = more,
             .protocol = 17})
      .payload(Frame(bytes, fill))
      .build();
}

// Every datagram that was begun is still there or has ended in one way.
void expect_balanced(FragmentRig<>& rig) {
  const FragmentCounters& counters = rig.counters();
  const uint64_t ended = counters.whole.value() + counters.expired.value()
                         + counters.evicted.value() + counters.oversized.value();
  EXPECT_LE(ended, counters.begun.value());
  EXPECT_LE(counters.begun.value() - ended, rig.table().live() + counters.refused.value());
}

TEST(FragmentLimits, TheOldestDatagramGoesWhenThereAreTooMany) {
  FragmentRig rig({.datagrams_max = 2});
  rig.give(fragment(1, 0, 8, true));
  rig.give(fragment(2, 0, 8, true));
  rig.give(fragment(3, 0, 8, true));
  EXPECT_EQ(rig.counters().evicted.value(), 1U);
  EXPECT_TRUE(rig.give(fragment(2, 8, 8, false)).is_whole());
  EXPECT_TRUE(rig.give(fragment(3, 8, 8, false)).is_whole());
  EXPECT_FALSE(rig.give(fragment(1, 8, 8, false)).is_whole());
}

TEST(FragmentLimits, TheOldestDatagramGoesWhenMemoryIsUsedUp) {
  // Three blocks of payload and one of headers each.
  FragmentRig rig({.bytes_max = 8 * kBlockBytes});
  rig.give(fragment(1, 0, 1480, true));
  rig.give(fragment(2, 0, 1480, true));
  EXPECT_EQ(rig.table().held_bytes(), 8 * kBlockBytes);
  rig.give(fragment(3, 0, 8, true));
  EXPECT_EQ(rig.counters().evicted.value(), 1U);
  EXPECT_TRUE(rig.give(fragment(2, 1480, 8, false)).is_whole());
  EXPECT_TRUE(rig.give(fragment(3, 8, 8, false)).is_whole());
}

TEST(FragmentLimits, ADatagramLargerThanTheMemoryIsGivenUp) {
  FragmentRig rig({.bytes_max = 4 * kBlockBytes});
  rig.give(fragment(1, 0, 1480, true));
  EXPECT_EQ(rig.give(fragment(1, 1480, 1480, true)).layers.status, DecodeStatus::Fragment);
  EXPECT_EQ(rig.counters().no_memory.value(), 1U);
  EXPECT_EQ(rig.counters().evicted.value(), 1U);
  EXPECT_EQ(rig.table().live(), 0U);
  EXPECT_EQ(rig.table().held_bytes(), 0U);
}

TEST(FragmentLimits, AnExpiredDatagramThatMakesRoomCountsAsExpired) {
  FragmentRig rig({.bytes_max = 4 * kBlockBytes, .timeout_ns = 10});
  rig.give(fragment(1, 0, 1480, true), 0);
  rig.give(fragment(2, 0, 1480, true), 10);
  EXPECT_EQ(rig.counters().expired.value(), 1U);
  EXPECT_EQ(rig.counters().evicted.value(), 0U);
}

TEST(FragmentLimits, ExpiredDatagramsGoWithTheNextFragments) {
  FragmentRig rig({.timeout_ns = 10});
  for (uint16_t i = 0; i < 40; ++i) rig.give(fragment(i, 0, 8, true), 0);
  rig.give(fragment(100, 0, 8, true), 10);
  EXPECT_LT(rig.table().live(), 41U);
  for (uint16_t i = 0; i < 10; ++i) rig.give(fragment(101 + i, 0, 8, true), 10);
  EXPECT_EQ(rig.table().live(), 11U);
  EXPECT_EQ(rig.counters().expired.value(), 40U);
}

TEST(FragmentLimits, AFloodStaysInTheMemoryItWasGiven) {
  const FragmentTable::Options options{.datagrams_max = 100, .bytes_max = 64 * kBlockBytes};
  FragmentRig rig(options);
  const size_t used = rig.arena().used();
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    rig.give(fragment(static_cast<uint16_t>(random()), random() % 8000 * 8,
                      8 * (random() % 180 + 1), true));
    ASSERT_LE(rig.table().held_bytes(), options.bytes_max);
    ASSERT_LE(rig.table().live(), options.datagrams_max);
  }
  EXPECT_EQ(rig.arena().used(), used);
  EXPECT_EQ(used, FragmentTable::cost(options));
  expect_balanced(rig);
}

TEST(FragmentLimits, CostCountsAllThatEveryPolicyTakes) {
  for (const FragmentOverlap overlap : {FragmentOverlap::Refuse, FragmentOverlap::Linux}) {
    const FragmentTable::Options options{
        .datagrams_max = 33, .bytes_max = 12345, .overlap = overlap};
    FragmentRig rig(options);
    EXPECT_EQ(rig.arena().used(), FragmentTable::cost(options));
  }
}

TEST(FragmentLimits, EveryRowOfABurstMayMakeTheLargestDatagramWhole) {
  FragmentRig rig;
  std::vector<TimedFrame> lasts;
  for (uint16_t i = 0; i < kBurstMax; ++i) {
    rig.give(fragment(i, 65504, 8, false, static_cast<uint8_t>(i)));
    lasts.push_back({fragment(i, 0, 65504, true, static_cast<uint8_t>(i))});
  }
  // All of it does not fit into the store at once; each is whole before the next one comes.
  const std::vector<JoinedRow> rows = rig.give_all(lasts);
  for (uint16_t i = 0; i < kBurstMax; ++i) {
    ASSERT_EQ(rows[i].frame.size(), 34U + 65512) << i;
    ASSERT_EQ(std::count(rows[i].frame.begin() + 34, rows[i].frame.end(), static_cast<uint8_t>(i)),
              65512);
  }
}

TEST(FragmentLimits, ReleaseGivesBackAllThatWasLent) {
  FragmentTable::Options options;
  Arena arena =
      std::move(Arena::create(FragmentTable::cost(options), Arena::Populate::Lazily).value());
  FragmentTable table(arena, options, 1, 2);
  const auto burst = std::make_unique<Burst>();
  const Frame first = fragment(1, 0, 8, true);
  const Frame last = fragment(1, 8, 8, false);
  burst->count = 2;
  burst->packet[0].frame = {first.data(), first.size()};
  burst->packet[1].frame = {last.data(), last.size()};
  for (uint32_t i = 0; i < 2; ++i) burst->layers[i] = decode_frame(burst->packet[i]);
  struct {
    void on_overlap(const PacketView&, const Layers&, FragmentConflict) {}
  } observer;
  table.join(
      *burst, std::vector<uint64_t>(2), [](const PacketView&, Layers&) {}, observer);
  EXPECT_EQ(table.lent_bytes(), 64U);
  table.release();
  EXPECT_EQ(table.lent_bytes(), 0U);
}

// Fragments of many datagrams that share few identifications: lost ones, repeated ones, overlaps,
// late ones, more than the table holds.
std::vector<TimedFrame> busy_hour(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<TimedFrame> frames;
  uint64_t clock_ns = 0;
  std::array<size_t, 12> turns{};
  for (int i = 0; i < 3000; ++i) {
    clock_ns += random() % 40;
    if (random() % 50 == 0) clock_ns += 2000;
    const auto identification = static_cast<uint16_t>(random() % 12);
    const size_t turn = random() % 20 == 0 ? random() : turns.at(identification)++;
    const size_t begin = turn % 4 * 520;
    const bool is_last = begin == 3 * 520 || random() % 20 == 0;
    const size_t bytes = random() % 30 == 0 ? 528 : 520;
    frames.push_back(
        {fragment(identification, begin, bytes, !is_last, random() % 40 == 0 ? 'y' : 'x'), clock_ns,
         random() % 40 == 0 ? size_t{100} : SIZE_MAX});
  }
  return frames;
}

TEST(FragmentLimits, SaysTheSameForEveryBurstSize) {
  for (const FragmentOverlap overlap : {FragmentOverlap::Refuse, FragmentOverlap::Bsd}) {
    const FragmentTable::Options options{
        .datagrams_max = 8, .bytes_max = 24 * kBlockBytes, .timeout_ns = 3000, .overlap = overlap};
    const std::vector<TimedFrame> frames = busy_hour(3);
    FragmentRig one_by_one(options);
    const std::vector<JoinedRow> expected = one_by_one.give_all(frames, 1);
    const FragmentCounters& counters = one_by_one.counters();
    EXPECT_GT(counters.whole.value(), 100U);
    EXPECT_GT(counters.evicted.value(), 10U);
    EXPECT_GT(counters.expired.value(), 10U);
    EXPECT_GT(counters.overlaps.value(), 10U);
    expect_balanced(one_by_one);
    for (const size_t burst_size : {2, 7, 64, 256}) {
      FragmentRig rig(options);
      EXPECT_EQ(rig.give_all(frames, burst_size), expected) << burst_size;
      EXPECT_EQ(rig.conflicts(), one_by_one.conflicts()) << burst_size;
      EXPECT_EQ(rig.counters().evicted.value(), counters.evicted.value()) << burst_size;
    }
  }
}

}  // namespace
}  // namespace flowscope
