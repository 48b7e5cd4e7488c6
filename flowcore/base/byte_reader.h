#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"

namespace flowscope {

// A cursor over bytes whose failure sticks: a read past the end makes the reader fail, and every
// later read gives zero or nothing. A decoder reads a whole header in wire order and asks ok()
// once. Numbers are big-endian (network order) unless the name says otherwise. Thread rule: a value
// of one thread. Lifetime: the bytes must outlive the reader and every cut of it.
class ByteReader {
 public:
  explicit constexpr ByteReader(Bytes bytes) : bytes_(bytes) {}

  [[nodiscard]] constexpr bool ok() const { return ok_; }
  [[nodiscard]] constexpr size_t remaining() const { return bytes_.size() - position_; }
  [[nodiscard]] constexpr size_t position() const { return position_; }
  // All that has not been read yet; empty once the reader failed.
  [[nodiscard]] constexpr Bytes rest() const { return ok_ ? bytes_.after(position_) : Bytes{}; }

  uint8_t u8() { return take(1) ? bytes_[position_ - 1] : uint8_t{0}; }
  uint16_t u16() { return take(2) ? load_be16(bytes_, position_ - 2) : uint16_t{0}; }
  uint32_t u24() {
    return take(3) ? (uint32_t{bytes_[position_ - 3]} << 16) | load_be16(bytes_, position_ - 2) : 0;
  }
  uint32_t u32() { return take(4) ? load_be32(bytes_, position_ - 4) : 0; }
  uint64_t u64() { return take(8) ? load_be64(bytes_, position_ - 8) : 0; }
  // The next `count` bytes without a copy; empty, and the reader fails, when there are fewer.
  Bytes bytes(size_t count) { return take(count) ? bytes_.sub(position_ - count, count) : Bytes{}; }
  void skip(size_t count) { take(count); }
  // Marks the input as bad, as a read past the end does.
  void fail() { ok_ = false; }

 private:
  bool take(size_t count) {
    if (!ok_ || count > bytes_.size() - position_) {
      ok_ = false;
      return false;
    }
    position_ += count;
    return true;
  }

  Bytes bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace flowscope
