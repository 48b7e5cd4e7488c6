#include "config/validate.h"

#include <algorithm>
#include <string>

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
  return {};
}

Result<void> validate_dpdk(const DpdkConfig& dpdk, uint32_t burst) {
  if (burst > dpdk.rxd) {
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

}  // namespace

Result<void> validate(const Config& config, std::span<const std::string_view> protocols) {
  for (const Result<void>& checked :
       {validate_streams(config.streams), validate_timeouts(config.timeouts),
        validate_output(config.output), validate_dpdk(config.dpdk, config.burst),
        validate_protocols(config.l7, protocols)}) {
    if (!checked.ok()) return checked;
  }
  return {};
}

}  // namespace flowscope
