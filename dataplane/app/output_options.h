#pragma once

#include <vector>

#include "config/config.h"
#include "dataplane/app/input_kind.h"
#include "dataplane/export/output.h"
#include "dataplane/pipeline/record_type.h"
#include "flowcore/base/result.h"

namespace flowscope {

// What `output.shed` means; an error names the key, what is wrong and what is expected.
[[nodiscard]] Result<std::vector<RecordType>> shed_first_of(const Config& config);

// Where records go and what becomes of the file.
[[nodiscard]] OutputOptions output_options(const Config& config, InputKind input);
[[nodiscard]] Rotation rotation_of(const Config& config);

}  // namespace flowscope
