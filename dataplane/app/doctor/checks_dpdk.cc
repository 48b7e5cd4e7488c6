#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

#include "dataplane/app/doctor/checks.h"
#include "dataplane/app/doctor/devices.h"

namespace flowscope {

namespace {

constexpr const char* kNotBuilt = "this program is built without DPDK";
constexpr const char* kNoRun = "not needed: no DPDK port is planned";
constexpr const char* kBuild = "apt-get install libdpdk-dev && scripts/dev build --release";
constexpr std::string_view kLibraryPrefix = "librte_net_";
constexpr size_t kDriverBytesMax = size_t{64} << 20;

// The number behind ".so." of every driver of this DPDK.
constexpr const char* kDriverSuffix = ".so.23";
constexpr const char* kPackageSuffix = "23";

// The driver's part of a virtual device's name: "af_packet" of net_af_packet0. It is nearly always
// its library's name too. Empty when the device is none of the network.
std::string driver_of_vdev(std::string name) {
  while (!name.empty() && std::isdigit(static_cast<unsigned char>(name.back())) != 0)
    name.pop_back();
  if (name.starts_with("virtio_user")) return "virtio";
  if (!name.starts_with("net_") && !name.starts_with("eth_")) return "";
  name = name.substr(4);
  if (name == "bonding") return "bond";
  return name == "tun" ? "tap" : name;
}

std::string package_of(std::string library) {
  std::replace(library.begin(), library.end(), '_', '-');
  return "librte-net-" + library + kPackageSuffix;
}

void check_version(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  if (!system.dpdk) return findings.wrong(kNotBuilt, kBuild);
  const DpdkFacts& dpdk = *system.dpdk;
  const auto release_of = [](const std::string& version) {
    return version.substr(0, version.rfind('.'));
  };
  const std::string told = fmt::format("built with {}, running with {}", dpdk.built, dpdk.running);
  if (release_of(dpdk.built) == release_of(dpdk.running)) return findings.ok(told);
  findings.wrong(told + ": another release has other structures",
                 "ldconfig && scripts/dev build --release");
}

// What is installed for a driver: behind its name the user may have added another.
std::string installed_library(const System& system, const std::string& driver) {
  for (const std::string& name : system.names(system.dpdk->drivers_folder)) {
    if (!name.starts_with(kLibraryPrefix) || !name.ends_with(kDriverSuffix)) continue;
    const std::string library = name.substr(
        kLibraryPrefix.size(), name.size() - kLibraryPrefix.size() - std::strlen(kDriverSuffix));
    if (driver == library || driver.starts_with(library + "_")) return library;
  }
  return driver;
}

// Whether a driver's library lists this vendor and device. Each holds, as text, what
// dpdk-pmdinfo.py reads: PMD_INFO_STRING= {..., "pci_ids": [[vendor, device, ...], ...]}.
bool drives(const System& system, const std::string& library, const PciDevice& device) {
  std::ifstream file(system.root + library, std::ios::binary);
  std::string bytes;
  for (std::istreambuf_iterator<char> next(file), end;
       next != end && bytes.size() < kDriverBytesMax; ++next)
    bytes += *next;
  const std::string pair = fmt::format("[{}, {},", device.vendor, device.device);
  for (size_t at = bytes.find("PMD_INFO_STRING="); at != std::string::npos;
       at = bytes.find("PMD_INFO_STRING=", at + 1)) {
    const std::string_view note(bytes.data() + at, bytes.find('\0', at) - at);
    if (note.find(pair) != std::string_view::npos) return true;
  }
  return false;
}

// The library that drives a device, among all that are installed; empty when none does.
std::string library_of_device(const System& system, const PciDevice& device) {
  const std::string& folder = system.dpdk->drivers_folder;
  for (const std::string& name : system.names(folder)) {
    if (!name.starts_with(kLibraryPrefix) || !name.ends_with(kDriverSuffix)) continue;
    if (drives(system, folder + "/" + name, device)) return name;
  }
  return "";
}

void check_device_libraries(const System& system, const Plan& plan, Findings& findings) {
  for (const PciDevice& device : planned_devices(system, plan)) {
    const std::string library = library_of_device(system, device);
    if (!library.empty()) {
      findings.ok(fmt::format("{} is driven by {}", device.address, library));
      continue;
    }
    findings.wrong(
        fmt::format("no driver in {} knows {} ({:04x}:{:04x})", system.dpdk->drivers_folder,
                    device.address, device.vendor, device.device),
        "apt-get install librte-meta-net");
  }
}

void check_libraries(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  if (!system.dpdk) return findings.wrong(kNotBuilt, kBuild);
  const std::string& folder = system.dpdk->drivers_folder;
  if (!system.is_folder(folder)) {
    return findings.wrong("no folder of drivers: " + folder, "apt-get install libdpdk-dev");
  }
  for (const std::string& vdev : plan.eal.vdevs) {
    const std::string driver = driver_of_vdev(vdev);
    if (driver.empty()) {
      findings.ok(vdev + " is no network device");
      continue;
    }
    const std::string library = installed_library(system, driver);
    const std::string path =
        fmt::format("{}/{}{}{}", folder, kLibraryPrefix, library, kDriverSuffix);
    if (system.exists(path)) {
      findings.ok(fmt::format("{}: {}", vdev, path));
    } else {
      findings.wrong(fmt::format("{}: its driver is missing: {}", vdev, path),
                     "apt-get install " + package_of(library));
    }
  }
  check_device_libraries(system, plan, findings);
  if (findings.all().empty()) findings.ok("no device is planned yet; drivers lie in " + folder);
}

constexpr Check kChecks[] = {
    {"dpdk-version", check_version},
    {"dpdk-drivers", check_libraries},
};

}  // namespace

std::span<const Check> dpdk_checks() { return kChecks; }

}  // namespace flowscope
