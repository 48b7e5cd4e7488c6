#pragma once

#include <cstddef>

#include "config/config.h"
#include "config/memory_budget.h"
#include "dataplane/app/input_kind.h"

namespace flowscope {

struct PipelineOptions;

// What is reserved beside the pipelines; each is a row of its own where there is any.
struct MemoryBeside {
  size_t signature_bytes = 0;  // of each worker, for compiled rules
  size_t resteer_bytes = 0;    // of all workers, the rings between them
};

// What `workers` pipelines with these options reserve.
[[nodiscard]] MemoryBudget memory_plan(const PipelineOptions& options, uint32_t workers,
                                       const MemoryBeside& beside);

// The same from a configuration, before anything is reserved and before the ports are known: rules
// count by their places alone, and rings wherever the settings let workers have them.
// Requires: a validated Config.
[[nodiscard]] MemoryBudget memory_plan(const Config& config, InputKind input, uint32_t workers);

}  // namespace flowscope
