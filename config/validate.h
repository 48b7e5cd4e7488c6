#pragma once

#include <span>
#include <string_view>

#include "config/config.h"
#include "flowcore/base/result.h"

namespace flowscope {

// Whether the settings fit together, beyond the limits of each. The message names the keys and
// values that do not. `protocols` are the names of the parsers that are built in; without them
// l7.enabled is not checked.
Result<void> validate(const Config& config, std::span<const std::string_view> protocols = {});

}  // namespace flowscope
