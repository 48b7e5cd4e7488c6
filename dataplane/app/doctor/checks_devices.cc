#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "dataplane/app/doctor/checks.h"
#include "dataplane/app/doctor/devices.h"

namespace flowscope {

namespace {

constexpr const char* kNoPci = "not needed: no PCI device is planned";
constexpr const char* kNoIommuMode = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";

bool wants_pci(const Plan& plan) { return plan.run && plan.eal.pci; }

// Whether a run is known to need VFIO: a device is named that no driver of its own shares.
bool needs_vfio(const System& system, const Plan& plan) {
  if (!wants_pci(plan)) return false;
  const auto devices = planned_devices(system, plan);
  return std::any_of(devices.begin(), devices.end(), [](const PciDevice& each) {
    return !is_shared_driver(each.driver) && each.driver != "uio_pci_generic"
           && each.driver != "igb_uio";
  });
}

// A word of the processor's first block in /proc/cpuinfo.
bool cpu_says(const System& system, const std::string& word) {
  return system.text("/proc/cpuinfo").value_or("").find(word) != std::string::npos;
}

std::string kernel_option_command(const std::string& options) {
  return fmt::format(
      "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&{} /' /etc/default/grub && update-grub && reboot",
      options);
}

std::string iommu_mend(const System& system) {
  const bool is_amd = cpu_says(system, "AuthenticAMD");
  const std::string asked = is_amd ? "iommu=pt" : "intel_iommu=on";
  const bool was_asked = system.text("/proc/cmdline").value_or("").find(asked) != std::string::npos;
  // A guest without a virtual IOMMU, or a machine whose firmware has it off.
  if (was_asked || cpu_says(system, " hypervisor"))
    return fmt::format("modprobe vfio enable_unsafe_noiommu_mode=1 && echo Y > {}", kNoIommuMode);
  return kernel_option_command(is_amd ? "iommu=pt" : "intel_iommu=on iommu=pt");
}

void check_iommu(const System& system, const Plan& plan, Findings& findings) {
  if (!wants_pci(plan)) return findings.ok(kNoPci);
  const size_t groups = system.names("/sys/kernel/iommu_groups").size();
  if (groups != 0) return findings.ok(fmt::format("on, {} groups", groups));
  if (!plan.eal.devices.empty() && !needs_vfio(system, plan)) {
    return findings.ok("off, and the drivers of the planned devices need none");
  }
  const std::string off = "off: /sys/kernel/iommu_groups is empty";
  if (system.text(kNoIommuMode).value_or("N") == "Y") {
    return findings.warn(
        off + "; vfio-pci is in its mode without one, so a device may write to any memory",
        kernel_option_command(cpu_says(system, "AuthenticAMD") ? "iommu=pt"
                                                               : "intel_iommu=on iommu=pt"));
  }
  const std::string said = off + "; vfio-pci takes no device";
  if (needs_vfio(system, plan)) return findings.wrong(said, iommu_mend(system));
  findings.warn(said, iommu_mend(system));
}

void check_vfio_module(const System& system, const Plan& plan, Findings& findings) {
  if (!wants_pci(plan)) return findings.ok(kNoPci);
  if (system.exists("/sys/module/vfio_pci") || system.exists("/sys/bus/pci/drivers/vfio-pci"))
    return findings.ok("loaded");
  if (needs_vfio(system, plan)) return findings.wrong("not loaded", "modprobe vfio-pci");
  if (!plan.eal.devices.empty()) return findings.ok("not loaded, and no planned device needs it");
  findings.warn("not loaded", "modprobe vfio-pci");
}

// Says of one device what stands between it and DPDK; `is_named` when the plan names it.
void check_driver(const PciDevice& device, bool is_named, Findings& findings) {
  if (is_dpdk_driver(device.driver) || is_shared_driver(device.driver)) {
    return findings.ok(fmt::format("{} is bound to {}", device.address, device.driver));
  }
  std::string said = fmt::format("{} is bound to {}", device.address,
                                 device.driver.empty() ? "no driver" : device.driver);
  for (const std::string& interface : device.interfaces) said += " (" + interface + ")";
  const std::string mend = "dpdk-devbind.py -b vfio-pci " + device.address;
  if (is_named) return findings.wrong(said + ": DPDK cannot use it", mend);
  findings.warn(said + ": DPDK cannot use it", mend);
}

void check_drivers(const System& system, const Plan& plan, Findings& findings) {
  if (!wants_pci(plan)) return findings.ok(kNoPci);
  const std::vector<PciDevice> devices = network_devices(system);
  for (const std::string& named : plan.eal.devices) {
    const bool is_pci = named.find(':') != std::string::npos;
    const bool is_there = std::any_of(devices.begin(), devices.end(),
                                      [&](const PciDevice& each) { return each.address == named; });
    if (is_pci && !is_there) {
      findings.wrong(named + " is no network device of this machine",
                     "dpdk-devbind.py --status-dev net");
    }
  }
  const bool any_is_named = !plan.eal.devices.empty();
  for (const PciDevice& device : devices) {
    const auto& list = plan.eal.devices;
    const bool is_named = std::find(list.begin(), list.end(), device.address) != list.end();
    // Where a run has its devices, the others belong to the kernel.
    if (any_is_named ? is_named : plan.eal.vdevs.empty()) check_driver(device, is_named, findings);
  }
  if (!findings.all().empty()) return;
  if (!plan.eal.vdevs.empty()) return findings.ok("virtual devices alone");
  findings.warn("this machine has no network device on PCI",
                "flowscope run --no-pci --vdev net_af_packet0,iface=INTERFACE -- ...");
}

// Taking a device from the kernel takes its interface away, and the addresses with it.
void check_addresses(const System& system, const Plan& plan, Findings& findings) {
  if (!wants_pci(plan)) return findings.ok(kNoPci);
  if (plan.eal.devices.empty() && !plan.eal.vdevs.empty())
    return findings.ok("virtual devices alone");
  for (const PciDevice& device : network_devices(system)) {
    const auto& list = plan.eal.devices;
    const bool is_named = std::find(list.begin(), list.end(), device.address) != list.end();
    if (!list.empty() && !is_named) continue;
    for (const std::string& name : device.interfaces) {
      const InterfaceFacts* const interface = system.interface(name);
      if (interface == nullptr || !interface->is_up || interface->addresses.empty()) continue;
      findings.warn(
          fmt::format("{} is {} with address {}: binding it away from the kernel cuts off "
                      "whoever comes in by it",
                      device.address, name, interface->addresses.front()),
          "flowscope run -b " + device.address + " ...");
    }
  }
  if (findings.all().empty()) findings.ok("no planned device carries an address of this machine");
}

double speed_of(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

void check_pcie_link(const System& system, const Plan& plan, Findings& findings) {
  if (!wants_pci(plan)) return findings.ok(kNoPci);
  size_t known = 0;
  for (const PciDevice& device : network_devices(system)) {
    const auto read = [&](const char* name) { return system.text(device.folder + "/" + name); };
    const auto speed = read("current_link_speed");
    const auto speed_max = read("max_link_speed");
    const auto width = system.number(device.folder + "/current_link_width");
    const auto width_max = system.number(device.folder + "/max_link_width");
    // Virtual functions have no link of their own: the kernel writes "Unknown" and 0.
    if (!speed || !speed_max || !width || !width_max || *width == 0) continue;
    ++known;
    if (speed_of(*speed) >= speed_of(*speed_max) && *width >= *width_max) continue;
    findings.warn(fmt::format("{} runs at {} x{}, and can do {} x{}: another slot, or the slot's "
                              "setting in the firmware",
                              device.address, *speed, *width, *speed_max, *width_max),
                  fmt::format("lspci -vv -s {} | grep -E 'LnkCap:|LnkSta:'", device.address));
  }
  if (findings.all().empty())
    findings.ok(known == 0 ? "no device says" : "as fast and as wide as the devices can");
}

// The first processors of a node, one more than there are workers.
std::string lcores_on_node(const System& system, uint32_t node, uint32_t workers) {
  auto cpus = numbers_of_list(
      system.text(fmt::format("/sys/devices/system/node/node{}/cpulist", node)).value_or(""));
  if (!cpus) return "";
  if (cpus->size() > workers + 1) cpus->resize(workers + 1);
  return list_of_numbers(*cpus);
}

void check_nodes(const System& system, const Plan& plan, Findings& findings) {
  if (!wants_pci(plan)) return findings.ok(kNoPci);
  const std::vector<uint32_t> cpus = worker_cpus(plan);
  if (cpus.empty()) return findings.ok("not known: no lcores are named");
  for (const PciDevice& device : planned_devices(system, plan)) {
    const auto node = node_of_device(system, device.address);
    if (!node) continue;
    const bool is_far = std::any_of(cpus.begin(), cpus.end(), [&](uint32_t cpu) {
      const auto other = node_of_cpu(system, cpu);
      return other && *other != *node;
    });
    if (!is_far) continue;
    findings.warn(
        fmt::format("{} is on NUMA node {}, and workers are not", device.address, *node),
        fmt::format("flowscope run -l {} ...", lcores_on_node(system, *node, plan.config.workers)));
  }
  if (findings.all().empty()) findings.ok("workers are on the nodes of their devices");
}

constexpr Check kChecks[] = {
    {"iommu", check_iommu},         {"vfio-module", check_vfio_module}, {"drivers", check_drivers},
    {"addresses", check_addresses}, {"pcie-link", check_pcie_link},     {"nodes", check_nodes},
};

}  // namespace

std::span<const Check> device_checks() { return kChecks; }

}  // namespace flowscope
