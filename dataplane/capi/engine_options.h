#pragma once

#include "dataplane/capi/flowscope.h"
#include "dataplane/export/eve_writer.h"
#include "dataplane/pipeline/pipeline.h"
#include "flowcore/base/result.h"

namespace flowscope {

// What an engine's parts are made with.
struct EngineOptions {
  PipelineOptions pipeline;
  EveOptions eve;
};

// What the C options say, in the words of the stages. Null stands for all defaults. The error names
// the option and what is expected.
[[nodiscard]] Result<EngineOptions> engine_options_of(const fs_options* options);

}  // namespace flowscope
