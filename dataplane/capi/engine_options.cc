#include "dataplane/capi/engine_options.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>

#include "dataplane/pipeline/record_ring.h"
#include "flowcore/base/buffer_pool.h"
#include "flowcore/stream/segment_overlap.h"
#include "l7/parser_list.h"
#include "l7/parser_set.h"

namespace flowscope {

namespace {

using StreamSet = ParserSet<AllStreamParsers>;
using DatagramSet = ParserSet<AllDatagramParsers>;

constexpr uint64_t kBuffersBytesMin = uint64_t{1} << 20;
constexpr uint64_t kBuffersBytesMax = uint64_t{1} << 40;
constexpr uint64_t kRingBytesMax = uint64_t{1} << 32;
constexpr uint32_t kStreamsMax = 1 << 24;

// The caller's options as far as this library knows them. Of a newer caller, what we do not know
// must be left at its default.
Result<fs_options> known_part(const fs_options* options) {
  fs_options known{};
  if (options == nullptr) return known;
  size_t size = 0;
  std::memcpy(&size, options, sizeof size);
  if (size < sizeof size)
    return Error{"size: " + std::to_string(size) + "; expected sizeof(fs_options)"};
  std::memcpy(&known, options, std::min(size, sizeof known));
  const auto* const bytes = reinterpret_cast<const uint8_t*>(options);
  const bool all_known =
      size <= sizeof known
      || std::all_of(bytes + sizeof known, bytes + size, [](uint8_t byte) { return byte == 0; });
  if (all_known) return known;
  return Error{"size: options are set that this library, " FS_VERSION
               ", does not know; use the library that the program was compiled for"};
}

Result<void> check_range(const char* name, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return {};
  return Error{std::string(name) + ": " + std::to_string(value) + " is not within "
               + std::to_string(least) + " to " + std::to_string(most)};
}

Result<void> check(const fs_options& options, const PipelineOptions& pipeline) {
  for (const Result<void>& checked :
       {check_range("flows_max", pipeline.tracker.flows_max, 1, FlowTable<FlowEntry>::kEntriesMax),
        check_range("streams_max", pipeline.streams.streams_max, 1, kStreamsMax),
        check_range("buffers_bytes", pipeline.streams.buffers_bytes, kBuffersBytesMin,
                    kBuffersBytesMax),
        check_range("ring_bytes", pipeline.ring_bytes, RecordRing::kBytesMin, kRingBytesMax),
        check_range("tunnels", options.tunnels, FS_TUNNELS_LEAVE, FS_TUNNELS_TAKE_OFF),
        check_range("checksums", options.checksums, FS_CHECKSUMS_OFF, FS_CHECKSUMS_DROP),
        check_range("mute", options.mute, 0, FS_MUTE_FLOW | FS_MUTE_ANOMALY),
        check_range("flags", options.flags, 0, FS_NO_COMMUNITY_ID | FS_FULL_COUNTERS)}) {
    if (!checked.ok()) return checked;
  }
  if (!std::has_single_bit(pipeline.ring_bytes)) {
    return Error{"ring_bytes: " + std::to_string(pipeline.ring_bytes)
                 + " is not a power of two; the next one is "
                 + std::to_string(std::bit_ceil(pipeline.ring_bytes))};
  }
  if (options.interim_ns == 0) return {};
  return check_range("interim_ns", options.interim_ns, Interim::kPeriodMin_ns, UINT64_MAX);
}

std::string parser_names() {
  std::string names;
  const auto add = [&names](std::string_view name) {
    if (("," + names + ",").find("," + std::string(name) + ",") != std::string::npos) return;
    names.append(names.empty() ? "" : ",").append(name);
  };
  for (const std::string_view name : StreamSet::kNames) add(name);
  for (const std::string_view name : DatagramSet::kNames) add(name);
  return names;
}

// Switches the parsers of that name on; false when there is none.
template <class Set>
bool switch_on(std::string_view name, uint32_t& mask) {
  bool found = false;
  for (size_t i = 0; i < Set::kNames.size(); ++i) {
    if (Set::kNames[i] != name) continue;
    mask |= uint32_t{1} << i;
    found = true;
  }
  return found;
}

Result<void> choose_parsers(std::string_view names, StreamsOptions& streams) {
  streams.stream_parsers = 0;
  streams.datagram_parsers = 0;
  if (names == "none") return {};
  for (size_t begin = 0; begin <= names.size();) {
    const size_t end = std::min(names.find(',', begin), names.size());
    const std::string_view name = names.substr(begin, end - begin);
    const bool of_streams = switch_on<StreamSet>(name, streams.stream_parsers);
    const bool of_datagrams = switch_on<DatagramSet>(name, streams.datagram_parsers);
    if (!of_streams && !of_datagrams) {
      return Error{"parsers: no parser \"" + std::string(name)
                   + "\" is built in; expected none, or some of " + parser_names()};
    }
    begin = end + 1;
  }
  return {};
}

template <class T, class U>
void set_if_told(T& option, U told) {
  if (told != 0) option = static_cast<T>(told);
}

void set_timeouts(const fs_options& options, IdlePolicy& idle) {
  set_if_told(idle.tcp_new_ns, options.tcp_new_ns);
  set_if_told(idle.tcp_established_ns, options.tcp_established_ns);
  set_if_told(idle.tcp_closing_ns, options.tcp_closing_ns);
  set_if_told(idle.tcp_closed_ns, options.tcp_closed_ns);
  set_if_told(idle.udp_ns, options.udp_ns);
  set_if_told(idle.other_ns, options.other_ns);
}

void set_tracker(const fs_options& options, PipelineOptions& pipeline) {
  BurstTracker::Options& tracker = pipeline.tracker;
  set_if_told(tracker.flows_max, options.flows_max);
  set_timeouts(options, tracker.idle);
  tracker.interim_ns = options.interim_ns;
  tracker.hash_seed_low = options.hash_seed_low;
  tracker.hash_seed_high = options.hash_seed_high;
  if ((options.flags & FS_FULL_COUNTERS) != 0) tracker.meters.counters = FlowCounters::Full;
  if (options.tunnels == FS_TUNNELS_TAKE_OFF) {
    pipeline.decap = Decap::all();
    tracker.details_max = std::min(tracker.flows_max, FlowEntry::kDetailsMax);
  }
}

Result<SegmentOverlap> overlap_named(std::string_view name) {
  std::string expected;
  for (size_t i = 0; i < kSegmentOverlaps; ++i) {
    const auto overlap = static_cast<SegmentOverlap>(i);
    if (name == name_of(overlap)) return overlap;
    expected += (i == 0 ? "" : ", ") + std::string(name_of(overlap));
  }
  return Error{"overlap: \"" + std::string(name) + "\" is not known; expected one of " + expected};
}

Result<void> set_streams(const fs_options& options, PipelineOptions& pipeline) {
  StreamsOptions& streams = pipeline.streams;
  streams.depth_bytes = options.depth_bytes;
  if (options.overlap != nullptr) {
    const Result<SegmentOverlap> overlap = overlap_named(options.overlap);
    if (!overlap.ok()) return overlap.error();
    streams.segments.overlap = overlap.value();
  }
  set_if_told(streams.streams_max, options.streams_max);
  set_if_told(streams.buffers_bytes, options.buffers_bytes);
  streams.datagrams_max = pipeline.tracker.flows_max;
  // No side may take all.
  constexpr uint64_t kBytesPerSide = 256 << 10;
  streams.segments.bytes_per_side_max =
      static_cast<uint32_t>(std::min<uint64_t>(streams.buffers_bytes / 2, kBytesPerSide));
  streams.segments.segments_max = SegmentStore::blocks_max(streams.buffers_bytes, streams.segments);
  return {};
}

}  // namespace

Result<EngineOptions> engine_options_of(const fs_options* options) {
  const Result<fs_options> known = known_part(options);
  if (!known.ok()) return known.error();
  const fs_options& told = known.value();
  EngineOptions made;
  PipelineOptions& pipeline = made.pipeline;
  set_tracker(told, pipeline);
  if (const Result<void> set = set_streams(told, pipeline); !set.ok()) return set.error();
  set_if_told(pipeline.ring_bytes, told.ring_bytes);
  if (told.dedup_window_ns != 0) {
    pipeline.dedup = Dedup::Options{.window_ns = told.dedup_window_ns,
                                    .hash_seed_low = told.hash_seed_low,
                                    .hash_seed_high = told.hash_seed_high};
  }
  pipeline.records.flow = (told.mute & FS_MUTE_FLOW) == 0;
  pipeline.records.anomaly = (told.mute & FS_MUTE_ANOMALY) == 0;
  pipeline.overflow = Overflow::Shed;
  made.eve.community_id = (told.flags & FS_NO_COMMUNITY_ID) == 0;
  if (const Result<void> checked = check(told, pipeline); !checked.ok()) return checked.error();
  pipeline.checksums = static_cast<ChecksumMode>(told.checksums);
  if (told.parsers != nullptr) {
    const Result<void> chosen = choose_parsers(told.parsers, pipeline.streams);
    if (!chosen.ok()) return chosen.error();
  }
  return made;
}

}  // namespace flowscope
