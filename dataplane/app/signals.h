#pragma once

#include <cstdint>

namespace flowscope {

// Turns SIGINT and SIGTERM into a flag that the main loop polls: the program stops receiving, ends
// every flow and writes out. Another one that comes 0.2 s later or more ends it at once; sooner, it
// is the same wish told twice, as timeout(1) and some supervisors do. SIGPIPE is ignored, writes
// tell of it. SIGUSR1 is noted for take_flows_request().
void catch_signals();

// Whether SIGUSR1 came since the last call: somebody wants to see the flows. One thread.
[[nodiscard]] bool take_flows_request();

// From now on SIGHUP is noted for take_reload_request() instead of ending the program.
void catch_reload();

// Whether SIGHUP came since the last call: the rules shall be read and the output opened again. One
// thread.
[[nodiscard]] bool take_reload_request();

// The signal that asked to stop, or 0. Any thread.
[[nodiscard]] int stop_signal();

}  // namespace flowscope
