#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "dataplane/app/config_sources.h"
#include "dataplane/app/top.h"
#include "flowcore/base/result.h"

namespace flowscope {

enum class Verb : uint8_t { Replay, Live, Run, Check, Doctor, Top, Version, Help };

// For readers, or for programs.
enum class AnswerForm : uint8_t { Text, Json };

// A command line taken apart. Config is complete: defaults, then the file of -c, then options.
struct CommandLine {
  Verb verb = Verb::Help;
  std::vector<std::string> files;        // of replay, or the one of check
  std::string config_file;               // of -c as it was given; empty: none
  std::vector<std::string> eal_options;  // of run and doctor, untouched
  std::string interface;                 // of live and doctor
  AnswerForm form = AnswerForm::Text;    // of doctor
  std::string filter;                    // of live
  TopOptions top;                        // of top
  std::string text;                      // help or version, to be printed
  Config config;
  ConfigSources sources;  // of it, for those that read it again
};

// Errors name the option, file or key and where help is found.
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace flowscope
