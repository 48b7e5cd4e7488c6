#pragma once

#include "flowcore/packet/inner.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

// draft-massar-v6ops-ayiya section 4: length (as a power of two) and type of the identity, length
// (in units of 4 bytes) and method of the signature, authentication and operation (1: forward),
// next header, time; identity and signature. IPv6 follows, or IPv4.
[[nodiscard]] inline Inner read_ayiya(ByteReader& reader) {
  constexpr uint8_t kForward = 1;
  const uint32_t identity_bytes = 1U << (reader.u8() >> 4);
  const uint32_t signature_bytes = (reader.u8() >> 4) * 4U;
  const uint8_t operation = reader.u8() & 0x0f;
  const auto next = static_cast<IpProtocol>(reader.u8());
  reader.skip(4);
  reader.skip(identity_bytes + signature_bytes);
  if (operation != kForward) return {};
  if (next != IpProtocol::Ipv6 && next != IpProtocol::Ipv4) return {};
  Inner inner = Inner::ip(EncapKind::Ayiya);
  inner.weak = true;
  return inner;
}

}  // namespace flowscope
