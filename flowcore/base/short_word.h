#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "flowcore/base/check.h"

namespace flowscope {

// A word of at most 15 characters, in place: handed on in two registers and copied as 16 bytes,
// whatever its length. For names out of tables, of which records are full. Thread rule: a value.
class ShortWord {
 public:
  static constexpr size_t kCharactersMax = 15;

  constexpr ShortWord() = default;
  // Requires: at most kCharactersMax characters.
  explicit constexpr ShortWord(std::string_view word) : size_(static_cast<uint8_t>(word.size())) {
    FS_DCHECK(word.size() <= kCharactersMax);
    for (size_t i = 0; i < word.size(); ++i) characters_[i] = word[i];
  }

  [[nodiscard]] constexpr size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  // Lives as long as the word.
  // NOLINTNEXTLINE(google-explicit-constructor): it is text wherever text is wanted
  constexpr operator std::string_view() const { return {characters_.data(), size_}; }

  // Writes the characters, and what lies behind them. Requires: room for sizeof(ShortWord).
  void copy_to(uint8_t* place) const { std::memcpy(place, this, sizeof *this); }

 private:
  std::array<char, kCharactersMax> characters_{};
  uint8_t size_ = 0;
};
static_assert(sizeof(ShortWord) == 16);

}  // namespace flowscope
