#pragma once

#include <cstdint>

namespace flowscope {

// Wall-clock time read off the processor's time stamp counter: the system clock is asked once, at
// the start.
class TscClock {
 public:
  TscClock();
  [[nodiscard]] uint64_t now_ns() const;

 private:
  uint64_t start_tsc_;
  uint64_t start_ns_;
  double ns_per_tick_;
};

}  // namespace flowscope
