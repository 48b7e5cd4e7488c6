#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// The most extension headers passed over in one GTP-U packet.
inline constexpr uint32_t kGtpExtensionsMax = 16;

// 3GPP TS 29.281 sections 5.1 and 5.2: version (3 bits, 1), protocol type (1: GTP), flags E, S and
// PN; message type, length, TEID; with any of the flags also sequence number, N-PDU number and the
// type of the first extension header. Only a T-PDU (type 255) carries a user's packet.
[[nodiscard]] inline Inner read_gtp_u(ByteReader& reader) {
  constexpr uint8_t kVersionAndType = 0x30;
  constexpr uint8_t kTpdu = 255;
  constexpr uint8_t kExtension = 0x04;
  constexpr uint8_t kAnyOptional = 0x07;
  const uint64_t header = reader.u64();
  const auto flags = static_cast<uint8_t>(header >> 56);
  const auto type = static_cast<uint8_t>(header >> 48);
  const auto teid = static_cast<uint32_t>(header);
  if ((flags & 0xf0) != kVersionAndType || type != kTpdu) return {};
  if ((flags & kAnyOptional) != 0) {
    reader.skip(3);
    uint8_t next = reader.u8();
    if ((flags & kExtension) == 0) next = 0;
    // Each: its length in units of 4 bytes, content, the type of the next one.
    for (uint32_t count = 0; next != 0; ++count) {
      const uint32_t bytes = reader.u8() * 4U;
      if (bytes == 0 || count == kGtpExtensionsMax) return {};
      reader.skip(bytes - 2);
      next = reader.u8();
    }
  }
  return Inner::ip(EncapKind::GtpU, teid);
}

}  // namespace flowscope
