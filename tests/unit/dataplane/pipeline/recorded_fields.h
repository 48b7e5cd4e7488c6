#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flowscope {

// A FieldVisitor that writes down what it is told, one line a call.
class RecordedFields {
 public:
  void text(const char* name, std::string_view value) {
    note(name, "'" + std::string(value) + "'");
  }
  void number(const char* name, uint64_t value) { note(name, std::to_string(value)); }
  void boolean(const char* name, bool value) { note(name, value ? "true" : "false"); }
  void begin_object(const char* name) { note(name, "{"); }
  void end_object() { lines_.emplace_back("}"); }
  void begin_array(const char* name) { note(name, "["); }
  void end_array() { lines_.emplace_back("]"); }

  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  void note(const char* name, const std::string& value) {
    lines_.push_back((name == nullptr ? std::string("-") : std::string(name)) + "=" + value);
  }

  std::vector<std::string> lines_;
};

}  // namespace flowscope
