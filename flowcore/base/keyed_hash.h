#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __AES__
#include <immintrin.h>
#endif

namespace flowscope {

// One AES state of 16 bytes and one round of it (FIPS 197, section 5.1: SubBytes, ShiftRows,
// MixColumns, AddRoundKey), once in software and once in the processor's instructions. Same shape,
// same bits.
namespace portable {

// S-box and MixColumns of one byte in the first row, as a little-endian column (2s, s, s, 3s); the
// other rows are rotations of it.
std::array<uint32_t, 256> consteval make_aes_columns() {
  std::array<uint32_t, 256> columns{};
  uint8_t power = 1;    // runs through every non-zero element of GF(2^8) as powers of 3 ...
  uint8_t inverse = 1;  // ... while this runs through their inverses, the powers of 1/3
  const auto twice = [](uint8_t x) {
    return static_cast<uint8_t>((x << 1) ^ ((x & 0x80) != 0 ? 0x1b : 0));
  };
  const auto column = [&twice](uint8_t s) {
    const uint8_t twice_s = twice(s);
    return uint32_t{twice_s} | uint32_t{s} << 8 | uint32_t{s} << 16
           | static_cast<uint32_t>(twice_s ^ s) << 24;
  };
  columns[0] = column(0x63);
  for (int i = 0; i < 255; ++i) {
    power = static_cast<uint8_t>(power ^ twice(power));
    inverse = static_cast<uint8_t>(inverse ^ (inverse << 1));
    inverse = static_cast<uint8_t>(inverse ^ (inverse << 2));
    inverse = static_cast<uint8_t>(inverse ^ (inverse << 4));
    inverse = static_cast<uint8_t>(inverse ^ ((inverse & 0x80) != 0 ? 0x09 : 0));
    columns[power] =
        column(static_cast<uint8_t>(inverse ^ std::rotl(inverse, 1) ^ std::rotl(inverse, 2)
                                    ^ std::rotl(inverse, 3) ^ std::rotl(inverse, 4) ^ 0x63));
  }
  return columns;
}

class AesBlock {
 public:
  static AesBlock load(const void* sixteen_bytes) {
    AesBlock block;
    std::memcpy(block.columns_.data(), sixteen_bytes, sizeof block.columns_);
    return block;
  }
  // Two numbers as they lie in memory, the low half first.
  static AesBlock of(uint64_t low_half, uint64_t high_half) {
    AesBlock block;
    block.columns_ = {static_cast<uint32_t>(low_half), static_cast<uint32_t>(low_half >> 32),
                      static_cast<uint32_t>(high_half), static_cast<uint32_t>(high_half >> 32)};
    return block;
  }
  [[nodiscard]] uint64_t low_half() const { return columns_[0] | uint64_t{columns_[1]} << 32; }

  [[nodiscard]] AesBlock round(AesBlock key) const {
    AesBlock out;
    for (size_t i = 0; i < 4; ++i) {
      out.columns_[i] = key.columns_[i] ^ kColumns[columns_[i] & 0xff]
                        ^ std::rotl(kColumns[columns_[(i + 1) % 4] >> 8 & 0xff], 8)
                        ^ std::rotl(kColumns[columns_[(i + 2) % 4] >> 16 & 0xff], 16)
                        ^ std::rotl(kColumns[columns_[(i + 3) % 4] >> 24], 24);
    }
    return out;
  }
  friend AesBlock operator^(AesBlock x, AesBlock y) {
    for (size_t i = 0; i < 4; ++i) x.columns_[i] ^= y.columns_[i];
    return x;
  }

 private:
  static constexpr std::array<uint32_t, 256> kColumns = make_aes_columns();
  std::array<uint32_t, 4> columns_{};  // little-endian, as x86 lays them in a register
};

}  // namespace portable

#ifdef __AES__
namespace aesni {

class AesBlock {
 public:
  static AesBlock load(const void* sixteen_bytes) {
    return AesBlock(_mm_loadu_si128(static_cast<const __m128i_u*>(sixteen_bytes)));
  }
  static AesBlock of(uint64_t low_half, uint64_t high_half) {
    return AesBlock(
        _mm_set_epi64x(static_cast<int64_t>(high_half), static_cast<int64_t>(low_half)));
  }
  [[nodiscard]] uint64_t low_half() const {
    return static_cast<uint64_t>(_mm_cvtsi128_si64(state_));
  }
  [[nodiscard]] AesBlock round(AesBlock key) const {
    return AesBlock(_mm_aesenc_si128(state_, key.state_));
  }
  friend AesBlock operator^(AesBlock x, AesBlock y) {
    return AesBlock(_mm_xor_si128(x.state_, y.state_));
  }

 private:
  explicit AesBlock(__m128i state) : state_(state) {}
  __m128i state_;
};

}  // namespace aesni
using AesBlock = aesni::AesBlock;
#else
using AesBlock = portable::AesBlock;
#endif

using RoundKey = std::array<uint8_t, 16>;
// The round key that a 128-bit secret has for each number; all keys depend on all of the secret, so
// that a weak seed makes no weak round. KeyedHash uses numbers below 16, BytesHash those from 16
// on: one seed serves both.
[[nodiscard]] RoundKey hash_round_key(uint64_t seed_low, uint64_t seed_high, uint64_t number);

// Round keys kFirst, kFirst + 1, ... of a secret.
template <size_t kFirst, size_t kCount>
struct HashKeys {
  HashKeys(uint64_t seed_low, uint64_t seed_high) {
    for (size_t i = 0; i < kCount; ++i) key[i] = hash_round_key(seed_low, seed_high, kFirst + i);
  }
  alignas(16) std::array<RoundKey, kCount> key;
};

// A hash of exactly 48 bytes (a FlowKey) under a secret seed: nobody who does not know the seed can
// choose flows that fall into one set. All 64 bits are well mixed; the table takes its set from the
// low bits and its signature from the high 16. It resists flooding, it is not a MAC.
// Thread rule: immutable. Cost: eight AES rounds, five of them in a row.
//
// The two addresses and the rest (ports, protocol, network) run in three lanes for one round; then
// the rest enters both address lanes as a round key. A difference in it has passed the S-boxes of
// its own lane and of both others under unknown keys before the lanes are joined. One more round
// joins them, two more spread every bit over all others.
template <class Block>
class BasicKeyedHash {
 public:
  explicit BasicKeyedHash(uint64_t seed_low, uint64_t seed_high) : keys_(seed_low, seed_high) {}

  [[nodiscard]] uint64_t operator()(const void* forty_eight_bytes) const {
    const auto* bytes = static_cast<const uint8_t*>(forty_eight_bytes);
    const Block rest = (Block::load(bytes + 32) ^ key(4)).round(key(0));
    const Block a = (Block::load(bytes) ^ key(0)).round(key(1)).round(rest);
    const Block b = (Block::load(bytes + 16) ^ key(2)).round(key(3)).round(rest);
    return a.round(b).round(key(4)).round(key(0)).low_half();
  }

 private:
  [[nodiscard]] Block key(size_t index) const { return Block::load(keys_.key[index].data()); }

  HashKeys<0, 5> keys_;
};

using KeyedHash = BasicKeyedHash<AesBlock>;

}  // namespace flowscope
