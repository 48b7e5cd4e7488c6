#pragma once

#include <cstdint>

namespace flowscope {

// What a port has taken in so far, and what it lost before we could.
struct PortCounters {
  uint64_t received = 0;
  uint64_t bytes = 0;            // captured bytes of the received frames
  uint64_t dropped_by_port = 0;  // packets the port knows it lost
  bool drops_known = false;      // false: the loss is unknown, not zero
};

}  // namespace flowscope
