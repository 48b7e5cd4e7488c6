#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "config/lcore_list.h"
#include "config/quantity.h"
#include "dataplane/app/command_line.h"
#include "dataplane/app/doctor/plan.h"
#include "dataplane/app/doctor/system.h"
#include "dataplane/app/log.h"
#include "dataplane/app/memory_plan.h"
#include "dataplane/app/pipeline_options.h"
#include "dataplane/app/verbs.h"

namespace flowscope {

namespace {

std::string ports_text(const Config& config, const EalPlan& eal) {
  std::vector<std::string> names = eal.devices;
  names.insert(names.end(), eal.vdevs.begin(), eal.vdevs.end());
  std::string text = names.empty() ? "every device that is bound to DPDK, or named by EAL options"
                                   : fmt::format("{}", fmt::join(names, ", "));
  if (config.dpdk.portmask != 0)
    text += fmt::format("; of these, mask {}", format_mask(config.dpdk.portmask));
  return text;
}

std::string queues_text(const Config& config, const EalPlan& eal) {
  const uint64_t buffers = packet_buffers(config);
  return fmt::format(
      "{} of {} descriptors on each port; {} packet buffers for it, {} MiB of {}",
      config.dpdk.rxq != 0 ? config.dpdk.rxq : config.workers, queue_descriptors(config), buffers,
      (buffers * kPacketBufferBytes + kMiB - 1) / kMiB, eal.huge_pages ? "huge pages" : "memory");
}

std::string lcores_text(const Plan& plan) {
  const auto chosen = parse_lcores(plan.config.worker.lcores).value();
  const uint32_t needed = plan.config.workers + 1;
  std::string text = fmt::format("{} needed (one for each worker, and the main lcore)", needed);
  if (plan.eal.has_lcores) text += fmt::format("; the EAL options name {}", plan.eal.lcores.size());
  if (!chosen.empty()) text += fmt::format("; workers on {}", list_of_numbers(chosen));
  return text;
}

std::string records_text(const RecordsConfig& records) {
  const std::pair<bool, const char*> kinds[] = {
      {records.flow, "flow"}, {records.alert, "alert"},     {records.http, "http"},
      {records.tls, "tls"},   {records.dns, "dns"},         {records.ssh, "ssh"},
      {records.quic, "quic"}, {records.anomaly, "anomaly"}, {records.stats, "stats"},
  };
  std::vector<std::string> chosen;
  for (const auto& [is_written, name] : kinds) {
    if (is_written) chosen.emplace_back(name);
  }
  return chosen.empty() ? "none" : fmt::format("{}", fmt::join(chosen, ", "));
}

}  // namespace

Exit check(const CommandLine& line) {
  const Config& config = line.config;
  const Plan plan = make_plan(config, {});
  if (const auto lcores = planned_lcores(plan.eal); lcores && !config.worker.lcores.empty()) {
    if (const auto placed = place_workers(config, *lcores); !placed.ok()) {
      log_error("{}", placed.error().message);
      return Exit::Usage;
    }
  }
  const uint32_t flows = flows_max(config, InputKind::Live);
  fmt::print("workers  {}, each with room for {} flows\n", config.workers, flows);
  fmt::print("lcores   {}\n", lcores_text(plan));
  fmt::print("ports    {}\n", ports_text(config, plan.eal));
  fmt::print("queues   {}\n", queues_text(config, plan.eal));
  fmt::print("output   {}\n", config.output.destination);
  fmt::print("records  {}\n", records_text(config.output.records));
  fmt::print("{}", memory_plan(config, InputKind::Live, config.workers).as_table());
  fmt::print("{}: no mistake found\n", line.files.front());
  return Exit::Ok;
}

}  // namespace flowscope
