// The library's ways in, over one capture in the page cache: what the range of events costs beside
// the same tracker driven by hand, and what the C interface does with the whole pipeline behind it.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "dataplane/capi/flowscope.h"
#include "dataplane/pcap/pcap_flow_source.h"
#include "flowcore/extract/five_tuple.h"
#include "perf/micro/ns_per_packet.h"
#include "perf/traffic/traffic.h"

namespace flowscope::bench {
namespace {

// A generated capture that goes with the program.
class GeneratedCapture {
 public:
  GeneratedCapture() : path_("/tmp/flowscope_bench_" + std::to_string(getpid()) + ".pcap") {
    const auto written =
        traffic::write_mix({.path = path_}, {.http = 4'000, .tls = 1'000, .dns = 8'000});
    FS_CHECK(written.ok());
  }
  ~GeneratedCapture() { unlink(path_.c_str()); }
  GeneratedCapture(const GeneratedCapture&) = delete;
  GeneratedCapture& operator=(const GeneratedCapture&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

FlowTrackerOptions options_with(EventMask events) {
  FlowTrackerOptions options = PcapFlowSource::kTrackerOptions;
  options.events = events;
  return options;
}

[[gnu::noinline]] uint64_t go_through_range(const std::string& path, EventMask mask,
                                            uint64_t& packets) {
  auto events = PcapFlowSource::open(path).value().with_extractor(FiveTuple::bidirectional(),
                                                                  options_with(mask));
  uint64_t count = 0;
  for (const FlowEvent& event : events) count += 1 + event.index();
  packets += events.packets_read();
  return count;
}

[[gnu::noinline]] uint64_t go_by_hand(const std::string& path, EventMask mask, uint64_t& packets) {
  CaptureReader reader = std::move(CaptureReader::open(path).value());
  auto tracker = std::move(
      FlowTracker<FiveTuple>::create(options_with(mask), FiveTuple::bidirectional()).value());
  auto burst = std::make_unique<Burst>();
  uint64_t count = 0;
  const auto sink = [&count](const FlowEvent& event) { count += 1 + event.index(); };
  while (reader.read(*burst, 64) != 0) tracker.track_burst(*burst, sink);
  tracker.finish(sink);
  packets += reader.packets_read();
  return count;
}

void events(benchmark::State& state, EventMask mask,
            uint64_t (*run)(const std::string&, EventMask, uint64_t&)) {
  const GeneratedCapture capture;
  uint64_t packets = 0;
  for (auto _ : state) {
    packets = 0;
    benchmark::DoNotOptimize(run(capture.path(), mask, packets));
  }
  report_ns_per_packet(state, packets);
}

// The packets of a capture, in memory.
class Packets {
 public:
  explicit Packets(const std::string& path) {
    auto packets = PcapFlowSource::open(path).value().packets();
    for (const PacketView& packet : packets) {
      frames_.emplace_back(packet.frame.begin(), packet.frame.end());
      packets_.push_back({.frame = frames_.back().data(),
                          .captured_bytes = static_cast<uint32_t>(packet.frame.size()),
                          .wire_bytes = packet.wire_bytes,
                          .time_ns = packet.time.ns,
                          .link_type = 1});
    }
  }
  [[nodiscard]] const std::vector<fs_packet>& all() const { return packets_; }

 private:
  std::vector<std::vector<uint8_t>> frames_;
  std::vector<fs_packet> packets_;
};

uint64_t poll_all(fs_engine* engine) {
  uint64_t bytes = 0;
  while (const fs_record* record = fs_engine_poll(engine)) bytes += record->json_bytes;
  return bytes;
}

[[gnu::noinline]] uint64_t feed_and_poll(const std::vector<fs_packet>& packets) {
  fs_engine* const engine = fs_engine_create(nullptr, nullptr);
  uint64_t bytes = 0;
  for (size_t taken = 0; taken < packets.size();) {
    taken += fs_engine_feed(engine, packets.data() + taken, packets.size() - taken);
    bytes += poll_all(engine);
  }
  fs_engine_finish(engine);
  bytes += poll_all(engine);
  fs_engine_destroy(engine);
  return bytes;
}

void c_engine(benchmark::State& state) {
  const GeneratedCapture capture;
  const Packets packets(capture.path());
  for (auto _ : state) benchmark::DoNotOptimize(feed_and_poll(packets.all()));
  report_ns_per_packet(state, packets.all().size());
}

BENCHMARK_CAPTURE(events, range, EventMask(), &go_through_range)->Name("source/range/all_events");
BENCHMARK_CAPTURE(events, by_hand, EventMask(), &go_by_hand)->Name("source/by_hand/all_events");
BENCHMARK_CAPTURE(events, range_ends, EventMask::of({EventKind::Ended}), &go_through_range)
    ->Name("source/range/ends");
BENCHMARK_CAPTURE(events, by_hand_ends, EventMask::of({EventKind::Ended}), &go_by_hand)
    ->Name("source/by_hand/ends");
BENCHMARK(c_engine)->Name("source/c_engine/records");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
