#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// Little-endian numbers, which the makers of some capture headers write. Zero, and the reader
// fails, past the end.
[[nodiscard]] inline uint16_t read_le16(ByteReader& reader) {
  return __builtin_bswap16(reader.u16());
}
[[nodiscard]] inline uint32_t read_le32(ByteReader& reader) {
  return __builtin_bswap32(reader.u32());
}

}  // namespace flowscope
