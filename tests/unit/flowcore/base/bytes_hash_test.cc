#include "flowcore/base/bytes_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "tests/support/exact_frame.h"
#include "tests/support/frame_bytes.h"

namespace flowscope {
namespace {

using testing::Frame;

constexpr uint64_t kSeed = 20261130;
// Whole chunks, whole blocks and parts of them, at both ends.
constexpr size_t kBytesMax = 300;

Frame random_frame(size_t size, std::mt19937_64& random) {
  Frame frame(size);
  for (uint8_t& byte : frame) byte = static_cast<uint8_t>(random());
  return frame;
}

Bytes bytes_of(const Frame& frame) { return {frame.data(), frame.size()}; }

void expect_distinct(std::vector<uint64_t> hashes) {
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::adjacent_find(hashes.begin(), hashes.end()), hashes.end());
}

TEST(BytesHash, PortableTwinGivesTheSameBits) {
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  for (size_t i = 0; i < 3000; ++i) {
    const uint64_t low = random();
    const uint64_t high = random();
    const Frame frame = random_frame(i < 2 * kBytesMax ? i : random() % 2000, random);
    const std::array<uint64_t, 2> prefix = {random(), random()};
    const BytesHash ours(low, high);
    const BasicBytesHash<portable::AesBlock> portable(low, high);
    ASSERT_EQ(ours(bytes_of(frame)), portable(bytes_of(frame))) << frame.size() << " bytes";
    ASSERT_EQ(ours(bytes_of(frame), prefix), portable(bytes_of(frame), prefix));
  }
}

TEST(BytesHash, ReadsNothingButTheBytesAtAnyAlignment) {
  std::mt19937_64 random(kSeed);
  const BytesHash hash(1, 2);
  const Frame space = random_frame(kBytesMax + 16, random);
  for (size_t size = 0; size <= kBytesMax; ++size) {
    for (const size_t offset : {size_t{0}, size_t{1}, size_t{15}}) {
      const Bytes inside = bytes_of(space).sub(offset, size);
      EXPECT_EQ(hash(inside), hash(testing::ExactFrame(inside).bytes())) << size << " bytes";
    }
  }
}

TEST(BytesHash, DependsOnEveryBitOfTheSeed) {
  std::mt19937_64 random(kSeed);
  const Frame frame = random_frame(200, random);
  std::vector<uint64_t> hashes = {BytesHash(0, 0)(bytes_of(frame))};
  for (int bit = 0; bit < 64; ++bit) {
    hashes.push_back(BytesHash(uint64_t{1} << bit, 0)(bytes_of(frame)));
    hashes.push_back(BytesHash(0, uint64_t{1} << bit)(bytes_of(frame)));
  }
  expect_distinct(hashes);
}

TEST(BytesHash, DependsOnEveryBitOfThePrefix) {
  std::mt19937_64 random(kSeed);
  const Frame frame = random_frame(200, random);
  const BytesHash hash(kSeed, 0);
  std::vector<uint64_t> hashes = {hash(bytes_of(frame))};
  for (int bit = 0; bit < 64; ++bit) {
    hashes.push_back(hash(bytes_of(frame), {uint64_t{1} << bit, 0}));
    hashes.push_back(hash(bytes_of(frame), {0, uint64_t{1} << bit}));
  }
  expect_distinct(hashes);
}

TEST(BytesHash, TellsLengthsApart) {
  const BytesHash hash(kSeed, 0);
  std::vector<uint64_t> hashes;
  for (const uint8_t byte : {uint8_t{0}, uint8_t{0x41}, uint8_t{0xff}}) {
    for (size_t size = byte == 0 ? 0 : 1; size <= 2000; ++size)
      hashes.push_back(hash(bytes_of(Frame(size, byte))));
  }
  expect_distinct(hashes);
}

TEST(BytesHash, TellsEveryFlippedBitApart) {
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  const BytesHash hash(random(), random());
  for (size_t size = 1; size <= kBytesMax; ++size) {
    Frame frame = random_frame(size, random);
    std::vector<uint64_t> hashes = {hash(bytes_of(frame))};
    for (uint8_t& byte : frame) {
      for (int bit = 0; bit < 8; ++bit) {
        byte ^= static_cast<uint8_t>(1U << bit);
        hashes.push_back(hash(bytes_of(frame)));
        byte ^= static_cast<uint8_t>(1U << bit);
      }
    }
    expect_distinct(hashes);
  }
}

// Results of blocks are joined by XOR, which knows no order: the places have to tell it.
TEST(BytesHash, TellsTheOrderOfBlocksApart) {
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  const BytesHash hash(random(), random());
  Frame frame = random_frame(size_t{24} * 16, random);
  std::vector<uint64_t> hashes = {hash(bytes_of(frame))};
  for (auto one = frame.begin(); one != frame.end(); one += 16) {
    for (auto other = one + 16; other != frame.end(); other += 16) {
      std::swap_ranges(one, one + 16, other);
      hashes.push_back(hash(bytes_of(frame)));
      std::swap_ranges(one, one + 16, other);
    }
  }
  expect_distinct(hashes);
}

// The same block twice must not vanish from the sum, wherever the two stand.
TEST(BytesHash, TellsRepeatedBlocksApart) {
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  const BytesHash hash(random(), random());
  const Frame block = random_frame(16, random);
  std::vector<uint64_t> hashes;
  for (size_t one = 0; one < 24; ++one) {
    for (size_t other = one + 1; other < 24; ++other) {
      Frame frame(size_t{24} * 16);
      std::copy(block.begin(), block.end(), frame.begin() + static_cast<std::ptrdiff_t>(16 * one));
      std::copy(block.begin(), block.end(),
                frame.begin() + static_cast<std::ptrdiff_t>(16 * other));
      hashes.push_back(hash(bytes_of(frame)));
    }
  }
  expect_distinct(hashes);
}

// Each input bit, flipped, must flip each output bit in half of all cases: 1024 trials per pair
// have a standard deviation of 16, and the worst of 8 * 77 * 64 pairs stays well inside seven of
// them.
TEST(BytesHash, EveryInputBitFlipsEveryOutputBitHalfOfTheTime) {
  constexpr int kTrials = 1024;
  constexpr size_t kBytes = 77;
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(::testing::Message() << "seed " << kSeed);
  const BytesHash hash(random(), random());
  int lowest = kTrials;
  int highest = 0;
  for (size_t bit = 0; bit < 8 * kBytes; ++bit) {
    std::array<int, 64> flips{};
    for (int trial = 0; trial < kTrials; ++trial) {
      Frame frame = random_frame(kBytes, random);
      const uint64_t before = hash(bytes_of(frame));
      frame[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
      const uint64_t changed = before ^ hash(bytes_of(frame));
      for (size_t out = 0; out < flips.size(); ++out)
        flips[out] += static_cast<int>(changed >> out & 1);
    }
    lowest = std::min(lowest, *std::min_element(flips.begin(), flips.end()));
    highest = std::max(highest, *std::max_element(flips.begin(), flips.end()));
  }
  EXPECT_GT(lowest, kTrials / 2 - 112);
  EXPECT_LT(highest, kTrials / 2 + 112);
}

// Sum of squared bucket loads against what random hashes give: n + n(n-1)/buckets.
double spread_against_random(const std::vector<uint64_t>& hashes, int shift) {
  std::vector<uint32_t> load(size_t{1} << 16);
  for (const uint64_t hash : hashes) ++load[hash >> shift & (load.size() - 1)];
  double squares = 0;
  for (const uint32_t count : load) squares += static_cast<double>(count) * count;
  const auto n = static_cast<double>(hashes.size());
  return squares / (n + n * (n - 1) / static_cast<double>(load.size()));
}

TEST(BytesHash, SpreadsCountersAnywhereInAFrameLikeRandomOnes) {
  constexpr uint32_t kFrames = 1U << 16;
  const BytesHash hash(kSeed, 0);
  // In the first chunk, in a later one, in a whole block of the tail, across the last two blocks.
  for (const size_t offset : {18, 200, 260, 286}) {
    Frame frame(kBytesMax - 10, 0x55);
    std::vector<uint64_t> hashes;
    for (uint32_t i = 0; i < kFrames; ++i) {
      frame[offset] = static_cast<uint8_t>(i >> 8);
      frame[offset + 1] = static_cast<uint8_t>(i);
      hashes.push_back(hash(bytes_of(frame)));
    }
    for (const int shift : {0, 16, 32, 48})
      EXPECT_NEAR(spread_against_random(hashes, shift), 1.0, 0.02) << offset << " " << shift;
  }
}

}  // namespace
}  // namespace flowscope
