#pragma once

#include <string>

#include "config/config.h"

namespace flowscope {

// Every key with its value, as a YAML file that loads back to the same configuration. What differs
// from the default says so in a comment.
[[nodiscard]] std::string config_as_yaml(Config config);

// The page docs/configuration.md: every key with its form, default and meaning.
[[nodiscard]] std::string configuration_page();

}  // namespace flowscope
