#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flowscope {

// Pieces of JSON text. Each writes at `out` and gives the place behind what it wrote; the caller
// has made room.

// Longest decimal of 64 bits.
inline constexpr size_t kNumberChars = 20;

// A decimal of any length. Needs room for kNumberChars.
char* put_digits(char* out, uint64_t value);

inline char* put_number(char* out, uint64_t value) {
  // Most numbers in records are small.
  if (value < 10) {
    *out = static_cast<char>('0' + value);
    return out + 1;
  }
  return put_digits(out, value);
}

// A byte of text becomes at most these many characters.
inline constexpr size_t kEscapedCharsMax = 6;

// The inside of a JSON string for any bytes: UTF-8 passes, controls are escaped the JSON way, and a
// byte that is not UTF-8 is written as the text \xNN, as Suricata does. Needs room for
// kEscapedCharsMax * text.size().
char* put_escaped(char* out, std::string_view text);

}  // namespace flowscope
