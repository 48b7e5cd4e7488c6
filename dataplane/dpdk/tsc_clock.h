#pragma once

#include <cstdint>

#include "dataplane/dpdk/shared_scale.h"

namespace flowscope {

// Wall-clock time read off the processor's time stamp counter. EAL knows the counter's rate to
// 10 MHz only, which would be seconds in an hour, so the rate is measured against the system clock.
// Thread rule: adjust() on the control thread, now_ns() on any.
class TscClock {
 public:
  TscClock();
  // Asks the system clock again: to be called a few times a second. Follows its steps.
  void adjust();
  // Costs no system call.
  [[nodiscard]] uint64_t now_ns() const;

 private:
  struct Reading {
    uint64_t ticks = 0;
    uint64_t ns = 0;
  };
  static Reading read();

  Reading first_;
  SharedScale scale_;
};

}  // namespace flowscope
