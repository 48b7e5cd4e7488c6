#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flowscope::traffic {

// Appends numbers in network order and length-prefixed parts to a byte string.
// Lifetime: the string must outlive it.
class WireText {
 public:
  explicit WireText(std::string& out) : out_(out) {}

  WireText& number(uint64_t value, unsigned width) {
    while (width-- > 0) out_ += static_cast<char>(value >> (8 * width));
    return *this;
  }
  WireText& u8(uint64_t value) { return number(value, 1); }
  WireText& u16(uint64_t value) { return number(value, 2); }
  WireText& u24(uint64_t value) { return number(value, 3); }
  WireText& u32(uint64_t value) { return number(value, 4); }
  WireText& bytes(std::string_view value) {
    out_ += value;
    return *this;
  }
  // What `write` appends, with its length in `width` bytes in front.
  template <class Write>
  WireText& prefixed(unsigned width, Write write) {
    const size_t start = out_.size();
    number(0, width);
    write();
    const size_t length = out_.size() - start - width;
    for (unsigned i = 0; i < width; ++i) {
      out_[start + i] = static_cast<char>(length >> (8 * (width - 1 - i)));
    }
    return *this;
  }

 private:
  std::string& out_;
};

}  // namespace flowscope::traffic
