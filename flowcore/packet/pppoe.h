#pragma once

#include "flowcore/packet/inner.h"
#include "flowcore/packet/read_link.h"

namespace flowscope {

// RFC 2516 section 4: version and type (1 and 1), code (0: session data), session, length. A PPP
// frame follows, without address and control bytes.
[[nodiscard]] inline Inner read_pppoe(ByteReader& reader) {
  const uint8_t version_and_type = reader.u8();
  const uint8_t code = reader.u8();
  const uint16_t session = reader.u16();
  reader.skip(2);
  if (version_and_type != 0x11 || code != 0) return {};
  return Inner::of_type(EncapKind::Pppoe, read_ppp(reader), session);
}

}  // namespace flowscope
