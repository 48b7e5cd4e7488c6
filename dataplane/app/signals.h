#pragma once

#include <cstdint>

namespace flowscope {

// Turns SIGINT and SIGTERM into a flag that the main loop polls: the program stops receiving, ends
// every flow and writes out. A second signal ends it at once. SIGPIPE is ignored, writes tell of
// it. SIGUSR1 is noted for take_flows_request().
void catch_signals();

// Whether SIGUSR1 came since the last call: somebody wants to see the flows. One thread.
[[nodiscard]] bool take_flows_request();

// The signal that asked to stop, or 0. Any thread.
[[nodiscard]] int stop_signal();

}  // namespace flowscope
