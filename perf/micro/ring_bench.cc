// Records through the byte ring within one thread: what copying and bookkeeping cost, without the
// lines that move between cores.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <utility>

#include "flowcore/base/spsc_ring.h"

namespace flowscope::bench {
namespace {

constexpr size_t kRingBytes = size_t{1} << 18;
constexpr int kBatch = 32;

void run_push_pop(benchmark::State& state, size_t record_bytes) {
  Arena arena = std::move(Arena::create(ByteRing::cost(kRingBytes), Arena::Populate::Now).value());
  ByteRing ring(arena, kRingBytes);
  const std::array<uint8_t, 512> record{};
  std::array<uint8_t, 512> out{};
  for (auto _ : state) {
    for (int i = 0; i < kBatch; ++i) {
      std::memcpy(ring.reserve(record_bytes).data(), record.data(), record_bytes);
      ring.commit(record_bytes);
    }
    ring.publish();
    for (int i = 0; i < kBatch; ++i) {
      const Bytes front = ring.front();
      std::memcpy(out.data(), front.begin(), front.size());
      ring.pop();
    }
    ring.release();
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  const auto records = static_cast<double>(state.iterations()) * kBatch;
  state.counters["ns_per_record"] =
      benchmark::Counter(records * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK_CAPTURE(run_push_pop, 64B, 64)->Name("ring/ours/64B");
BENCHMARK_CAPTURE(run_push_pop, 300B, 300)->Name("ring/ours/300B");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
