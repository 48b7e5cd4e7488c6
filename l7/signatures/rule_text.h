#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flowcore/base/result.h"

namespace flowscope {

// What is left of one line of a rules file. Thread rule: one thread. Lifetime: the line's.
class RuleText {
 public:
  explicit RuleText(std::string_view line) : rest_(line) {}

  // Blanks are skipped before each of these.
  [[nodiscard]] bool at_end();
  [[nodiscard]] bool at(char character);
  // Takes the character when it comes next.
  [[nodiscard]] bool take(char character);
  // A run of letters, digits and _ - . , : empty when something else comes next.
  [[nodiscard]] std::string_view take_word();
  // A quoted text with \" and \\. Requires: at('"').
  Result<std::string> take_text();
  // A quoted literal, also with \| and |hexadecimal bytes|. Requires: at('"').
  Result<std::string> take_literal();
  // /expression/ with \/ for a slash; all other escapes stay. Requires: at('/').
  Result<std::string> take_expression();
  // The letters right behind it.
  [[nodiscard]] std::string_view take_flags();
  // The beginning of what is left, for messages.
  [[nodiscard]] std::string next_text() const;

 private:
  void skip_blanks();
  Result<void> take_hexadecimal(std::string& bytes);

  std::string_view rest_;
};

// A text as it may stand in a message: quoted, cut, no control characters.
[[nodiscard]] std::string quoted(std::string_view text);
// A whole number of decimal digits alone, no larger than `max`.
[[nodiscard]] std::optional<uint32_t> number_of(std::string_view text, uint32_t max);

}  // namespace flowscope
