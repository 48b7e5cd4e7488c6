#include "flowcore/base/keyed_hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace flowscope {
namespace {

using Key = std::array<uint8_t, 48>;

constexpr uint64_t kSeed = 20240611;

Key random_key(std::mt19937_64& random) {
  Key key;
  for (uint8_t& byte : key) byte = static_cast<uint8_t>(random());
  return key;
}

// FIPS 197, appendix B, round 1: state after AddRoundKey of round 0, then the state at the start of
// round 2.
TEST(AesBlock, PortableRoundIsThatOfFips197) {
  const std::array<uint8_t, 16> state = {0x19, 0x3d, 0xe3, 0xbe, 0xa0, 0xf4, 0xe2, 0x2b,
                                         0x9a, 0xc6, 0x8d, 0x2a, 0xe9, 0xf8, 0x48, 0x08};
  const std::array<uint8_t, 16> round_key = {0xa0, 0xfa, 0xfe, 0x17, 0x88, 0x54, 0x2c, 0xb1,
                                             0x23, 0xa3, 0x39, 0x39, 0x2a, 0x6c, 0x76, 0x05};
  const portable::AesBlock out =
      portable::AesBlock::load(state.data()).round(portable::AesBlock::load(round_key.data()));
  EXPECT_EQ(out.low_half(), 0x2b359f68f27f9ca4ULL);
}

TEST(KeyedHash, PortableTwinGivesTheSameBits) {
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  for (int i = 0; i < 10000; ++i) {
    const uint64_t low = random();
    const uint64_t high = random();
    const Key key = random_key(random);
    ASSERT_EQ(KeyedHash(low, high)(key.data()),
              BasicKeyedHash<portable::AesBlock>(low, high)(key.data()));
  }
}

TEST(KeyedHash, DependsOnEveryBitOfTheSeed) {
  std::mt19937_64 random(kSeed);
  const Key key = random_key(random);
  std::vector<uint64_t> hashes = {KeyedHash(0, 0)(key.data())};
  for (int bit = 0; bit < 64; ++bit) {
    hashes.push_back(KeyedHash(uint64_t{1} << bit, 0)(key.data()));
    hashes.push_back(KeyedHash(0, uint64_t{1} << bit)(key.data()));
  }
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::adjacent_find(hashes.begin(), hashes.end()), hashes.end());
}

TEST(KeyedHash, ReadsKeysAtAnyAlignment) {
  std::mt19937_64 random(kSeed);
  const Key key = random_key(random);
  const KeyedHash hash(1, 2);
  std::array<uint8_t, 64> space{};
  for (size_t offset = 0; offset < 16; ++offset) {
    std::copy(key.begin(), key.end(), space.begin() + static_cast<std::ptrdiff_t>(offset));
    EXPECT_EQ(hash(space.data() + offset), hash(key.data()));
  }
}

// Each input bit, flipped, must flip each output bit in half of all cases: 4096 trials per pair
// have a standard deviation of 32, and the worst of 384 * 64 pairs stays well inside six of them.
TEST(KeyedHash, EveryInputBitFlipsEveryOutputBitHalfOfTheTime) {
  constexpr int kTrials = 4096;
  std::mt19937_64 random(kSeed);
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  const KeyedHash hash(random(), random());
  int lowest = kTrials;
  int highest = 0;
  for (size_t bit = 0; bit < 384; ++bit) {
    std::array<int, 64> flips{};
    for (int trial = 0; trial < kTrials; ++trial) {
      Key key = random_key(random);
      const uint64_t before = hash(key.data());
      key[bit / 8] ^= static_cast<uint8_t>(1U << bit % 8);
      const uint64_t changed = before ^ hash(key.data());
      for (size_t out = 0; out < flips.size(); ++out)
        flips[out] += static_cast<int>(changed >> out & 1);
    }
    lowest = std::min(lowest, *std::min_element(flips.begin(), flips.end()));
    highest = std::max(highest, *std::max_element(flips.begin(), flips.end()));
  }
  EXPECT_GT(lowest, kTrials / 2 - 192);
  EXPECT_LT(highest, kTrials / 2 + 192);
}

// Sum of squared bucket loads against what random hashes give: n + n(n-1)/buckets.
double spread_against_random(const std::vector<uint64_t>& hashes, int shift, size_t buckets) {
  std::vector<uint32_t> load(buckets);
  for (const uint64_t hash : hashes) ++load[hash >> shift & (buckets - 1)];
  double squares = 0;
  for (const uint32_t count : load) squares += static_cast<double>(count) * count;
  const auto n = static_cast<double>(hashes.size());
  return squares / (n + n * (n - 1) / static_cast<double>(buckets));
}

TEST(KeyedHash, SpreadsSequentialAddressesAndPortsLikeRandomOnes) {
  constexpr uint32_t kKeys = 1U << 16;
  const KeyedHash hash(kSeed, 0);
  std::vector<uint64_t> by_address;
  std::vector<uint64_t> by_port;
  std::vector<uint64_t> by_both;
  for (uint32_t i = 0; i < kKeys; ++i) {
    Key key{};
    key[36] = 6;
    key[37] = 4;
    Key address = key;
    std::memcpy(&address[0], &i, sizeof i);
    Key port = key;
    std::memcpy(&port[32], &i, 2);
    Key both = key;
    const uint32_t high = i >> 8;
    std::memcpy(&both[16], &high, sizeof high);
    both[34] = static_cast<uint8_t>(i);
    by_address.push_back(hash(address.data()));
    by_port.push_back(hash(port.data()));
    by_both.push_back(hash(both.data()));
  }
  for (const auto& hashes : {by_address, by_port, by_both}) {
    for (const int shift : {0, 16, 32, 48}) {
      EXPECT_LT(spread_against_random(hashes, shift, kKeys), 1.1) << "bits from " << shift;
      EXPECT_LT(spread_against_random(hashes, shift, kKeys / 16), 1.1) << "bits from " << shift;
    }
  }
}

}  // namespace
}  // namespace flowscope
