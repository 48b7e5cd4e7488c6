#include "dataplane/app/memory_plan.h"

#include "dataplane/app/pipeline_options.h"
#include "dataplane/app/resteer_options.h"
#include "dataplane/pipeline/pipeline.h"

namespace flowscope {

MemoryBudget memory_plan(const PipelineOptions& options, uint32_t workers,
                         const MemoryBeside& beside) {
  MemoryBudget budget;
  if (options.dedup) budget.add("dedup", Dedup::cost(*options.dedup), workers);
  budget.add("fragments", FragmentTable::cost(options.fragments), workers);
  const size_t meters = BurstTracker::meters_cost(options.tracker);
  budget.add("flow table", BurstTracker::cost(options.tracker) - meters, workers);
  budget.add("extended counters", meters, workers);
  const size_t places = SignatureScan::cost(options.streams.signatures);
  budget.add("streams and parsers", Streams<RecordOut>::cost(options.streams) - places, workers);
  if (places + beside.signature_bytes != 0)
    budget.add("signatures", places + beside.signature_bytes, workers);
  budget.add("record ring", RecordRing::cost(options.ring_bytes), workers);
  if (beside.resteer_bytes != 0) budget.add("rings between workers", beside.resteer_bytes);
  return budget;
}

MemoryBudget memory_plan(const Config& config, InputKind input, uint32_t workers) {
  return memory_plan(pipeline_options(config, input), workers,
                     {.resteer_bytes = input == InputKind::Live ? resteer_bytes(config) : 0});
}

}  // namespace flowscope
