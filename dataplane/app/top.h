#pragma once

#include <cstdint>
#include <string>

#include "dataplane/app/verbs.h"

namespace flowscope {

// What `flowscope top` is asked for.
struct TopOptions {
  std::string file_prefix;  // of the EAL of the program to watch; empty: the only one that runs
  std::string socket;       // its telemetry socket; empty: looked for
  uint64_t period_ns = 1'000'000'000;
  bool once = false;   // one picture over one period, then the end
  bool batch = false;  // a line for each period; also where there is no terminal
};

// Shows what a running `flowscope run` does, through DPDK's telemetry socket, until a key, a signal
// or the end of that program. Port when nobody is there to be watched.
Exit top(const TopOptions& options);

}  // namespace flowscope
