#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flowcore/base/bytes.h"

#ifdef __SSE4_2__
#include <immintrin.h>
#endif

namespace flowscope {

// CRC32c (RFC 9260 appendix A), by which SCTP checks itself, once in software and once in the
// processor's instruction. Same shape, same bits. Thread rule: a value.
namespace portable {

std::array<uint32_t, 256> consteval make_crc32c_table() {
  constexpr uint32_t kReflectedPolynomial = 0x82f63b78;
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t remainder = i;
    for (int bit = 0; bit < 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? kReflectedPolynomial : 0);
    }
    table[i] = remainder;
  }
  return table;
}

class Crc32c {
 public:
  void add(Bytes bytes) {
    for (const uint8_t byte : bytes) {
      remainder_ = kTable[(remainder_ ^ byte) & 0xff] ^ (remainder_ >> 8);
    }
  }
  [[nodiscard]] uint32_t value() const { return ~remainder_; }

 private:
  static constexpr std::array<uint32_t, 256> kTable = make_crc32c_table();
  uint32_t remainder_ = UINT32_MAX;
};

}  // namespace portable

#ifdef __SSE4_2__
namespace sse42 {

// PERF: bound by the latency of one instruction, 3 cycles for 8 bytes. Three streams at a time
// would hide it; SCTP is too rare for the folding that this takes.
class Crc32c {
 public:
  void add(Bytes bytes) {
    const size_t words = bytes.size() / 8;
    uint64_t remainder = remainder_;
    for (size_t i = 0; i < words; ++i) {
      uint64_t word;
      std::memcpy(&word, bytes.begin() + i * 8, sizeof word);
      remainder = _mm_crc32_u64(remainder, word);
    }
    remainder_ = static_cast<uint32_t>(remainder);
    for (const uint8_t byte : bytes.after(words * 8)) {
      remainder_ = _mm_crc32_u8(remainder_, byte);
    }
  }
  [[nodiscard]] uint32_t value() const { return ~remainder_; }

 private:
  uint32_t remainder_ = UINT32_MAX;
};

}  // namespace sse42
using sse42::Crc32c;
#else
using portable::Crc32c;
#endif

}  // namespace flowscope
