#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/app/doctor/plan.h"
#include "dataplane/app/doctor/system.h"

namespace flowscope {

// A machine in a folder of its own: two nodes of eight processors, a NIC bound to vfio-pci, another
// that carries the machine's address, and a plan of three workers that it is right for. Tests break
// one thing of it.
class SeededMachine {
 public:
  SeededMachine() {
    // Memory, where there is such a folder: a machine is a hundred small files.
    const std::filesystem::path memory = "/dev/shm";
    const bool has_memory = std::filesystem::is_directory(memory);
    const auto parent = has_memory ? memory : std::filesystem::temp_directory_path();
    std::string made = (parent / "flowscope_doctor_XXXXXX").string();
    system.root = mkdtemp(made.data());
    fill_memory();
    fill_devices();
    fill_processors();
    fill_folders();
    fill_facts();
    Config config;
    config.workers = 3;
    config.output.destination = "/srv/records/eve.json";
    plan = make_plan(config, {"-l", "0-3", "-a", "3b:00.0"});
    plan.live = true;
    plan.interface = "mon0";
  }
  ~SeededMachine() { std::filesystem::remove_all(system.root); }
  SeededMachine(const SeededMachine&) = delete;
  SeededMachine& operator=(const SeededMachine&) = delete;

  void file(const std::string& path, const std::string& text) const {
    folder(std::filesystem::path(path).parent_path().string());
    std::ofstream(system.root + path, std::ios::binary) << text;
  }
  void folder(const std::string& path) const {
    std::filesystem::create_directories(system.root + path);
  }
  void link(const std::string& path, const std::string& target) const {
    folder(std::filesystem::path(path).parent_path().string());
    std::filesystem::remove(system.root + path);
    std::filesystem::create_symlink(target, system.root + path);
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(system.root + path); }
  void mode(const std::string& path, mode_t bits) const {
    chmod((system.root + path).c_str(), bits);
  }
  // Nobody in particular: owner of nothing here, member of no group.
  void become_a_user() {
    system.user = 4711;
    system.groups = {4711};
    system.capabilities = 0;
  }
  // Plans anew with other EAL options.
  void options(const std::vector<std::string>& eal) {
    Plan made = make_plan(plan.config, eal);
    made.live = plan.live;
    made.interface = plan.interface;
    plan = std::move(made);
  }

  System system;
  Plan plan;

  static constexpr const char* kNic = "/sys/bus/pci/devices/0000:3b:00.0";
  static constexpr const char* kOwnNic = "/sys/bus/pci/devices/0000:01:00.0";
  static constexpr const char* kDrivers = "/usr/lib/dpdk/pmds-23.0";

 private:
  void pages(const std::string& parent, const char* total, const char* free) const {
    file(parent + "/hugepages-2048kB/nr_hugepages", total);
    file(parent + "/hugepages-2048kB/free_hugepages", free);
  }

  void fill_memory() const {
    pages("/sys/kernel/mm/hugepages", "512\n", "512\n");
    pages("/sys/devices/system/node/node0/hugepages", "256\n", "256\n");
    pages("/sys/devices/system/node/node1/hugepages", "256\n", "256\n");
    file("/proc/mounts",
         "proc /proc proc rw 0 0\nnodev /dev/hugepages hugetlbfs rw,pagesize=2M 0 0\n");
    file("/proc/locks", "1: FLOCK  ADVISORY  WRITE 77 00:2d:4242 0 EOF\n");
    file("/proc/meminfo", "MemTotal: 268435456 kB\nMemAvailable:   200000000 kB\n");
    file("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
    file("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
  }

  void pci(const std::string& folder, const char* driver, const char* device) const {
    file(folder + "/class", "0x020000\n");
    file(folder + "/vendor", "0x8086\n");
    file(folder + "/device", device);
    file(folder + "/numa_node", "0\n");
    file(folder + "/current_link_speed", "16.0 GT/s PCIe\n");
    file(folder + "/max_link_speed", "16.0 GT/s PCIe\n");
    file(folder + "/current_link_width", "16\n");
    file(folder + "/max_link_width", "16\n");
    link(folder + "/driver", std::string("../../../bus/pci/drivers/") + driver);
  }

  void fill_devices() const {
    pci(kNic, "vfio-pci", "0x1592\n");
    link(std::string(kNic) + "/iommu_group", "../../../../kernel/iommu_groups/7");
    folder("/sys/kernel/iommu_groups/7");
    folder("/sys/module/vfio_pci");
    file("/dev/vfio/7", "");
    file("/dev/vfio/vfio", "");
    pci(kOwnNic, "igb", "0x1521\n");
    folder(std::string(kOwnNic) + "/net/eno1");
    file("/sys/bus/pci/devices/0000:00:1f.0/class", "0x060100\n");
    file("/sys/class/net/mon0/mtu", "1500\n");
    using std::string_literals::operator""s;
    file(
        std::string(kDrivers) + "/librte_net_ice.so.23",
        "\0PMD_INFO_STRING= {\"name\": \"net_ice\", \"pci_ids\": [[32902, 5522, 65535, 65535]]}\0"s);
    file(std::string(kDrivers) + "/librte_net_pcap.so.23", "\0"s);
  }

  void fill_processors() const {
    file("/proc/cmdline", "root=/dev/sda1 intel_iommu=on iommu=pt\n");
    file("/proc/cpuinfo",
         "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu aes avx2 bmi2\n");
    const std::string all = "/sys/devices/system/cpu";
    file(all + "/online", "0-15\n");
    file(all + "/isolated", "1-3\n");
    file(all + "/nohz_full", "1-3\n");
    for (int cpu = 0; cpu < 8; ++cpu) {
      const std::string each = all + "/cpu" + std::to_string(cpu);
      const int low = cpu % 4;
      file(each + "/cpufreq/scaling_governor", "performance\n");
      file(each + "/topology/thread_siblings_list",
           std::to_string(low) + "," + std::to_string(low + 4) + "\n");
    }
    file("/sys/devices/system/node/node0/cpulist", "0-7\n");
    file("/sys/devices/system/node/node1/cpulist", "8-15\n");
    const std::string clock = "/sys/devices/system/clocksource/clocksource0";
    file(clock + "/current_clocksource", "tsc\n");
    file(clock + "/available_clocksource", "tsc hpet acpi_pm \n");
  }

  void fill_folders() const {
    for (const char* const each : {"/dev/hugepages", "/var/run/dpdk", "/srv/records", "/tmp"})
      folder(each);
  }

  void fill_facts() {
    system.capabilities = UINT64_MAX;
    system.files_max = 65'536;
    system.features = {"avx2", "bmi2", "aes"};
    system.interfaces = {{.name = "eno1", .addresses = {"192.0.2.7"}, .is_up = true},
                         {.name = "mon0", .is_up = true, .ring = 4096, .ring_max = 4096}};
    system.room = [](const std::string&) { return FolderRoom{.free_bytes = 500 * kGiB}; };
    system.dpdk = DpdkFacts{.built = "22.11.5", .running = "22.11.11", .drivers_folder = kDrivers};
  }
};

}  // namespace flowscope
