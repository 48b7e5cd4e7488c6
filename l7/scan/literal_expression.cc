#include "l7/scan/pattern_database.h"

namespace flowscope {

// Every byte in hexadecimal: nothing of it can be taken for syntax.
std::string literal_expression(Bytes bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string expression;
  expression.reserve(bytes.size() * 4);
  for (const uint8_t byte : bytes) {
    expression += "\\x";
    expression += kDigits[byte >> 4];
    expression += kDigits[byte & 15];
  }
  return expression;
}

}  // namespace flowscope
