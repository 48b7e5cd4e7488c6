#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "dataplane/pipeline/record.h"
#include "flowcore/track/flow_detail.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/flow_meter.h"
#include "flowcore/track/interim.h"

namespace flowscope {

// The beginning of a flow's record as it lies in a ring. Behind it lie the flow's entry as it is in
// the table and, where the flags say so and in their order, what is known beside it. The worker
// copies these and nothing more; RecordReader makes a RecordHead and a FlowRecord of them on the
// exporter's side.
struct FlowImage {
  RecordKind kind = RecordKind::Flow;  // first, as in RecordHead
  EndReason reason = EndReason::IdleTimeout;
  bool has_detail = false;          // a FlowDetail
  bool has_meter = false;           // a FlowMeter, and as many of its first packets as it counts
  bool has_delta = false;           // a FlowDelta
  bool has_gaps = false;            // a FlowGaps
  bool has_app_proto_orig = false;  // a literal's address
  std::array<uint8_t, 1> reserved{};
  const char* app_proto = nullptr;  // null: not identified
};
// TCP stream bytes of each side that were missed.
using FlowGaps = std::array<uint64_t, 2>;
static_assert(sizeof(FlowImage) == 16 && std::is_trivially_copyable_v<FlowImage>);
static_assert(
    std::is_trivially_copyable_v<
        FlowDetail> && std::is_trivially_copyable_v<FlowDelta> && std::is_trivially_copyable_v<FlowMeter>);

}  // namespace flowscope
