#include <fmt/format.h>

#include <algorithm>

#include "dataplane/app/doctor/checks.h"
#include "dataplane/app/doctor/devices.h"

namespace flowscope {

namespace {

constexpr unsigned kCapNetAdmin = 12;
constexpr unsigned kCapNetRaw = 13;
constexpr uint64_t kFilesBeside = 256;  // of the program, beside one for each huge page
constexpr const char* kNoRun = "not needed: no DPDK port is planned";

// Where the EAL keeps its files: eal_create_runtime_dir() in lib/eal/unix of DPDK.
std::string runtime_parent(const System& system) {
  if (!system.service_folder.empty()) return system.service_folder;
  if (system.user == 0) return "/var/run";
  return system.runtime_folder.empty() ? "/tmp" : system.runtime_folder;
}

void check_runtime_folder(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  const std::string parent = runtime_parent(system);
  const std::string folder = parent + "/dpdk";
  const std::string used = system.exists(folder) ? folder : parent;
  if (!system.exists(parent)) {
    return findings.wrong(
        fmt::format("{} does not exist; the EAL keeps its files below it", parent),
        fmt::format("mkdir -p {0} && chown {1} {0}", shell_word(folder), system.user));
  }
  if (system.may_write(used)) return findings.ok(folder);
  findings.wrong(fmt::format("{} cannot be written by user {}", used, system.user),
                 fmt::format("mkdir -p {0} && chown {1} {0}", shell_word(folder), system.user));
}

void check_vfio_rights(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  size_t groups = 0;
  for (const PciDevice& device : planned_devices(system, plan)) {
    const auto group = system.link_name(device.folder + "/iommu_group");
    if (device.driver != "vfio-pci" || !group) continue;
    ++groups;
    // Without an IOMMU the kernel names the file noiommu-N.
    const std::string plain = "/dev/vfio/" + *group;
    const std::string path = system.exists(plain) ? plain : "/dev/vfio/noiommu-" + *group;
    for (const std::string& file : {path, std::string("/dev/vfio/vfio")}) {
      if (system.may_write(file)) continue;
      if (!system.exists(file)) {
        findings.wrong(fmt::format("{} of {} is not there", file, device.address),
                       "modprobe vfio-pci && dpdk-devbind.py -b vfio-pci " + device.address);
        continue;
      }
      findings.wrong(
          fmt::format("{} of {} cannot be opened by user {}", file, device.address, system.user),
          fmt::format("chown {} {}", system.user, file));
    }
  }
  if (!findings.all().empty()) return;
  findings.ok(groups == 0 ? "not needed: no planned device is bound to vfio-pci"
                          : fmt::format("user {} may open what it needs", system.user));
}

void check_capabilities(const System& system, const Plan& plan, Findings& findings) {
  const bool has_packet_vdev =
      std::any_of(plan.eal.vdevs.begin(), plan.eal.vdevs.end(), [](const std::string& name) {
        return name.starts_with("net_af_") || name.starts_with("net_tap");
      });
  if (!plan.live && !has_packet_vdev) return findings.ok("not needed: no interface is planned");
  const std::string mend = "setcap cap_net_raw,cap_net_admin=eip \"$(command -v flowscope)\"";
  if (!system.has_capability(kCapNetRaw))
    return findings.wrong("no CAP_NET_RAW: interfaces cannot be read", mend);
  if (!system.has_capability(kCapNetAdmin)) {
    return findings.warn("no CAP_NET_ADMIN: interfaces can be read, but not set up", mend);
  }
  findings.ok("CAP_NET_RAW and CAP_NET_ADMIN");
}

void check_root(const System& system, const Plan& plan, Findings& findings) {
  if (system.user == 0) return findings.ok("root");
  if (!plan.run || !plan.eal.pci) return findings.ok("no root, and none is needed");
  for (const PciDevice& device : planned_devices(system, plan)) {
    const bool knows_addresses = device.driver == "vfio-pci"
                                 && system.exists(device.folder + "/iommu_group")
                                 && !system.names("/sys/kernel/iommu_groups").empty();
    if (knows_addresses || is_shared_driver(device.driver)) continue;
    findings.wrong(fmt::format("user {} cannot use {} ({}): without an IOMMU a driver must know "
                               "physical addresses, which root alone may",
                               system.user, device.address, device.driver),
                   "sudo flowscope run ...");
  }
  if (findings.all().empty()) findings.ok("no root, and none is needed");
}

void check_open_files(const System& system, const Plan& plan, Findings& findings) {
  uint64_t pages = 0;
  if (plan.run && plan.eal.huge_pages) {
    constexpr uint64_t kPageBytes = 2 * kMiB;
    pages = (plan.buffer_bytes + kPageBytes - 1) / kPageBytes;
  }
  const uint64_t needed = pages + kFilesBeside;
  const std::string limit =
      system.files_max == UINT64_MAX ? "any number of" : fmt::format("{}", system.files_max);
  if (system.files_max >= needed) return findings.ok(limit + " files may be open");
  findings.wrong(
      fmt::format("{} files may be open, {} are needed: one for each huge page", limit, needed),
      fmt::format("ulimit -n {}", std::max<uint64_t>(needed, 65'536)));
}

constexpr Check kChecks[] = {
    {"root", check_root},
    {"runtime-folder", check_runtime_folder},
    {"vfio-rights", check_vfio_rights},
    {"capabilities", check_capabilities},
    {"open-files", check_open_files},
};

}  // namespace

std::span<const Check> rights_checks() { return kChecks; }

}  // namespace flowscope
