// From frames in memory to accounted flows: decoding, key, hash, look-up, counters, TCP state, age
// and sweep (hops 2 to 5) for 64-byte frames, by us and by rivals that differ in the table alone;
// `whole` is a worker's whole way (hops 2 to 8), `floor` random access to two lines per packet.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "dataplane/pipeline/pipeline.h"
#include "flowcore/base/plain_copy.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"
#include "perf/micro/flow_stock.h"
#include "perf/micro/map_tracker.h"
#include "perf/micro/ns_per_packet.h"
#ifdef FS_BENCH_RTE_HASH
#include "perf/micro/rte_hash_tracker.h"
#endif

namespace flowscope::bench {
namespace {

constexpr uint32_t kBurst = 64;
constexpr uint32_t kMillion = 1'000'000;
// Shuffled packets that are handed round: more bytes than any cache holds.
constexpr uint32_t kPackets = 1U << 21;
constexpr uint64_t kStart_ns = 1'700'000'000'000'000'000;

// Takes down the end of each flow as a worker does: the entry as it is, and why.
class EndLog {
 public:
  void on_started(FlowEntry&) {}
  void on_established(FlowEntry&) {}
  void on_ended(FlowEntry& entry, EndReason reason) {
    copy_plain(&rows_[next_].entry, entry);
    rows_[next_].reason = reason;
    next_ = (next_ + 1) % kRows;
    ++ended_;
    // The ring asks for its coming lines as well.
    const auto* ahead = reinterpret_cast<const uint8_t*>(&rows_[(next_ + kAhead) % kRows]);
    for (size_t at = 0; at < sizeof(Row); at += kCacheLineBytes) prefetch_write(ahead + at);
  }
  [[nodiscard]] uint64_t ended() const { return ended_; }

 private:
  struct Row {
    FlowEntry entry;
    EndReason reason;
  };
  static constexpr size_t kRows = 4096;
  static constexpr size_t kAhead = 8;
  std::vector<Row> rows_ = std::vector<Row>(kRows);
  size_t next_ = 0;
  uint64_t ended_ = 0;
};

// Hops 2 to 5 as the worker makes them.
class OurTracker {
 public:
  explicit OurTracker(uint32_t flows_max)
      : options_{.flows_max = flows_max, .hash_seed_low = 1, .hash_seed_high = 2},
        arena_(
            std::move(Arena::create(BurstTracker::cost(options_), Arena::Populate::Now).value())),
        tracker_(arena_, options_) {}

  void run(Burst& burst) {
    decode_layers(burst);
    extract_keys(FiveTuple::bidirectional(), tracker_.hash(), burst, keys_,
                 [this](uint64_t hash) { tracker_.prefetch(hash); });
    for (uint32_t i = 0; i < burst.count; ++i) {
      clock_ns_ = std::max(clock_ns_, burst.packet[i].time.ns);
      columns_.clock_ns[i] = clock_ns_;
    }
    tracker_.find(burst, keys_, columns_);
    for (uint32_t begin = 0; begin < burst.count;) {
      tracker_.sweep_step(columns_.clock_ns[begin], ends_);
      begin = tracker_.update(burst, keys_, columns_, begin, ends_);
    }
  }
  [[nodiscard]] uint64_t live() const { return tracker_.live(); }
  [[nodiscard]] const EndLog& ends() const { return ends_; }

 private:
  BurstTracker::Options options_;
  Arena arena_;
  BurstTracker tracker_;
  EndLog ends_;
  FlowKeys keys_;
  FlowBurst columns_;
  uint64_t clock_ns_ = 0;
};

// All hops, and the exporter's end of the ring.
class WholeWorker {
 public:
  explicit WholeWorker(uint32_t flows_max) {
    PipelineOptions options;
    options.tracker.flows_max = flows_max;
    options.streams.buffers_bytes = size_t{1} << 20;
    pipeline_ = std::move(Pipeline::create(options, Arena::Populate::Now).value());
  }
  void run(Burst& burst) {
    pipeline_->run(burst);
    while (!pipeline_->ring().front().empty()) pipeline_->ring().pop();
    pipeline_->ring().release();
  }
  [[nodiscard]] uint64_t live() const { return pipeline_->tracker().live(); }

 private:
  std::unique_ptr<Pipeline> pipeline_;
};

// No table at all: the packet's flow number is the place of its record, both lines of which are
// asked for a burst ahead.
class Floor {
 public:
  explicit Floor(uint32_t flows)
      : arena_(std::move(Arena::create(Arena::cost<Record>(flows), Arena::Populate::Now).value())),
        records_(arena_.take<Record>(flows)) {}
  void run(const uint32_t* flows, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      prefetch_write(&records_[flows[i]]);
      prefetch_write(&records_[flows[i]].at[8]);
    }
    for (uint32_t i = 0; i < count; ++i) {
      ++records_[flows[i]].at[0];
      ++records_[flows[i]].at[8];
    }
  }

 private:
  struct alignas(kCacheLineBytes) Record {
    std::array<uint64_t, 16> at;
  };
  Arena arena_;
  std::span<Record> records_;
};

// Every flow sends once, so that all are live.
template <class Tracker>
uint64_t fill(Tracker& tracker, uint32_t flows, FlowFrames frames = FlowFrames::Acks) {
  const auto burst = std::make_unique<Burst>();
  constexpr uint32_t kPart = 1U << 20;
  uint64_t time_ns = kStart_ns;
  for (uint32_t first = 0; first < flows; first += kPart) {
    const uint32_t part = std::min(kPart, flows - first) / kBurst * kBurst;
    FlowStock stock({.first_flow = first,
                     .flows = part,
                     .packets = part,
                     .order = FlowOrder::Once,
                     .frames = frames});
    for (uint32_t i = 0; i < part; i += kBurst) {
      stock.fill_next(*burst, kBurst, time_ns);
      tracker.run(*burst);
    }
    time_ns += part * FlowStock::kPacketGap_ns;
  }
  return time_ns;
}

template <class Tracker>
void run_hits(benchmark::State& state, uint32_t flows, FlowOrder order) {
  const auto tracker = std::make_unique<Tracker>(flows);
  const uint64_t start_ns = fill(*tracker, flows);
  FlowStock stock({.flows = flows, .packets = kPackets, .order = order});
  const auto burst = std::make_unique<Burst>();
  for (auto _ : state) {
    stock.fill_next(*burst, kBurst, start_ns);
    tracker->run(*burst);
  }
  state.counters["live"] = static_cast<double>(tracker->live());
  report_ns_per_packet(state, kBurst);
}

// A full table of which half is half-open; SYNs of new flows come, each pushes one out.
template <class Tracker>
void run_flood(benchmark::State& state, uint32_t flows) {
  const auto tracker = std::make_unique<Tracker>(flows);
  const uint64_t start_ns = fill(*tracker, flows, FlowFrames::Syns);
  const auto burst = std::make_unique<Burst>();
  // Answered flows are worth keeping: half of the table.
  const uint32_t answers = 2 * flows;
  FlowStock kept({.flows = flows / 2, .packets = answers});
  for (uint32_t i = 0; i < answers; i += kBurst) {
    kept.fill_next(*burst, kBurst, start_ns);
    tracker->run(*burst);
  }
  FlowStock stock({.first_flow = flows,
                   .flows = 2 * kPackets,
                   .packets = 2 * kPackets,
                   .order = FlowOrder::Once,
                   .frames = FlowFrames::Syns});
  for (auto _ : state) {
    stock.fill_next(*burst, kBurst, start_ns + answers * FlowStock::kPacketGap_ns);
    tracker->run(*burst);
  }
  state.counters["live"] = static_cast<double>(tracker->live());
  report_ns_per_packet(state, kBurst);
}

void run_floor(benchmark::State& state, uint32_t flows) {
  Floor floor(flows);
  FlowStock stock({.flows = flows, .packets = kPackets});
  const auto burst = std::make_unique<Burst>();
  for (auto _ : state) {
    stock.fill_next(*burst, kBurst, kStart_ns);
    floor.run(stock.last_flows(kBurst), kBurst);
  }
  report_ns_per_packet(state, kBurst);
}

// What handing the packets out costs, which is part of every figure here.
void run_receive(benchmark::State& state) {
  FlowStock stock({.flows = kMillion, .packets = kPackets});
  const auto burst = std::make_unique<Burst>();
  for (auto _ : state) {
    stock.fill_next(*burst, kBurst, kStart_ns);
    benchmark::DoNotOptimize(burst->packet.data());
    benchmark::ClobberMemory();
  }
  report_ns_per_packet(state, kBurst);
}

template <class Tracker>
void add_flood(const std::string& name, uint32_t flows) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) { run_flood<Tracker>(state, flows); });
}

template <class Tracker>
void add_hits(const std::string& name, uint32_t flows, FlowOrder order = FlowOrder::Uniform) {
  benchmark::RegisterBenchmark(
      name.c_str(), [=](benchmark::State& state) { run_hits<Tracker>(state, flows, order); });
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RegisterBenchmark("receive", run_receive);
  add_hits<OurTracker>("pipeline/ours/1k_uniform", 1'024);
  add_hits<OurTracker>("pipeline/ours/100k_uniform", 100'032);
  add_hits<OurTracker>("pipeline/ours/1M_uniform", kMillion);
  add_hits<OurTracker>("pipeline/ours/1M_zipf", kMillion, FlowOrder::Zipf);
  add_hits<MapTracker>("pipeline/unordered_map/1M_uniform", kMillion);
#ifdef FS_BENCH_RTE_HASH
  add_hits<RteHashTracker>("pipeline/rte_hash/1M_uniform", kMillion);
#endif
  benchmark::RegisterBenchmark("floor/1M_uniform",
                               [](benchmark::State& state) { run_floor(state, kMillion); });
  add_hits<OurTracker>("pipeline/ours/1M_flood_hit", 1U << 20);
  add_flood<OurTracker>("pipeline/ours/1M_flood", 1U << 20);
  add_flood<OurTracker>("pipeline/ours/4k_flood", 1U << 12);
  add_hits<WholeWorker>("pipeline/whole/1M_uniform", kMillion);
  add_hits<WholeWorker>("pipeline/whole/1M_flood_hit", 1U << 20);
  add_flood<WholeWorker>("pipeline/whole/1M_flood", 1U << 20);
  add_hits<OurTracker>("pipeline/ours/10M_uniform", 10 * kMillion);
  benchmark::RegisterBenchmark("floor/10M_uniform",
                               [](benchmark::State& state) { run_floor(state, 10 * kMillion); });
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace flowscope::bench

int main(int argc, char** argv) { return flowscope::bench::run(argc, argv); }
