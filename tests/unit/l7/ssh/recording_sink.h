#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "l7/ssh/ssh_session.h"

namespace flowscope::ssh::test {

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

// Keeps what a parser reports as text, since messages only borrow.
struct RecordingSink {
  std::vector<std::string> sessions;
  std::vector<FlowSide> sides;
  std::vector<std::string> anomalies;  // "> kind" of the initiator, "< kind" of the responder

  void message(FlowSide side, const SshSession& session) {
    LineVisitor visitor;
    session.describe(visitor);
    sessions.push_back(visitor.line());
    sides.push_back(side);
  }
  void anomaly(FlowSide side, const char* kind) {
    anomalies.push_back((side == FlowSide::Initiator ? "> " : "< ") + std::string(kind));
  }
};

}  // namespace flowscope::ssh::test
