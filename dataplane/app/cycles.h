#pragma once

#include <cstdint>

namespace flowscope {

// The processor's time stamp counter: cycles at its nominal rate, whatever the present one is.
[[nodiscard]] inline uint64_t read_cycles() { return __builtin_ia32_rdtsc(); }

}  // namespace flowscope
