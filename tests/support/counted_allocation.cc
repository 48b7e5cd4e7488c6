#include "tests/support/counted_allocation.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace flowscope::testing {

std::atomic<uint64_t>& allocations() {
  static constinit std::atomic<uint64_t> count{0};
  return count;
}

namespace {

void* counted(size_t bytes, size_t alignment) {
  allocations().fetch_add(1, std::memory_order_relaxed);
  void* place = nullptr;
  if (posix_memalign(&place, std::max(alignment, sizeof(void*)), bytes) != 0) std::abort();
  return place;
}

}  // namespace
}  // namespace flowscope::testing

using flowscope::testing::counted;

// The library's other forms call these. A sanitizer's do not, so that the nothrow form, whose
// memory comes back by the same delete, is here as well.
void* operator new(size_t bytes) { return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<size_t>(alignment));
}
void* operator new(size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, size_t) noexcept { std::free(place); }
void operator delete(void* place, std::align_val_t) noexcept { std::free(place); }
void operator delete(void* place, size_t, std::align_val_t) noexcept { std::free(place); }
