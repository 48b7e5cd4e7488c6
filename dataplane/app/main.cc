#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "dataplane/app/command_line.h"
#include "dataplane/app/signals.h"
#include "dataplane/app/verbs.h"

namespace {

using namespace flowscope;  // NOLINT(google-build-using-namespace): the program is flowscope

[[maybe_unused]] Exit not_built(const char* what) {
  fmt::print(
      stderr,
      "flowscope: this build has no {}; configure it with the library installed (see README)\n",
      what);
  return Exit::Usage;
}

Exit run_verb(const CommandLine& line) {
  switch (line.verb) {
    case Verb::Replay:
      return replay(line.config, line.files);
    case Verb::Live:
#ifdef FS_HAVE_PCAP
      return live(line.config, line.interface, line.filter);
#else
      return not_built("libpcap");
#endif
    case Verb::Run:
#ifdef FS_HAVE_DPDK
      return run_dpdk(line.config, line.eal_options);
#else
      return not_built("DPDK");
#endif
    case Verb::Check:
      fmt::print("{}: no mistake found\n", line.files.front());
      return Exit::Ok;
    case Verb::Version:
    case Verb::Help:
      fmt::print("{}", line.text);
      return Exit::Ok;
  }
  return Exit::Usage;
}

}  // namespace

int main(int argc, char** argv) {
  const auto line = parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (!line.ok()) {
    fmt::print(stderr, "flowscope: {}\n", line.error().message);
    return static_cast<int>(Exit::Usage);
  }
  catch_signals();
  return static_cast<int>(run_verb(line.value()));
}
