#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "l7/dns/message.h"

namespace flowscope::dns {

// Writes what a message describes as compact text: name=value pairs, objects in {}, arrays in [].
class TextVisitor {
 public:
  void text(const char* name, std::string_view value) { put(name).append(value); }
  void number(const char* name, uint64_t value) { put(name) += std::to_string(value); }
  void boolean(const char* name, bool value) { put(name) += value ? "true" : "false"; }
  void begin_object(const char* name) { open(name, '{'); }
  void end_object() { text_ += '}'; }
  void begin_array(const char* name) { open(name, '['); }
  void end_array() { text_ += ']'; }

  [[nodiscard]] const std::string& result() const { return text_; }

 private:
  std::string& put(const char* name) {
    const char last = text_.empty() ? '{' : text_.back();
    if (last != '{' && last != '[') text_ += ' ';
    if (name != nullptr) text_.append(name) += '=';
    return text_;
  }
  void open(const char* name, char bracket) { put(name) += bracket; }

  std::string text_;
};

// Keeps the messages and anomalies of a parser as text, in their order.
struct RecordingSink {
  std::vector<std::string> messages;
  std::vector<std::string> unanswered;
  std::vector<std::string> anomalies;

  void message(FlowSide side, const DnsMessage& message) {
    TextVisitor visitor;
    message.describe(visitor);
    messages.push_back((side == FlowSide::Initiator ? "> " : "< ") + visitor.result());
  }
  void message(FlowSide side, const UnansweredQuery& query) {
    TextVisitor visitor;
    query.describe(visitor);
    unanswered.push_back((side == FlowSide::Initiator ? "> " : "< ") + visitor.result());
  }
  void anomaly(FlowSide, const char* kind) { anomalies.emplace_back(kind); }

  friend bool operator==(const RecordingSink&, const RecordingSink&) = default;
};

// The text of the part of a description that begins with `name`= and ends with the closing bracket.
inline std::string part_of(const std::string& description, std::string_view name) {
  const size_t start = description.find(std::string(name) + "=[");
  return start == std::string::npos
             ? ""
             : description.substr(start, description.find(']', start) - start + 1);
}

}  // namespace flowscope::dns
