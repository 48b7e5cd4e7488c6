#pragma once

#include "flowcore/packet/inner.h"
#include "flowcore/packet/read_link.h"

namespace flowscope {

// RFC 5415 sections 4.1 to 4.3, data channel: version and type (8 bits; type 1 is encrypted),
// header length in units of 4 bytes (5), radio (5), binding (5; 1: IEEE 802.11), flags T (native
// frame format, else 802.3), F (fragment), L, W, M, K (keep-alive), reserved (3); fragment id and
// offset; optional parts. Of fragments only the first begins with a frame.
[[nodiscard]] inline Inner read_capwap(ByteReader& reader) {
  constexpr uint32_t kBytesMin = 8;
  const uint8_t preamble = reader.u8();
  const uint32_t bits = reader.u24();
  reader.skip(2);
  const uint32_t fragment_offset = reader.u16() >> 3;
  const uint32_t header_bytes = (bits >> 19 & 0x1f) * 4;
  const uint32_t binding = bits >> 9 & 0x1f;
  const bool is_native = (bits >> 8 & 1) != 0;
  const bool is_keep_alive = (bits >> 3 & 1) != 0;
  if (preamble != 0 || is_keep_alive || fragment_offset != 0 || header_bytes < kBytesMin) return {};
  reader.skip(header_bytes - kBytesMin);
  if (!is_native) return Inner::ethernet(EncapKind::Capwap);
  if (binding != 1) return {};
  return Inner::ieee80211(EncapKind::Capwap);
}

}  // namespace flowscope
