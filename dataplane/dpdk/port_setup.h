#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "dataplane/dpdk/drop_truth.h"
#include "dataplane/dpdk/ethdev.h"
#include "dataplane/dpdk/link_events.h"
#include "dataplane/dpdk/promiscuous_mode.h"

namespace flowscope {

// A port that was started, and all that is kept of it.
struct StartedPort {
  uint16_t id = 0;
  std::string name;
  std::string driver;
  uint16_t queues = 0;
  int numa_node = -1;
  PacketTimes times = PacketTimes::Receive;
  RssResult rss;
  DropSource drop_source = DropSource::Device;
  DeviceClock clock;
  std::unique_ptr<LinkEvents> link;
  std::unique_ptr<PromiscuousMode> promiscuous;  // null: not asked for

  // The threads that ask for counters take turns.
  std::mutex counting;
  std::unique_ptr<KernelDrops> kernel_drops;
  EthdevCounters last;  // what was read last
};

// The name DPDK knows a port by.
[[nodiscard]] std::string name_of_port(uint16_t port);

// Configures and starts one port and tells how. `pool_bytes` is what the pools of the ports before
// it take, and grows by this one's.
[[nodiscard]] Result<std::unique_ptr<StartedPort>> start_port(uint16_t id,
                                                              const EthdevOptions& options,
                                                              const TscClock& clock,
                                                              const Ethdevs::Tell& tell,
                                                              uint64_t& pool_bytes);

// Reads the device's clock against the processor's, `clock`; tells once when it drifts.
void read_clock(StartedPort& port, const TscClock& clock, const Ethdevs::Tell& tell);

}  // namespace flowscope
