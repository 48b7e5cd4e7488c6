#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// The session that shows the example protocol (docs/examples/length_prefixed_parser.h): ten frames
// between 10.0.0.1 port 4321 and 10.0.0.2 port 5678.

// What each side sends: five short frames, and four with one of 700 bytes behind them.
std::string length_prefixed_client();
std::string length_prefixed_server();

// The whole session from handshake to close; payload in segments of at most `segment_bytes`.
std::vector<Frame> length_prefixed_session(size_t segment_bytes = 65'000);

}  // namespace flowscope::testing
