#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// RFC 9300 section 5.3: flags N, L, E, V, I and others (8 bits), nonce or map versions (24),
// instance (24, with I) and locator status bits (8). An IP packet follows.
[[nodiscard]] inline Inner read_lisp(ByteReader& reader) {
  constexpr uint8_t kInstance = 0x08;
  const uint8_t flags = reader.u8();
  reader.skip(3);
  const uint32_t instance = reader.u32() >> 8;
  Inner inner = Inner::ip(EncapKind::Lisp, (flags & kInstance) != 0 ? instance : 0);
  inner.weak = true;
  return inner;
}

}  // namespace flowscope
