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
  std::array<uint32_t, kBurstMax> guess;     // find(): likely slot, not verified
  std::array<uint32_t, kBurstMax> expected;  // find(): the slot that update() will likely read
  std::array<uint32_t, kBurstMax> slot;      // update(): the flow's slot, kNoFlow without key
  std::array<FlowSide, kBurstMax> side;      // update(): the sender
  std::array<TcpSignal, kBurstMax> signal;   // update(): what it meant, None where it was refused
};

}  // namespace flowscope
