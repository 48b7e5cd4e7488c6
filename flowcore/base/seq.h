#pragma once

#include <cstdint>

namespace flowscope {

// TCP sequence numbers live on a circle of 2^32 (RFC 9293 section 3.4): `a` lies before `b` when
// the shorter way from a to b is forward.
[[nodiscard]] constexpr int32_t seq_distance(uint32_t from, uint32_t to) {
  return static_cast<int32_t>(to - from);
}
[[nodiscard]] constexpr bool seq_less(uint32_t a, uint32_t b) { return seq_distance(a, b) > 0; }

static_assert(seq_less(0xffffff00U, 0x10U), "the number after 2^32 - 1 is 0");

}  // namespace flowscope
