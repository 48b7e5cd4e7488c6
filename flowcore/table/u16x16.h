#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace flowscope {

// Memory for sixteen 16-bit numbers: the signatures, or the age ticks, of one table set.
struct alignas(32) U16Lanes {
  std::array<uint16_t, 16> at{};
};

// The smallest of sixteen numbers and the first lane that holds it.
struct Least {
  uint32_t value;
  uint32_t lane;
};

// Sixteen 16-bit numbers to pick from by a number of 4 bits, kept as two rows of bytes, which is
// how vpshufb reads them.
struct U16Choice {
  constexpr explicit U16Choice(const std::array<uint16_t, 16>& numbers) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      low[i] = static_cast<uint8_t>(numbers[i]);
      high[i] = static_cast<uint8_t>(numbers[i] >> 8);
    }
  }
  [[nodiscard]] uint16_t operator[](size_t index) const {
    return static_cast<uint16_t>(low[index] | high[index] << 8);
  }
  friend bool operator==(const U16Choice&, const U16Choice&) = default;

  alignas(16) std::array<uint8_t, 16> low{};
  alignas(16) std::array<uint8_t, 16> high{};
};

// U16x16 is sixteen unsigned, wrapping numbers worked on together, Lanes a choice of the sixteen.
// Each instruction set has both, with one shape and the same results, down to which lane wins a
// tie.

namespace portable {

class Lanes {
 public:
  explicit Lanes(uint32_t bits) : bits_(bits) {}
  [[nodiscard]] bool any() const { return bits_ != 0; }
  // Requires: any().
  [[nodiscard]] uint32_t first() const { return static_cast<uint32_t>(std::countr_zero(bits_)); }
  [[nodiscard]] Lanes without_first() const { return Lanes(bits_ & (bits_ - 1)); }
  [[nodiscard]] Lanes without(Lanes other) const { return Lanes(bits_ & ~other.bits_); }

 private:
  uint32_t bits_;  // one per lane
};

class U16x16 {
 public:
  static U16x16 load(const U16Lanes& lanes) { return U16x16(lanes); }
  static U16x16 all(uint16_t value) {
    U16Lanes lanes;
    lanes.at.fill(value);
    return U16x16(lanes);
  }
  void store(U16Lanes& lanes) const { lanes = lanes_; }

  friend U16x16 operator-(U16x16 x, U16x16 y) {
    for (size_t i = 0; i < 16; ++i) {
      x.lanes_.at[i] = static_cast<uint16_t>(x.lanes_.at[i] - y.lanes_.at[i]);
    }
    return x;
  }
  // What x is above y by, zero where it is not.
  friend U16x16 excess(U16x16 x, U16x16 y) {
    for (size_t i = 0; i < 16; ++i) {
      const uint16_t less = std::min(x.lanes_.at[i], y.lanes_.at[i]);
      x.lanes_.at[i] = static_cast<uint16_t>(x.lanes_.at[i] - less);
    }
    return x;
  }
  friend U16x16 operator&(U16x16 x, U16x16 y) {
    for (size_t i = 0; i < 16; ++i) x.lanes_.at[i] &= y.lanes_.at[i];
    return x;
  }
  friend U16x16 operator|(U16x16 x, U16x16 y) {
    for (size_t i = 0; i < 16; ++i) x.lanes_.at[i] |= y.lanes_.at[i];
    return x;
  }
  // All bits of a lane set where the numbers differ, none where they are equal.
  friend U16x16 differing(U16x16 x, U16x16 y) {
    for (size_t i = 0; i < 16; ++i) {
      x.lanes_.at[i] = x.lanes_.at[i] != y.lanes_.at[i] ? 0xffff : 0;
    }
    return x;
  }
  // Of each lane the number that its value stands for. Requires: all lanes below 16.
  friend U16x16 pick(const U16Choice& choice, U16x16 x) {
    for (uint16_t& lane : x.lanes_.at) {
      lane = static_cast<uint16_t>(choice.low[lane] | choice.high[lane] << 8);
    }
    return x;
  }
  friend Lanes equal(U16x16 x, U16x16 y) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 16; ++i) bits |= uint32_t{x.lanes_.at[i] == y.lanes_.at[i]} << i;
    return Lanes(bits);
  }
  friend Lanes at_least(U16x16 x, U16x16 y) {
    uint32_t bits = 0;
    for (size_t i = 0; i < 16; ++i) bits |= uint32_t{x.lanes_.at[i] >= y.lanes_.at[i]} << i;
    return Lanes(bits);
  }
  [[nodiscard]] Least least() const {
    Least least{lanes_.at[0], 0};
    for (uint32_t i = 1; i < 16; ++i) {
      if (lanes_.at[i] < least.value) least = {lanes_.at[i], i};
    }
    return least;
  }

 private:
  explicit U16x16(const U16Lanes& lanes) : lanes_(lanes) {}
  U16Lanes lanes_;
};

}  // namespace portable

#ifdef __AVX2__
namespace avx2 {

class Lanes {
 public:
  // `bytes` has both bits of a lane set, or none, as vpmovmskb makes them.
  static Lanes of_bytes(int bytes) { return Lanes(static_cast<uint32_t>(bytes) & 0x5555'5555U); }
  [[nodiscard]] bool any() const { return bits_ != 0; }
  // Requires: any().
  [[nodiscard]] uint32_t first() const {
    return static_cast<uint32_t>(std::countr_zero(bits_)) / 2;
  }
  [[nodiscard]] Lanes without_first() const { return Lanes(bits_ & (bits_ - 1)); }
  [[nodiscard]] Lanes without(Lanes other) const { return Lanes(bits_ & ~other.bits_); }

 private:
  explicit Lanes(uint32_t bits) : bits_(bits) {}
  uint32_t bits_;  // the lower of two per lane
};

class U16x16 {
 public:
  static U16x16 load(const U16Lanes& lanes) {
    return U16x16(_mm256_load_si256(reinterpret_cast<const __m256i*>(lanes.at.data())));
  }
  static U16x16 all(uint16_t value) {
    return U16x16(_mm256_set1_epi16(static_cast<int16_t>(value)));
  }
  void store(U16Lanes& lanes) const {
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes.at.data()), lanes_);
  }
  [[nodiscard]] __m256i native() const { return lanes_; }

  friend U16x16 operator-(U16x16 x, U16x16 y) {
    return U16x16(_mm256_sub_epi16(x.lanes_, y.lanes_));
  }
  friend U16x16 excess(U16x16 x, U16x16 y) { return U16x16(_mm256_subs_epu16(x.lanes_, y.lanes_)); }
  friend U16x16 operator&(U16x16 x, U16x16 y) {
    return U16x16(_mm256_and_si256(x.lanes_, y.lanes_));
  }
  friend U16x16 operator|(U16x16 x, U16x16 y) {
    return U16x16(_mm256_or_si256(x.lanes_, y.lanes_));
  }
  friend U16x16 differing(U16x16 x, U16x16 y) {
    return U16x16(_mm256_xor_si256(_mm256_cmpeq_epi16(x.lanes_, y.lanes_), _mm256_set1_epi16(-1)));
  }
  friend U16x16 pick(const U16Choice& choice, U16x16 x) {
    // The same index in both bytes of a lane: one picks the low byte, the other the high one.
    const __m256i index = _mm256_or_si256(x.lanes_, _mm256_slli_epi16(x.lanes_, 8));
    const __m256i low = _mm256_shuffle_epi8(both_halves(choice.low), index);
    const __m256i high = _mm256_shuffle_epi8(both_halves(choice.high), index);
    return U16x16(_mm256_blendv_epi8(low, high, _mm256_set1_epi16(-256)));
  }
  friend Lanes equal(U16x16 x, U16x16 y) {
    return Lanes::of_bytes(_mm256_movemask_epi8(_mm256_cmpeq_epi16(x.lanes_, y.lanes_)));
  }
  friend Lanes at_least(U16x16 x, U16x16 y) {
    return equal(U16x16(_mm256_max_epu16(x.lanes_, y.lanes_)), x);
  }
  // vphminposuw gives the smallest of eight and the first lane that holds it, in one step. PERF:
  // the halves are joined by a minimum of value and lane together, since a branch on which half
  // wins is mispredicted every other time.
  [[nodiscard]] Least least() const {
    const uint32_t low = value_above_lane(_mm256_castsi256_si128(lanes_));
    const uint32_t high = value_above_lane(_mm256_extracti128_si256(lanes_, 1)) + 8;
    const uint32_t best = std::min(low, high);
    return {best >> 16, best & 0xffff};
  }

 private:
  explicit U16x16(__m256i lanes) : lanes_(lanes) {}
  static __m256i both_halves(const std::array<uint8_t, 16>& bytes) {
    return _mm256_broadcastsi128_si256(
        _mm_load_si128(reinterpret_cast<const __m128i*>(bytes.data())));
  }
  static uint32_t value_above_lane(__m128i eight) {
    return std::rotl(static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_minpos_epu16(eight))), 16);
  }

  __m256i lanes_;
};

}  // namespace avx2
#endif

#if defined(__AVX512BW__) && defined(__AVX512VL__)
namespace avx512 {

using Lanes = portable::Lanes;  // compares give one bit per lane

// As avx2::U16x16, with compares into mask registers.
class U16x16 {
 public:
  static U16x16 load(const U16Lanes& lanes) { return U16x16(avx2::U16x16::load(lanes)); }
  static U16x16 all(uint16_t value) { return U16x16(avx2::U16x16::all(value)); }
  void store(U16Lanes& lanes) const { lanes_.store(lanes); }

  friend U16x16 operator-(U16x16 x, U16x16 y) { return U16x16(x.lanes_ - y.lanes_); }
  friend U16x16 excess(U16x16 x, U16x16 y) { return U16x16(excess(x.lanes_, y.lanes_)); }
  friend U16x16 operator&(U16x16 x, U16x16 y) { return U16x16(x.lanes_ & y.lanes_); }
  friend U16x16 operator|(U16x16 x, U16x16 y) { return U16x16(x.lanes_ | y.lanes_); }
  friend U16x16 differing(U16x16 x, U16x16 y) { return U16x16(differing(x.lanes_, y.lanes_)); }
  friend U16x16 pick(const U16Choice& choice, U16x16 x) { return U16x16(pick(choice, x.lanes_)); }
  friend Lanes equal(U16x16 x, U16x16 y) {
    return Lanes(_mm256_cmpeq_epi16_mask(x.lanes_.native(), y.lanes_.native()));
  }
  friend Lanes at_least(U16x16 x, U16x16 y) {
    return Lanes(_mm256_cmpge_epu16_mask(x.lanes_.native(), y.lanes_.native()));
  }
  [[nodiscard]] Least least() const { return lanes_.least(); }

 private:
  explicit U16x16(avx2::U16x16 lanes) : lanes_(lanes) {}
  avx2::U16x16 lanes_;
};

}  // namespace avx512
#endif

#if defined(__AVX512BW__) && defined(__AVX512VL__)
using avx512::Lanes;
using avx512::U16x16;
#elif defined(__AVX2__)
using avx2::Lanes;
using avx2::U16x16;
#else
using portable::Lanes;
using portable::U16x16;
#endif

}  // namespace flowscope
