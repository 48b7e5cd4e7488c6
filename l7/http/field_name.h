#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flowscope::http {

// The name of a field that is read, to be compared with one from the wire in any case (RFC 9110
// section 5.1): as two words, which for short names lie over each other.
// Thread rule: a constant. Cost: some ten instructions a comparison.
class FieldName {
 public:
  // Requires: 4 to 16 characters, lower-case letters and hyphens.
  explicit constexpr FieldName(std::string_view name)
      : size_(name.size()), words_(words_of(name)), cases_(words_of(name)) {
    for (uint64_t& word : cases_) word = case_bits(word);
  }

  [[nodiscard]] bool is(std::string_view name) const {
    if (name.size() != size_) return false;
    const Words words = loaded(name);
    return (((words[0] | cases_[0]) ^ words_[0]) | ((words[1] | cases_[1]) ^ words_[1])) == 0;
  }

 private:
  // The first and the last characters: eight of each, or four of each in one.
  using Words = std::array<uint64_t, 2>;
  static constexpr size_t kHalf = 4;

  static Words loaded(std::string_view name) {
    Words words{};
    if (name.size() < sizeof(uint64_t)) {
      std::array<uint32_t, 2> halves;
      std::memcpy(&halves[0], name.data(), kHalf);
      std::memcpy(&halves[1], name.data() + name.size() - kHalf, kHalf);
      words[0] = halves[0] | uint64_t{halves[1]} << 32;
    } else {
      std::memcpy(&words[0], name.data(), sizeof(uint64_t));
      std::memcpy(&words[1], name.data() + name.size() - sizeof(uint64_t), sizeof(uint64_t));
    }
    return words;
  }
  // The same for constants.
  static constexpr Words words_of(std::string_view name) {
    const size_t each = name.size() < sizeof(uint64_t) ? kHalf : sizeof(uint64_t);
    std::array<char, 2 * sizeof(uint64_t)> chars{};
    for (size_t i = 0; i < each; ++i) {
      chars.at(i) = name.at(i);
      chars.at(each + i) = name.at(name.size() - each + i);
    }
    return std::bit_cast<Words>(chars);
  }
  // In each byte that is a letter the bit in which upper and lower case differ.
  static constexpr uint64_t case_bits(uint64_t word) {
    auto chars = std::bit_cast<std::array<char, sizeof word>>(word);
    for (char& c : chars) c = c >= 'a' && c <= 'z' ? 0x20 : 0;
    return std::bit_cast<uint64_t>(chars);
  }

  size_t size_;
  Words words_;
  Words cases_;
};

}  // namespace flowscope::http
