#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// RFC 3378 section 3: version (4 bits, 3), reserved (12, zero). An Ethernet header follows.
[[nodiscard]] inline Inner read_ether_ip(ByteReader& reader) {
  if (reader.u16() != 0x3000) return {};
  return Inner::ethernet(EncapKind::EtherIp);
}

}  // namespace flowscope
