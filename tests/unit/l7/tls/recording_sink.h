#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flowcore/base/flow_side.h"
#include "l7/tls/tls_session.h"
#include "tests/support/line_visitor.h"

namespace flowscope::tls::test {

using testing::LineVisitor;

inline std::string describe(const TlsSession& session) {
  LineVisitor visitor;
  session.describe(visitor);
  return visitor.line();
}

// Keeps what a parser reports as text, since messages only borrow.
struct RecordingSink {
  std::vector<std::string> sessions;
  std::vector<FlowSide> sides;
  std::vector<std::string> anomalies;

  void message(FlowSide side, const TlsSession& session) {
    sessions.push_back(describe(session));
    sides.push_back(side);
  }
  void anomaly(FlowSide /*side*/, const char* kind) { anomalies.emplace_back(kind); }
};

}  // namespace flowscope::tls::test
