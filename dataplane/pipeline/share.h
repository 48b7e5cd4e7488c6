#pragma once

#include <cstdint>

namespace flowscope {

// Which of `workers` a flow belongs to, by a keyed symmetric hash: both directions get the same
// answer, and nobody without the key can choose it. Replay (each worker keeps its own) asks with
// the flow's hash, re-steer (each packet is sent to its owner) with SteerHash. The table's set
// comes from the low half of the flow's hash, its signature from the top 12 bits; the share takes
// others. Requires: 0 < workers <= 65536.
[[nodiscard]] constexpr uint32_t owner_of(uint64_t hash, uint32_t workers) {
  return static_cast<uint32_t>((hash >> 32 & 0xffff) * workers >> 16);
}

}  // namespace flowscope
