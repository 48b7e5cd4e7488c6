#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "dataplane/app/doctor/checks.h"

namespace flowscope {

namespace {

const char* const kNoLcores = "not known: no lcores are named";

std::string cpu_folder(uint32_t cpu) { return fmt::format("/sys/devices/system/cpu/cpu{}", cpu); }

std::vector<uint32_t> cpu_list(const System& system, const std::string& path) {
  return numbers_of_list(system.text(path).value_or("")).value_or(std::vector<uint32_t>{});
}

std::vector<uint32_t> online_cpus(const System& system) {
  return cpu_list(system, "/sys/devices/system/cpu/online");
}

// Members of the first, sorted list that the second, sorted one lacks.
std::vector<uint32_t> missing_from(const std::vector<uint32_t>& wanted,
                                   const std::vector<uint32_t>& present) {
  std::vector<uint32_t> missing;
  std::set_difference(wanted.begin(), wanted.end(), present.begin(), present.end(),
                      std::back_inserter(missing));
  return missing;
}

void check_features(const System& system, const Plan& /*plan*/, Findings& findings) {
  std::vector<std::string> present;
  for (const std::string& line : system.lines("/proc/cpuinfo")) {
    if (!line.starts_with("flags")) continue;
    present = split(line, ' ');
    break;
  }
  if (present.empty()) return findings.ok("not known: /proc/cpuinfo lists no flags");
  const auto has = [&](const std::string& feature) {
    return std::find(present.begin(), present.end(), feature) != present.end();
  };
  std::string missing;
  for (const std::string& feature : system.features)
    if (!has(feature)) missing += (missing.empty() ? "" : ", ") + feature;
  if (!missing.empty()) {
    return findings.wrong("this build needs " + missing + ", and the processor lacks it",
                          "scripts/dev build --release -Dcpu=x86-64");
  }
  const bool uses_avx2 =
      std::find(system.features.begin(), system.features.end(), "avx2") != system.features.end();
  if (!uses_avx2 && has("avx2") && has("aes")) {
    return findings.warn("the processor has AVX2 and AES, and this build does not use them",
                         "scripts/dev build --release -Dcpu=x86-64-v3");
  }
  findings.ok("the processor has what this build uses");
}

void check_workers(const System& system, const Plan& plan, Findings& findings) {
  const size_t online = online_cpus(system).size();
  const uint32_t workers = plan.config.workers;
  if (online != 0 && workers > online) {
    return findings.wrong(
        fmt::format("{} workers for {} processors", workers, online),
        fmt::format("flowscope ... --workers {}", std::max<size_t>(1, online - 1)));
  }
  // The exporter and what watches need a processor too.
  if (online != 0 && plan.run && workers == online && online > 1) {
    return findings.warn(
        fmt::format("{} workers take all {} processors, none is left for the writer of records",
                    workers, online),
        fmt::format("flowscope ... --workers {}", online - 1));
  }
  findings.ok(fmt::format("{} for {} processors", workers, online));
}

// Of worker.lcores against the lcores that the EAL will have; false when they do not fit.
bool check_chosen_lcores(const Plan& plan, Findings& findings) {
  const auto lcores = planned_lcores(plan.eal);
  if (plan.config.worker.lcores.empty() || !lcores) return true;
  const auto placed = place_workers(plan.config, *lcores);
  if (placed.ok()) return true;
  std::vector<uint32_t> fit = lcores->others;
  fit.resize(std::min<size_t>(fit.size(), plan.config.workers));
  findings.wrong(placed.error().message,
                 fit.size() == plan.config.workers
                     ? fmt::format("flowscope ... --worker-lcores {}", list_of_numbers(fit))
                     : fmt::format("flowscope run -l 0-{} ...", plan.config.workers));
  return false;
}

void check_lcores(const System& system, const Plan& plan, Findings& findings) {
  if (!plan.run || !plan.eal.has_lcores) return findings.ok(kNoLcores);
  const std::vector<uint32_t> online = online_cpus(system);
  std::set<uint32_t> named;
  for (const PlannedLcore& each : plan.eal.lcores) named.insert(each.cpus.begin(), each.cpus.end());
  const auto absent = missing_from({named.begin(), named.end()}, online);
  const uint32_t workers = plan.config.workers;
  const size_t for_workers =
      std::max<size_t>(1, plan.eal.lcores.empty() ? 0 : plan.eal.lcores.size() - 1);
  const std::string usual = workers < online.size() || online.empty()
                                ? fmt::format("flowscope run -l 0-{} ...", workers)
                                : fmt::format("flowscope ... --workers {}", for_workers);
  if (!online.empty() && !absent.empty()) {
    const size_t last = std::min<size_t>(workers, online.size() - 1);
    return findings.wrong(
        fmt::format("processors {} are named, and are not there", list_of_numbers(absent)),
        last == 0 ? "flowscope run -l 0 ..." : fmt::format("flowscope run -l 0-{} ...", last));
  }
  if (!check_chosen_lcores(plan, findings)) return;
  if (workers > for_workers) {
    return findings.wrong(fmt::format("{} workers need {} lcores (one is the main lcore), {} are "
                                      "named",
                                      workers, workers + 1, plan.eal.lcores.size()),
                          usual);
  }
  findings.ok(fmt::format("workers on processors {}", list_of_numbers(worker_cpus(plan))));
}

void check_isolation(const System& system, const Plan& plan, Findings& findings) {
  const std::vector<uint32_t> cpus = worker_cpus(plan);
  if (!plan.run || cpus.empty()) return findings.ok(kNoLcores);
  const auto shared = missing_from(cpus, cpu_list(system, "/sys/devices/system/cpu/isolated"));
  const auto ticking = missing_from(cpus, cpu_list(system, "/sys/devices/system/cpu/nohz_full"));
  if (shared.empty() && ticking.empty())
    return findings.ok("workers have their processors to themselves");
  const std::string list = list_of_numbers(cpus);
  const std::string said =
      shared.empty()
          ? fmt::format("the kernel's tick interrupts workers on {}", list_of_numbers(ticking))
          : fmt::format("other programs may run on the workers' processors {}",
                        list_of_numbers(shared));
  findings.warn(said, fmt::format("sed -i 's/^GRUB_CMDLINE_LINUX=\"/&isolcpus={0} nohz_full={0} "
                                  "rcu_nocbs={0} /' /etc/default/grub && update-grub && reboot",
                                  list));
}

void check_governor(const System& system, const Plan& plan, Findings& findings) {
  std::vector<uint32_t> cpus = worker_cpus(plan);
  if (cpus.empty()) cpus = online_cpus(system);
  for (const uint32_t cpu : cpus) {
    const auto governor = system.text(cpu_folder(cpu) + "/cpufreq/scaling_governor");
    if (!governor || *governor == "performance") continue;
    return findings.warn(
        fmt::format("processor {} changes its frequency ({})", cpu, *governor),
        "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
  }
  findings.ok("no worker's processor slows down");
}

void check_siblings(const System& system, const Plan& plan, Findings& findings) {
  const std::vector<uint32_t> cpus = worker_cpus(plan);
  if (!plan.run || cpus.size() < 2) return findings.ok("not needed: fewer than two named workers");
  std::vector<uint32_t> one_each;  // the first thread of every core
  std::set<uint32_t> seen;
  for (const uint32_t cpu : online_cpus(system)) {
    if (seen.contains(cpu)) continue;
    one_each.push_back(cpu);
    const auto siblings = cpu_list(system, cpu_folder(cpu) + "/topology/thread_siblings_list");
    seen.insert(siblings.begin(), siblings.end());
  }
  for (const uint32_t cpu : cpus) {
    for (const uint32_t other :
         cpu_list(system, cpu_folder(cpu) + "/topology/thread_siblings_list")) {
      if (other <= cpu || !std::binary_search(cpus.begin(), cpus.end(), other)) continue;
      const size_t wanted = std::min<size_t>(one_each.size(), plan.config.workers + 1);
      one_each.resize(wanted);
      return findings.warn(fmt::format("workers on {} and {} share one core", cpu, other),
                           fmt::format("flowscope run -l {} ...", list_of_numbers(one_each)));
    }
  }
  findings.ok("each worker has a core");
}

void check_clock(const System& system, const Plan& /*plan*/, Findings& findings) {
  const std::string folder = "/sys/devices/system/clocksource/clocksource0";
  const auto current = system.text(folder + "/current_clocksource");
  if (!current || *current == "tsc") return findings.ok(current ? "tsc" : "not known");
  const auto offered = split(system.text(folder + "/available_clocksource").value_or(""), ' ');
  const bool has_tsc = std::find(offered.begin(), offered.end(), "tsc") != offered.end();
  findings.warn(fmt::format("{}: reading the time is a system call", *current),
                has_tsc ? fmt::format("echo tsc > {}/current_clocksource", folder)
                        : "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&tsc=reliable /' /etc/default/grub && "
                          "update-grub && reboot");
}

constexpr Check kChecks[] = {
    {"cpu-features", check_features}, {"workers", check_workers},   {"lcores", check_lcores},
    {"isolation", check_isolation},   {"governor", check_governor}, {"siblings", check_siblings},
    {"clock", check_clock},
};

}  // namespace

std::span<const Check> cpu_checks() { return kChecks; }

}  // namespace flowscope
