#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "dataplane/app/doctor/examine.h"
#include "tests/unit/dataplane/app/seeded_machine.h"

namespace flowscope {
namespace {

std::string text_of(const Finding& finding) {
  return std::string(name_of(finding.verdict)) + " " + finding.check + ": " + finding.said + " | "
         + finding.mend;
}

TEST(Doctor, FindsNothingOnAMachineThatIsRight) {
  const SeededMachine machine;
  for (const Finding& each : examine(machine.system, machine.plan))
    EXPECT_EQ(each.verdict, Verdict::Ok) << text_of(each);
}

TEST(Doctor, LooksAtMoreThanThirtyThings) {
  const SeededMachine machine;
  std::set<std::string> checks;
  for (const Finding& each : examine(machine.system, machine.plan)) checks.insert(each.check);
  EXPECT_GT(checks.size(), 30U);
}

TEST(Doctor, SaysSomethingOfEveryCheckOnAnEmptyMachine) {
  SeededMachine machine;
  machine.system.root += "/nothing";
  EXPECT_TRUE(any_wrong(examine(machine.system, machine.plan)));
}

struct Fault {
  const char* name;
  std::function<void(SeededMachine&)> seed;
  const char* check;
  Verdict verdict;
  const char* mend;
};

constexpr auto kNameOfFault = [](const auto& seeded) { return std::string(seeded.param.name); };

class SeededFault : public testing::TestWithParam<Fault> {};

TEST_P(SeededFault, IsFoundWithTheCommandThatMendsIt) {
  const Fault& fault = GetParam();
  SeededMachine machine;
  fault.seed(machine);
  std::string seen;
  for (const Finding& each : examine(machine.system, machine.plan)) {
    if (each.check != fault.check) continue;
    seen += text_of(each) + "\n";
    if (each.verdict == fault.verdict && each.mend == fault.mend) return;
  }
  ADD_FAILURE() << "expected " << name_of(fault.verdict) << " with " << fault.mend << "; found\n"
                << seen;
}

constexpr const char* kMachinePages = "/sys/kernel/mm/hugepages/hugepages-2048kB";
constexpr Verdict kWrong = Verdict::Wrong;
constexpr Verdict kWarning = Verdict::Warning;

void no_pages(SeededMachine& machine) {
  machine.file(std::string(kMachinePages) + "/nr_hugepages", "0\n");
  machine.file(std::string(kMachinePages) + "/free_hugepages", "0\n");
}
void no_pages_on_node(SeededMachine& machine) {
  const std::string node = "/sys/devices/system/node/node0/hugepages/hugepages-2048kB";
  machine.file(node + "/nr_hugepages", "0\n");
  machine.file(node + "/free_hugepages", "0\n");
}
void few_pages(SeededMachine& machine) {
  machine.file(std::string(kMachinePages) + "/free_hugepages", "2\n");
}
void large_pages_without_mount(SeededMachine& machine) {
  machine.file("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "4\n");
  machine.file("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages", "4\n");
}
void unlocked_file(SeededMachine& machine) { machine.file("/dev/hugepages/rtemap_0", "x"); }
void little_memory(SeededMachine& machine) {
  machine.file("/proc/meminfo", "MemAvailable: 1280000 kB\n");
}
void small_container(SeededMachine& machine) {
  machine.file("/sys/fs/cgroup/memory.max", "1342177280\n");
  machine.file("/sys/fs/cgroup/memory.current", "31457280\n");
}
void little_locked(SeededMachine& machine) {
  machine.system.capabilities = 0;
  machine.system.memlock_bytes = 65'536;
}
void no_thp(SeededMachine& machine) {
  machine.file("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
}
void swap(SeededMachine& machine) {
  machine.file("/proc/swaps", "Filename Type Size Used Priority\n/dev/sda2 partition 8 0 -2\n");
}

INSTANTIATE_TEST_SUITE_P(
    Memory, SeededFault,
    testing::Values(
        Fault{"NoHugePages", no_pages, "huge-pages", kWrong,
              "echo 64 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"},
        Fault{"TooFewHugePages", few_pages, "huge-pages", kWrong,
              "echo 520 > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"},
        Fault{"NoHugePagesOnTheNode", no_pages_on_node, "huge-pages-nodes", kWrong,
              "echo 17 > "
              "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages"},
        Fault{"NoHugeMount",
              [](SeededMachine& machine) {
                machine.file("/proc/mounts", "proc /proc proc rw 0 0\n");
              },
              "huge-mounts", kWrong,
              "mkdir -p /dev/hugepages && mount -t hugetlbfs nodev /dev/hugepages"},
        Fault{"HugeFolderThatIsNoMount",
              [](SeededMachine& machine) { machine.plan.eal.huge_folder = "/mnt/huge"; },
              "huge-mounts", kWrong, "mkdir -p /mnt/huge && mount -t hugetlbfs nodev /mnt/huge"},
        Fault{"HugeMountOfAnotherSize", large_pages_without_mount, "huge-mounts", kWrong,
              "mkdir -p /dev/hugepages1G && mount -t hugetlbfs -o pagesize=1G nodev "
              "/dev/hugepages1G"},
        Fault{"HugeMountOfAnotherUser", [](SeededMachine& machine) { machine.become_a_user(); },
              "huge-mounts", kWrong, "chown 4711 /dev/hugepages"},
        Fault{"HugeFilesLeftOver", unlocked_file, "huge-files", kWarning,
              "rm /dev/hugepages/rtemap_*"},
        Fault{"MoreMemoryThanThereIs", little_memory, "memory", kWrong,
              "flowscope ... --flows-max 250000"},
        Fault{"MoreMemoryThanTheContainerMayTake", small_container, "memory", kWrong,
              "flowscope ... --flows-max 250000"},
        Fault{"MemlockTooLow", little_locked, "memlock", kWrong, "ulimit -l unlimited"},
        Fault{"TransparentPagesOff", no_thp, "transparent-pages", kWarning,
              "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"},
        Fault{"SwapInUse", swap, "swap", kWarning, "swapoff -a"}),
    kNameOfFault);

void no_iommu(SeededMachine& machine) {
  machine.remove("/sys/kernel/iommu_groups/7");
  machine.file("/proc/cmdline", "root=/dev/sda1\n");
}
void no_iommu_on_amd(SeededMachine& machine) {
  no_iommu(machine);
  machine.file("/proc/cpuinfo", "vendor_id\t: AuthenticAMD\nflags\t\t: aes avx2 bmi2\n");
}
void no_iommu_in_a_guest(SeededMachine& machine) {
  no_iommu(machine);
  machine.file("/proc/cpuinfo", "vendor_id\t: GenuineIntel\nflags\t\t: aes avx2 bmi2 hypervisor\n");
}
void kernel_driver(SeededMachine& machine) {
  machine.link(std::string(SeededMachine::kNic) + "/driver", "../../../bus/pci/drivers/ice");
}
void no_driver(SeededMachine& machine) {
  machine.remove(std::string(SeededMachine::kNic) + "/driver");
}
void narrow_link(SeededMachine& machine) {
  machine.file(std::string(SeededMachine::kNic) + "/current_link_width", "8\n");
}
void slow_link(SeededMachine& machine) {
  machine.file(std::string(SeededMachine::kNic) + "/current_link_speed", "8.0 GT/s PCIe\n");
}
void far_device(SeededMachine& machine) {
  machine.file(std::string(SeededMachine::kNic) + "/numa_node", "1\n");
}
void absent_device(SeededMachine& machine) { machine.options({"-l", "0-3", "-a", "af:00.0"}); }
void own_address(SeededMachine& machine) { machine.options({"-l", "0-3", "-a", "01:00.0"}); }

INSTANTIATE_TEST_SUITE_P(
    Devices, SeededFault,
    testing::Values(
        Fault{"IommuOff", no_iommu, "iommu", kWrong,
              "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&intel_iommu=on iommu=pt /' /etc/default/grub && "
              "update-grub && reboot"},
        Fault{"IommuOffOnAmd", no_iommu_on_amd, "iommu", kWrong,
              "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&iommu=pt /' /etc/default/grub && update-grub && "
              "reboot"},
        Fault{"IommuOffInAGuest", no_iommu_in_a_guest, "iommu", kWrong,
              "modprobe vfio enable_unsafe_noiommu_mode=1 && echo Y > "
              "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"},
        Fault{"VfioNotLoaded",
              [](SeededMachine& machine) { machine.remove("/sys/module/vfio_pci"); }, "vfio-module",
              kWrong, "modprobe vfio-pci"},
        Fault{"BoundToTheKernel", kernel_driver, "drivers", kWrong,
              "dpdk-devbind.py -b vfio-pci 0000:3b:00.0"},
        Fault{"BoundToNoDriver", no_driver, "drivers", kWrong,
              "dpdk-devbind.py -b vfio-pci 0000:3b:00.0"},
        Fault{"NoSuchDevice", absent_device, "drivers", kWrong, "dpdk-devbind.py --status-dev net"},
        Fault{"DeviceWithTheMachinesAddress", own_address, "addresses", kWarning,
              "flowscope run -b 0000:01:00.0 ..."},
        Fault{"NarrowLink", narrow_link, "pcie-link", kWarning,
              "lspci -vv -s 0000:3b:00.0 | grep -E 'LnkCap:|LnkSta:'"},
        Fault{"SlowLink", slow_link, "pcie-link", kWarning,
              "lspci -vv -s 0000:3b:00.0 | grep -E 'LnkCap:|LnkSta:'"},
        Fault{"WorkersOnAnotherNode", far_device, "nodes", kWarning, "flowscope run -l 8-11 ..."}),
    kNameOfFault);

void memif(SeededMachine& machine) {
  machine.options({"--no-pci", "-l", "0-3", "--vdev=net_memif0,role=client"});
}
void packet_socket(SeededMachine& machine) {
  machine.options({"--no-pci", "-l", "0-3", "--vdev", "net_af_packet0,iface=mon0"});
}
void unknown_device(SeededMachine& machine) {
  machine.file(std::string(SeededMachine::kNic) + "/device", "0x0001\n");
}
void no_drivers_folder(SeededMachine& machine) { machine.remove(SeededMachine::kDrivers); }

INSTANTIATE_TEST_SUITE_P(
    Dpdk, SeededFault,
    testing::Values(
        Fault{"AnotherRelease",
              [](SeededMachine& machine) { machine.system.dpdk->running = "23.11.0"; },
              "dpdk-version", kWrong, "ldconfig && scripts/dev build --release"},
        Fault{"BuiltWithout", [](SeededMachine& machine) { machine.system.dpdk.reset(); },
              "dpdk-version", kWrong, "apt-get install libdpdk-dev && scripts/dev build --release"},
        Fault{"NoMemifDriver", memif, "dpdk-drivers", kWrong, "apt-get install librte-net-memif23"},
        Fault{"NoPacketSocketDriver", packet_socket, "dpdk-drivers", kWrong,
              "apt-get install librte-net-af-packet23"},
        Fault{"NoDriverForTheDevice", unknown_device, "dpdk-drivers", kWrong,
              "apt-get install librte-meta-net"},
        Fault{"NoDriversAtAll", no_drivers_folder, "dpdk-drivers", kWrong,
              "apt-get install libdpdk-dev"}),
    kNameOfFault);

void shared_cores(SeededMachine& machine) { machine.options({"-l", "0,1,5,2", "-a", "3b:00.0"}); }
void few_lcores(SeededMachine& machine) { machine.options({"-l", "0-1", "-a", "3b:00.0"}); }
void absent_lcores(SeededMachine& machine) {
  machine.options({"--lcores", "0,(1-3)@(20-22)", "-a", "3b:00.0"});
}
void another_clock(SeededMachine& machine) {
  machine.file("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
}
void power_saving(SeededMachine& machine) {
  machine.file("/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor", "powersave\n");
}
void old_processor(SeededMachine& machine) {
  machine.file("/proc/cpuinfo", "vendor_id\t: GenuineIntel\nflags\t\t: fpu sse4_2\n");
}

INSTANTIATE_TEST_SUITE_P(
    Processors, SeededFault,
    testing::Values(
        Fault{"FeaturesMissing", old_processor, "cpu-features", kWrong,
              "scripts/dev build --release -Dcpu=x86-64"},
        Fault{"FeaturesUnused", [](SeededMachine& machine) { machine.system.features.clear(); },
              "cpu-features", kWarning, "scripts/dev build --release -Dcpu=x86-64-v3"},
        Fault{"MoreWorkersThanProcessors",
              [](SeededMachine& machine) { machine.plan.config.workers = 40; }, "workers", kWrong,
              "flowscope ... --workers 15"},
        Fault{"NoProcessorLeft", [](SeededMachine& machine) { machine.plan.config.workers = 16; },
              "workers", kWarning, "flowscope ... --workers 15"},
        Fault{"TooFewLcores", few_lcores, "lcores", kWrong, "flowscope run -l 0-3 ..."},
        Fault{"FewerLcoresThanWorkersOnASmallMachine",
              [](SeededMachine& machine) {
                few_lcores(machine);
                machine.file("/sys/devices/system/cpu/online", "0-2\n");
              },
              "lcores", kWrong, "flowscope ... --workers 1"},
        Fault{"WorkersOnTheMainLcore",
              [](SeededMachine& machine) { machine.plan.config.worker.lcores = {"0-2"}; }, "lcores",
              kWrong, "flowscope ... --worker-lcores 1-3"},
        Fault{"WorkersOnAnLcoreThatTheEalDoesNotHave",
              [](SeededMachine& machine) {
                machine.plan.config.worker.lcores = {"1", "2", "7"};
              },
              "lcores", kWrong, "flowscope ... --worker-lcores 1-3"},
        Fault{"LcoresThatAreNotThere", absent_lcores, "lcores", kWrong, "flowscope run -l 0-3 ..."},
        Fault{
            "ProcessorsNotIsolated",
            [](SeededMachine& machine) { machine.file("/sys/devices/system/cpu/isolated", "\n"); },
            "isolation", kWarning,
            "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&isolcpus=1-3 nohz_full=1-3 rcu_nocbs=1-3 /' "
            "/etc/default/grub && update-grub && reboot"},
        Fault{"ProcessorsThatTick",
              [](SeededMachine& machine) { machine.remove("/sys/devices/system/cpu/nohz_full"); },
              "isolation", kWarning,
              "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&isolcpus=1-3 nohz_full=1-3 rcu_nocbs=1-3 /' "
              "/etc/default/grub && update-grub && reboot"},
        Fault{"PowerSaving", power_saving, "governor", kWarning,
              "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"},
        Fault{"TwoWorkersOnOneCore", shared_cores, "siblings", kWarning,
              "flowscope run -l 0-3 ..."},
        Fault{"AnotherClock", another_clock, "clock", kWarning,
              "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource"}),
    kNameOfFault);

void foreign_vfio_group(SeededMachine& machine) {
  machine.become_a_user();
  machine.mode("/dev/vfio/7", 0600);
}

INSTANTIATE_TEST_SUITE_P(
    Rights, SeededFault,
    testing::Values(
        Fault{"RuntimeFolderOfRoot",
              [](SeededMachine& machine) {
                machine.become_a_user();
                machine.system.service_folder = "/var/run";
              },
              "runtime-folder", kWrong, "mkdir -p /var/run/dpdk && chown 4711 /var/run/dpdk"},
        Fault{"RuntimeFolderThatIsNotThere",
              [](SeededMachine& machine) {
                machine.become_a_user();
                machine.system.runtime_folder = "/run/user/4711";
              },
              "runtime-folder", kWrong,
              "mkdir -p /run/user/4711/dpdk && chown 4711 /run/user/4711/dpdk"},
        Fault{"VfioGroupThatIsNotThere",
              [](SeededMachine& machine) { machine.remove("/dev/vfio/7"); }, "vfio-rights", kWrong,
              "modprobe vfio-pci && dpdk-devbind.py -b vfio-pci 0000:3b:00.0"},
        Fault{"VfioGroupOfRoot", foreign_vfio_group, "vfio-rights", kWrong,
              "chown 4711 /dev/vfio/7"},
        Fault{"NoRootWithoutAnIommu",
              [](SeededMachine& machine) {
                machine.become_a_user();
                machine.remove("/sys/kernel/iommu_groups/7");
              },
              "root", kWrong, "sudo flowscope run ..."},
        Fault{"NoCapabilityToCapture",
              [](SeededMachine& machine) { machine.system.capabilities = 0; }, "capabilities",
              kWrong, "setcap cap_net_raw,cap_net_admin=eip \"$(command -v flowscope)\""},
        Fault{"TooFewFiles", [](SeededMachine& machine) { machine.system.files_max = 64; },
              "open-files", kWrong, "ulimit -n 65536"}),
    kNameOfFault);

INSTANTIATE_TEST_SUITE_P(
    Interface, SeededFault,
    testing::Values(
        Fault{"NoSuchInterface", [](SeededMachine& machine) { machine.plan.interface = "mon1"; },
              "interface", kWrong, "ip -brief link"},
        Fault{"InterfaceDown",
              [](SeededMachine& machine) { machine.system.interfaces[1].is_up = false; },
              "interface", kWrong, "ip link set dev mon0 up"},
        Fault{"MergedSegments",
              [](SeededMachine& machine) { machine.system.interfaces[1].gro = true; },
              "interface-offloads", kWarning, "ethtool -K mon0 gro off lro off"},
        Fault{"FramesAreCut",
              [](SeededMachine& machine) { machine.plan.config.pcap.snaplen_bytes = 128; },
              "interface-mtu", kWarning, "flowscope live ... --pcap-snaplen-bytes 1522"},
        Fault{"ShortRing", [](SeededMachine& machine) { machine.system.interfaces[1].ring = 512; },
              "interface-ring", kWarning, "ethtool -G mon0 rx 4096"}),
    kNameOfFault);

void read_only_disk(SeededMachine& machine) {
  machine.system.room = [](const std::string&) {
    return FolderRoom{.free_bytes = kGiB, .is_read_only = true};
  };
}
void full_disk(SeededMachine& machine) {
  machine.system.room = [](const std::string&) { return FolderRoom{.free_bytes = kMiB}; };
}

INSTANTIATE_TEST_SUITE_P(
    Output, SeededFault,
    testing::Values(Fault{"FolderThatIsNotThere",
                          [](SeededMachine& machine) { machine.remove("/srv/records"); },
                          "output-folder", kWrong, "install -d -o 0 /srv/records"},
                    Fault{"FolderOfAnotherUser",
                          [](SeededMachine& machine) { machine.become_a_user(); }, "output-folder",
                          kWrong, "chown 4711 /srv/records"},
                    Fault{"ReadOnlyDisk", read_only_disk, "output-folder", kWrong,
                          "mount -o remount,rw \"$(stat -c %m /srv/records)\""},
                    Fault{"FullDisk", full_disk, "output-room", kWrong,
                          "df -h /srv/records && du -xh /srv/records | sort -h | tail"}),
    kNameOfFault);

TEST(Doctor, LeavesFilesOfALivingRunAlone) {
  const SeededMachine machine;
  machine.file("/dev/hugepages/rtemap_0", "x");
  const std::string held = *machine.system.identity("/dev/hugepages/rtemap_0");
  machine.file("/proc/locks", "1: FLOCK  ADVISORY  READ 77 " + held + " 0 EOF\n");
  for (const Finding& each : examine(machine.system, machine.plan))
    EXPECT_TRUE(each.check != "huge-files" || each.verdict == Verdict::Ok) << text_of(each);
}

TEST(Doctor, AsksForNoHugePagesWhereTheRunTakesNone) {
  SeededMachine machine;
  no_pages(machine);
  machine.options(
      {"--no-huge", "-m", "512", "--no-pci", "-l", "0-3", "--vdev", "net_pcap0,rx_pcap=f"});
  EXPECT_FALSE(any_wrong(examine(machine.system, machine.plan)));
}

TEST(Doctor, AsksForNoDpdkWhereAnInterfaceIsRead) {
  SeededMachine machine;
  machine.plan.run = false;
  machine.system.dpdk.reset();
  no_pages(machine);
  EXPECT_FALSE(any_wrong(examine(machine.system, machine.plan)));
}

TEST(Doctor, QuotesWhatAShellWouldTakeApart) {
  SeededMachine machine;
  machine.plan.config.output.destination = "/srv/bob's records/eve.json";
  std::string mend;
  for (const Finding& each : examine(machine.system, machine.plan))
    if (each.check == "output-folder") mend = each.mend;
  EXPECT_EQ(mend, "install -d -o 0 '/srv/bob'\\''s records'");
}

TEST(Doctor, FindsTheDriverOfADeviceWithANameOfItsOwn) {
  SeededMachine machine;
  machine.options({"--no-pci", "--vdev", "net_pcap_left,rx_pcap=f", "--vdev", "crypto_null0"});
  EXPECT_FALSE(any_wrong(examine(machine.system, machine.plan)));
}

TEST(Doctor, AsksForNoVfioWhereDriversAreShared) {
  SeededMachine machine;
  no_iommu(machine);
  machine.remove("/sys/module/vfio_pci");
  machine.link(std::string(SeededMachine::kNic) + "/driver", "../../../bus/pci/drivers/mlx5_core");
  EXPECT_FALSE(any_wrong(examine(machine.system, machine.plan)));
}

TEST(Doctor, WritesJsonThatKeepsQuotes) {
  const std::vector<Finding> findings = {
      {.check = "clock", .verdict = Verdict::Ok, .said = "tsc", .mend = ""},
      {.check = "iommu", .verdict = Verdict::Wrong, .said = "off", .mend = "sed -i 's/\"/&x\\n/'"}};
  EXPECT_EQ(findings_as_json(findings),
            "{\"checks\":[{\"check\":\"clock\",\"verdict\":\"ok\",\"said\":\"tsc\",\"mend\":\"\"},"
            "{\"check\":\"iommu\",\"verdict\":\"wrong\",\"said\":\"off\",\"mend\":\"sed -i "
            "'s/\\\"/&x\\\\n/'\"}],\"wrong\":1,\"warnings\":0}\n");
}

TEST(Doctor, WritesTheCommandBelowWhatItMends) {
  const std::vector<Finding> findings = {
      {.check = "swap", .verdict = Verdict::Warning, .said = "in use", .mend = "swapoff -a"}};
  EXPECT_EQ(findings_as_text(findings),
            "warning  swap               in use\n"
            "                            mend: swapoff -a\n"
            "1 checked, 0 wrong, 1 warnings\n");
}

}  // namespace
}  // namespace flowscope
