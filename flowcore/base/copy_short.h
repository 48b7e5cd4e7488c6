#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace flowscope {

namespace copy_ends {
// The first and the last block, which may overlap. Requires: sizeof(Block) <= bytes <= twice that.
template <class Block>
inline void copy(uint8_t* to, const uint8_t* from, size_t bytes) {
  Block head;
  Block tail;
  std::memcpy(&head, from, sizeof head);
  std::memcpy(&tail, from + bytes - sizeof tail, sizeof tail);
  std::memcpy(to, &head, sizeof head);
  std::memcpy(to + bytes - sizeof tail, &tail, sizeof tail);
}
}  // namespace copy_ends

// What memcpy does, for runs of which nearly all are short (names, words): no call, and no more
// than two copies up to 32 bytes. Reads and writes nothing outside the runs. Requires: they do not
// overlap.
inline void copy_short(void* to, const void* from, size_t bytes) {
  using Half = std::array<uint64_t, 2>;
  auto* const out = static_cast<uint8_t*>(to);
  const auto* const in = static_cast<const uint8_t*>(from);
  if (bytes > 2 * sizeof(Half)) {
    std::memcpy(out, in, bytes);
  } else if (bytes >= sizeof(Half)) {
    copy_ends::copy<Half>(out, in, bytes);
  } else if (bytes >= sizeof(uint64_t)) {
    copy_ends::copy<uint64_t>(out, in, bytes);
  } else if (bytes >= sizeof(uint32_t)) {
    copy_ends::copy<uint32_t>(out, in, bytes);
  } else if (bytes != 0) {
    out[0] = in[0];
    out[bytes / 2] = in[bytes / 2];
    out[bytes - 1] = in[bytes - 1];
  }
}

}  // namespace flowscope
