#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "dataplane/app/worker_lcores.h"

namespace flowscope {

// One lcore of the EAL and the processors that it may run on.
struct PlannedLcore {
  uint32_t lcore = 0;
  std::vector<uint32_t> cpus;
};

// What EAL options ask for, as far as the doctor looks at it.
struct EalPlan {
  bool huge_pages = true;            // no --no-huge
  bool pci = true;                   // no --no-pci
  bool in_memory = false;            // no files are kept
  std::string huge_folder;           // of --huge-dir; empty: the EAL looks for one
  std::string file_prefix = "rte";   // of --file-prefix
  uint64_t memory_bytes = 0;         // of -m or --socket-mem; 0: as much as is needed
  std::vector<std::string> devices;  // PCI addresses of -a, whole: 0000:3b:00.0
  std::vector<std::string> blocked;  // of -b
  std::vector<std::string> vdevs;    // names: net_pcap0
  bool has_lcores = false;           // -l, --lcores or -c was given
  std::vector<PlannedLcore> lcores;  // of these options, by number
  uint32_t main_lcore = UINT32_MAX;  // of --main-lcore; UINT32_MAX: the first one
};

// Reads EAL options. What it does not know it leaves to the EAL, which refuses what is wrong.
[[nodiscard]] EalPlan eal_plan(const std::vector<std::string>& options);

// What the user wants to run: the doctor looks for what stands in its way.
struct Plan {
  Config config;
  std::string config_file;  // as it was given; empty: defaults
  bool run = true;          // DPDK ports and vdevs
  bool live = false;        // a libpcap interface
  std::string interface;    // of live; empty: none is named
  EalPlan eal;

  // What one run takes besides packet buffers; 0: not known.
  uint64_t budget_bytes = 0;
  // All packet buffers of all ports.
  uint64_t buffer_bytes = 0;
};

// A plan with its sizes. Requires: a validated Config.
[[nodiscard]] Plan make_plan(Config config, const std::vector<std::string>& eal_options);

// Descriptors of each receive queue; where the device is to advise, the least that is taken: 1,024.
[[nodiscard]] uint32_t queue_descriptors(const Config& config);

// Packet buffers of one port, and the bytes of each with its headers.
[[nodiscard]] uint64_t packet_buffers(const Config& config);
inline constexpr uint64_t kPacketBufferBytes = 2'432;  // 2 KiB of frame, headroom, mbuf, mempool's

// The lcores of EAL options that name some; nothing where they leave it to the EAL.
[[nodiscard]] std::optional<EalLcores> planned_lcores(const EalPlan& eal);

// Processors that workers would run on; empty when the options leave it open.
[[nodiscard]] std::vector<uint32_t> worker_cpus(const Plan& plan);

}  // namespace flowscope
