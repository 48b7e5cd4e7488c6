#pragma once

#include <cstddef>
#include <cstdint>

namespace flowscope {

// Size of a cache line on every machine we build for; std::hardware_destructive_interference_size
// is not offered by Clang 14.
inline constexpr size_t kCacheLineBytes = 64;

// Asks for the line that holds `address`; a hint, safe for any address.
// The empty asm emits nothing. It keeps GCC 12 from taking a function that only prefetches for one
// without effects and dropping every call of it that is not inlined.
inline void prefetch_read(const void* address) {
  __builtin_prefetch(address, 0, 3);
  asm volatile("");
}
inline void prefetch_write(const void* address) {
  __builtin_prefetch(address, 1, 3);
  asm volatile("");
}
// The same for the line `offset` bytes behind, wherever that is and also if `address` is null.
inline void prefetch_write(const void* address, size_t offset) {
  prefetch_write(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(address) + offset));
}

}  // namespace flowscope
