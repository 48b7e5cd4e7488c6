#pragma once

#include <span>
#include <string>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

// Where profiles are looked for: the folder that they are installed to, then those beside the
// running program, in an installed tree that was moved or in the source tree that it was built in.
// For set-up only.
[[nodiscard]] std::vector<std::string> profile_folders();

// The names of the profiles in these folders, sorted, each once.
[[nodiscard]] std::vector<std::string> profile_names(std::span<const std::string> folders);

// The file that `name` means: itself where it is a file or looks like a path to one (it holds a /
// or ends in .yaml or .yml), else the profile of that name. The error lists the profiles there are.
[[nodiscard]] Result<std::string> config_path(const std::string& name,
                                              std::span<const std::string> folders);

}  // namespace flowscope
