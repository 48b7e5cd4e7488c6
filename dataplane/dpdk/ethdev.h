#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

// How ports are set up; names and meanings are testpmd's.
struct EthdevOptions {
  uint64_t portmask = 0;   // bit i: port i is used; 0 means every port
  uint32_t rxq = 0;        // receive queues of each port; 0: one for each worker, or as many as
                           // the device has files (net_pcap)
  uint32_t rxd = 1024;     // descriptors of each queue
  uint32_t mbcache = 256;  // mbufs cached by each lcore
  uint32_t total_num_mbufs = 0;  // mbufs of each port; 0: as many as the queues and caches can hold
  uint32_t workers = 1;
  bool promiscuous = true;
  bool rss_ports = true;   // RSS over ports too, not over addresses alone
  bool checksums = false;  // the device verifies the checksums that it can
};

// One receive queue of a started port.
struct RxQueue {
  uint16_t port = 0;
  uint16_t queue = 0;
  bool pcap_times = false;  // net_pcap puts microseconds of packet time into its mbufs
};

// What a port's own counters say.
struct EthdevCounters {
  std::string name;
  std::string driver;
  uint64_t received = 0;
  uint64_t bytes = 0;
  uint64_t missed = 0;  // dropped by the device because no descriptor was free
  uint64_t errors = 0;
  uint64_t no_mbuf = 0;    // dropped because the mempool was empty
  bool loss_known = true;  // false where the driver is known not to count what it loses
};

// The started ports of this program. Stops and closes them when destroyed.
// Thread rule: control thread; the queues belong to their workers.
class Ethdevs {
 public:
  // Configures and starts every port of the mask. Errors name the port and the limit that was
  // broken.
  static Result<Ethdevs> start(const EthdevOptions& options);

  ~Ethdevs();
  Ethdevs(Ethdevs&&) noexcept = default;
  Ethdevs& operator=(Ethdevs&&) = delete;
  Ethdevs(const Ethdevs&) = delete;
  Ethdevs& operator=(const Ethdevs&) = delete;

  [[nodiscard]] const std::vector<RxQueue>& queues() const { return queues_; }
  [[nodiscard]] std::vector<EthdevCounters> counters() const;

 private:
  Ethdevs() = default;
  Result<void> start_port(uint16_t port, const EthdevOptions& options);

  std::vector<uint16_t> ports_;
  std::vector<RxQueue> queues_;
};

}  // namespace flowscope
