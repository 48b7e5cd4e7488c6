#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// RFC 7348 section 5: flags (8 bits), reserved (24), VNI (24), reserved (8). The I flag says that
// the VNI is valid; without it this is no VXLAN. With the P flag of the generic protocol extension
// (draft-ietf-nvo3-vxlan-gpe section 3.1) the fourth byte names what follows, else it is Ethernet.
[[nodiscard]] inline Inner read_vxlan(ByteReader& reader) {
  constexpr uint8_t kInstance = 0x08;
  constexpr uint8_t kNextProtocol = 0x04;
  constexpr uint8_t kExtensionReserved = 0xf0;
  constexpr uint8_t kOperations = 0x01;
  const uint64_t header = reader.u64();
  const auto flags = static_cast<uint8_t>(header >> 56);
  const auto next = static_cast<uint8_t>(header >> 32);
  const uint32_t vni = static_cast<uint32_t>(header) >> 8;
  if ((flags & kInstance) == 0) return {};
  if ((flags & (kExtensionReserved | kNextProtocol)) != kNextProtocol)
    return Inner::ethernet(EncapKind::Vxlan, vni);
  if ((flags & kOperations) != 0) return {};
  return inner_of_next_protocol(EncapKind::Vxlan, next, vni);
}

}  // namespace flowscope
