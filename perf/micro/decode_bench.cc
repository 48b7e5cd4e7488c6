#include <benchmark/benchmark.h>

#include <memory>

#include "flowcore/packet/decode.h"
#include "perf/micro/frame_stock.h"

namespace flowscope::bench {
namespace {

void run_decode(benchmark::State& state, Traffic traffic, size_t frames) {
  FrameStock stock(traffic, frames);
  const auto burst = std::make_unique<Burst>();
  for (auto _ : state) {
    stock.fill_next(*burst);
    decode_layers(*burst);
    benchmark::DoNotOptimize(burst->layers.data());
    benchmark::ClobberMemory();
  }
  count_packets(state);
}

// The general function on the same frames: what a packet costs that leaves the fast loop.
void run_decode_frame(benchmark::State& state, Traffic traffic, size_t frames) {
  FrameStock stock(traffic, frames);
  const auto burst = std::make_unique<Burst>();
  for (auto _ : state) {
    stock.fill_next(*burst);
    for (uint32_t i = 0; i < burst->count; ++i) burst->layers[i] = decode_frame(burst->packet[i]);
    benchmark::DoNotOptimize(burst->layers.data());
    benchmark::ClobberMemory();
  }
  count_packets(state);
}

BENCHMARK_CAPTURE(run_decode, v4_tcp, Traffic::V4Tcp, kCachedFrames)->Name("decode/ours/v4_tcp");
BENCHMARK_CAPTURE(run_decode, v6_tcp, Traffic::V6Tcp, kCachedFrames)->Name("decode/ours/v6_tcp");
BENCHMARK_CAPTURE(run_decode, mixed, Traffic::Mixed, kCachedFrames)->Name("decode/ours/mixed");
BENCHMARK_CAPTURE(run_decode, v4_tcp_memory, Traffic::V4Tcp, kMemoryFrames)
    ->Name("decode/ours/v4_tcp_memory");
BENCHMARK_CAPTURE(run_decode, v6_tcp_memory, Traffic::V6Tcp, kMemoryFrames)
    ->Name("decode/ours/v6_tcp_memory");
BENCHMARK_CAPTURE(run_decode_frame, v4_tcp, Traffic::V4Tcp, kCachedFrames)
    ->Name("decode/ours_general/v4_tcp");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
