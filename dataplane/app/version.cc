#include "dataplane/app/version.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "l7/parser_list.h"
#include "l7/parser_set.h"

namespace flowscope {

std::string_view program_version() { return FS_VERSION; }

std::string version_text() {
  return fmt::format(
      "flowscope {} for {} processors\nparsers over TCP: {}; over UDP: {}\ninputs: "
      "files{}{}\nmetrics by HTTP: {}\n",
      FS_VERSION, FS_CPU, fmt::join(ParserSet<AllStreamParsers>::kNames, ", "),
      fmt::join(ParserSet<AllDatagramParsers>::kNames, ", "),
#ifdef FS_HAVE_PCAP
      ", libpcap interfaces",
#else
      "",
#endif
#ifdef FS_HAVE_DPDK
      ", DPDK",
#else
      "",
#endif
#ifdef FS_HAVE_PROMETHEUS
      "Prometheus"
#else
      "none"
#endif
  );
}

}  // namespace flowscope
