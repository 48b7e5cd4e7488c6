#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// RFC 4380 section 5.1.1: an IPv6 packet in UDP, after an optional authentication part (indicator
// 1: lengths of client identifier and value, both, nonce of 8 bytes, confirmation) and an optional
// origin indication (indicator 0: port and address).
[[nodiscard]] inline Inner read_teredo(ByteReader& reader) {
  ByteReader peek = reader;
  if (peek.u16() == 1) {
    reader.skip(2);
    const uint32_t bytes = reader.u8();
    reader.skip(bytes + reader.u8() + 8 + 1);
  }
  peek = reader;
  if (peek.u16() == 0) reader.skip(8);
  Inner inner = Inner::of_type(EncapKind::Teredo, EtherType::Ipv6);
  inner.weak = true;
  return inner;
}

}  // namespace flowscope
