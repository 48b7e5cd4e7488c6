#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "config/quantity.h"
#include "dataplane/app/doctor/checks.h"
#include "dataplane/app/doctor/devices.h"
#include "dataplane/app/memory_plan.h"

namespace flowscope {

namespace {

constexpr uint64_t kUsualPageBytes = 2 * kMiB;
constexpr unsigned kCapIpcLock = 14;
constexpr const char* kNoHuge = "not needed: --no-huge";
constexpr const char* kNoRun = "not needed: no DPDK port is planned";

// Huge pages of one size, of the machine or of one NUMA node.
struct HugePages {
  uint64_t page_bytes = 0;
  uint64_t total = 0;
  uint64_t free = 0;
};

std::string pages_folder(const std::string& parent, uint64_t page_bytes) {
  return fmt::format("{}/hugepages-{}kB", parent, page_bytes / kKiB);
}

// All sizes that the kernel has below a folder, the smallest first.
std::vector<HugePages> huge_pages_in(const System& system, const std::string& parent) {
  std::vector<HugePages> sizes;
  for (const std::string& name : system.names(parent)) {
    constexpr std::string_view kPrefix = "hugepages-";
    if (!name.starts_with(kPrefix) || !name.ends_with("kB")) continue;
    const auto kilobytes =
        parse_count(name.substr(kPrefix.size(), name.size() - kPrefix.size() - 2));
    if (!kilobytes) continue;
    const std::string folder = parent + "/" + name;
    sizes.push_back({.page_bytes = *kilobytes * kKiB,
                     .total = system.number(folder + "/nr_hugepages").value_or(0),
                     .free = system.number(folder + "/free_hugepages").value_or(0)});
  }
  std::sort(sizes.begin(), sizes.end(),
            [](const HugePages& a, const HugePages& b) { return a.page_bytes < b.page_bytes; });
  return sizes;
}

constexpr const char* kMachinePages = "/sys/kernel/mm/hugepages";

std::string node_pages(uint32_t node) {
  return fmt::format("/sys/devices/system/node/node{}/hugepages", node);
}

uint64_t mebibytes(uint64_t bytes) { return (bytes + kMiB - 1) / kMiB; }

uint64_t pages_for(uint64_t bytes, uint64_t page_bytes) {
  return (bytes + page_bytes - 1) / page_bytes;
}

std::string reserve_command(const std::string& parent, uint64_t page_bytes, uint64_t pages) {
  return fmt::format("echo {} > {}/nr_hugepages", pages, pages_folder(parent, page_bytes));
}

void check_huge_pages(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  if (!plan.eal.huge_pages) return findings.ok(kNoHuge);
  const std::vector<HugePages> sizes = huge_pages_in(system, kMachinePages);
  uint64_t free_bytes = 0;
  std::string told;
  HugePages mended{.page_bytes = kUsualPageBytes};
  for (const HugePages& each : sizes) {
    free_bytes += each.free * each.page_bytes;
    if (each.total == 0) continue;
    told += fmt::format("{}{} of {} pages of {} free", told.empty() ? "" : ", ", each.free,
                        each.total, format_bytes(each.page_bytes));
    mended = each;
  }
  if (told.empty()) {
    const uint64_t pages =
        std::max<uint64_t>(64, pages_for(plan.buffer_bytes, kUsualPageBytes) + 8);
    return findings.wrong(
        fmt::format("none reserved; packet buffers take {} MiB", mebibytes(plan.buffer_bytes)),
        reserve_command(kMachinePages, kUsualPageBytes, pages));
  }
  if (free_bytes >= plan.buffer_bytes) return findings.ok(told);
  const uint64_t missing = pages_for(plan.buffer_bytes - free_bytes, mended.page_bytes) + 1;
  findings.wrong(fmt::format("{}; packet buffers take {} MiB", told, mebibytes(plan.buffer_bytes)),
                 reserve_command(kMachinePages, mended.page_bytes, mended.total + missing));
}

// Nodes that planned devices and workers are on.
std::set<uint32_t> planned_nodes(const System& system, const Plan& plan) {
  std::set<uint32_t> nodes;
  for (const std::string& address : plan.eal.devices) {
    if (const auto node = node_of_device(system, address)) nodes.insert(*node);
  }
  for (const uint32_t cpu : worker_cpus(plan)) {
    if (const auto node = node_of_cpu(system, cpu)) nodes.insert(*node);
  }
  return nodes;
}

void check_huge_pages_of_nodes(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  if (!plan.eal.huge_pages) return findings.ok(kNoHuge);
  for (const uint32_t node : planned_nodes(system, plan)) {
    const std::vector<HugePages> sizes = huge_pages_in(system, node_pages(node));
    const bool has_free = std::any_of(sizes.begin(), sizes.end(),
                                      [](const HugePages& each) { return each.free != 0; });
    if (has_free || sizes.empty()) continue;
    const uint64_t total = sizes.front().total + pages_for(plan.buffer_bytes, kUsualPageBytes) + 8;
    findings.wrong(
        fmt::format("NUMA node {} has none free, and a planned device or worker is on it", node),
        reserve_command(node_pages(node), kUsualPageBytes, total));
  }
  if (findings.all().empty()) findings.ok("every node that is planned for has some");
}

struct HugeMount {
  std::string folder;
  uint64_t page_bytes = 0;
};

std::vector<HugeMount> huge_mounts(const System& system) {
  std::vector<HugeMount> mounts;
  const auto sizes = huge_pages_in(system, kMachinePages);
  const uint64_t usual = sizes.empty() ? kUsualPageBytes : sizes.front().page_bytes;
  for (const std::string& line : system.lines("/proc/mounts")) {
    const std::vector<std::string> fields = split(line, ' ');
    if (fields.size() < 4 || fields[2] != "hugetlbfs") continue;
    HugeMount mount{.folder = fields[1], .page_bytes = usual};
    for (const std::string& option : split(fields[3], ',')) {
      constexpr std::string_view kSize = "pagesize=";
      if (!option.starts_with(kSize)) continue;
      const std::string value = option.substr(kSize.size());
      mount.page_bytes = parse_bytes(value + "iB").value_or(usual);  // the kernel writes 2M, 1024M
    }
    mounts.push_back(mount);
  }
  return mounts;
}

std::string size_word(uint64_t page_bytes) {
  return page_bytes >= kGiB ? fmt::format("{}G", page_bytes / kGiB)
                            : fmt::format("{}M", page_bytes / kMiB);
}

void check_huge_mounts(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  if (!plan.eal.huge_pages) return findings.ok(kNoHuge);
  if (plan.eal.in_memory) return findings.ok("not needed: --in-memory");
  std::vector<HugeMount> mounts = huge_mounts(system);
  const std::string wanted = plan.eal.huge_folder;
  if (!wanted.empty()) {
    std::erase_if(mounts, [&](const HugeMount& each) { return each.folder != wanted; });
  }
  if (mounts.empty()) {
    const std::string folder = wanted.empty() ? "/dev/hugepages" : wanted;
    return findings.wrong(
        "no hugetlbfs is mounted" + (wanted.empty() ? std::string() : " at " + wanted),
        fmt::format("mkdir -p {0} && mount -t hugetlbfs nodev {0}", shell_word(folder)));
  }
  for (const HugeMount& each : mounts) {
    if (!system.may_write(each.folder)) {
      findings.wrong(fmt::format("{} cannot be written by user {}", each.folder, system.user),
                     fmt::format("chown {} {}", system.user, shell_word(each.folder)));
    }
  }
  for (const HugePages& size : huge_pages_in(system, kMachinePages)) {
    const bool is_mounted = std::any_of(mounts.begin(), mounts.end(), [&](const HugeMount& each) {
      return each.page_bytes == size.page_bytes;
    });
    if (size.total == 0 || is_mounted) continue;
    const std::string word = size_word(size.page_bytes);
    findings.wrong(
        fmt::format("pages of {} are reserved, but no mount has that size", word),
        fmt::format("mkdir -p /dev/hugepages{0} && mount -t hugetlbfs -o pagesize={0} nodev "
                    "/dev/hugepages{0}",
                    word));
  }
  if (findings.all().empty()) findings.ok(mounts.front().folder);
}

// The part before "map_N" in a name of one of the EAL's files; empty when it is none.
std::string prefix_of_huge_file(const std::string& name) {
  const size_t at = name.rfind("map_");
  const bool has_number = at != std::string::npos && at + 4 < name.size()
                          && name.find_first_not_of("0123456789", at + 4) == std::string::npos;
  return has_number ? name.substr(0, at) : "";
}

void check_huge_files(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  if (!plan.eal.huge_pages) return findings.ok(kNoHuge);
  const std::string locks = system.text("/proc/locks").value_or("");
  for (const HugeMount& mount : huge_mounts(system)) {
    std::set<std::string> dead;
    std::set<std::string> alive;
    for (const std::string& name : system.names(mount.folder)) {
      const std::string prefix = prefix_of_huge_file(name);
      const auto identity = system.identity(mount.folder + "/" + name);
      if (prefix.empty() || !identity) continue;
      const bool is_locked = locks.find(" " + *identity + " ") != std::string::npos;
      (is_locked ? alive : dead).insert(prefix);
    }
    for (const std::string& prefix : dead) {
      if (alive.contains(prefix)) continue;
      findings.warn(fmt::format("files of a run that is over hold pages in {}", mount.folder),
                    fmt::format("rm {}map_*", shell_word(mount.folder + "/" + prefix)));
    }
  }
  if (findings.all().empty()) findings.ok("none left over");
}

// The most flows of each worker that would fit, in steps of one half; 0 when not even few would.
uint32_t flows_that_fit(const Plan& plan, uint64_t available) {
  constexpr uint32_t kFlowsMin = 1'024;
  Config config = plan.config;
  if (config.table.flows_max == 0) config.table.flows_max = 1'000'000;
  while (config.table.flows_max > kFlowsMin) {
    config.table.flows_max /= 2;
    if (memory_plan(config, InputKind::Live, config.workers).total_bytes() < available)
      return config.table.flows_max;
  }
  return 0;
}

// What the machine has left, or the container that the program is in; 0: not known.
uint64_t available_bytes(const System& system) {
  uint64_t available = 0;
  for (const std::string& line : system.lines("/proc/meminfo")) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.size() >= 2 && words[0] == "MemAvailable:")
      available = parse_count(words[1]).value_or(0) * kKiB;
  }
  // Only control groups below the root have a limit: "max" is none.
  const auto limit = system.number("/sys/fs/cgroup/memory.max");
  if (!limit) return available;
  const uint64_t used = system.number("/sys/fs/cgroup/memory.current").value_or(0);
  return std::min(available, *limit - std::min(*limit, used));
}

void check_memory(const System& system, const Plan& plan, Findings& findings) {
  const uint64_t available = available_bytes(system);
  if (available == 0) return findings.ok("not known: the kernel does not say what is available");
  const bool is_normal = plan.run && !plan.eal.huge_pages;
  const uint64_t needed = plan.budget_bytes + (is_normal ? plan.buffer_bytes : 0);
  const std::string told =
      fmt::format("{} MiB planned, {} MiB available", mebibytes(needed), available / kMiB);
  if (needed < available) return findings.ok(told);
  const uint32_t flows =
      flows_that_fit(plan, available - (is_normal ? std::min(available, plan.buffer_bytes) : 0));
  findings.wrong(told,
                 flows != 0
                     ? fmt::format("flowscope ... --flows-max {}", flows)
                     : "flowscope ... --workers 1 --flows-max 65536 --streams-buffers-bytes 16MiB");
}

void check_memlock(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run) return findings.ok(kNoRun);
  if (system.memlock_bytes == UINT64_MAX) return findings.ok("unlimited");
  const std::string told = fmt::format("{} KiB may be locked", system.memlock_bytes / kKiB);
  if (system.has_capability(kCapIpcLock)) return findings.ok(told + ", and CAP_IPC_LOCK lifts it");
  if (system.memlock_bytes >= plan.buffer_bytes) return findings.ok(told);
  const std::string reason = told + "; devices lock all packet buffers";
  const std::string mend = "ulimit -l unlimited";
  if (plan.eal.devices.empty()) return findings.warn(reason, mend);
  findings.wrong(reason, mend);
}

void check_transparent_pages(const System& system, const Plan& /*plan*/, Findings& findings) {
  const std::string path = "/sys/kernel/mm/transparent_hugepage/enabled";
  const auto text = system.text(path);
  if (text && text->find("[never]") == std::string::npos) return findings.ok(*text);
  if (!text) return findings.ok("not known: this kernel has none");
  findings.warn("off: flow tables lie on small pages, which costs speed", "echo madvise > " + path);
}

void check_swap(const System& system, const Plan& /*plan*/, Findings& findings) {
  const std::vector<std::string> lines = system.lines("/proc/swaps");
  if (lines.size() < 2) return findings.ok("none");
  findings.warn(fmt::format("{} in use: a page that was swapped out stalls a worker",
                            split(lines[1], ' ').front()),
                "swapoff -a");
}

constexpr Check kChecks[] = {
    {"huge-pages", check_huge_pages},
    {"huge-pages-nodes", check_huge_pages_of_nodes},
    {"huge-mounts", check_huge_mounts},
    {"huge-files", check_huge_files},
    {"memory", check_memory},
    {"memlock", check_memlock},
    {"transparent-pages", check_transparent_pages},
    {"swap", check_swap},
};

}  // namespace

std::span<const Check> memory_checks() { return kChecks; }

}  // namespace flowscope
