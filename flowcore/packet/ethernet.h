#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// Ethernet types we read (IEEE 802 numbers, IANA "IEEE 802 Numbers").
enum class EtherType : uint16_t {
  Ipv4 = 0x0800,
  Arp = 0x0806,
  Trill = 0x22f3,
  Erspan3 = 0x22eb,            // behind GRE only
  TransparentBridge = 0x6558,  // an Ethernet frame
  Vlan = 0x8100,               // IEEE 802.1Q customer tag
  Ipv6 = 0x86dd,
  Ppp = 0x880b,
  Wccp = 0x883e,  // behind GRE only
  MplsUnicast = 0x8847,
  MplsMulticast = 0x8848,  // RFC 5332: or labels assigned upstream
  PppoeSession = 0x8864,
  ProviderVlan = 0x88a8,  // IEEE 802.1ad service tag
  Erspan = 0x88be,        // types I and II, behind GRE only
  Pbb = 0x88e7,           // IEEE 802.1ah service instance tag
  VnTag = 0x8926,
  ETag = 0x893f,  // IEEE 802.1BR
  Nsh = 0x894f,
  OldQinQ = 0x9100,  // service tags of switches older than 802.1ad
  OldQinQ2 = 0x9200,
  OldQinQ3 = 0x9300,
};

// Values of a type field up to this one are the length of an IEEE 802.3 frame with an LLC header.
inline constexpr uint16_t kLlcLengthMax = 1500;

[[nodiscard]] constexpr bool is_ether_type(uint16_t value, EtherType type) {
  return value == static_cast<uint16_t>(type);
}
// 4 or 6; 0 for what is not IP.
[[nodiscard]] constexpr uint8_t ip_version_of(uint16_t ether_type) {
  if (is_ether_type(ether_type, EtherType::Ipv4)) return 4;
  return is_ether_type(ether_type, EtherType::Ipv6) ? 6 : 0;
}
[[nodiscard]] constexpr bool is_vlan_tag(uint16_t ether_type) {
  return is_ether_type(ether_type, EtherType::Vlan)
         || is_ether_type(ether_type, EtherType::ProviderVlan)
         || is_ether_type(ether_type, EtherType::OldQinQ)
         || is_ether_type(ether_type, EtherType::OldQinQ2)
         || is_ether_type(ether_type, EtherType::OldQinQ3);
}

// IEEE 802.3 section 3.1.1: addresses of destination and source, then a type or a length.
struct EthernetHeader {
  static constexpr uint32_t kBytes = 14;
  uint16_t type_or_length = 0;

  static EthernetHeader read(ByteReader& reader) {
    reader.skip(12);
    return {.type_or_length = reader.u16()};
  }
};

}  // namespace flowscope
