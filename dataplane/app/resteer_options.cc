#include "dataplane/app/resteer_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/dpdk/port_limits.h"

namespace flowscope {

namespace {

// Why the ports alone bring parts of one flow to different workers; empty where only fragments,
// tunnels and ICMP errors do.
std::string split_reason(std::span<const PortSpread> ports) {
  for (const PortSpread& port : ports) {
    if (port.queues > 1 && !port.is_symmetric) {
      return fmt::format("port {} does not bring both directions of a flow to one queue",
                         port.name);
    }
  }
  if (ports.size() > 1) return "the two directions of a flow may come by two ports";
  return "";
}

// A worker that no queue is dealt out to.
std::string idle_reason(const Config& config, std::span<const PortSpread> ports) {
  uint32_t queues = 0;
  for (const PortSpread& port : ports) queues += port.queues;
  if (queues >= config.workers) return "";
  return fmt::format("{} workers share {} queue{}", config.workers, queues, queues == 1 ? "" : "s");
}

}  // namespace

ResteerChoice choose_resteer(const Config& config, std::span<const PortSpread> ports) {
  if (config.workers < 2 || !config.worker.track) return {};
  const std::string split = split_reason(ports);
  if (config.worker.resteer == "off") {
    if (split.empty()) return {};
    return {.is_warning = true,
            .text = fmt::format("{}, and worker.resteer is off: flows are split between workers, "
                                "each part with a record of its own",
                                split)};
  }
  const auto files = std::count_if(ports.begin(), ports.end(),
                                   [](const PortSpread& port) { return port.is_file; });
  const bool is_mixed = files != 0 && static_cast<size_t>(files) != ports.size();
  if (is_mixed && config.worker.resteer == "auto") {
    return {.is_warning = true,
            .text = fmt::format("packets stay with the worker that their queue brings them to, for "
                                "net_pcap stands beside live ports; but {}: --worker-resteer on "
                                "sends them to the worker of their flow",
                                split)};
  }
  const std::string_view sent = "packets are sent to the worker of their flow";
  if (!split.empty()) return {.is_on = true, .text = fmt::format("{}: {}", sent, split)};
  if (const std::string idle = idle_reason(config, ports); !idle.empty())
    return {.is_on = true, .text = fmt::format("{}: {}", sent, idle)};
  return {.is_on = true,
          .text = fmt::format("{}: the port brings both directions of a flow to one queue, but not "
                              "its fragments and what tunnels hold; where there are none, "
                              "--worker-resteer off saves the work",
                              sent)};
}

bool may_resteer(const Config& config) {
  return config.worker.track && config.workers > 1 && config.worker.resteer != "off";
}

Resteer::Options resteer_options(const Config& config) {
  const uint32_t ring = config.dpdk.rxd != 0 ? config.dpdk.rxd : kRingAuto;
  return {.workers = config.workers,
          .frames_max = std::max(ring / config.workers, 4 * config.burst),
          .burst = config.burst};
}

size_t resteer_bytes(const Config& config) {
  return may_resteer(config) ? Resteer::cost(resteer_options(config)) : 0;
}

uint32_t resteered_mbufs(const Config& config) {
  if (!may_resteer(config)) return 0;
  return static_cast<uint32_t>(Resteer::frames_on_their_way(resteer_options(config)));
}

}  // namespace flowscope
