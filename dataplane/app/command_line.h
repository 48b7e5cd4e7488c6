#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "flowcore/base/result.h"

namespace flowscope {

enum class Verb : uint8_t { Replay, Live, Run, Check, Version, Help };

// A command line taken apart. Config is complete: defaults, then the file of -c, then options.
struct CommandLine {
  Verb verb = Verb::Help;
  std::vector<std::string> files;        // of replay, or the one of check
  std::vector<std::string> eal_options;  // of run, untouched
  std::string interface;                 // of live
  std::string filter;                    // of live
  std::string text;                      // help or version, to be printed
  Config config;
};

// Errors name the option, file or key and where help is found.
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace flowscope
