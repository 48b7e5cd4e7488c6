#pragma once

#include <chrono>

#include "flowcore/base/timestamp.h"

namespace flowscope {

// What time the machine says it is.
[[nodiscard]] inline Timestamp system_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return {static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count())};
}

}  // namespace flowscope
