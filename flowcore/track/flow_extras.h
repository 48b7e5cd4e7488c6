#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "flowcore/track/first_packets.h"
#include "flowcore/track/flow_detail.h"
#include "flowcore/track/flow_meter.h"

namespace flowscope {

// What is known of a flow beside its entry; null, or empty, where it is not kept. Borrowed from the
// tracker until its next call.
struct FlowExtras {
  const FlowDetail* detail = nullptr;
  const FlowMeter* meter = nullptr;
  std::span<const FirstPacket> first_packets;
  // TCP stream bytes of each side that were missed; from who follows the streams, not the tracker.
  std::array<uint64_t, 2> gap_bytes{};
  // The protocol that the flow began with where another came behind it: a literal; else null.
  const char* app_proto_orig = nullptr;
};

}  // namespace flowscope
