#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "l7/ssh/ssh_session.h"
#include "tests/support/line_visitor.h"

namespace flowscope::ssh::test {

using testing::LineVisitor;

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
