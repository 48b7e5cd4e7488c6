#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"
#include "flowcore/base/result.h"

namespace flowscope {

// The lcores that an EAL has.
struct EalLcores {
  uint32_t main = 0;
  std::vector<uint32_t> others;  // by number
};

// The lcore of each worker: those of worker.lcores in their order, or without it the EAL's in turn,
// never the main one. Empty where there is only the main lcore and one worker, which then has a
// thread beside it. The error names the setting, the lcore and what mends it. Requires: a validated
// Config.
[[nodiscard]] Result<std::vector<uint32_t>> place_workers(const Config& config,
                                                          const EalLcores& lcores);

}  // namespace flowscope
