// Reassembly of one side (hop 6) into a sink that only counts.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "flowcore/stream/tcp_stream.h"
#include "perf/micro/ns_per_packet.h"

namespace flowscope::bench {
namespace {

constexpr uint32_t kSegmentBytes = 1400;
constexpr uint32_t kSegments = 1024;
constexpr size_t kPoolBytes = size_t{8} << 20;

struct ByteCount {
  uint64_t bytes = 0;
  void on_bytes(Bytes run) { bytes += run.size(); }
  void on_gap(uint32_t missing_bytes) { bytes += missing_bytes; }
};

// `swap_every`: each so many segments two neighbours change places; 0: never.
void run_stream(benchmark::State& state, uint32_t swap_every) {
  Arena arena = std::move(
      Arena::create(BufferPool::cost(kPoolBytes) + SegmentStore::cost({}), Arena::Populate::Now)
          .value());
  BufferPool pool(arena, kPoolBytes);
  SegmentStore store(arena, pool, {});
  const std::vector<uint8_t> payload(kSegmentBytes, 'x');
  std::vector<uint32_t> order(kSegments);
  for (uint32_t i = 0; i < kSegments; ++i) order[i] = i;
  for (uint32_t i = 0; swap_every != 0 && i + 1 < kSegments; i += swap_every)
    std::swap(order[i], order[i + 1]);

  TcpStream stream;
  stream.anchor(0);
  ByteCount count;
  uint32_t base = 0;
  for (auto _ : state) {
    for (const uint32_t place : order) {
      stream.segment({.seq = base + place * kSegmentBytes,
                      .payload = {payload.data(), payload.size()},
                      .missing_tail = 0,
                      .clock_ns = 0},
                     store, count);
    }
    base += kSegments * kSegmentBytes;
    benchmark::DoNotOptimize(count.bytes);
  }
  report_ns_per_packet(state, kSegments);
}

BENCHMARK_CAPTURE(run_stream, in_order, 0)->Name("stream/ours/in_order_1400");
BENCHMARK_CAPTURE(run_stream, reordered, 20)->Name("stream/ours/reordered_5_percent");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
