#pragma once

#include <cstdint>
#include <vector>

#include "dataplane/pipeline/record_out.h"
#include "dataplane/pipeline/record_type.h"
#include "flowcore/track/idle_policy.h"

namespace flowscope {

// What of a worker's PipelineOptions can change while packets come: what takes no memory and leaves
// nothing half done. Handed over as a whole.
struct PipelineSettings {
  IdlePolicy idle;
  uint32_t emergency_percent = 0;
  uint64_t interim_ns = 0;  // 0 exactly where it was 0 at the start
  uint64_t fragments_timeout_ns = 0;
  RecordChoice records;
  std::vector<RecordType> shed_first;
};

}  // namespace flowscope
