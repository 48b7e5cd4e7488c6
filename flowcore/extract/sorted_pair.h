#pragma once

#include <cstddef>
#include <cstring>

#include "flowcore/base/bytes.h"
#include "flowcore/extract/flow_key.h"

namespace flowscope {

// Writes a key that is nothing but two addresses of kBytes bytes, the lower one first, and all else
// zero. Gives which way a packet from `source` goes against it; equal addresses are Forward.
// Requires: kBytes bytes from each offset of `frame` on.
template <size_t kBytes>
Orientation write_sorted_pair(Bytes frame, size_t source, size_t destination, FlowKey& key) {
  static_assert(kBytes <= sizeof(Address));
  FS_DCHECK(source + kBytes <= frame.size() && destination + kBytes <= frame.size());
  const uint8_t* low = frame.begin() + source;
  const uint8_t* high = frame.begin() + destination;
  const bool is_reverse = std::memcmp(high, low, kBytes) < 0;
  key = FlowKey{};
  std::memcpy(key.a_address.data(), is_reverse ? high : low, kBytes);
  std::memcpy(key.b_address.data(), is_reverse ? low : high, kBytes);
  return static_cast<Orientation>(is_reverse);
}

}  // namespace flowscope
