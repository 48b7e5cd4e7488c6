#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// RFC 8926 section 3.4: version (2 bits), length of the options in units of 4 bytes (6), control
// and critical flag (8 with reserved), protocol (16), VNI (24), reserved (8), options. Control
// packets carry no traffic.
[[nodiscard]] inline Inner read_geneve(ByteReader& reader) {
  constexpr uint8_t kControl = 0x80;
  const uint8_t first = reader.u8();
  const uint8_t flags = reader.u8();
  const uint16_t protocol = reader.u16();
  const uint32_t vni = reader.u32() >> 8;
  reader.skip(static_cast<size_t>(first & 0x3f) * 4);
  if (first >> 6 != 0 || (flags & kControl) != 0) return {};
  return Inner::of_type(EncapKind::Geneve, protocol, vni);
}

}  // namespace flowscope
