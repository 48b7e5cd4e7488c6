#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// RFC 8300 section 2: version (2 bits), OAM, unassigned, TTL (6), length of the whole header in
// units of 4 bytes (6), unassigned and metadata type (8), next protocol (8); service path (24) and
// index.
[[nodiscard]] inline Inner read_nsh(ByteReader& reader) {
  constexpr uint32_t kBytesMin = 8;
  const uint16_t first = reader.u16();
  reader.skip(1);
  const uint8_t next = reader.u8();
  const uint32_t path = reader.u32() >> 8;
  const uint32_t header_bytes = (first & 0x3fU) * 4;
  if (first >> 14 != 0 || header_bytes < kBytesMin) return {};
  reader.skip(header_bytes - kBytesMin);
  return inner_of_next_protocol(EncapKind::Nsh, next, path);
}

}  // namespace flowscope
