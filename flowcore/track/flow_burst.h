#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/flow_side.h"
#include "flowcore/packet/burst.h"
#include "flowcore/track/tcp_state.h"

namespace flowscope {

// The tracker's columns beside a Burst: which flow each packet belongs to, and which side sent it.
struct FlowBurst {
  static constexpr uint32_t kNoFlow = UINT32_MAX;

  std::array<uint64_t, kBurstMax> clock_ns;  // in: tracker's clock at each packet, never going back
  // find(): the likely slot, not verified; update(): the flow's slot, kNoFlow without key.
  std::array<uint32_t, kBurstMax> slot;
  std::array<uint32_t, kBurstMax> expected;   // find(): the slot that update() will likely read
  std::array<uint64_t, kBurstMax> before_ns;  // update(): last_seen_ns before a steady packet
  std::array<FlowSide, kBurstMax> side;       // update(): the sender
  std::array<TcpSignal, kBurstMax> signal;    // update(): what it meant, None where it was refused

  // The first of packets [begin, end) whose clock has come to `time_ns`; `end` without one. PERF:
  // the clock never goes back, so that a look at the last packet mostly tells.
  [[nodiscard]] uint32_t first_at(uint64_t time_ns, uint32_t begin, uint32_t end) const {
    if (begin >= end || clock_ns[end - 1] < time_ns) return end;
    while (clock_ns[begin] < time_ns) ++begin;
    return begin;
  }
};

}  // namespace flowscope
