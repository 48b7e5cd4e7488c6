#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/encap.h"
#include "flowcore/packet/ethernet.h"

namespace flowscope {

// What the header of an encapsulation says about the bytes behind it. Made by the readers of the
// wire formats (mpls.h, gre.h, vxlan.h, ...), which leave their ByteReader at those bytes.
struct Inner {
  enum class Begins : uint8_t {
    Nothing,    // no packet, or none that we read: control messages, encrypted, wrong version
    Ethernet,   // an Ethernet header
    EtherType,  // what `ether_type` names; 0 where the reader found that out and it is nothing
                // known
    Ip,         // an IP header of the version in its first nibble
    Ieee80211,  // an IEEE 802.11 header
  };
  Begins begins = Begins::Nothing;
  uint16_t ether_type = 0;
  EncapKind kind = EncapKind::None;
  uint32_t id = 0;
  // The header is so short of marks of its own that any bytes on its port would pass for it: what
  // is inside must be whole in itself.
  bool weak = false;

  static Inner ethernet(EncapKind kind, uint32_t id = 0) {
    return {.begins = Begins::Ethernet, .kind = kind, .id = id};
  }
  static Inner ip(EncapKind kind, uint32_t id = 0) {
    return {.begins = Begins::Ip, .kind = kind, .id = id};
  }
  static Inner ieee80211(EncapKind kind, uint32_t id = 0) {
    return {.begins = Begins::Ieee80211, .kind = kind, .id = id, .weak = true};
  }
  static Inner of_type(EncapKind kind, uint16_t ether_type, uint32_t id = 0) {
    return {.begins = Begins::EtherType, .ether_type = ether_type, .kind = kind, .id = id};
  }
  static Inner of_type(EncapKind kind, EtherType ether_type, uint32_t id = 0) {
    return of_type(kind, static_cast<uint16_t>(ether_type), id);
  }
};

// Protocol numbers shared by NSH (RFC 8300 section 2.2, "Next Protocol") and VXLAN's generic
// protocol extension (draft-ietf-nvo3-vxlan-gpe section 3.3).
[[nodiscard]] inline Inner inner_of_next_protocol(EncapKind kind, uint8_t next, uint32_t id) {
  switch (next) {
    case 1:
      return Inner::of_type(kind, EtherType::Ipv4, id);
    case 2:
      return Inner::of_type(kind, EtherType::Ipv6, id);
    case 3:
      return Inner::ethernet(kind, id);
    case 4:
      return Inner::of_type(kind, EtherType::Nsh, id);
    case 5:
      return Inner::of_type(kind, EtherType::MplsUnicast, id);
    default:
      return {};
  }
}

}  // namespace flowscope
