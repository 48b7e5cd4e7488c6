#pragma once

#include <algorithm>
#include <cstddef>

#include "flowcore/base/bytes.h"
#include "flowcore/base/prefetch.h"

namespace flowscope {

// Asks for the lines that lie a fixed way ahead of a walk over a block of packets. Where the next
// record starts is known only when this one's length has arrived, so without it each record costs a
// full miss.
class ReadAhead {
 public:
  explicit ReadAhead(Bytes window) : window_(window) {}

  // For a record of `bytes` at `position`: asks for as many bytes, kDistanceBytes further on.
  void over(size_t position, size_t bytes) const {
    const size_t first = position + kDistanceBytes;
    if (first >= window_.size()) return;
    const size_t last = first + std::min(bytes, window_.size() - first);
    for (size_t line = first; line < last; line += kCacheLineBytes) {
      prefetch_read(window_.begin() + line);
    }
  }

 private:
  static constexpr size_t kDistanceBytes = 4096;
  Bytes window_;
};

}  // namespace flowscope
