// Reassembly of one side (hop 6) into a sink that only counts: in order, reordered, and what costs
// others most: many holes, tiny segments behind one.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "flowcore/base/check.h"
#include "flowcore/stream/tcp_stream.h"
#include "perf/micro/ns_per_packet.h"

namespace flowscope::bench {
namespace {

constexpr uint32_t kSegmentBytes = 1400;
constexpr uint32_t kSegments = 1024;
constexpr size_t kPoolBytes = size_t{64} << 20;

struct ByteCount {
  uint64_t bytes = 0;
  uint64_t gaps = 0;
  uint64_t missing = 0;
  void on_bytes(Bytes run) { bytes += run.size(); }
  void on_gap(uint32_t missing_bytes) {
    ++gaps;
    missing += missing_bytes;
  }
};

// One worker's store, and a side.
struct Rig {
  explicit Rig(const SegmentStore::Options& options)
      : arena(std::move(Arena::create(BufferPool::cost(kPoolBytes) + SegmentStore::cost(options),
                                      Arena::Populate::Now)
                            .value())),
        pool(arena, kPoolBytes),
        store(arena, pool, options) {}
  void begin(uint32_t seq) {
    stream = TcpStream();
    stream.anchor(seq);
    count = {};
  }
  void give(uint32_t seq, Bytes payload) {
    stream.segment({.seq = seq, .payload = payload, .missing_tail = 0, .clock_ns = 0}, store,
                   count);
  }

  Arena arena;
  BufferPool pool;
  SegmentStore store;
  TcpStream stream;
  ByteCount count;
};

// `swap_every`: each so many segments two neighbours change places; 0: never.
void run_stream(benchmark::State& state, uint32_t swap_every, SegmentOverlap overlap) {
  Rig rig({.overlap = overlap});
  const std::vector<uint8_t> payload(kSegmentBytes, 'x');
  std::vector<uint32_t> order(kSegments);
  for (uint32_t i = 0; i < kSegments; ++i) order[i] = i;
  for (uint32_t i = 0; swap_every != 0 && i + 1 < kSegments; i += swap_every)
    std::swap(order[i], order[i + 1]);

  rig.begin(0);
  uint32_t base = 0;
  for (auto _ : state) {
    for (const uint32_t place : order)
      rig.give(base + place * kSegmentBytes, {payload.data(), payload.size()});
    base += kSegments * kSegmentBytes;
    benchmark::DoNotOptimize(rig.count.bytes);
  }
  report_ns_per_packet(state, kSegments);
}

// S7: of each flow's eight segments one is lost; the rest comes out with one gap.
void run_lost_segment(benchmark::State& state) {
  constexpr uint32_t kPerFlow = 8;
  constexpr uint32_t kFlows = 128;
  Rig rig({});
  const std::vector<uint8_t> payload(kSegmentBytes, 'x');
  for (auto _ : state) {
    for (uint32_t flow = 0; flow < kFlows; ++flow) {
      rig.begin(flow);
      for (uint32_t i = 0; i < kPerFlow; ++i) {
        if (i != flow % (kPerFlow - 1))
          rig.give(flow + i * kSegmentBytes, {payload.data(), payload.size()});
      }
      rig.stream.flush(rig.store, rig.count);
      FS_CHECK(rig.count.gaps == 1 && rig.count.bytes == (kPerFlow - 1) * kSegmentBytes);
    }
  }
  report_ns_per_packet(state, uint64_t{kFlows} * (kPerFlow - 1));
}

enum class Order : uint8_t { Ascending, Descending };

// S8: 300,000 segments of one byte behind a hole.
void run_tiny(benchmark::State& state, Order order) {
  constexpr uint32_t kTiny = 300'000;
  Rig rig({});
  const uint8_t byte = 'x';
  for (auto _ : state) {
    rig.begin(0);
    for (uint32_t i = 1; i <= kTiny; ++i)
      rig.give(order == Order::Ascending ? i : kTiny + 1 - i, {&byte, 1});
    FS_CHECK(rig.stream.high_watermark() <= rig.store.bytes_per_side_max());
    rig.stream.flush(rig.store, rig.count);
    FS_CHECK(rig.count.bytes + rig.count.missing == kTiny + 1);
  }
  report_ns_per_packet(state, kTiny);
}

// Segments of one byte with holes between, in random order, all held at once: the cost of each must
// not grow with their number.
void run_holes(benchmark::State& state, SegmentOverlap overlap) {
  const auto holes = static_cast<uint32_t>(state.range(0));
  const auto apart = static_cast<uint32_t>(state.range(1));
  Rig rig({.segments_max = 1 << 16, .bytes_per_side_max = 64 << 20, .overlap = overlap});
  std::vector<uint32_t> places(holes);
  for (uint32_t i = 0; i < holes; ++i) places[i] = 1 + i * apart;
  std::shuffle(places.begin(), places.end(), std::mt19937(1));
  const uint8_t byte = 'x';
  for (auto _ : state) {
    rig.begin(0);
    for (const uint32_t place : places) rig.give(place, {&byte, 1});
    FS_CHECK(rig.count.gaps == 0);
    rig.stream.flush(rig.store, rig.count);
    FS_CHECK(rig.count.gaps == holes);
  }
  report_ns_per_packet(state, holes);
}

BENCHMARK_CAPTURE(run_stream, in_order, 0, SegmentOverlap::First)
    ->Name("stream/ours/in_order_1400");
BENCHMARK_CAPTURE(run_stream, reordered, 20, SegmentOverlap::First)
    ->Name("stream/ours/reordered_5_percent");
BENCHMARK_CAPTURE(run_stream, reordered_linux, 20, SegmentOverlap::Linux)
    ->Name("stream/ours/reordered_5_percent_policy_linux");
BENCHMARK(run_lost_segment)->Name("stream/ours/s7_one_lost_of_eight");
BENCHMARK_CAPTURE(run_tiny, ascending, Order::Ascending)
    ->Name("stream/ours/s8_300k_tiny_ascending");
BENCHMARK_CAPTURE(run_tiny, descending, Order::Descending)
    ->Name("stream/ours/s8_300k_tiny_descending");
BENCHMARK_CAPTURE(run_holes, first, SegmentOverlap::First)
    ->Name("stream/ours/holes")
    ->ArgNames({"holes", "apart"})
    ->Args({1000, 2})
    ->Args({10'000, 2})
    ->Args({100'000, 2})
    ->Args({1000, 100})
    ->Args({10'000, 100})
    ->Args({100'000, 100});

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
