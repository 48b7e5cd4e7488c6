#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flowscope::http {

// The character classes and small comparisons of RFC 9110 section 5.6, over borrowed text.

// RFC 9110 5.6.2: what a method, a field name or a transfer coding may be made of.
inline constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table.at(static_cast<uint8_t>(c)) = true;
  }
  return table;
}();

[[nodiscard]] constexpr bool is_token_char(char c) { return kTokenChars[static_cast<uint8_t>(c)]; }
[[nodiscard]] constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
// Blanks, and the line ends that an obsolete line folding (RFC 9112 5.2) leaves inside a value.
[[nodiscard]] constexpr bool is_space(char c) { return is_blank(c) || c == '\r' || c == '\n'; }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The number of token characters that `text` begins with.
[[nodiscard]] constexpr size_t token_size(std::string_view text) {
  size_t size = 0;
  while (size < text.size() && is_token_char(text[size])) ++size;
  return size;
}

// Whether `text` is `lower` in any case. Requires: `lower` is in lower case.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

}  // namespace flowscope::http
