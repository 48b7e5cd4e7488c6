#include "dataplane/app/doctor/devices.h"

#include <algorithm>
#include <cstdlib>

namespace flowscope {

namespace {

constexpr const char* kPciFolder = "/sys/bus/pci/devices/";
constexpr uint64_t kNetworkClass = 0x02;

// Interfaces of a device; those of virtio lie one folder deeper.
std::vector<std::string> interfaces_of(const System& system, const std::string& folder) {
  std::vector<std::string> interfaces = system.names(folder + "/net");
  for (const std::string& name : system.names(folder)) {
    if (!name.starts_with("virtio")) continue;
    for (std::string& each : system.names(folder + "/" + name + "/net"))
      interfaces.push_back(std::move(each));
  }
  return interfaces;
}

}  // namespace

std::vector<PciDevice> network_devices(const System& system) {
  std::vector<PciDevice> devices;
  for (const std::string& address : system.names(kPciFolder)) {
    const std::string folder = kPciFolder + address;
    if (system.number(folder + "/class").value_or(0) >> 16 != kNetworkClass) continue;
    devices.push_back(
        {.address = address,
         .folder = folder,
         .driver = system.link_name(folder + "/driver").value_or(""),
         .vendor = static_cast<uint16_t>(system.number(folder + "/vendor").value_or(0)),
         .device = static_cast<uint16_t>(system.number(folder + "/device").value_or(0)),
         .interfaces = interfaces_of(system, folder)});
  }
  return devices;
}

std::vector<PciDevice> planned_devices(const System& system, const Plan& plan) {
  std::vector<PciDevice> devices = network_devices(system);
  const EalPlan& eal = plan.eal;
  if (!plan.run || !eal.pci) return {};
  std::erase_if(devices, [&](const PciDevice& each) {
    const auto names = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), each.address) != list.end();
    };
    if (!eal.devices.empty()) return !names(eal.devices);
    return names(eal.blocked) || !(is_dpdk_driver(each.driver) || is_shared_driver(each.driver));
  });
  return devices;
}

bool is_dpdk_driver(const std::string& driver) {
  return driver == "vfio-pci" || driver == "uio_pci_generic" || driver == "igb_uio";
}

bool is_shared_driver(const std::string& driver) {
  return driver == "mlx5_core" || driver == "mlx4_core";
}

std::optional<uint32_t> node_of_device(const System& system, const std::string& address) {
  // A machine with one node writes -1, which is no number here.
  const auto node = system.number(std::string(kPciFolder) + address + "/numa_node");
  if (!node) return std::nullopt;
  return static_cast<uint32_t>(*node);
}

std::optional<uint32_t> node_of_cpu(const System& system, uint32_t cpu) {
  const std::string nodes = "/sys/devices/system/node";
  for (const std::string& name : system.names(nodes)) {
    if (!name.starts_with("node")) continue;
    const auto cpus = numbers_of_list(system.text(nodes + "/" + name + "/cpulist").value_or(""));
    if (!cpus || std::find(cpus->begin(), cpus->end(), cpu) == cpus->end()) continue;
    return static_cast<uint32_t>(std::strtoul(name.c_str() + 4, nullptr, 10));
  }
  return std::nullopt;
}

}  // namespace flowscope
