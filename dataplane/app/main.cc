#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

#include "dataplane/app/command_line.h"
#include "dataplane/app/log.h"
#include "dataplane/app/signals.h"
#include "dataplane/app/verbs.h"

namespace {

using namespace flowscope;  // NOLINT(google-build-using-namespace): the program is flowscope

[[maybe_unused]] Exit not_built(const char* what) {
  log_error("this build has no {}; configure it with the library installed (see README)", what);
  return Exit::Usage;
}

Exit run_verb(const CommandLine& line) {
  switch (line.verb) {
    case Verb::Replay:
      return replay(line);
    case Verb::Live:
#ifdef FS_HAVE_PCAP
      return live(line);
#else
      return not_built("libpcap");
#endif
    case Verb::Run:
#ifdef FS_HAVE_DPDK
      return run_dpdk(line);
#else
      return not_built("DPDK");
#endif
    case Verb::Check:
      return check(line);
    case Verb::Doctor:
      return doctor(line);
    case Verb::Top:
      return top(line.top);
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
    log_error("{}", line.error().message);
    return static_cast<int>(Exit::Usage);
  }
  catch_signals();
  if (auto opened = open_log(log_options(line.value().config.log).value()); !opened.ok()) {
    log_error("{}", opened.error().message);
    return static_cast<int>(Exit::Usage);
  }
  return static_cast<int>(run_verb(line.value()));
}
