#include "dataplane/dpdk/tsc_clock.h"

#include <rte_cycles.h>

#include <chrono>

namespace flowscope {

TscClock::TscClock()
    : start_tsc_(rte_rdtsc()),
      start_ns_(static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count())),
      ns_per_tick_(1e9 / static_cast<double>(rte_get_tsc_hz())) {}

uint64_t TscClock::now_ns() const {
  return start_ns_
         + static_cast<uint64_t>(static_cast<double>(rte_rdtsc() - start_tsc_) * ns_per_tick_);
}

}  // namespace flowscope
