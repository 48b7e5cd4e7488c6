#include "dataplane/app/pipeline_options.h"

#include <algorithm>
#include <random>

#include "dataplane/app/output_options.h"
#include "dataplane/app/packet_options.h"
#include "dataplane/pipeline/pipeline.h"
#include "l7/parser_list.h"

namespace flowscope {

namespace {

// Live traffic is hashed under a secret that nobody outside can know; files must give the same
// result on every run.
void choose_seed(const Config& config, InputKind input, BurstTracker::Options& tracker) {
  if (config.hash_seed.has_value()) {
    tracker.hash_seed_low = *config.hash_seed;
  } else if (input == InputKind::Live) {
    std::random_device device;
    tracker.hash_seed_low = (uint64_t{device()} << 32) | device();
    tracker.hash_seed_high = (uint64_t{device()} << 32) | device();
  }
}

SegmentStore::Options segments_of(const Config& config) {
  SegmentStore::Options options{
      .bytes_per_side_max = static_cast<uint32_t>(config.streams.reorder_bytes_max),
      .overlap = segment_overlap_of(config).value(),
      .overflow = overflow_of(config).value()};
  options.segments_max = SegmentStore::blocks_max(config.streams.buffers_bytes, options);
  return options;
}

IdlePolicy idle_policy(const TimeoutsConfig& timeouts) {
  return {.tcp_new_ns = timeouts.tcp_new_ns,
          .tcp_established_ns = timeouts.tcp_established_ns,
          .tcp_closing_ns = timeouts.tcp_closing_ns,
          .tcp_closed_ns = timeouts.tcp_closed_ns,
          .udp_ns = timeouts.udp_ns,
          .other_ns = timeouts.other_ns,
          .emergency_ns = timeouts.emergency_ns};
}

RecordChoice record_choice(const RecordsConfig& records) {
  RecordChoice choice{.flow = records.flow, .anomaly = records.anomaly, .muted_events = {}};
  if (!records.alert) choice.muted_events.emplace_back("alert");
  if (!records.http) choice.muted_events.emplace_back("http");
  if (!records.tls) choice.muted_events.emplace_back("tls");
  if (!records.dns) choice.muted_events.emplace_back("dns");
  if (!records.ssh) choice.muted_events.emplace_back("ssh");
  if (!records.quic) choice.muted_events.emplace_back("quic");
  return choice;
}

ChecksumMode checksum_mode(ChecksumUse use) {
  switch (use) {
    case ChecksumUse::Off:
      return ChecksumMode::Off;
    case ChecksumUse::Count:
      return ChecksumMode::Count;
    case ChecksumUse::Drop:
      return ChecksumMode::Drop;
  }
  return ChecksumMode::Off;
}

// What table.details_max 0 means: every flow may be in a tunnel; without decap only second VLAN
// tags are kept.
uint32_t details_max(const Config& config, const PipelineOptions& options) {
  constexpr uint32_t kWithoutDecap = 1 << 12;
  if (config.table.details_max != 0) return config.table.details_max;
  if (!options.decap.takes_any()) return kWithoutDecap;
  return std::min(options.tracker.flows_max, FlowEntry::kDetailsMax);
}

// The parsers of a set that are switched on, as a bit mask; "all" means all.
template <class Set>
uint32_t enabled_mask(const std::vector<std::string>& names) {
  if (names.front() == "all") return UINT32_MAX;
  uint32_t mask = 0;
  for (size_t i = 0; i < Set::kNames.size(); ++i) {
    if (std::find(names.begin(), names.end(), Set::kNames[i]) != names.end())
      mask |= uint32_t{1} << i;
  }
  return mask;
}

ScanOptions scan_options(const SignaturesConfig& signatures) {
  if (signatures.rules == "off") return {};
  return {.flows_max = signatures.flows_max,
          .depth_bytes = static_cast<uint32_t>(signatures.depth_bytes)};
}

}  // namespace

std::vector<std::string_view> parser_names() {
  std::vector<std::string_view> names(ParserSet<AllStreamParsers>::kNames.begin(),
                                      ParserSet<AllStreamParsers>::kNames.end());
  for (const std::string_view name : ParserSet<AllDatagramParsers>::kNames) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

uint32_t flows_max(const Config& config, InputKind input) {
  constexpr uint32_t kFiles = 1 << 18;
  constexpr uint32_t kLive = 1'000'000;
  if (config.table.flows_max != 0) return config.table.flows_max;
  if (!config.worker.track) return 1024;
  return input == InputKind::Files ? kFiles : kLive;
}

PipelineOptions pipeline_options(const Config& config, InputKind input) {
  PipelineOptions options;
  options.decap = decap_of(config).value();
  options.key_with = key_with_of(config).value();
  options.fragments = {.datagrams_max = config.fragments.datagrams_max,
                       .bytes_max = config.fragments.bytes_max,
                       .timeout_ns = config.fragments.timeout_ns,
                       .overlap = overlap_of(config).value()};
  options.tracker.flows_max = flows_max(config, input);
  options.tracker.details_max = details_max(config, options);
  options.tracker.idle = idle_policy(config.timeouts);
  options.tracker.emergency_percent = config.table.emergency_percent;
  options.tracker.interim_ns = config.output.interim_ns;
  options.tracker.meters = {.counters = config.table.counters == CounterUse::Full
                                            ? FlowCounters::Full
                                            : FlowCounters::Basic,
                            .first_packets = config.table.first_packets};
  choose_seed(config, input, options.tracker);
  options.dedup = dedup_of(config).value();
  if (options.dedup) {
    options.dedup->hash_seed_low = options.tracker.hash_seed_low;
    options.dedup->hash_seed_high = options.tracker.hash_seed_high;
  }
  options.streams = {
      .datagrams_max = options.tracker.flows_max,
      .streams_max = config.streams.streams_max,
      .buffers_bytes = config.streams.buffers_bytes,
      .segments = segments_of(config),
      .depth_bytes = config.streams.depth_bytes,
      .stream_parsers = enabled_mask<ParserSet<AllStreamParsers>>(config.l7.enabled),
      .datagram_parsers = enabled_mask<ParserSet<AllDatagramParsers>>(config.l7.enabled),
      .hash_bodies = config.l7.http.body_sha256,
      .signatures = scan_options(config.signatures)};
  options.records = record_choice(config.output.records);
  options.track = config.worker.track;
  options.checksums = checksum_mode(config.checksums);
  options.ring_bytes = config.output.ring_bytes;
  options.overflow = input == InputKind::Files ? Overflow::Wait : Overflow::Shed;
  options.shed_first = shed_first_of(config).value();
  return options;
}

PipelineSettings pipeline_settings(const Config& config) {
  return {.idle = idle_policy(config.timeouts),
          .emergency_percent = config.table.emergency_percent,
          .interim_ns = config.output.interim_ns,
          .fragments_timeout_ns = config.fragments.timeout_ns,
          .records = record_choice(config.output.records),
          .shed_first = shed_first_of(config).value()};
}

EveOptions eve_options(const Config& config) {
  return {.community_id = config.output.community_id, .community_id_seed = 0};
}

}  // namespace flowscope
