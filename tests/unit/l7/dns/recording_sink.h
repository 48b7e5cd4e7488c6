#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "l7/dns/message.h"
#include "tests/support/line_visitor.h"

namespace flowscope::dns {

using testing::LineVisitor;

// Keeps the messages and anomalies of a parser as text, in their order.
struct RecordingSink {
  std::vector<std::string> messages;
  std::vector<std::string> unanswered;
  std::vector<std::string> anomalies;

  void message(FlowSide side, const DnsMessage& message) {
    LineVisitor visitor;
    message.describe(visitor);
    messages.push_back((side == FlowSide::Initiator ? "> " : "< ") + visitor.line());
  }
  void message(FlowSide side, const UnansweredQuery& query) {
    LineVisitor visitor;
    query.describe(visitor);
    unanswered.push_back((side == FlowSide::Initiator ? "> " : "< ") + visitor.line());
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
