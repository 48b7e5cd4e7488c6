#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "l7/quic/quic_session.h"
#include "tests/support/line_visitor.h"

namespace flowscope::quic::test {

using testing::LineVisitor;

// Keeps what a parser reports as text, since messages only borrow.
struct RecordingSink {
  std::vector<std::string> sessions;
  std::vector<FlowSide> sides;
  std::vector<std::string> anomalies;

  void message(FlowSide side, const QuicSession& session) {
    LineVisitor visitor;
    session.describe(visitor);
    sessions.push_back(visitor.line());
    sides.push_back(side);
  }
  void anomaly(FlowSide /*side*/, const char* kind) { anomalies.emplace_back(kind); }
};

}  // namespace flowscope::quic::test
