#pragma once

#include <cstddef>
#include <cstdint>

namespace flowscope {

// Who sent the bytes: Initiator opened the flow (or was seen first), Responder answers.
enum class FlowSide : uint8_t { Initiator = 0, Responder = 1 };

[[nodiscard]] constexpr FlowSide other_side(FlowSide side) {
  return static_cast<FlowSide>(static_cast<uint8_t>(side) ^ 1U);
}
[[nodiscard]] constexpr size_t index_of(FlowSide side) { return static_cast<size_t>(side); }
// For a set of sides in two bits.
[[nodiscard]] constexpr uint32_t bit_of(FlowSide side) { return 1U << index_of(side); }

}  // namespace flowscope
