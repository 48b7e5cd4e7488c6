// Whether flow keys, as traffic and attackers shape them, fall into the table's sets as a random
// function would let them fall.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <ostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/base/keyed_hash.h"
#include "flowcore/extract/flow_key.h"

namespace flowscope {
namespace {

constexpr uint64_t kSeed = 20261126;
// How much worse than a random function counts as the same.
constexpr double kSlack = 1.1;
constexpr uint32_t kKeys = 1'000'000;

void put_be32(Address& address, size_t offset, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) address[offset + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
}

FlowKey tcp4() {
  return {.a_address = {10, 0, 0, 1},
          .b_address = {192, 0, 2, 1},
          .a_port = 40000,
          .b_port = 443,
          .protocol = 6,
          .ip_version = 4};
}

// The i-th key of a family of a million distinct ones.
struct Shape {
  std::string name;
  FlowKey (*key)(uint32_t i);

  friend std::ostream& operator<<(std::ostream& out, const Shape& shape) {
    return out << shape.name;
  }
};

std::vector<Shape> shapes() {
  return {
      {"sequential addresses",
       [](uint32_t i) {
         FlowKey key = tcp4();
         put_be32(key.a_address, 0, 0x0a000000 + i);
         return key;
       }},
      {"sequential ports",
       [](uint32_t i) {
         FlowKey key = tcp4();
         key.a_port = static_cast<uint16_t>(i);
         key.b_port = static_cast<uint16_t>(i >> 16);
         return key;
       }},
      {"one server, many clients",
       [](uint32_t i) {
         FlowKey key = tcp4();
         put_be32(key.a_address, 0, 0x64400000 + i / 4);
         key.a_port = static_cast<uint16_t>(32768 + i % 4 * 7 + i / 4 % 1000);
         return key;
       }},
      {"one IPv6 network",
       [](uint32_t i) {
         FlowKey key = tcp4();
         key.ip_version = 6;
         key.a_address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0x02, 0, 0x5e, 0xff, 0xfe};
         put_be32(key.a_address, 12, 0xfe000000 + i);
         key.b_address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1};
         return key;
       }},
      {"one inner flow in many tunnels",
       [](uint32_t i) {
         FlowKey key = tcp4();
         key.tunnel_id = i;
         return key;
       }},
  };
}

// How hashes fill buckets that are picked by `bits` bits from `shift` on.
struct Fill {
  uint32_t fullest = 0;
  double pairs = 0;  // of keys that share a bucket

  static Fill of(const std::vector<uint64_t>& hashes, uint32_t bits, uint32_t shift = 0) {
    std::vector<uint32_t> load(size_t{1} << bits);
    for (const uint64_t hash : hashes) ++load[hash >> shift & (load.size() - 1)];
    Fill fill;
    for (const uint32_t count : load) {
      fill.fullest = std::max(fill.fullest, count);
      fill.pairs += static_cast<double>(count) * (count - 1.0) / 2;
    }
    return fill;
  }
};

// What a random function gives in expectation.
double random_pairs(size_t keys, uint32_t bits) {
  const auto n = static_cast<double>(keys);
  return n * (n - 1) / 2 / static_cast<double>(size_t{1} << bits);
}
// What random functions give on average: one alone is off by a few keys.
constexpr int kTrials = 8;
double random_fullest(size_t keys, uint32_t bits) {
  static std::map<std::pair<size_t, uint32_t>, double> known;
  const auto [place, is_new] = known.try_emplace({keys, bits}, 0);
  if (!is_new) return place->second;
  std::mt19937_64 random(kSeed);
  std::vector<uint64_t> hashes(keys);
  for (int trial = 0; trial < kTrials; ++trial) {
    for (uint64_t& hash : hashes) hash = random();
    place->second += static_cast<double>(Fill::of(hashes, bits).fullest) / kTrials;
  }
  return place->second;
}

std::vector<uint64_t> hashed(const KeyedHash& hash, const std::vector<FlowKey>& keys) {
  std::vector<uint64_t> hashes;
  hashes.reserve(keys.size());
  for (const FlowKey& key : keys) hashes.push_back(hash(&key));
  return hashes;
}

// Which bits of the hash pick the bucket.
struct Buckets {
  uint32_t bits;
  uint32_t shift = 0;
};

// Under every seed no more keys share a bucket, and on average the fullest bucket is no fuller,
// than with random functions.
void expect_like_random(const std::vector<FlowKey>& keys, const std::vector<Buckets>& choices) {
  std::mt19937_64 random(kSeed);
  std::vector<double> fullest(choices.size());
  for (int trial = 0; trial < kTrials; ++trial) {
    const uint64_t seed_low = random();
    const std::vector<uint64_t> hashes = hashed(KeyedHash(seed_low, random()), keys);
    for (size_t i = 0; i < choices.size(); ++i) {
      const auto [bits, shift] = choices[i];
      const Fill fill = Fill::of(hashes, bits, shift);
      EXPECT_LE(fill.pairs, kSlack * random_pairs(keys.size(), bits)) << bits << " bits";
      fullest[i] += static_cast<double>(fill.fullest) / kTrials;
    }
  }
  for (size_t i = 0; i < choices.size(); ++i) {
    EXPECT_LE(fullest[i], kSlack * random_fullest(keys.size(), choices[i].bits))
        << choices[i].bits << " bits from " << choices[i].shift << ", seed " << kSeed;
  }
}

std::vector<FlowKey> keys_of(const Shape& shape) {
  std::vector<FlowKey> keys;
  keys.reserve(kKeys);
  for (uint32_t i = 0; i < kKeys; ++i) keys.push_back(shape.key(i));
  return keys;
}

class HashQuality : public ::testing::TestWithParam<Shape> {};

// The table takes its set from the low bits.
TEST_P(HashQuality, FillsSetsLikeARandomFunction) {
  expect_like_random(keys_of(GetParam()), {{16}, {18}, {20}});
}

// ... and the signature from the high ones, which must tell flows of one set apart.
TEST_P(HashQuality, FillsSignaturesLikeARandomFunction) {
  const std::vector<FlowKey> keys = keys_of(GetParam());
  expect_like_random(keys, {{16, 48}});
  std::vector<uint64_t> hashes = hashed(KeyedHash(kSeed, 1), keys);
  for (uint64_t& hash : hashes) hash = (hash & 0xffff) | hash >> 56 << 16;
  EXPECT_LE(Fill::of(hashes, 24).pairs, kSlack * random_pairs(hashes.size(), 24));
}

TEST_P(HashQuality, OneBucketUnderOneSeedIsManyUnderAnother) {
  const KeyedHash one(kSeed, 1);
  const KeyedHash other(kSeed, 2);
  std::vector<uint64_t> hashes;
  for (const FlowKey& key : keys_of(GetParam())) {
    if ((one(&key) & 0xff) == 0) hashes.push_back(other(&key));
  }
  EXPECT_GT(hashes.size(), kKeys / 256 * 9 / 10);
  EXPECT_LE(Fill::of(hashes, 8).pairs, kSlack * random_pairs(hashes.size(), 8));
}

INSTANTIATE_TEST_SUITE_P(Shapes, HashQuality, ::testing::ValuesIn(shapes()),
                         [](const auto& shape) { return std::to_string(shape.index); });

// CRC32C (RFC 3720 appendix B.4) of the 48 bytes of a key.
uint32_t crc32c(const FlowKey& key) {
  std::array<uint8_t, sizeof key> bytes;
  std::memcpy(bytes.data(), &key, sizeof key);
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

// Toeplitz hash, as network cards compute it over both addresses and ports of IPv6, under the key
// 6d5a 6d5a ... that makes it symmetric.
uint32_t symmetric_toeplitz(const FlowKey& key) {
  std::array<uint8_t, 36> input;
  std::memcpy(input.data(), key.a_address.data(), 16);
  std::memcpy(input.data() + 16, key.b_address.data(), 16);
  const std::array<uint16_t, 2> ports = {__builtin_bswap16(key.a_port),
                                         __builtin_bswap16(key.b_port)};
  std::memcpy(input.data() + 32, ports.data(), sizeof ports);
  uint32_t window = 0x6d5a6d5a;
  uint32_t hash = 0;
  for (const uint8_t byte : input) {
    for (int bit = 7; bit >= 0; --bit) {
      if ((byte >> bit & 1) != 0) hash ^= window;
      window = std::rotl(window, 1);  // the key repeats, so its next bit is the one that leaves
    }
  }
  return hash;
}

// The 64 bits of a key that an attacker with one IPv6 network sets as he likes.
FlowKey chosen_key(uint64_t interface_id) {
  FlowKey key = tcp4();
  key.ip_version = 6;
  key.a_address = {0x20, 0x01, 0x0d, 0xb8};
  std::memcpy(key.a_address.data() + 8, &interface_id, sizeof interface_id);
  return key;
}

// Changes of the chosen bits that change nothing in a hash which is linear over XOR: the kernel of
// its matrix, by elimination. Any XOR of them is one, too.
using LinearHash = uint32_t (*)(const FlowKey&);
std::vector<uint64_t> harmless_changes(LinearHash hash) {
  struct Row {
    uint32_t effect;
    uint64_t change;
  };
  std::vector<Row> pivots;
  std::vector<uint64_t> harmless;
  for (uint32_t bit = 0; bit < 64; ++bit) {
    Row row{.effect = 0, .change = uint64_t{1} << bit};
    row.effect = hash(chosen_key(row.change)) ^ hash(chosen_key(0));
    for (const Row& pivot : pivots) {
      if ((row.effect ^ pivot.effect) < row.effect) {
        row.effect ^= pivot.effect;
        row.change ^= pivot.change;
      }
    }
    if (row.effect == 0) {
      harmless.push_back(row.change);
    } else {
      pivots.push_back(row);
    }
  }
  return harmless;
}

// Keys that all have one hash.
std::vector<FlowKey> colliding_keys(LinearHash hash, uint32_t count) {
  const std::vector<uint64_t> changes = harmless_changes(hash);
  std::vector<FlowKey> keys;
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t change = 0;
    for (uint32_t bits = i; bits != 0; bits &= bits - 1)
      change ^= changes.at(static_cast<size_t>(std::countr_zero(bits)));
    keys.push_back(chosen_key(change));
  }
  return keys;
}

struct Attack {
  std::string name;
  LinearHash hash;

  friend std::ostream& operator<<(std::ostream& out, const Attack& attack) {
    return out << attack.name;
  }
};

class ChosenKeys : public ::testing::TestWithParam<Attack> {
 protected:
  static constexpr uint32_t kAttackKeys = 1U << 16;
  const std::vector<FlowKey> keys_ = colliding_keys(GetParam().hash, kAttackKeys);
};

TEST_P(ChosenKeys, AreDistinctAndAllCollideInTheLinearHash) {
  std::vector<Address> sources;
  for (const FlowKey& key : keys_) {
    sources.push_back(key.a_address);
    ASSERT_EQ(GetParam().hash(key), GetParam().hash(keys_[0]));
  }
  std::sort(sources.begin(), sources.end());
  EXPECT_EQ(std::adjacent_find(sources.begin(), sources.end()), sources.end());
}

TEST_P(ChosenKeys, SpreadUnderASecretSeed) { expect_like_random(keys_, {{16}}); }

INSTANTIATE_TEST_SUITE_P(Attacks, ChosenKeys,
                         ::testing::Values(Attack{"crc32c", crc32c},
                                           Attack{"toeplitz", symmetric_toeplitz}),
                         [](const auto& attack) { return attack.param.name; });

}  // namespace
}  // namespace flowscope
