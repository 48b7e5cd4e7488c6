#pragma once

#include <string_view>
#include <vector>

#include "config/config.h"
#include "dataplane/app/engine.h"
#include "dataplane/export/eve_writer.h"
#include "dataplane/pipeline/pipeline.h"

namespace flowscope {

// The names of all parsers that are built in, each once: what l7.enabled may hold.
[[nodiscard]] std::vector<std::string_view> parser_names();

// What the configuration says, in the words of the stages; the share is the caller's. Requires: a
// validated Config.
[[nodiscard]] PipelineOptions pipeline_options(const Config& config, InputKind input);
[[nodiscard]] EveOptions eve_options(const Config& config);

}  // namespace flowscope
