#include <benchmark/benchmark.h>

#include <memory>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/keys.h"
#include "flowcore/packet/decode.h"
#include "perf/micro/frame_stock.h"

namespace flowscope::bench {
namespace {

void run_extract(benchmark::State& state, Traffic traffic) {
  FrameStock stock(traffic, kBurstPackets);
  const KeyedHash hash(1, 2);
  const auto burst = std::make_unique<Burst>();
  const auto keys = std::make_unique<FlowKeys>();
  stock.fill_next(*burst);
  decode_layers(*burst);
  for (auto _ : state) {
    extract_keys(FiveTuple::bidirectional(), hash, *burst, *keys);
    benchmark::DoNotOptimize(keys->hash.data());
    benchmark::ClobberMemory();
  }
  count_packets(state);
}

void run_decode_and_extract(benchmark::State& state, Traffic traffic, size_t frames) {
  FrameStock stock(traffic, frames);
  const KeyedHash hash(1, 2);
  const auto burst = std::make_unique<Burst>();
  const auto keys = std::make_unique<FlowKeys>();
  for (auto _ : state) {
    stock.fill_next(*burst);
    decode_layers(*burst);
    extract_keys(FiveTuple::bidirectional(), hash, *burst, *keys);
    benchmark::DoNotOptimize(keys->hash.data());
    benchmark::ClobberMemory();
  }
  count_packets(state);
}

BENCHMARK_CAPTURE(run_extract, v4_tcp, Traffic::V4Tcp)->Name("extract/ours/v4_tcp");
BENCHMARK_CAPTURE(run_extract, v6_tcp, Traffic::V6Tcp)->Name("extract/ours/v6_tcp");
BENCHMARK_CAPTURE(run_extract, mixed, Traffic::Mixed)->Name("extract/ours/mixed");
BENCHMARK_CAPTURE(run_decode_and_extract, v4_tcp, Traffic::V4Tcp, kCachedFrames)
    ->Name("decode_extract/ours/v4_tcp");
BENCHMARK_CAPTURE(run_decode_and_extract, v6_tcp, Traffic::V6Tcp, kCachedFrames)
    ->Name("decode_extract/ours/v6_tcp");
BENCHMARK_CAPTURE(run_decode_and_extract, mixed, Traffic::Mixed, kCachedFrames)
    ->Name("decode_extract/ours/mixed");
BENCHMARK_CAPTURE(run_decode_and_extract, v4_tcp_memory, Traffic::V4Tcp, kMemoryFrames)
    ->Name("decode_extract/ours/v4_tcp_memory");
BENCHMARK_CAPTURE(run_decode_and_extract, v6_tcp_memory, Traffic::V6Tcp, kMemoryFrames)
    ->Name("decode_extract/ours/v6_tcp_memory");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
