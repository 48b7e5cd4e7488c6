#include <fmt/format.h>

#include <cstdio>

#include "dataplane/app/engine.h"
#include "dataplane/app/verbs.h"
#include "dataplane/dpdk/dpdk_port.h"
#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/ethdev.h"

namespace flowscope {

namespace {

EthdevOptions ethdev_options(const Config& config, uint32_t workers) {
  return {.portmask = config.dpdk.portmask,
          .rxq = config.dpdk.rxq,
          .rxd = config.dpdk.rxd,
          .mbcache = config.dpdk.mbcache,
          .total_num_mbufs = config.dpdk.total_num_mbufs,
          .workers = workers,
          .promiscuous = config.pcap.promiscuous,
          .rss_ports = config.dpdk.rss == RssFields::Udp,
          .checksums = config.checksums != ChecksumUse::Off};
}

// Queues dealt out to workers in turn.
std::vector<std::unique_ptr<DpdkPort>> deal_queues(const Ethdevs& ethdevs, uint32_t workers,
                                                   const Config& config) {
  std::vector<std::vector<RxQueue>> shares(workers);
  for (size_t i = 0; i < ethdevs.queues().size(); ++i)
    shares[i % workers].push_back(ethdevs.queues()[i]);
  std::vector<std::unique_ptr<DpdkPort>> ports;
  for (auto& share : shares) {
    ports.push_back(std::make_unique<DpdkPort>(
        std::move(share), DpdkPort::Options{.burst = config.burst,
                                            .exit_after_idle_ns = config.exit_after_idle_ns,
                                            .checksums = config.checksums != ChecksumUse::Off}));
  }
  return ports;
}

std::vector<PortLine> port_lines(const Ethdevs& ethdevs) {
  std::vector<PortLine> lines;
  for (const EthdevCounters& port : ethdevs.counters()) {
    lines.push_back({.name = port.name + " (" + port.driver + ")",
                     .packets = port.received,
                     .bytes = port.bytes,
                     .missed = port.missed + port.no_mbuf,
                     .loss_known = port.loss_known});
  }
  return lines;
}

// Workers on lcores; on a thread beside the main lcore where no other lcore was given.
Engine::Launcher launcher_for(const Eal& eal, const std::vector<unsigned>& lcores) {
  if (lcores.empty()) return Engine::threads();
  return {
      .launch = [&eal, lcores](size_t worker,
                               std::function<void()>& body) { eal.launch(lcores[worker], body); },
      .join = [&eal] { eal.wait_all(); }};
}

}  // namespace

Exit run_dpdk(const Config& config, const std::vector<std::string>& eal_options) {
  auto eal = Eal::start("EAL", eal_options.empty() ? config.dpdk.eal_options : eal_options);
  if (!eal.ok()) {
    fmt::print(stderr, "flowscope: {}\n", eal.error().message);
    return Exit::Eal;
  }
  const std::vector<unsigned> lcores = eal.value().worker_lcores();
  if (config.workers > std::max<size_t>(lcores.size(), 1)) {
    fmt::print(stderr,
               "flowscope: --workers {} needs {} lcores (one is the exporter's), EAL gave {}: use "
               "-l 0-{}\n",
               config.workers, config.workers + 1, lcores.size() + 1, config.workers);
    return Exit::Usage;
  }
  auto ethdevs = Ethdevs::start(ethdev_options(config, config.workers));
  if (!ethdevs.ok()) {
    fmt::print(stderr, "flowscope: {}\n", ethdevs.error().message);
    return Exit::Port;
  }
  auto engine = Engine::create(config, InputKind::Live, config.workers);
  if (!engine.ok()) {
    fmt::print(stderr, "flowscope: {}\n", engine.error().message);
    return Exit::Usage;
  }
  auto ports = deal_queues(ethdevs.value(), config.workers, config);
  for (const RxQueue& queue : ethdevs.value().queues()) {
    fmt::print(stderr, "flowscope: port {} queue {} -> a worker of {}\n", queue.port, queue.queue,
               config.workers);
  }
  return engine.value().run(ports, launcher_for(eal.value(), lcores),
                            [&] { return port_lines(ethdevs.value()); });
}

}  // namespace flowscope
