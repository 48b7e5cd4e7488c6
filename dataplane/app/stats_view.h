#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/pipeline/ledger.h"

namespace flowscope {

// What a port lets us know. loss_known is false where the driver does not count what it drops.
struct PortLine {
  std::string name;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t missed = 0;  // dropped before us: by the device, the driver or the kernel
  bool loss_known = true;
};

struct WorkerLine {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t flows_live = 0;
  uint64_t flows_created = 0;
  uint64_t flows_evicted = 0;
  uint64_t sessions = 0;
  uint64_t records = 0;  // pushed to the exporter
  uint64_t shed = 0;     // records lost because the output was slower
};

// One moment of the whole program.
struct StatsMoment {
  double seconds = 0;  // since the start
  std::vector<PortLine> ports;
  std::vector<WorkerLine> workers;
  std::array<uint64_t, kFates> fates{};  // packets of all workers by what became of them
  uint64_t bad_ip_checksums = 0;         // of all workers
  uint64_t bad_transport_checksums = 0;
};

// What became of the packets: "90 tracked + 2 not_ip"; of the fates but the first those that
// happened.
[[nodiscard]] std::string fates_text(const StatsMoment& now);

// A line about wrong checksums; nothing when none was found.
[[nodiscard]] std::string checksums_line(const StatsMoment& now);

// The table that --stats-period prints: ports, workers and flows, with rates since `before`, and
// the fates of all packets.
[[nodiscard]] std::string stats_table(const StatsMoment& now, const StatsMoment& before);

}  // namespace flowscope
