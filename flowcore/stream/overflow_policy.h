#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flowscope {

// What becomes of a side that would hold more than it may. SlidingWindow: the oldest is given up,
// the side goes on. DropFlow: everything is thrown away and the side takes nothing any more
// (is_poisoned); whoever uses it ends the flow.
enum class OverflowPolicy : uint8_t { SlidingWindow, DropFlow };
inline constexpr size_t kOverflowPolicies = 2;

[[nodiscard]] constexpr std::string_view name_of(OverflowPolicy policy) {
  switch (policy) {
    case OverflowPolicy::SlidingWindow:
      return "sliding_window";
    case OverflowPolicy::DropFlow:
      return "drop_flow";
  }
  return {};
}

}  // namespace flowscope
