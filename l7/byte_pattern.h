#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/bytes.h"
#include "l7/parser.h"

namespace flowscope {

namespace detail {
// Never defined: a pattern that cannot be read ends the compilation where it is declared.
void pattern_is_wrong(const char* why);
}  // namespace detail

// The text of FirstBytes::pattern, read at compile time: the portable matcher. A match takes one
// test for each byte, and for a pattern with {n,m} at most m + 1 tries of what follows it.
// Thread rule: a value.
class BytePattern {
 public:
  static constexpr size_t kElementsMax = 32;
  static constexpr size_t kSetsMax = 6;
  static constexpr size_t kGapMax = 250;

  constexpr BytePattern() = default;
  // Requires: constant evaluation.
  explicit constexpr BytePattern(const char* text) : text_(text) { read(text); }

  // Whether `bytes` begin with the pattern. NeedMore: they are too few to tell.
  [[nodiscard]] constexpr Probe match(Bytes bytes) const {
    const size_t size = bytes.size();
    for (size_t i = 0; i < head_; ++i) {
      if (i == size) return Probe::NeedMore;
      if (!fits(element_[i], bytes[i])) return Probe::NoMatch;
    }
    if (head_ == elements_ && gap_max_ == 0) return Probe::Match;
    return match_behind_gap(bytes);
  }
  // False when any byte may stand at `position`.
  [[nodiscard]] constexpr bool restricts(size_t position) const {
    return position < head_ && element_[position] != kAny;
  }
  // Calls f(byte) for each byte that may stand there. Requires: restricts(position).
  template <class F>
  constexpr void each_byte_at(size_t position, F f) const {
    const uint16_t element = element_[position];
    const auto low = static_cast<uint8_t>(element & 0xff);
    if (element < kAny) return f(low);
    if ((element & kLetter) != 0) {
      f(low);
      return f(static_cast<uint8_t>(low ^ 0x20));
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (has(set_[low], static_cast<uint8_t>(byte))) f(static_cast<uint8_t>(byte));
    }
  }
  [[nodiscard]] constexpr std::string_view text() const { return text_; }
  [[nodiscard]] constexpr bool has_gap() const { return gap_max_ != 0; }
  // The fewest bytes that a match has.
  [[nodiscard]] constexpr size_t bytes_min() const { return elements_; }

 private:
  // Elements: a byte; or one of these with a byte or the number of a set.
  static constexpr uint16_t kAny = 0x100;
  static constexpr uint16_t kLetter = 0x200;  // in either case; the byte is the lower one
  static constexpr uint16_t kSet = 0x400;
  using Set = std::array<uint64_t, 4>;

  static constexpr bool has(const Set& set, uint8_t byte) {
    return (set[byte >> 6] >> (byte & 63) & 1) != 0;
  }
  static constexpr void add(Set& set, uint8_t byte) {
    set[byte >> 6] |= uint64_t{1} << (byte & 63);
  }

  [[nodiscard]] constexpr bool fits(uint16_t element, uint8_t byte) const {
    if (element < kAny) return element == byte;
    if (element == kAny) return true;
    if ((element & kLetter) != 0) return (byte | 0x20) == (element & 0xff);
    return has(set_[element & 0xff], byte);
  }
  [[nodiscard]] constexpr Probe match_behind_gap(Bytes bytes) const {
    const size_t tail = elements_ - head_;
    for (size_t gap = 0; gap <= gap_max_; ++gap) {
      const size_t at = head_ + gap;
      size_t i = 0;
      while (i < tail && at + i < bytes.size() && fits(element_[head_ + i], bytes[at + i])) ++i;
      if (i == tail) return Probe::Match;
      if (at + i == bytes.size()) return Probe::NeedMore;
      if (!fits(gap_, bytes[at])) return Probe::NoMatch;
    }
    return Probe::NoMatch;
  }

  // Reading.
  struct Text {
    const char* next;
    bool ignores_case = false;
  };
  static constexpr uint8_t hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
    detail::pattern_is_wrong("hexadecimal digits are 0 to 9 and a to f");
    return 0;
  }
  // What follows a backslash, but for \d.
  static constexpr uint8_t read_escape(Text& text) {
    const char c = *text.next++;
    switch (c) {
      case 'r':
        return '\r';
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'x': {
        const uint8_t high = hex_digit(*text.next++);
        return static_cast<uint8_t>(high << 4 | hex_digit(*text.next++));
      }
      default:
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
          detail::pattern_is_wrong("an escape that is not known");
        return static_cast<uint8_t>(c);
    }
  }
  static constexpr uint8_t read_byte(Text& text) {
    const char c = *text.next++;
    if (c == '\0') detail::pattern_is_wrong("the pattern ends within a class");
    return c == '\\' ? read_escape(text) : static_cast<uint8_t>(c);
  }
  static constexpr Set digits() {
    Set set{};
    for (uint8_t c = '0'; c <= '9'; ++c) add(set, c);
    return set;
  }
  static constexpr Set read_class(Text& text) {
    Set set{};
    const bool inverted = *text.next == '^';
    if (inverted) ++text.next;
    while (*text.next != ']') {
      if (text.next[0] == '\\' && text.next[1] == 'd') {
        for (size_t i = 0; i < set.size(); ++i) set[i] |= digits()[i];
        text.next += 2;
        continue;
      }
      const uint8_t from = read_byte(text);
      uint8_t to = from;
      if (text.next[0] == '-' && text.next[1] != ']') {
        ++text.next;
        to = read_byte(text);
      }
      for (unsigned byte = from; byte <= to; ++byte) {
        add(set, static_cast<uint8_t>(byte));
        const unsigned lower = byte | 0x20;
        if (text.ignores_case && lower >= 'a' && lower <= 'z')
          add(set, static_cast<uint8_t>(byte ^ 0x20));
      }
    }
    ++text.next;
    if (inverted) {
      for (uint64_t& word : set) word = ~word;
    }
    return set;
  }
  constexpr uint16_t element_of(const Set& set) {
    for (size_t i = 0; i < sets_; ++i) {
      if (set_[i] == set) return static_cast<uint16_t>(kSet | i);
    }
    if (sets_ == kSetsMax) detail::pattern_is_wrong("more classes than kSetsMax");
    set_[sets_] = set;
    return static_cast<uint16_t>(kSet | sets_++);
  }
  constexpr uint16_t read_element(Text& text) {
    const char c = *text.next++;
    if (c == '.') return kAny;
    if (c == '[') return element_of(read_class(text));
    if (c == '\\' && *text.next == 'd') {
      ++text.next;
      return element_of(digits());
    }
    constexpr std::string_view kMarks = "^$*+?(){}|]";
    if (kMarks.find(c) != std::string_view::npos)
      detail::pattern_is_wrong("a mark that patterns do not know, or that wants a backslash");
    const uint8_t byte = c == '\\' ? read_escape(text) : static_cast<uint8_t>(c);
    const uint8_t lower = byte | 0x20;
    if (text.ignores_case && c != '\\' && lower >= 'a' && lower <= 'z') return kLetter | lower;
    return byte;
  }
  static constexpr size_t read_count(Text& text) {
    size_t count = 0;
    while (*text.next >= '0' && *text.next <= '9')
      count = count * 10 + static_cast<size_t>(*text.next++ - '0');
    return count;
  }
  constexpr void append(uint16_t element, size_t times) {
    if (elements_ + times > kElementsMax) detail::pattern_is_wrong("longer than kElementsMax");
    for (size_t i = 0; i < times; ++i) element_[elements_++] = element;
  }
  constexpr void read(const char* pattern) {
    Text text{pattern};
    if (std::string_view(pattern).starts_with("(?i)")) {
      text.ignores_case = true;
      text.next += 4;
    }
    while (*text.next != '\0') {
      const uint16_t element = read_element(text);
      if (*text.next != '{') {
        append(element, 1);
        continue;
      }
      ++text.next;
      const size_t least = read_count(text);
      append(element, least);
      if (*text.next == ',') {
        ++text.next;
        if (gap_max_ != 0) detail::pattern_is_wrong("more than one {n,m}");
        head_ = elements_;
        gap_ = element;
        const size_t most = read_count(text);
        if (most <= least || most - least > kGapMax) detail::pattern_is_wrong("{n,m} is too wide");
        gap_max_ = static_cast<uint8_t>(most - least);
      }
      if (*text.next++ != '}') detail::pattern_is_wrong("a count without its end");
    }
    if (gap_max_ == 0) head_ = elements_;
    if (elements_ == 0) detail::pattern_is_wrong("an empty pattern");
  }

  std::string_view text_;
  std::array<uint16_t, kElementsMax> element_{};
  std::array<Set, kSetsMax> set_{};
  uint16_t gap_ = 0;      // what may stand between head and tail
  uint8_t elements_ = 0;  // of head and tail
  uint8_t head_ = 0;
  uint8_t sets_ = 0;
  uint8_t gap_max_ = 0;
};

}  // namespace flowscope
