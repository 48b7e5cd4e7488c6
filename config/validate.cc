#include "config/validate.h"

#include <algorithm>
#include <string>

#include "config/lcore_list.h"
#include "config/listen_address.h"
#include "config/quantity.h"

namespace flowscope {

namespace {

Result<void> validate_streams(const StreamsConfig& streams) {
  if (streams.reorder_bytes_max > streams.buffers_bytes / 2) {
    return Error{"streams.reorder_bytes_max: " + format_bytes(streams.reorder_bytes_max)
                 + " for each side lets one flow take all memory; expected at most half of streams.buffers_bytes, "
                 + format_bytes(streams.buffers_bytes)};
  }
  return {};
}

Result<void> validate_timeouts(const TimeoutsConfig& timeouts) {
  if (timeouts.tcp_closed_ns > timeouts.tcp_established_ns) {
    return Error{
        "timeouts.tcp_closed: " + format_duration_ns(timeouts.tcp_closed_ns)
        + " keeps closed flows longer than live ones; expected at most timeouts.tcp_established, "
        + format_duration_ns(timeouts.tcp_established_ns)};
  }
  return {};
}

Result<void> validate_output(const OutputConfig& output) {
  if (output.interim_ns != 0 && output.interim_ns < kMillisecondNs) {
    return Error{"output.interim: " + format_duration_ns(output.interim_ns)
                 + " is too short; expected 0 or at least 1ms"};
  }
  if (output.rotate_bytes != 0 && output.rotate_bytes < 64 * kKiB) {
    return Error{"output.rotate_bytes: " + format_bytes(output.rotate_bytes)
                 + " is less than one record may have; expected 0 or at least 64KiB"};
  }
  if (output.rotate_every_ns != 0 && output.rotate_every_ns < kSecondNs) {
    return Error{"output.rotate_every: " + format_duration_ns(output.rotate_every_ns)
                 + " is too short; expected 0 or at least 1s"};
  }
  const bool rotates = output.rotate_bytes != 0 || output.rotate_every_ns != 0;
  const std::string& to = output.destination;
  if (rotates && (to == "-" || to.starts_with("tcp://") || to.starts_with("unix:"))) {
    return Error{
        "output.rotate_bytes: only a file can be renamed; expected a path as "
        "output.destination, not "
        + to};
  }
  return {};
}

Result<void> validate_dpdk(const DpdkConfig& dpdk, uint32_t burst) {
  if (dpdk.portmask != 0 && !dpdk.ports.empty()) {
    return Error{"dpdk.ports: dpdk.portmask chooses ports as well; expected one of the two"};
  }
  if (dpdk.max_pkt_len != 0 && dpdk.max_pkt_len < 64) {
    return Error{"dpdk.max_pkt_len: " + std::to_string(dpdk.max_pkt_len)
                 + " is less than the shortest frame; expected 0 or at least 64"};
  }
  if (dpdk.rxd != 0 && burst > dpdk.rxd) {
    return Error{"burst: " + std::to_string(burst)
                 + " packets never wait in a queue; expected at most dpdk.rxd, "
                 + std::to_string(dpdk.rxd)};
  }
  if (dpdk.total_num_mbufs == 0) return {};
  const uint64_t in_queues = uint64_t{std::max(dpdk.rxq, 1U)} * dpdk.rxd;
  if (dpdk.total_num_mbufs <= in_queues) {
    return Error{"dpdk.total_num_mbufs: " + std::to_string(dpdk.total_num_mbufs)
                 + " cannot fill the receive queues; expected more than dpdk.rxq times dpdk.rxd, "
                 + std::to_string(in_queues)};
  }
  // rte_mempool_create refuses a cache above two thirds of the pool.
  if (uint64_t{dpdk.mbcache} * 3 > uint64_t{dpdk.total_num_mbufs} * 2) {
    return Error{"dpdk.mbcache: " + std::to_string(dpdk.mbcache)
                 + " is too much of the pool; expected at most two thirds of dpdk.total_num_mbufs, "
                 + std::to_string(dpdk.total_num_mbufs)};
  }
  return {};
}

Result<void> validate_telemetry(const TelemetryConfig& telemetry) {
  if (telemetry.prometheus == "off") return {};
  const auto address = parse_listen_address(telemetry.prometheus);
  if (address.ok()) return {};
  return Error{"telemetry.prometheus: " + address.error().message + ", or off"};
}

Result<void> validate_protocols(const L7Config& l7, std::span<const std::string_view> protocols) {
  if (protocols.empty() || l7.enabled == std::vector<std::string>{"all"}) return {};
  for (const std::string& name : l7.enabled) {
    if (std::find(protocols.begin(), protocols.end(), name) != protocols.end()) continue;
    std::string built_in;
    for (const std::string_view each : protocols)
      built_in.append(built_in.empty() ? "" : ", ").append(each);
    const std::string reason = name == "all" ? "\"all\" stands for every parser"
                                             : "no parser \"" + name + "\" is built in";
    return Error{"l7.enabled: " + reason + "; expected all alone, or some of " + built_in};
  }
  return {};
}

Result<void> validate_lcores(const Config& config) {
  const auto lcores = parse_lcores(config.worker.lcores);
  if (!lcores.ok()) return Error{"worker.lcores: " + lcores.error().message};
  const size_t count = lcores.value().size();
  if (count == 0 || count >= config.workers) return {};
  return Error{"worker.lcores: " + std::to_string(count) + (count == 1 ? " lcore" : " lcores")
               + " for " + std::to_string(config.workers) + " workers; expected at least "
               + std::to_string(config.workers) + ", or none to take them in turn"};
}

Result<void> validate_name(std::string_view key, std::string_view value,
                           std::initializer_list<std::string_view> names) {
  std::string expected;
  for (const std::string_view name : names) {
    if (name == value) return {};
    expected.append(expected.empty() ? "" : ", ").append(name);
  }
  return Error{
      std::string(key).append(": '").append(value).append("' is not one of ").append(expected)};
}

}  // namespace

Result<void> validate(const Config& config, std::span<const std::string_view> protocols) {
  for (const Result<void>& checked :
       {validate_streams(config.streams), validate_timeouts(config.timeouts),
        validate_output(config.output), validate_dpdk(config.dpdk, config.burst),
        validate_telemetry(config.telemetry), validate_lcores(config),
        validate_name("worker.resteer", config.worker.resteer, {"auto", "on", "off"}),
        validate_name("worker.idle", config.worker.idle, {"spin", "pause", "sleep"}),
        validate_protocols(config.l7, protocols)}) {
    if (!checked.ok()) return checked;
  }
  return {};
}

}  // namespace flowscope
