// What a flow's end costs its worker: everything from "this flow is over" to the bytes in the ring.
// In a flood each new flow pays it once.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "dataplane/pipeline/record_out.h"

namespace flowscope {
namespace {

constexpr size_t kFlows = 1024;
constexpr size_t kFlowsPerBurst = 64;
constexpr size_t kRingBytes = size_t{1} << 20;

std::vector<FlowEntry> half_open_flows() {
  std::mt19937_64 random(42);
  std::vector<FlowEntry> flows(kFlows);
  for (FlowEntry& flow : flows) {
    flow.key.protocol = 6;
    flow.key.ip_version = 4;
    for (size_t i = 0; i < 4; ++i) {
      flow.key.a_address[i] = static_cast<uint8_t>(random());
      flow.key.b_address[i] = static_cast<uint8_t>(random());
    }
    flow.key.a_port = static_cast<uint16_t>(random());
    flow.key.b_port = 443;
    flow.started_ns = 1'700'000'000'000'000'000 + random() % 1'000'000'000;
    flow.last_seen_ns = flow.started_ns;
    flow.state = TcpState::SynSent;
    flow.side[0].count(64);
  }
  return flows;
}

void bench_flow_end(benchmark::State& state) {
  const BurstTracker::Options options{.flows_max = 1024, .details_max = 16};
  Arena arena = std::move(Arena::create(RecordRing::cost(kRingBytes) + BurstTracker::cost(options),
                                        Arena::Populate::Now)
                              .value());
  RecordRing ring(arena, kRingBytes, Overflow::Shed);
  const BurstTracker tracker(arena, options);
  RecordOut out(ring, {}, tracker, [](const FlowEntry&) -> const char* { return nullptr; });
  const std::vector<FlowEntry> flows = half_open_flows();
  for (auto unused : state) {
    for (size_t i = 0; i < kFlows; ++i) {
      out.flow(flows[i], EndReason::Evicted);
      if (i % kFlowsPerBurst != kFlowsPerBurst - 1) continue;
      ring.publish();
      while (!ring.front().empty()) ring.pop();
      ring.release();
    }
  }
  // A flow stands for a packet here.
  const double ended = static_cast<double>(state.iterations()) * kFlows;
  state.counters["ns_per_packet"] =
      benchmark::Counter(ended / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(bench_flow_end)->Name("record/ours/flow_end");

}  // namespace
}  // namespace flowscope

BENCHMARK_MAIN();
