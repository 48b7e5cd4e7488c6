#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace flowscope {

inline constexpr std::array<uint16_t, 100> kTwoDigits = [] {
  std::array<uint16_t, 100> table{};
  for (uint32_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<uint16_t>(('0' + i / 10) | ('0' + i % 10) << 8);
  return table;
}();
// "00" to "99" as one word, the first digit lower. Requires: value < 100.
[[nodiscard]] constexpr uint16_t two_digits(uint32_t value) { return kTwoDigits[value]; }

// "00000000" as one word.
inline constexpr uint64_t kEightZeros = 0x3030'3030'3030'3030;

// The eight decimal digits of a number as bytes of one word, the first one lowest: each step splits
// every part of the word in two. Add kEightZeros for their characters. Requires: value < 10^8.
[[nodiscard, gnu::always_inline]] constexpr uint64_t eight_digits(uint32_t value) {
  // The factors divide by 100 and 10, exactly as long as a part is below 10^4 and 100.
  const uint64_t fours = value / 10'000 | uint64_t{value % 10'000} << 32;
  const uint64_t hundreds = fours * 5243 >> 19 & 0x0000'007f'0000'007f;
  const uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const uint64_t tens = twos * 103 >> 10 & 0x000f'000f'000f'000f;
  return tens | (twos - 10 * tens) << 8;
}

[[gnu::always_inline]] inline char* put_eight(char* out, uint64_t word) {
  std::memcpy(out, &word, sizeof word);
  return out + sizeof word;
}

// A decimal without leading zeros. Requires: value < kShortNumbers; room for eight characters.
inline constexpr uint32_t kShortNumbers = 100'000'000;
[[gnu::always_inline]] inline char* put_short_number(char* out, uint32_t value) {
  const uint64_t digits = eight_digits(value);
  // The last digit stays, be it zero.
  const auto zeros = static_cast<uint32_t>(std::countr_zero(digits | uint64_t{1} << 56)) / 8;
  return put_eight(out, (digits + kEightZeros) >> (8 * zeros)) - zeros;
}

}  // namespace flowscope
