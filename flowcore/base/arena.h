#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/base/result.h"

namespace flowscope {

// One worker's memory: a single region mapped before the first packet, handed out in order and
// given back all at once. Nothing is ever freed piece by piece. Thread rule: one thread at a time.
// Lifetime: everything taken dies with the arena.
class Arena {
 public:
  // Maps `bytes` of zeroed memory, on 2 MB pages where the kernel grants them. Pages are touched
  // when they are first written unless `populate` is asked for.
  enum class Populate : uint8_t { Lazily, Now };
  static Result<Arena> create(size_t bytes, Populate populate);

  Arena() = default;
  ~Arena();
  Arena(Arena&& other) noexcept { swap(other); }
  Arena& operator=(Arena&& other) noexcept {
    swap(other);
    return *this;
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // `count` zeroed objects side by side, aligned to a cache line; never null. T must be usable when
  // all its bytes are zero, or be constructed in place by the caller. Requires: enough room is left
  // (sizes are summed before the arena is made).
  template <class T>
  [[nodiscard]] std::span<T> take(size_t count) {
    return {static_cast<T*>(take_bytes(count * sizeof(T), alignof(T))), count};
  }
  // What take<T>(count) uses up, padding included; sum these to size the arena.
  template <class T>
  static constexpr size_t cost(size_t count) {
    return (count * sizeof(T) + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
  }

  [[nodiscard]] size_t used() const { return used_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  void* take_bytes(size_t bytes, size_t alignment);
  void swap(Arena& other) noexcept {
    std::swap(base_, other.base_);
    std::swap(size_, other.size_);
    std::swap(used_, other.used_);
  }

  uint8_t* base_ = nullptr;
  size_t size_ = 0;
  size_t used_ = 0;
};

}  // namespace flowscope
