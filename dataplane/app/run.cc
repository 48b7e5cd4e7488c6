#include <fmt/format.h>
#include <rte_log.h>

#include <algorithm>

#include "dataplane/app/answers.h"
#include "dataplane/app/command_line.h"
#include "dataplane/app/confine.h"
#include "dataplane/app/engine_run.h"
#include "dataplane/app/log.h"
#include "dataplane/app/resteer_options.h"
#include "dataplane/app/signals.h"
#include "dataplane/app/verbs.h"
#include "dataplane/app/worker_lcores.h"
#include "dataplane/dpdk/dpdk_port.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/ethdev.h"
#include "dataplane/dpdk/log_stream.h"
#include "dataplane/dpdk/port_limits.h"
#include "dataplane/dpdk/telemetry.h"

namespace flowscope {

namespace {

EthdevOptions ethdev_options(const Config& config, uint32_t workers) {
  return {.portmask = config.dpdk.portmask,
          .ports = config.dpdk.ports,
          .rxq = config.dpdk.rxq,
          .rxd = config.dpdk.rxd,
          .burst = config.burst,
          .mbcache = config.dpdk.mbcache,
          .total_num_mbufs = config.dpdk.total_num_mbufs,
          .held_mbufs = resteered_mbufs(config),
          .workers = workers,
          .max_pkt_len = config.dpdk.max_pkt_len,
          .promiscuous = config.pcap.promiscuous,
          .rss_ports = config.dpdk.rss == RssFields::Udp,
          .checksums = config.checksums != ChecksumUse::Off,
          .nic_timestamps = config.dpdk.nic_timestamps};
}

EmptyPolls::Options idle_options(const WorkerConfig& worker) {
  IdleWay way = IdleWay::Sleep;
  if (worker.idle == "spin") way = IdleWay::Spin;
  if (worker.idle == "pause") way = IdleWay::Pause;
  return {.way = way, .sleep_max_ns = worker.sleep_max_ns};
}

// A receive queue and the worker that polls it.
struct DealtQueue {
  RxQueue queue;
  size_t worker = 0;
};

// Dealt out to the workers in turn.
std::vector<DealtQueue> deal_queues(const Ethdevs& ethdevs, uint32_t workers) {
  std::vector<DealtQueue> dealt;
  for (const RxQueue& queue : ethdevs.queues())
    dealt.push_back({.queue = queue, .worker = dealt.size() % workers});
  return dealt;
}

// One for each worker.
std::vector<std::unique_ptr<DpdkPort>> ports_of(std::span<const DealtQueue> dealt,
                                                const Ethdevs& ethdevs, const Config& config,
                                                bool file_clock) {
  std::vector<std::vector<RxQueue>> shares(config.workers);
  for (const DealtQueue& each : dealt) shares[each.worker].push_back(each.queue);
  std::vector<std::unique_ptr<DpdkPort>> ports;
  for (auto& share : shares) {
    ports.push_back(std::make_unique<DpdkPort>(
        std::move(share), ethdevs.clock(),
        DpdkPort::Options{.burst = config.burst,
                          .exit_after_idle_ns = config.exit_after_idle_ns,
                          .checksums = config.checksums != ChecksumUse::Off,
                          .describe = config.worker.track,
                          .file_clock = file_clock,
                          .idle = idle_options(config.worker)}));
  }
  return ports;
}

// What stands behind the queues, port by port.
std::vector<PortSpread> spreads_of(const Ethdevs& ethdevs) {
  std::vector<PortSpread> ports;
  for (const RxQueue& queue : ethdevs.queues()) {
    if (queue.queue != 0) {
      ++ports.back().queues;
      continue;
    }
    ports.push_back({.name = ethdevs.name(queue.port),
                     .is_symmetric = ethdevs.is_symmetric(queue.port),
                     .is_file = queue.times == PacketTimes::FileMicroseconds});
  }
  return ports;
}

// How many of the ports bring the times of a file.
size_t file_ports(std::span<const PortSpread> ports) {
  return static_cast<size_t>(std::count_if(ports.begin(), ports.end(),
                                           [](const PortSpread& port) { return port.is_file; }));
}

// Null where packets stay with the worker whose queue brought them. Where all ports are files their
// reader waits for room, elsewhere what finds none is dropped.
Result<std::unique_ptr<Resteer>> start_resteer(const Config& config, const ResteerChoice& choice,
                                               std::span<const PortSpread> ports, Engine& engine) {
  if (!choice.is_on) return std::unique_ptr<Resteer>();
  Resteer::Options options = resteer_options(config);
  options.when_full = file_ports(ports) == ports.size() ? WhenFull::Wait : WhenFull::Drop;
  options.readers =
      ports.size() == 1 && ports.front().queues == 1 ? Readers::One : Readers::Several;
  auto resteer = Resteer::create(options, Arena::Populate::Now);
  if (!resteer.ok()) return resteer.error();
  for (uint32_t i = 0; i < config.workers; ++i)
    engine.pipeline(i).steer_by(resteer.value()->end(i));
  return resteer;
}

std::vector<PortLine> port_lines(const Ethdevs& ethdevs) {
  std::vector<PortLine> lines;
  for (const EthdevCounters& port : ethdevs.counters()) {
    lines.push_back({.name = port.name + " (" + port.driver + ")",
                     .packets = port.received,
                     .bytes = port.bytes,
                     .missed = port.missed + port.no_mbuf,
                     .loss_known = port.loss_known,
                     .no_mbuf = port.no_mbuf});
  }
  return lines;
}

// Beside what every verb needs: DPDK's sockets and huge pages, for secondary programs and memory
// that is taken later, and devices that come back.
ConfineOptions dpdk_confinement(const CommandLine& line) {
  ConfineOptions options = confine_options(line.config).value();
  allow_reading_again(line.sources.file, options);
  for (std::string& place : dpdk_places()) options.writable.push_back(std::move(place));
  options.capabilities |= kDpdkCapabilities;
  return options;
}

// The same as tell_queues() says, for who compares the workers.
SpreadWay spread_way(std::span<const DealtQueue> dealt, const Ethdevs& ethdevs,
                     const std::vector<unsigned>& lcores, const Config& config, bool is_by_flow) {
  SpreadWay way = {.workers = std::vector<WorkerPlace>(config.workers),
                   .is_by_flow = is_by_flow,
                   .has_ports = config.dpdk.rss == RssFields::Udp};
  for (const DealtQueue& each : dealt) {
    WorkerPlace& place = way.workers[each.worker];
    place.ports.push_back(ethdevs.name(each.queue.port));
    place.queues.push_back(each.queue.queue);
  }
  for (size_t i = 0; i < std::min(lcores.size(), way.workers.size()); ++i)
    way.workers[i].lcore = static_cast<int>(lcores[i]);
  return way;
}

// Says how the ports were set up, and why their packets are passed on or not.
void tell_ports(std::span<const std::string> about_ports, const ResteerChoice& choice) {
  for (const std::string& told : about_ports) log_info("{}", told);
  if (!choice.text.empty())
    log_message(choice.is_warning ? LogLevel::Warning : LogLevel::Notice, choice.text);
}

// Says which worker polls which queue, and where that crosses NUMA nodes.
void tell_queues(std::span<const DealtQueue> dealt, const Ethdevs& ethdevs,
                 const std::vector<unsigned>& lcores) {
  for (const auto& [queue, worker] : dealt) {
    const std::string& name = ethdevs.name(queue.port);
    if (lcores.empty()) {
      log_info("port {} queue {} -> worker {}", name, queue.queue, worker);
      continue;
    }
    log_info("port {} queue {} -> worker {} on lcore {}", name, queue.queue, worker,
             lcores[worker]);
    const std::string warning = numa_warning(name, ethdevs.numa_node(queue.port), lcores[worker],
                                             Eal::numa_node(lcores[worker]));
    if (!warning.empty()) log_warning("{}", warning);
  }
}

std::vector<int> nodes_of(const std::vector<unsigned>& lcores) {
  std::vector<int> nodes;
  for (const unsigned lcore : lcores) nodes.push_back(Eal::numa_node(lcore));
  return nodes;
}

// Workers on lcores; on a thread beside the main lcore where no other lcore was given.
Engine::Launcher launcher_for(const Eal& eal, const std::vector<unsigned>& lcores) {
  if (lcores.empty()) return Engine::threads();
  return {
      .launch = [&eal, lcores](size_t worker,
                               std::function<void()>& body) { eal.launch(lcores[worker], body); },
      .join = [&eal] { eal.wait_all(); },
      .place = [&lcores](size_t worker) { return fmt::format(" on lcore {}", lcores[worker]); }};
}

// A run goes on without it.
Result<Telemetry> open_telemetry(Answers& answers) {
  auto telemetry = Telemetry::open(
      kTelemetryCommands, [&answers](std::string_view command, std::string_view parameters) {
        return answers.to(command, parameters);
      });
  if (!telemetry.ok()) log_warning("{}", telemetry.error().message);
  return telemetry;
}

// DPDK's own filter (--log-level of the EAL) lets debug lines through only when they are asked for,
// so ours does not look at them again.
LogLevel level_of_dpdk(uint32_t level) {
  if (level <= RTE_LOG_ERR) return LogLevel::Error;
  return level == RTE_LOG_WARNING ? LogLevel::Warning : LogLevel::Notice;
}

}  // namespace

Exit run_dpdk(const CommandLine& line) {
  const Config& config = line.config;
  // Before the EAL and after it, so that nothing of what it says is lost.
  const DpdkLogStream dpdk_log(
      [](uint32_t level, std::string_view text) { log_lines(level_of_dpdk(level), "dpdk", text); });
  auto eal =
      Eal::start("EAL", line.eal_options.empty() ? config.dpdk.eal_options : line.eal_options);
  if (!eal.ok()) {
    log_error("{}", eal.error().message);
    return Exit::Eal;
  }
  const auto placed = place_workers(
      config, {.main = eal.value().main_lcore(), .others = eal.value().worker_lcores()});
  if (!placed.ok()) {
    log_error("{}", placed.error().message);
    return Exit::Usage;
  }
  const std::vector<unsigned>& lcores = placed.value();
  // Kept until everything has started, so that a fault stands alone.
  std::vector<std::string> about_ports;
  bool keep = true;
  auto started =
      Ethdevs::start(ethdev_options(config, config.workers), [&](const std::string& told) {
        if (keep) {
          about_ports.push_back(told);
        } else {
          log_info("{}", told);
        }
      });
  if (!started.ok()) {
    log_error("{}", started.error().message);
    return Exit::Port;
  }
  Ethdevs& ethdevs = *started.value();
  const std::vector<PortSpread> spreads = spreads_of(ethdevs);
  const ResteerChoice choice = choose_resteer(config, spreads);
  auto engine = Engine::create(config, InputKind::Live, config.workers, nodes_of(lcores),
                               choice.is_on ? resteer_bytes(config) : 0);
  if (!engine.ok()) {
    log_error("{}", engine.error().message);
    return Exit::Usage;
  }
  engine.value().reload_from(line.sources);
  auto resteer = start_resteer(config, choice, spreads, engine.value());
  if (!resteer.ok()) {
    log_error("{}", resteer.error().message);
    return Exit::Usage;
  }
  const std::vector<DealtQueue> dealt = deal_queues(ethdevs, config.workers);
  auto ports = ports_of(dealt, ethdevs, config, choice.is_on && file_ports(spreads) != 0);
  keep = false;
  tell_ports(about_ports, choice);
  tell_queues(dealt, ethdevs, lcores);
  engine.value().spread(spread_way(dealt, ethdevs, lcores, config, resteer.value() != nullptr));
  engine.value().on_reload([&ports](const Config& now) {
    for (const auto& port : ports) port->idle_by(idle_options(now.worker));
  });
  ethdevs.wait_for_links(config.dpdk.link_wait_ns, [] { return stop_signal() != 0; });
  if (!confine_verb(dpdk_confinement(line))) return Exit::Usage;
  ethdevs.watch();
  Answers answers({.figures = engine.value().figures(),
                   .flows_view = engine.value().flows_view(),
                   .stage_cycles = engine.value().stage_cycles(),
                   .verb = "run"});
  const auto telemetry = open_telemetry(answers);
  const Exit exit = engine.value().run(ports, launcher_for(eal.value(), lcores),
                                       [&] { return port_lines(ethdevs); });
  if (exit != Exit::Ok || !ethdevs.all_gone()) return exit;
  log_error("every port was removed");
  return Exit::Port;
}

}  // namespace flowscope
