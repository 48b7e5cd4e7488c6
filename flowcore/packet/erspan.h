#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// draft-foschiano-erspan section 4.2, type II: version (4 bits, 1), VLAN (12), class of service,
// encapsulation and truncation (6), session (10), port index (32). An Ethernet header follows.
[[nodiscard]] inline Inner read_erspan2(ByteReader& reader) {
  const uint16_t first = reader.u16();
  const uint16_t session = reader.u16() & 0x03ff;
  reader.skip(4);
  if (first >> 12 != 1) return {};
  return Inner::ethernet(EncapKind::Erspan, session);
}

// Section 4.3, type III: version (4 bits, 2), VLAN (12), class of service, size marks and
// truncation (6), session (10), time stamp (32), group tag (16), P, frame type (5 bits), hardware
// id, direction, granularity, O; with O a platform's own 8 bytes. Frame type 0 is Ethernet, 2 is
// IP.
[[nodiscard]] inline Inner read_erspan3(ByteReader& reader) {
  const uint16_t first = reader.u16();
  const uint16_t session = reader.u16() & 0x03ff;
  reader.skip(6);
  const uint16_t last = reader.u16();
  if ((last & 1) != 0) reader.skip(8);
  if (first >> 12 != 2) return {};
  switch (last >> 10 & 0x1f) {
    case 0:
      return Inner::ethernet(EncapKind::Erspan, session);
    case 2:
      return Inner::ip(EncapKind::Erspan, session);
    default:
      return {};
  }
}

}  // namespace flowscope
