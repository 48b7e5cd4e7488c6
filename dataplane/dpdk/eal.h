#pragma once

#include <functional>
#include <string>
#include <vector>

#include "flowcore/base/result.h"

namespace flowscope {

// DPDK's environment layer for the time of this object: started once per program, cleaned up at the
// end. Thread rule: the thread that starts it is the main lcore and must be the one that destroys
// it.
class Eal {
 public:
  // Starts the EAL with the user's options untouched. `program` stands before what EAL says of
  // them. The error names what EAL found wrong and the usual mend; a --vdev network device that
  // could not be started is one. From here on dpdk-dumpcap and dpdk-proc-info work against the
  // program where processes share memory: not with --no-huge, --in-memory or --no-shconf.
  static Result<Eal> start(const std::string& program, const std::vector<std::string>& options);

  ~Eal();
  Eal(Eal&& other) noexcept : live_(std::exchange(other.live_, false)) {}
  Eal& operator=(Eal&&) = delete;
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  // The lcore of the thread that started the EAL.
  [[nodiscard]] unsigned main_lcore() const;
  // Lcores that may run workers; empty when only the main lcore was given.
  [[nodiscard]] std::vector<unsigned> worker_lcores() const;
  // The NUMA node of an lcore; negative where the machine has none.
  [[nodiscard]] static int numa_node(unsigned lcore);
  // Runs `body` on a worker lcore; it must outlive the run.
  void launch(unsigned lcore, std::function<void()>& body) const;
  // Waits until every worker lcore is back.
  void wait_all() const;

 private:
  Eal() = default;
  bool live_ = true;
};

// Where DPDK opens files after its start: its runtime folder, file systems of huge pages, devices.
// Requires: an Eal that lives.
[[nodiscard]] std::vector<std::string> dpdk_places();

// What drivers need after their start, bit N for capability N: promiscuous mode and its end
// (CAP_NET_ADMIN), packet sockets of a port that comes back (CAP_NET_RAW), memory that is locked or
// comes as huge pages (CAP_IPC_LOCK). Not CAP_SYS_NICE: a program may place its own memory on NUMA
// nodes without, and could starve the machine with it.
inline constexpr uint64_t kDpdkCapabilities = 1ULL << 12 | 1ULL << 13 | 1ULL << 14;

}  // namespace flowscope
