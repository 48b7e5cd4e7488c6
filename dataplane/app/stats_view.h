#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
};

// The table that --stats-period prints: ports, workers and flows, with rates since `before`.
[[nodiscard]] std::string stats_table(const StatsMoment& now, const StatsMoment& before);

}  // namespace flowscope
