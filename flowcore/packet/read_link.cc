#include "flowcore/packet/read_link.h"

#include "flowcore/packet/ethernet.h"
#include "flowcore/packet/linux_cooked.h"
#include "flowcore/packet/llc.h"
#include "flowcore/packet/loopback.h"
#include "flowcore/packet/vlan.h"

namespace flowscope {
namespace {

// Steps over LLC and SNAP headers. Gives the Ethernet type in them, or 0 for anything else that
// uses LLC (spanning tree, IS-IS, ...).
uint16_t read_llc(ByteReader& reader) {
  // Most LLC frames are no SNAP and may be shorter than it; that is no truncation.
  ByteReader snap_reader = reader;
  const SnapHeader snap = SnapHeader::read(snap_reader);
  if (!snap_reader.ok() || !snap.carries_ether_type()) return 0;
  reader = snap_reader;
  return snap.protocol;
}

uint16_t read_linux_protocol(ByteReader& reader, uint16_t protocol, Layers& layers) {
  if (protocol == kLinuxProtocolLlc) return read_llc(reader);
  // Other small numbers are Linux's own, no lengths.
  return protocol <= kLlcLengthMax ? protocol : read_type_and_tags(reader, protocol, layers);
}

uint16_t type_of(const LoopbackHeader& header) {
  if (header.is_ipv4()) return static_cast<uint16_t>(EtherType::Ipv4);
  if (header.is_ipv6()) return static_cast<uint16_t>(EtherType::Ipv6);
  return header.ether_type;
}

}  // namespace

// RFC 1661 section 2, with the address and control bytes of RFC 1662 section 3.1 where they are.
uint16_t read_ppp(ByteReader& reader) {
  ByteReader peek = reader;
  if (peek.u16() == 0xff03) reader.skip(2);
  uint16_t protocol = reader.u8();
  if ((protocol & 1) == 0) protocol = static_cast<uint16_t>(protocol << 8 | reader.u8());
  switch (protocol) {
    case 0x0021:
      return static_cast<uint16_t>(EtherType::Ipv4);
    case 0x0057:
      return static_cast<uint16_t>(EtherType::Ipv6);
    case 0x0281:
      return static_cast<uint16_t>(EtherType::Mpls);
    default:
      return 0;
  }
}

uint16_t read_type_and_tags(ByteReader& reader, uint16_t type_or_length, Layers& layers) {
  while (is_vlan_tag(type_or_length) && layers.vlan_count < kVlanTagsMax) {
    const VlanTag tag = VlanTag::read(reader);
    if (!reader.ok()) return type_or_length;
    if (layers.vlan_count == 0) layers.vlan_id = tag.id;
    if (layers.vlan_count == 1) layers.inner_vlan_id = tag.id;
    ++layers.vlan_count;
    type_or_length = tag.type_or_length;
  }
  return type_or_length <= kLlcLengthMax ? read_llc(reader) : type_or_length;
}

uint16_t read_ethernet(ByteReader& reader, Layers& layers) {
  layers.l2_offset = static_cast<uint16_t>(reader.position());
  return read_type_and_tags(reader, EthernetHeader::read(reader).type_or_length, layers);
}

uint16_t read_link(LinkType link, ByteReader& reader, Layers& layers) {
  switch (link) {
    case LinkType::Ethernet:
      return read_ethernet(reader, layers);
    case LinkType::Null:
      return type_of(LoopbackHeader::read_any_order(reader));
    case LinkType::Loop:
      return type_of(LoopbackHeader::read_network_order(reader));
    case LinkType::LinuxCooked1:
      return read_linux_protocol(reader, LinuxCooked1Header::read(reader).protocol, layers);
    case LinkType::LinuxCooked2:
      return read_linux_protocol(reader, LinuxCooked2Header::read(reader).protocol, layers);
    case LinkType::RawIp: {
      ByteReader version_reader = reader;
      const bool is_ipv6 = version_reader.u8() >> 4 == 6;
      return static_cast<uint16_t>(is_ipv6 ? EtherType::Ipv6 : EtherType::Ipv4);
    }
    case LinkType::Unknown:
      return 0;
  }
  return 0;
}

}  // namespace flowscope
