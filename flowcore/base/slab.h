#pragma once

#include <cstdint>
#include <new>
#include <span>
#include <utility>

#include "flowcore/base/arena.h"
#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"

namespace flowscope {

// A fixed number of equal places for T in an arena, taken and given back in any order, named by
// 32-bit handles. Constant time, no allocation. Handle 0 means "none", so zeroed memory holds no
// handle. Thread rule: one thread. Cost: one list head and one line per call.
template <class T>
class Slab {
 public:
  using Handle = uint32_t;
  static constexpr Handle kNone = 0;

  static constexpr size_t cost(uint32_t capacity) { return Arena::cost<Place>(capacity); }
  Slab() = default;
  Slab(Arena& arena, uint32_t capacity) : places_(arena.take<Place>(capacity)) {}

  // Constructs a T from `arguments` and gives its handle, or kNone when every place is taken.
  template <class... Arguments>
  [[nodiscard]] Handle make(Arguments&&... arguments) {
    Handle handle = free_;
    if (handle != kNone) {
      free_ = place(handle).next_free;
    } else if (touched_ < places_.size()) {
      handle = ++touched_;
    } else {
      return kNone;
    }
    ++live_;
    ::new (static_cast<void*>(place(handle).bytes)) T(std::forward<Arguments>(arguments)...);
    return handle;
  }

  // Destroys the T. Requires: the handle came from make() and is given back once.
  void destroy(Handle handle) {
    get(handle).~T();
    place(handle).next_free = free_;
    free_ = handle;
    FS_DCHECK(live_ > 0);
    --live_;
  }

  // Requires: a live handle.
  [[nodiscard]] T& get(Handle handle) {
    return *std::launder(reinterpret_cast<T*>(place(handle).bytes));
  }

  [[nodiscard]] const T& get(Handle handle) const {
    FS_DCHECK(handle != kNone && handle <= places_.size());
    return *std::launder(reinterpret_cast<const T*>(places_[handle - 1].bytes));
  }

  void prefetch(Handle handle) const {
    if (handle != kNone) prefetch_write(&places_[handle - 1]);
  }

  [[nodiscard]] uint32_t live() const { return live_; }
  [[nodiscard]] uint32_t capacity() const { return static_cast<uint32_t>(places_.size()); }

 private:
  union Place {
    Handle next_free;
    alignas(T) unsigned char bytes[sizeof(T)];
  };
  Place& place(Handle handle) {
    FS_DCHECK(handle != kNone && handle <= places_.size());
    return places_[handle - 1];
  }

  std::span<Place> places_;
  Handle free_ = kNone;
  uint32_t touched_ = 0;
  uint32_t live_ = 0;
};

}  // namespace flowscope
