#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace flowscope::bench {

// Reports nanoseconds per packet, the figure by which stages are compared.
inline void report_ns_per_packet(benchmark::State& state, uint64_t packets_per_iteration) {
  state.counters["ns_per_packet"] = benchmark::Counter(
      static_cast<double>(packets_per_iteration) * 1e-9,
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

}  // namespace flowscope::bench
