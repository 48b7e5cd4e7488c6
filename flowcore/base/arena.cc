#include "flowcore/base/arena.h"

#include <sys/mman.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace flowscope {

namespace {

constexpr size_t kHugePageBytes = size_t{2} << 20;

size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

}  // namespace

Result<Arena> Arena::create(size_t bytes, Populate populate) {
  const size_t size = round_up(bytes == 0 ? 1 : bytes, kHugePageBytes);
  void* base = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return Error{"cannot map " + std::to_string(size >> 20)
                 + " MiB of memory: " + std::generic_category().message(errno)
                 + "; lower flows_max, streams_max or buffers_bytes"};
  }
  // A refusal only costs speed, so it is not an error.
  (void)madvise(base, size, MADV_HUGEPAGE);
  Arena arena;
  arena.base_ = static_cast<uint8_t*>(base);
  arena.size_ = size;
  if (populate == Populate::Now && madvise(base, size, MADV_POPULATE_WRITE) != 0
      && errno == ENOMEM) {
    return Error{"not enough memory: " + std::to_string(size >> 20)
                 + " MiB are needed; lower flows_max, streams_max or buffers_bytes"};
  }
  return arena;
}

Arena::~Arena() {
  if (base_ != nullptr) munmap(base_, size_);
}

void* Arena::take_bytes(size_t bytes, size_t alignment) {
  FS_CHECK(alignment <= kCacheLineBytes);
  const size_t rounded = round_up(bytes, kCacheLineBytes);
  FS_CHECK(rounded <= size_ - used_);
  void* place = base_ + used_;
  used_ += rounded;
  return place;
}

}  // namespace flowscope
