// The whole of a worker behind its port (hops 2 to 8) on 64-byte frames that lie in memory.
#include <benchmark/benchmark.h>

#include <memory>

#include "dataplane/pipeline/pipeline.h"
#include "perf/micro/flow_stock.h"
#include "perf/micro/ns_per_packet.h"

namespace flowscope::bench {
namespace {

constexpr uint32_t kBurstPackets = 64;

void run_pipeline(benchmark::State& state, uint32_t flows, uint32_t packets) {
  PipelineOptions options;
  options.tracker.flows_max = flows + flows / 2;
  options.streams.buffers_bytes = size_t{1} << 20;
  auto pipeline = std::move(Pipeline::create(options, Arena::Populate::Now).value());
  FlowStock stock(flows, packets);
  const auto burst = std::make_unique<Burst>();
  for (auto _ : state) {
    stock.fill_next(*burst, kBurstPackets);
    pipeline->run(*burst);
    while (!pipeline->ring().front().empty()) pipeline->ring().pop();
    pipeline->ring().release();
  }
  report_ns_per_packet(state, kBurstPackets);
}

BENCHMARK_CAPTURE(run_pipeline, few, 1000, 1 << 16)->Name("pipeline/ours/1k_uniform");
BENCHMARK_CAPTURE(run_pipeline, many, 100'000, 1 << 20)->Name("pipeline/ours/100k_uniform");
BENCHMARK_CAPTURE(run_pipeline, million, 1'000'000, 1 << 21)->Name("pipeline/ours/1M_uniform");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
