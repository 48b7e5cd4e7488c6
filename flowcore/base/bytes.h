#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "flowcore/base/check.h"

namespace flowscope {

// A borrowed, read-only run of bytes: pointer and length, two registers. It owns nothing; the bytes
// must outlive it. Every cut is clamped, so no call can widen the run.
// Thread rule: a value; reading the bytes is as safe as their owner makes it.
class Bytes {
 public:
  constexpr Bytes() = default;
  constexpr Bytes(const uint8_t* first, size_t size) : first_(first), size_(size) {}
  // The bytes of a text, for literals and tests; the text must outlive the view.
  static Bytes of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }

  [[nodiscard]] constexpr size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr const uint8_t* begin() const { return first_; }
  [[nodiscard]] constexpr const uint8_t* end() const { return first_ + size_; }

  // Requires: index < size().
  constexpr uint8_t operator[](size_t index) const {
    FS_DCHECK(index < size_);
    return first_[index];
  }

  // The first `count` bytes, or all of them when there are fewer.
  [[nodiscard]] constexpr Bytes first(size_t count) const {
    return {first_, count < size_ ? count : size_};
  }
  // What follows the first `count` bytes; empty when there are fewer.
  [[nodiscard]] constexpr Bytes after(size_t count) const {
    return count < size_ ? Bytes{first_ + count, size_ - count} : Bytes{first_ + size_, 0};
  }
  // At most `count` bytes from `offset` on, cut at the end of the run.
  [[nodiscard]] constexpr Bytes sub(size_t offset, size_t count) const {
    return after(offset).first(count);
  }

  [[nodiscard]] bool starts_with(std::string_view prefix) const {
    return size_ >= prefix.size() && std::memcmp(first_, prefix.data(), prefix.size()) == 0;
  }
  // The same bytes seen as text; lives as long as the bytes do.
  [[nodiscard]] std::string_view as_text() const {
    return {reinterpret_cast<const char*>(first_), size_};
  }

  friend bool operator==(Bytes a, Bytes b) {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.first_, b.first_, a.size_) == 0);
  }

 private:
  const uint8_t* first_ = nullptr;
  size_t size_ = 0;
};

// Big-endian (network order) loads. Requires: the bytes up to offset + width lie inside.
[[nodiscard]] inline uint16_t load_be16(Bytes bytes, size_t offset) {
  FS_DCHECK(offset + 2 <= bytes.size());
  uint16_t value;
  std::memcpy(&value, bytes.begin() + offset, sizeof value);
  return __builtin_bswap16(value);
}

[[nodiscard]] inline uint32_t load_be32(Bytes bytes, size_t offset) {
  FS_DCHECK(offset + 4 <= bytes.size());
  uint32_t value;
  std::memcpy(&value, bytes.begin() + offset, sizeof value);
  return __builtin_bswap32(value);
}

[[nodiscard]] inline uint64_t load_be64(Bytes bytes, size_t offset) {
  FS_DCHECK(offset + 8 <= bytes.size());
  uint64_t value;
  std::memcpy(&value, bytes.begin() + offset, sizeof value);
  return __builtin_bswap64(value);
}

}  // namespace flowscope
