#include "dataplane/app/doctor/plan.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "config/lcore_list.h"
#include "config/quantity.h"
#include "dataplane/app/doctor/system.h"
#include "dataplane/app/memory_plan.h"
#include "dataplane/app/resteer_options.h"
#include "dataplane/dpdk/port_limits.h"

namespace flowscope {

namespace {

constexpr uint64_t kDomainlessBytes = 7;  // "3b:00.0"

// "3b:00.0,some=argument" as the kernel names it: 0000:3b:00.0. Other buses stay as they are.
std::string device_address(const std::string& argument) {
  std::string address = argument.substr(0, argument.find(','));
  const bool is_short = address.size() == kDomainlessBytes && address[2] == ':';
  return is_short ? "0000:" + address : address;
}

std::vector<PlannedLcore> one_to_one(const std::vector<uint32_t>& numbers) {
  std::vector<PlannedLcore> lcores;
  for (const uint32_t number : numbers) lcores.push_back({.lcore = number, .cpus = {number}});
  return lcores;
}

std::vector<PlannedLcore> lcores_of_mask(const std::string& text) {
  std::vector<uint32_t> numbers;
  const uint64_t mask = parse_mask(text).value_or(0);
  for (uint32_t bit = 0; bit < 64; ++bit) {
    if ((mask >> bit & 1) != 0) numbers.push_back(bit);
  }
  return one_to_one(numbers);
}

// Parts of "0-3,(4-7)@(8,9)" at the commas that lie in no parentheses.
std::vector<std::string> lcore_groups(const std::string& text) {
  std::vector<std::string> groups(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      groups.emplace_back();
    } else if (c != '(' && c != ')' && c != ' ') {
      groups.back() += c;
    }
  }
  return groups;
}

// --lcores: lcores, and behind an @ the processors that all of a group share.
std::vector<PlannedLcore> lcores_of_groups(const std::string& text) {
  std::vector<PlannedLcore> lcores;
  for (const std::string& group : lcore_groups(text)) {
    const size_t at = group.find('@');
    const auto numbers = numbers_of_list(group.substr(0, at));
    if (!numbers) continue;
    if (at == std::string::npos) {
      for (PlannedLcore& each : one_to_one(*numbers)) lcores.push_back(std::move(each));
      continue;
    }
    const auto cpus = numbers_of_list(group.substr(at + 1)).value_or(std::vector<uint32_t>{});
    for (const uint32_t number : *numbers) lcores.push_back({.lcore = number, .cpus = cpus});
  }
  std::sort(lcores.begin(), lcores.end(),
            [](const PlannedLcore& a, const PlannedLcore& b) { return a.lcore < b.lcore; });
  return lcores;
}

uint64_t mebibytes_of(const std::string& text) {
  uint64_t sum = 0;
  for (const std::string& part : split(text, ',')) sum += std::strtoull(part.c_str(), nullptr, 10);
  return sum * kMiB;
}

void set_lcores(EalPlan& plan, std::vector<PlannedLcore> lcores) {
  plan.has_lcores = true;
  plan.lcores = std::move(lcores);
}

// One option with its value; false when it takes none that matters here.
bool read_option(EalPlan& plan, const std::string& name, const std::string& value) {
  if (name == "-l") {
    set_lcores(plan, one_to_one(numbers_of_list(value).value_or(std::vector<uint32_t>{})));
  } else if (name == "--lcores") {
    set_lcores(plan, lcores_of_groups(value));
  } else if (name == "-c") {
    set_lcores(plan, lcores_of_mask(value));
  } else if (name == "-a" || name == "--allow") {
    plan.devices.push_back(device_address(value));
  } else if (name == "-b" || name == "--block") {
    plan.blocked.push_back(device_address(value));
  } else if (name == "--vdev") {
    plan.vdevs.push_back(value.substr(0, value.find(',')));
  } else if (name == "-m" || name == "--socket-mem" || name == "--numa-mem") {
    plan.memory_bytes = mebibytes_of(value);
  } else if (name == "--huge-dir") {
    plan.huge_folder = value;
  } else if (name == "--file-prefix") {
    plan.file_prefix = value;
  } else if (name == "--main-lcore") {
    plan.main_lcore = static_cast<uint32_t>(std::strtoul(value.c_str(), nullptr, 10));
  } else {
    return false;
  }
  return true;
}

// "-l0-3" and "--vdev=net_null0" as name and value.
std::pair<std::string, std::string> taken_apart(const std::string& option) {
  if (option.starts_with("--")) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos) return {option, ""};
    return {option.substr(0, equals), option.substr(equals + 1)};
  }
  return {option.substr(0, 2), option.size() > 2 ? option.substr(2) : ""};
}

}  // namespace

EalPlan eal_plan(const std::vector<std::string>& options) {
  EalPlan plan;
  for (size_t i = 0; i < options.size(); ++i) {
    if (options[i] == "--no-huge") plan.huge_pages = false;
    if (options[i] == "--no-pci") plan.pci = false;
    if (options[i] == "--in-memory") plan.in_memory = true;
    const auto [name, attached] = taken_apart(options[i]);
    const bool follows = attached.empty() && i + 1 < options.size();
    if (read_option(plan, name, follows ? options[i + 1] : attached) && follows) ++i;
  }
  return plan;
}

uint32_t queue_descriptors(const Config& config) {
  return config.dpdk.rxd != 0 ? config.dpdk.rxd : kRingAuto;
}

uint64_t packet_buffers(const Config& config) {
  if (config.dpdk.total_num_mbufs != 0) return config.dpdk.total_num_mbufs;
  return pool_size({.queues = config.dpdk.rxq != 0 ? config.dpdk.rxq : config.workers,
                    .ring = queue_descriptors(config),
                    .workers = config.workers,
                    .burst = config.burst,
                    .cache = config.dpdk.mbcache,
                    .elsewhere = resteered_mbufs(config)})
      .total();
}

Plan make_plan(Config config, const std::vector<std::string>& eal_options) {
  Plan plan;
  plan.eal = eal_plan(eal_options.empty() ? config.dpdk.eal_options : eal_options);
  plan.budget_bytes = memory_plan(config, InputKind::Live, config.workers).total_bytes();
  const uint64_t ports = std::max<uint64_t>(1, plan.eal.devices.size() + plan.eal.vdevs.size());
  plan.buffer_bytes = plan.eal.memory_bytes != 0
                          ? plan.eal.memory_bytes
                          : ports * packet_buffers(config) * kPacketBufferBytes;
  plan.config = std::move(config);
  return plan;
}

std::optional<EalLcores> planned_lcores(const EalPlan& eal) {
  if (eal.lcores.empty()) return std::nullopt;
  EalLcores lcores{.main = eal.main_lcore, .others = {}};
  if (lcores.main == UINT32_MAX) lcores.main = eal.lcores.front().lcore;
  for (const PlannedLcore& each : eal.lcores) {
    if (each.lcore != lcores.main) lcores.others.push_back(each.lcore);
  }
  return lcores;
}

std::vector<uint32_t> worker_cpus(const Plan& plan) {
  std::vector<uint32_t> cpus;
  const auto lcores = planned_lcores(plan.eal);
  if (!lcores) return cpus;
  const auto chosen = parse_lcores(plan.config.worker.lcores);
  std::vector<uint32_t> placed =
      chosen.ok() && !chosen.value().empty() ? chosen.value() : lcores->others;
  placed.resize(std::min<size_t>(placed.size(), plan.config.workers));
  for (const PlannedLcore& each : plan.eal.lcores) {
    if (std::find(placed.begin(), placed.end(), each.lcore) == placed.end()) continue;
    cpus.insert(cpus.end(), each.cpus.begin(), each.cpus.end());
  }
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

}  // namespace flowscope
