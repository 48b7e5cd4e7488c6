#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "flowcore/base/result.h"

namespace flowscope {

// Where a configuration comes from, kept so that it can be read again: the file of -c, and over it
// what the command line said.
struct ConfigSources {
  std::string file;                                          // path; empty: no file
  std::vector<std::pair<std::string, std::string>> options;  // key and text, in their order
};

// The path behind what -c or check names: a file, or an installed profile.
[[nodiscard]] Result<std::string> config_file(const std::string& name);

// Defaults, then the file, then the options, checked as a whole. The error names file, line and
// key, or the option's key. Set-up and control threads; reads the file.
[[nodiscard]] Result<Config> read_config(const ConfigSources& sources);

// The same for a program that runs and must not wait: refuses what is no regular file, such as a
// FIFO or the standard input that a first reading has emptied.
[[nodiscard]] Result<Config> read_config_again(const ConfigSources& sources);

// What the settings say together; the error names the key.
[[nodiscard]] Result<void> check_config(const Config& config);

}  // namespace flowscope
