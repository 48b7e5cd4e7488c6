#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "flowcore/base/result.h"

namespace flowscope {

// Sets what a YAML file sets and leaves the rest of `config` as it is. An unknown key, a wrong type
// or a value out of its limits is refused with "FILE:LINE: KEY: REASON; expected ...", and so is a
// file that cannot be read; `config` is then unchanged. Cross-checks are validate()'s.
Result<void> load_yaml_file(const std::string& path, Config& config);

// The same for a text; `name` stands for the file in messages.
Result<void> load_yaml_text(const std::string& name, const std::string& text, Config& config);

// Sets one value from the command line, by the same names, forms and limits. Lists are separated by
// commas (names) or spaces (arguments). The message begins with the key.
Result<void> apply_option(std::string_view key, std::string_view text, Config& config);

}  // namespace flowscope
