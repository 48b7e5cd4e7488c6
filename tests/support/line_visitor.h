#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flowscope::testing {

// Writes described fields as one line, such as `client={proto_version=2.0 software_version=a}`.
class LineVisitor {
 public:
  void text(const char* name, std::string_view value) { item(name) += value; }
  void number(const char* name, uint64_t value) { item(name) += std::to_string(value); }
  void boolean(const char* name, bool value) { item(name) += value ? "true" : "false"; }
  void begin_object(const char* name) { open(name, '{'); }
  void end_object() { line_ += '}'; }
  void begin_array(const char* name) { open(name, '['); }
  void end_array() { line_ += ']'; }
  [[nodiscard]] const std::string& line() const { return line_; }

 private:
  std::string& item(const char* name) {
    if (!line_.empty() && line_.back() != '{' && line_.back() != '[') line_ += ' ';
    if (name != nullptr) (line_ += name) += '=';
    return line_;
  }
  void open(const char* name, char bracket) { item(name) += bracket; }

  std::string line_;
};

}  // namespace flowscope::testing
