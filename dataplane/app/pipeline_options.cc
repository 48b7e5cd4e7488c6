#include "dataplane/app/pipeline_options.h"

#include <algorithm>
#include <random>

#include "l7/parser_list.h"

namespace flowscope {

namespace {

uint64_t nanoseconds(double seconds) { return static_cast<uint64_t>(seconds * 1e9); }

// Live traffic is hashed under a secret that nobody outside can know; files must give the same
// result on every run.
void choose_seed(const Config& config, InputKind input, FlowTracker::Options& tracker) {
  if (config.table.hash_seed.has_value()) {
    tracker.hash_seed_low = *config.table.hash_seed;
  } else if (input == InputKind::Live) {
    std::random_device device;
    tracker.hash_seed_low = (uint64_t{device()} << 32) | device();
    tracker.hash_seed_high = (uint64_t{device()} << 32) | device();
  }
}

// The parsers of a set that are switched on, as a bit mask; an empty list means all.
template <class Set>
uint32_t enabled_mask(const std::vector<std::string>& names) {
  if (names.empty()) return UINT32_MAX;
  uint32_t mask = 0;
  for (size_t i = 0; i < Set::kNames.size(); ++i) {
    if (std::find(names.begin(), names.end(), Set::kNames[i]) != names.end())
      mask |= uint32_t{1} << i;
  }
  return mask;
}

}  // namespace

PipelineOptions pipeline_options(const Config& config, InputKind input, const WorkerShare& share) {
  PipelineOptions options;
  options.tracker.flows_max = config.table.flows_max;
  options.tracker.idle = {.tcp_new_ns = nanoseconds(config.timeouts.tcp_new_s),
                          .tcp_established_ns = nanoseconds(config.timeouts.tcp_established_s),
                          .tcp_closing_ns = nanoseconds(config.timeouts.tcp_closing_s),
                          .tcp_closed_ns = nanoseconds(config.timeouts.tcp_closed_s),
                          .udp_ns = nanoseconds(config.timeouts.udp_s),
                          .other_ns = nanoseconds(config.timeouts.other_s)};
  choose_seed(config, input, options.tracker);
  options.streams = {.streams_max = config.streams.streams_max,
                     .buffers_bytes = config.streams.buffers_bytes,
                     .segments = {.segments_max = config.streams.segments_max,
                                  .bytes_per_side_max = config.streams.reorder_bytes_max},
                     .stream_parsers = enabled_mask<ParserSet<AllStreamParsers>>(config.l7),
                     .datagram_parsers = enabled_mask<ParserSet<AllDatagramParsers>>(config.l7)};
  options.records = {.flow = config.output.flow,
                     .messages = config.output.messages,
                     .anomaly = config.output.anomaly};
  options.ring_bytes = config.output.ring_bytes;
  options.overflow = input == InputKind::Files ? Overflow::Wait : Overflow::Shed;
  // Only replay shows every packet to every worker; elsewhere the queues are shares already.
  if (input == InputKind::Files) options.share = share;
  return options;
}

EveOptions eve_options(const Config& config) {
  return {.community_id = config.output.community_id, .community_id_seed = 0};
}

}  // namespace flowscope
