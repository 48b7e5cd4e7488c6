#include "l7/signatures/rule_text.h"

#include <algorithm>
#include <charconv>

namespace flowscope {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ',';
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

void RuleText::skip_blanks() {
  while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
}

bool RuleText::at_end() {
  skip_blanks();
  return rest_.empty();
}

bool RuleText::at(char character) { return !at_end() && rest_.front() == character; }

bool RuleText::take(char character) {
  if (!at(character)) return false;
  rest_.remove_prefix(1);
  return true;
}

std::string_view RuleText::take_word() {
  skip_blanks();
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_word);
  const std::string_view word = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
  rest_.remove_prefix(word.size());
  return word;
}

std::string_view RuleText::take_flags() {
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_letter);
  const std::string_view flags = rest_.substr(0, static_cast<size_t>(end - rest_.begin()));
  rest_.remove_prefix(flags.size());
  return flags;
}

Result<std::string> RuleText::take_text() {
  rest_.remove_prefix(1);
  std::string text;
  while (!rest_.empty()) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"') return text;
    if (is_control(c)) return Error{"a text holds a control character; leave it out"};
    if (c == '\\' && !rest_.empty()) {
      if (rest_.front() != '"' && rest_.front() != '\\')
        return Error{quoted("\\" + std::string(1, rest_.front()))
                     + " means nothing in a text; write \\\\"};
      text += rest_.front();
      rest_.remove_prefix(1);
    } else {
      text += c;
    }
  }
  return Error{"a text does not end; close it with \""};
}

Result<std::string> RuleText::take_literal() {
  rest_.remove_prefix(1);
  std::string bytes;
  while (!rest_.empty()) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '"') return bytes;
    if (c == '|') {
      if (auto taken = take_hexadecimal(bytes); !taken.ok()) return taken.error();
    } else if (c == '\\' && !rest_.empty()) {
      if (std::string_view("\"\\|").find(rest_.front()) == std::string_view::npos)
        return Error{quoted("\\" + std::string(1, rest_.front()))
                     + " means nothing in a literal; write \\\\ for a backslash, |0d 0a| for bytes "
                       "by number"};
      bytes += rest_.front();
      rest_.remove_prefix(1);
    } else {
      bytes += c;
    }
  }
  return Error{"a literal does not end; close it with \""};
}

// The opening bar is taken.
Result<void> RuleText::take_hexadecimal(std::string& bytes) {
  for (;;) {
    skip_blanks();
    if (rest_.empty()) return Error{"bytes by number do not end; close them with |"};
    if (rest_.front() == '|') break;
    const int high = digit_of(rest_.front());
    const int low = rest_.size() > 1 ? digit_of(rest_[1]) : -1;
    if (high < 0 || low < 0)
      return Error{quoted(rest_.substr(0, 2))
                   + " is no byte; write two hexadecimal digits for each, such as |0d 0a|, and \\| for "
                     "a bar"};
    bytes += static_cast<char>(high << 4 | low);
    rest_.remove_prefix(2);
  }
  rest_.remove_prefix(1);
  return {};
}

Result<std::string> RuleText::take_expression() {
  rest_.remove_prefix(1);
  std::string expression;
  while (!rest_.empty()) {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '/') return expression;
    if (c == '\\' && !rest_.empty()) {
      if (rest_.front() != '/') expression += c;
      expression += rest_.front();
      rest_.remove_prefix(1);
    } else {
      expression += c;
    }
  }
  return Error{"an expression does not end; close it with /, and write \\/ for a slash inside"};
}

std::string RuleText::next_text() const { return quoted(rest_); }

std::string quoted(std::string_view text) {
  constexpr size_t kShownMax = 40;
  std::string shown(text.substr(0, kShownMax));
  for (char& c : shown) {
    if (is_control(c) || static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return "\"" + shown + (text.size() > kShownMax ? "...\"" : "\"");
}

std::optional<uint32_t> number_of(std::string_view text, uint32_t max) {
  uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, number);
  if (fault != std::errc{} || stopped != end || number > max) return std::nullopt;
  return number;
}

}  // namespace flowscope
