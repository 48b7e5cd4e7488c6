#pragma once

#include "flowcore/packet/inner.h"
#include "flowcore/packet/read_link.h"

namespace flowscope {

// The bytes that an L2TP version 3 session may put before its frame, none of which the packet
// tells: a cookie of 4 or 8 bytes, a sublayer of 4 (RFC 3931 sections 4.1 and 4.6). The first
// length at which an Ethernet header with an IP packet or a VLAN tag begins is taken.
[[nodiscard]] inline Inner find_l2tp3_frame(ByteReader& reader, uint32_t session) {
  for (uint32_t tries = 0; tries < 4; ++tries) {
    ByteReader peek = reader;
    const uint16_t type = EthernetHeader::read(peek).type_or_length;
    const uint8_t nibble = peek.u8() >> 4;
    if (is_vlan_tag(type) || (is_ether_type(type, EtherType::Ipv4) && nibble == 4)
        || (is_ether_type(type, EtherType::Ipv6) && nibble == 6)) {
      Inner inner = Inner::ethernet(EncapKind::L2tp, session);
      inner.weak = true;
      return inner;
    }
    reader.skip(4);
  }
  return {};
}

// RFC 3931 section 4.1.1: version 3 directly in IP; session 0 marks control messages.
[[nodiscard]] inline Inner read_l2tp_in_ip(ByteReader& reader) {
  const uint32_t session = reader.u32();
  if (session == 0) return {};
  return find_l2tp3_frame(reader, session);
}

// RFC 2661 section 3.1: flags T (control), L, S, O, P and version; length with L, tunnel and
// session, sequence numbers with S, offset with O; a PPP frame follows. RFC 3931 section 4.1.2:
// version 3 has flags, version, two reserved bytes and the session.
[[nodiscard]] inline Inner read_l2tp_in_udp(ByteReader& reader) {
  constexpr uint16_t kControl = 0x8000;
  constexpr uint16_t kLength = 0x4000;
  constexpr uint16_t kSequence = 0x0800;
  constexpr uint16_t kOffset = 0x0200;
  const uint16_t flags = reader.u16();
  if ((flags & kControl) != 0) return {};
  if ((flags & 0x0f) == 3) {
    reader.skip(2);
    return find_l2tp3_frame(reader, reader.u32());
  }
  if ((flags & 0x0f) != 2) return {};
  if ((flags & kLength) != 0) reader.skip(2);
  const uint32_t tunnel_and_session = reader.u32();
  if ((flags & kSequence) != 0) reader.skip(4);
  if ((flags & kOffset) != 0) reader.skip(reader.u16());
  Inner inner = Inner::of_type(EncapKind::L2tp, read_ppp(reader), tunnel_and_session);
  inner.weak = true;
  return inner;
}

}  // namespace flowscope
