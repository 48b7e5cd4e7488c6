#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flowcore/base/bytes.h"

#ifdef __SSE4_1__
#include <immintrin.h>
#endif

namespace flowscope {

// Where each byte of a rearranged block comes from: its place in the old one, or kZeroByte.
using BytePlaces = std::array<uint8_t, 16>;
inline constexpr uint8_t kZeroByte = 0x80;

// The number that lies at `offset` of what `row` points to: neighbouring fields read as one.
template <class Number>
[[nodiscard]] Number load_number(const void* row, size_t offset) {
  Number number;
  std::memcpy(&number, static_cast<const uint8_t*>(row) + offset, sizeof number);
  return number;
}

// Block16 is sixteen bytes worked on together: headers are loaded as one, their fields brought in
// order and host byte order, and stored as one. Each instruction set has it, with one shape and the
// same results. Thread rule: a value. Cost: one instruction a call, ten for is_above.

namespace portable {

class Block16 {
 public:
  // Requires: 16 bytes from `offset` on.
  static Block16 load(Bytes bytes, size_t offset) {
    FS_DCHECK(offset + 16 <= bytes.size());
    return of(bytes.begin() + offset);
  }
  static Block16 of(const void* sixteen_bytes) {
    Block16 block;
    std::memcpy(block.bytes_.data(), sixteen_bytes, sizeof block.bytes_);
    return block;
  }
  // The sixteen bytes from `offset` on of what `row` points to, which has so many.
  static Block16 at(const void* row, size_t offset) {
    return of(static_cast<const uint8_t*>(row) + offset);
  }
  // The number in little-endian order, then eight zero bytes.
  static Block16 low(uint64_t value) {
    Block16 block;
    std::memcpy(block.bytes_.data(), &value, sizeof value);
    return block;
  }
  // Writes the sixteen bytes from `offset` on of what `row` points to, which has so many.
  void store(void* row, size_t offset = 0) const {
    std::memcpy(static_cast<uint8_t*>(row) + offset, bytes_.data(), sizeof bytes_);
  }
  // Requires: every place is below 16 or kZeroByte.
  [[nodiscard]] Block16 rearranged(const BytePlaces& places) const {
    Block16 block;
    for (size_t i = 0; i < 16; ++i) {
      block.bytes_[i] = places[i] == kZeroByte ? uint8_t{0} : bytes_[places[i]];
    }
    return block;
  }
  friend Block16 operator^(Block16 x, Block16 y) {
    for (size_t i = 0; i < 16; ++i) x.bytes_[i] ^= y.bytes_[i];
    return x;
  }
  friend Block16 operator|(Block16 x, Block16 y) {
    for (size_t i = 0; i < 16; ++i) x.bytes_[i] |= y.bytes_[i];
    return x;
  }
  [[nodiscard]] bool is_zero() const { return bytes_ == std::array<uint8_t, 16>{}; }
  // Whether x is above y, byte by byte from the first on, or where all are equal `tie`.
  friend bool is_above(Block16 x, Block16 y, bool tie) {
    const int order = std::memcmp(x.bytes_.data(), y.bytes_.data(), sizeof x.bytes_);
    return order == 0 ? tie : order > 0;
  }

 private:
  std::array<uint8_t, 16> bytes_{};
};

}  // namespace portable

#ifdef __SSE4_1__
namespace sse4 {

class Block16 {
 public:
  static Block16 load(Bytes bytes, size_t offset) {
    FS_DCHECK(offset + 16 <= bytes.size());
    return of(bytes.begin() + offset);
  }
  static Block16 of(const void* sixteen_bytes) {
    return Block16(_mm_loadu_si128(static_cast<const __m128i_u*>(sixteen_bytes)));
  }
  static Block16 at(const void* row, size_t offset) {
    return of(static_cast<const uint8_t*>(row) + offset);
  }
  static Block16 low(uint64_t value) {
    return Block16(_mm_cvtsi64_si128(static_cast<int64_t>(value)));
  }
  void store(void* row, size_t offset = 0) const {
    void* const place = static_cast<uint8_t*>(row) + offset;
    _mm_storeu_si128(static_cast<__m128i_u*>(place), block_);
  }
  [[nodiscard]] Block16 rearranged(const BytePlaces& places) const {
    return Block16(_mm_shuffle_epi8(block_, of(places.data()).block_));
  }
  friend Block16 operator^(Block16 x, Block16 y) {
    return Block16(_mm_xor_si128(x.block_, y.block_));
  }
  friend Block16 operator|(Block16 x, Block16 y) {
    return Block16(_mm_or_si128(x.block_, y.block_));
  }
  [[nodiscard]] bool is_zero() const { return _mm_testz_si128(block_, block_) != 0; }
  // One more than `equal` has a bit at the first byte that differs, and above it bits of `equal`
  // only, which `above` has not. Where all bytes are equal the bit lies behind those of the bytes.
  friend bool is_above(Block16 x, Block16 y, bool tie) {
    const auto bits = [](__m128i bytes) { return static_cast<uint32_t>(_mm_movemask_epi8(bytes)); };
    const uint32_t equal = bits(_mm_cmpeq_epi8(x.block_, y.block_));
    const uint32_t not_below = bits(_mm_cmpeq_epi8(_mm_max_epu8(x.block_, y.block_), x.block_));
    const uint32_t above = (not_below | uint32_t{tie} << 16) & ~equal;
    return ((equal + 1) & above) != 0;
  }

 private:
  explicit Block16(__m128i block) : block_(block) {}
  __m128i block_;
};

}  // namespace sse4
using sse4::Block16;
#else
using portable::Block16;
#endif

}  // namespace flowscope
