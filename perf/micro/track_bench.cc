// The tracker alone (hops 4 and 5) over frames that are decoded and keyed already.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"
#include "perf/micro/flow_stock.h"
#include "perf/micro/ns_per_packet.h"

namespace flowscope::bench {
namespace {

constexpr uint32_t kBurstPackets = 64;

struct Nobody {
  void on_started(FlowEntry&) {}
  void on_established(FlowEntry&) {}
  void on_ended(FlowEntry&, EndReason) {}
};

// Bursts with their columns filled, many enough that entries are not found in a cache by chance.
struct Prepared {
  Burst burst;
  FlowKeys keys;
};

void run_track(benchmark::State& state, uint32_t flows, uint32_t bursts, FlowCounters counters) {
  const BurstTracker::Options options{.flows_max = flows, .meters = {.counters = counters}};
  Arena arena = std::move(Arena::create(BurstTracker::cost(options), Arena::Populate::Now).value());
  const auto tracker = std::make_unique<BurstTracker>(arena, options);
  FlowStock stock({.flows = flows, .packets = bursts * kBurstPackets});
  std::vector<std::unique_ptr<Prepared>> prepared;
  for (uint32_t i = 0; i < bursts; ++i) {
    prepared.push_back(std::make_unique<Prepared>());
    stock.fill_next(prepared.back()->burst, kBurstPackets);
    decode_layers(prepared.back()->burst);
    extract_keys(FiveTuple::bidirectional(), tracker->hash(), prepared.back()->burst,
                 prepared.back()->keys);
  }
  const auto columns = std::make_unique<FlowBurst>();
  Nobody nobody;
  uint64_t clock_ns = 1'000'000'000;
  size_t next = 0;
  for (auto _ : state) {
    const Prepared& now = *prepared[next];
    next = next + 1 == prepared.size() ? 0 : next + 1;
    for (uint32_t i = 0; i < kBurstPackets; ++i) columns->clock_ns[i] = clock_ns;
    clock_ns += 1000;
    for (uint32_t i = 0; i < kBurstPackets; ++i) tracker->prefetch(now.keys.hash[i]);
    tracker->find(now.burst, now.keys, *columns);
    for (uint32_t begin = 0; begin < kBurstPackets;) {
      tracker->sweep_step(clock_ns, nobody);
      begin = tracker->update(now.burst, now.keys, *columns, begin, nobody);
    }
    benchmark::ClobberMemory();
  }
  report_ns_per_packet(state, kBurstPackets);
}

using enum FlowCounters;
BENCHMARK_CAPTURE(run_track, few, 1000, 1000, Basic)->Name("track/ours/1k");
BENCHMARK_CAPTURE(run_track, many, 100'000, 4000, Basic)->Name("track/ours/100k");
BENCHMARK_CAPTURE(run_track, million, 1'000'000, 8000, Basic)->Name("track/ours/1M");
BENCHMARK_CAPTURE(run_track, few_full, 1000, 1000, Full)->Name("track/full/1k");
BENCHMARK_CAPTURE(run_track, many_full, 100'000, 4000, Full)->Name("track/full/100k");
BENCHMARK_CAPTURE(run_track, million_full, 1'000'000, 8000, Full)->Name("track/full/1M");

}  // namespace
}  // namespace flowscope::bench

BENCHMARK_MAIN();
