#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace flowscope::testing {

// The bytes of one frame.
using Frame = std::vector<uint8_t>;

// Writing numbers in network order.
inline void put16(Frame& frame, size_t offset, size_t value) {
  frame.at(offset) = static_cast<uint8_t>(value >> 8);
  frame.at(offset + 1) = static_cast<uint8_t>(value);
}
inline void append8(Frame& frame, uint32_t value) { frame.push_back(static_cast<uint8_t>(value)); }
inline void append16(Frame& frame, uint32_t value) {
  append8(frame, value >> 8);
  append8(frame, value);
}
inline void append24(Frame& frame, uint32_t value) {
  append8(frame, value >> 16);
  append16(frame, value);
}
inline void append32(Frame& frame, uint32_t value) {
  append16(frame, value >> 16);
  append16(frame, value);
}
inline void append(Frame& frame, const Frame& bytes) {
  frame.insert(frame.end(), bytes.begin(), bytes.end());
}

// RFC 1071: the sum of 16-bit words, not yet folded or complemented.
inline uint32_t sum_words(const Frame& bytes, size_t first, size_t last) {
  uint32_t sum = 0;
  for (size_t i = first; i < last; ++i) sum += (i - first) % 2 == 0 ? bytes[i] * 256U : bytes[i];
  return sum;
}

inline uint16_t folded(uint32_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

}  // namespace flowscope::testing
