#include <benchmark/benchmark.h>

#include <memory>
#include <span>
#include <utility>

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
  const Decap decap = Decap::all();
  const KeyedHash hash(1, 2);
  const auto burst = std::make_unique<Burst>();
  const auto keys = std::make_unique<FlowKeys>();
  for (auto _ : state) {
    stock.fill_next(*burst);
    decode_layers(*burst, decap);
    extract_keys(FiveTuple::bidirectional(), hash, *burst, *keys);
    benchmark::DoNotOptimize(keys->hash.data());
    benchmark::ClobberMemory();
  }
  count_packets(state);
}

// As a worker does that receives one burst ahead: while one is decoded the headers of the next are
// asked for.
void run_decode_and_extract_ahead(benchmark::State& state, Traffic traffic) {
  FrameStock stock(traffic, kMemoryFrames);
  const KeyedHash hash(1, 2);
  auto burst = std::make_unique<Burst>();
  auto next = std::make_unique<Burst>();
  const auto keys = std::make_unique<FlowKeys>();
  stock.fill_next(*burst);
  for (auto _ : state) {
    stock.fill_next(*next);
    decode_layers(*burst, *next);
    extract_keys(FiveTuple::bidirectional(), hash, *burst, *keys);
    benchmark::DoNotOptimize(keys->hash.data());
    benchmark::ClobberMemory();
    std::swap(burst, next);
  }
  count_packets(state);
}

// The floors hand out bursts as the others do: about a fifth of their time.
void run_floor(benchmark::State& state, Traffic traffic, size_t frames) {
  FrameStock stock(traffic, frames);
  const auto burst = std::make_unique<Burst>();
  const std::span<const PacketView> packets(burst->packet.data(), kBurstPackets);
  for (auto _ : state) {
    stock.fill_next(*burst);
    touch_headers(traffic, *burst, packets.subspan(16));
  }
  count_packets(state);
}

void run_floor_ahead(benchmark::State& state, Traffic traffic) {
  FrameStock stock(traffic, kMemoryFrames);
  auto burst = std::make_unique<Burst>();
  auto next = std::make_unique<Burst>();
  stock.fill_next(*burst);
  for (auto _ : state) {
    stock.fill_next(*next);
    touch_headers(traffic, *burst, {next->packet.data(), next->count});
    std::swap(burst, next);
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
BENCHMARK_CAPTURE(run_decode_and_extract, vxlan, Traffic::Vxlan, kCachedFrames)
    ->Name("decode_extract/ours/vxlan_v4_tcp");
BENCHMARK_CAPTURE(run_decode_and_extract, gtp_u, Traffic::GtpU, kCachedFrames)
    ->Name("decode_extract/ours/gtp_u_v4_tcp");
BENCHMARK_CAPTURE(run_decode_and_extract, v4_tcp_memory, Traffic::V4Tcp, kMemoryFrames)
    ->Name("decode_extract/ours/v4_tcp_memory");
BENCHMARK_CAPTURE(run_decode_and_extract, v6_tcp_memory, Traffic::V6Tcp, kMemoryFrames)
    ->Name("decode_extract/ours/v6_tcp_memory");
BENCHMARK_CAPTURE(run_decode_and_extract_ahead, v4_tcp, Traffic::V4Tcp)
    ->Name("decode_extract/ours_ahead/v4_tcp_memory");
BENCHMARK_CAPTURE(run_decode_and_extract_ahead, v6_tcp, Traffic::V6Tcp)
    ->Name("decode_extract/ours_ahead/v6_tcp_memory");
BENCHMARK_CAPTURE(run_floor, v4, Traffic::V4Tcp, kCachedFrames)
    ->Name("decode_extract/floor/touch_headers_v4");
BENCHMARK_CAPTURE(run_floor, v6, Traffic::V6Tcp, kCachedFrames)
    ->Name("decode_extract/floor/touch_headers_v6");
BENCHMARK_CAPTURE(run_floor, v4_memory, Traffic::V4Tcp, kMemoryFrames)
    ->Name("decode_extract/floor/touch_headers_v4_memory");
BENCHMARK_CAPTURE(run_floor, v6_memory, Traffic::V6Tcp, kMemoryFrames)
    ->Name("decode_extract/floor/touch_headers_v6_memory");
BENCHMARK_CAPTURE(run_floor_ahead, v4_tcp, Traffic::V4Tcp)
    ->Name("decode_extract/floor_ahead/touch_headers_v4_memory");
BENCHMARK_CAPTURE(run_floor_ahead, v6_tcp, Traffic::V6Tcp)
    ->Name("decode_extract/floor_ahead/touch_headers_v6_memory");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
