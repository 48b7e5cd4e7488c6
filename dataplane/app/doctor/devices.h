#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/app/doctor/plan.h"
#include "dataplane/app/doctor/system.h"

namespace flowscope {

// One network device on the PCI bus.
struct PciDevice {
  std::string address;  // 0000:3b:00.0
  std::string folder;   // in /sys
  std::string driver;   // of the kernel; empty: bound to none
  uint16_t vendor = 0;
  uint16_t device = 0;
  std::vector<std::string> interfaces;  // of the kernel, while its driver holds the device
};

// Every network device of the machine, whether the plan uses it or not.
[[nodiscard]] std::vector<PciDevice> network_devices(const System& system);

// Those that a run would use: the ones of -a, or all that DPDK could take where -a names none.
[[nodiscard]] std::vector<PciDevice> planned_devices(const System& system, const Plan& plan);

// Whether a driver hands its devices over to DPDK, and whether DPDK works beside it.
[[nodiscard]] bool is_dpdk_driver(const std::string& driver);
[[nodiscard]] bool is_shared_driver(const std::string& driver);

// NUMA nodes; nothing where the machine does not say.
[[nodiscard]] std::optional<uint32_t> node_of_device(const System& system,
                                                     const std::string& address);
[[nodiscard]] std::optional<uint32_t> node_of_cpu(const System& system, uint32_t cpu);

}  // namespace flowscope
