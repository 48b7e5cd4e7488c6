#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// RFC 6325 section 3.1: version (2 bits), reserved (2), multi-destination (1), options in units of
// 4 bytes (5), hop count (6); egress and ingress nickname. An Ethernet header follows.
[[nodiscard]] inline Inner read_trill(ByteReader& reader) {
  const uint16_t first = reader.u16();
  reader.skip(4);
  reader.skip(static_cast<size_t>(first >> 6 & 0x1f) * 4);
  if (first >> 14 != 0) return {};
  return Inner::ethernet(EncapKind::Trill);
}

}  // namespace flowscope
