#pragma once

#include <cstdint>

namespace flowscope {

// Turns SIGINT and SIGTERM into a flag that the main loop polls: the program stops receiving, ends
// every flow and writes out. A second signal ends it at once. SIGPIPE is ignored, writes tell of
// it.
void catch_signals();

// The signal that asked to stop, or 0. Any thread.
[[nodiscard]] int stop_signal();

}  // namespace flowscope
