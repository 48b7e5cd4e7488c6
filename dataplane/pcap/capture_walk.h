#pragma once

#include <cstddef>
#include <cstdint>

#include "flowcore/base/bytes.h"

namespace flowscope {

// The longest frame that is believed; a longer one means that the file is corrupt.
inline constexpr uint32_t kFrameBytesMax = 16U << 20;
// The longest record: such a frame with the fields and options around it.
inline constexpr uint32_t kCaptureRecordBytesMax = kFrameBytesMax + (1U << 20);

// How a walk over the bytes at hand ended.
struct Walk {
  enum class Stop : uint8_t {
    BurstFull,
    NeedMore,  // the next record is not whole; it needs `needed` bytes, counted from its first one
    Corrupt,   // the record at `consumed` contradicts the format; `reason` says how
  };

  Stop stop = Stop::BurstFull;
  size_t consumed = 0;  // bytes of whole records that were walked over
  size_t needed = 0;
  const char* reason = nullptr;  // string literal
};

// Reads the numbers of a capture file, which are in the byte order of the machine that wrote it.
class FileNumbers {
 public:
  enum class Order : uint8_t { Little, Big };

  constexpr FileNumbers() = default;
  constexpr explicit FileNumbers(Order order) : order_(order) {}

  // Requires: the bytes up to offset + width lie inside.
  [[nodiscard]] uint16_t u16(Bytes bytes, size_t offset) const {
    const uint16_t value = load_be16(bytes, offset);
    return order_ == Order::Little ? __builtin_bswap16(value) : value;
  }
  [[nodiscard]] uint32_t u32(Bytes bytes, size_t offset) const {
    const uint32_t value = load_be32(bytes, offset);
    return order_ == Order::Little ? __builtin_bswap32(value) : value;
  }
  // Two 32-bit words, the high one first whatever the byte order.
  [[nodiscard]] uint64_t high_low(Bytes bytes, size_t offset) const {
    return (uint64_t{u32(bytes, offset)} << 32) | u32(bytes, offset + 4);
  }
  // One 64-bit word.
  [[nodiscard]] uint64_t u64(Bytes bytes, size_t offset) const {
    const uint64_t big = (uint64_t{load_be32(bytes, offset)} << 32) | load_be32(bytes, offset + 4);
    return order_ == Order::Little ? __builtin_bswap64(big) : big;
  }

 private:
  Order order_ = Order::Little;
};

}  // namespace flowscope
