#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// IEEE 802.1Q section 9.7 (802.1ah): the service instance tag behind a backbone Ethernet header:
// priority and flags (8 bits), I-SID (24); the customer's Ethernet header follows.
[[nodiscard]] inline Inner read_pbb(ByteReader& reader) {
  return Inner::ethernet(EncapKind::Pbb, reader.u32() & 0x00ffffff);
}

}  // namespace flowscope
