#pragma once

#include <string_view>
#include <vector>

#include "config/config.h"
#include "dataplane/app/input_kind.h"
#include "dataplane/export/eve_writer.h"

namespace flowscope {

struct PipelineOptions;
struct PipelineSettings;

// The names of all parsers that are built in, each once: what l7.enabled may hold.
[[nodiscard]] std::vector<std::string_view> parser_names();

// The flows of each worker's table. What table.flows_max 0 means: no flows where nothing is
// tracked; files rarely hold many flows at a time, and a table is zeroed as it is touched.
[[nodiscard]] uint32_t flows_max(const Config& config, InputKind input);
// What the configuration says, in the words of the stages; the share is the caller's. Requires: a
// validated Config.
[[nodiscard]] PipelineOptions pipeline_options(const Config& config, InputKind input);
// Of it what workers take while they run.
[[nodiscard]] PipelineSettings pipeline_settings(const Config& config);
[[nodiscard]] EveOptions eve_options(const Config& config);

}  // namespace flowscope
