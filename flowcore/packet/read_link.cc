#include "flowcore/packet/read_link.h"

#include "flowcore/packet/arcnet.h"
#include "flowcore/packet/cisco_hdlc.h"
#include "flowcore/packet/ethernet.h"
#include "flowcore/packet/linux_cooked.h"
#include "flowcore/packet/llc.h"
#include "flowcore/packet/loopback.h"
#include "flowcore/packet/nflog.h"
#include "flowcore/packet/nlpid.h"
#include "flowcore/packet/pppoe.h"
#include "flowcore/packet/radiotap.h"
#include "flowcore/packet/read_carrier.h"
#include "flowcore/packet/ring_lan.h"
#include "flowcore/packet/switch_tag.h"
#include "flowcore/packet/vlan.h"

namespace flowscope {
namespace {

// The most carriers in front of a frame: one may name another one in its header.
constexpr uint32_t kCarriersMax = 2;

constexpr uint16_t number_of(EtherType type) { return static_cast<uint16_t>(type); }

uint16_t read_tags(ByteReader& reader, uint16_t ether_type, Layers& layers) {
  while (is_vlan_tag(ether_type) && layers.vlan_count < kVlanTagsMax) {
    const VlanTag tag = VlanTag::read(reader);
    if (!reader.ok()) return ether_type;
    if (layers.vlan_count == 0) layers.vlan_id = tag.id;
    if (layers.vlan_count == 1) layers.inner_vlan_id = tag.id;
    ++layers.vlan_count;
    ether_type = tag.type_or_length;
  }
  return ether_type;
}

uint16_t read_raw_ip(ByteReader reader) {
  const bool is_ipv6 = reader.u8() >> 4 == 6;
  return number_of(is_ipv6 ? EtherType::Ipv6 : EtherType::Ipv4);
}

uint16_t type_of(const LoopbackHeader& header) {
  if (header.is_ipv4()) return number_of(EtherType::Ipv4);
  if (header.is_ipv6()) return number_of(EtherType::Ipv6);
  return header.ether_type;
}

uint16_t read_radiotap(ByteReader& reader, Layers& layers) {
  const RadiotapHeader header = RadiotapHeader::read(reader);
  if (!header.is_valid) return 0;
  return read_ieee80211(
      reader, layers,
      header.has_padded_frame_header ? Ieee80211Variant::PaddedHeader : Ieee80211Variant::Standard);
}

uint16_t read_linux_cooked(ByteReader& reader, const LinuxCookedHeader& header, Layers& layers) {
  if (header.device == LinuxDevice::Netlink) return 0;
  if (header.device == LinuxDevice::Radiotap) return read_radiotap(reader, layers);
  if (header.device == LinuxDevice::FrameRelay) return read_frame_relay(reader, layers);
  if (header.protocol == kLinuxProtocolLlc) return read_llc(reader, layers);
  // Other small numbers are Linux's own, no lengths.
  return header.protocol <= kLlcLengthMax ? header.protocol
                                          : read_type_and_tags(reader, header.protocol, layers);
}

// LINKTYPE_PPP and PPP_HDLC: Cisco's framing has the same numbers.
uint16_t read_ppp_or_cisco(ByteReader& reader) {
  ByteReader first = reader;
  if (!CiscoHdlcHeader::begins_with(first.u8())) return read_ppp(reader);
  return CiscoHdlcHeader::read(reader).protocol;
}

uint16_t read_arcnet(ByteReader& reader, ArcnetWriter writer) {
  const ArcnetHeader header = ArcnetHeader::read(reader, writer);
  return header.begins_packet() ? header.ether_type() : uint16_t{0};
}

uint16_t read_nflog(ByteReader& reader) {
  const NflogHeader header = NflogHeader::read(reader);
  for (uint32_t i = 0; i < kNflogAttributesMax && reader.remaining() > 0; ++i) {
    const NflogAttribute attribute = NflogAttribute::read(reader);
    if (!reader.ok() || !attribute.is_valid()) return 0;
    if (attribute.type == NflogAttribute::kPayload) return header.ether_type();
    reader.skip(attribute.value_bytes_padded());
  }
  return 0;
}

// RFC 4391 section 6: a type and two bytes. Some systems put the InfiniBand global route header in
// front, which begins like IPv6 does.
uint16_t read_ip_over_ib(ByteReader& reader) {
  constexpr size_t kRouteHeaderBytes = 40;
  ByteReader first = reader;
  if (first.u8() >> 4 == 6) reader.skip(kRouteHeaderBytes);
  const uint16_t type = reader.u16();
  reader.skip(2);
  return type;
}

uint16_t read_behind_marvell_tag(ByteReader& reader, Layers& layers) {
  const MarvellTag tag = MarvellTag::read(reader);
  if (tag.has_vlan && reader.ok()) {
    layers.vlan_id = tag.vlan_id;
    layers.vlan_count = 1;
  }
  return read_type_and_tags(reader, reader.u16(), layers);
}

// Ethernet whose type a switch has put a tag in front of.
uint16_t read_switch_tagged(LinkType link, ByteReader& reader, Layers& layers) {
  reader.skip(12);
  if (link == LinkType::MarvellTag) return read_behind_marvell_tag(reader, layers);
  if (link == LinkType::MarvellEtherTypeTag) {
    reader.skip(4);  // a type of the switch's own, reserved
    return read_behind_marvell_tag(reader, layers);
  }
  reader.skip(kBroadcomTagBytes);
  return read_type_and_tags(reader, reader.u16(), layers);
}

// The networks that few have.
uint16_t read_rare_link(LinkType link, ByteReader& reader, Layers& layers) {
  if (link == LinkType::Nflog) return read_nflog(reader);
  if (link == LinkType::PppEther) return read_pppoe(reader).ether_type;
  if (link == LinkType::Mpls) return number_of(EtherType::MplsUnicast);
  if (link == LinkType::Fddi) {
    return FddiHeader::read(reader).carries_llc() ? read_llc(reader, layers) : uint16_t{0};
  }
  if (link == LinkType::TokenRing) {
    return TokenRingHeader::read(reader).carries_llc() ? read_llc(reader, layers) : uint16_t{0};
  }
  if (link == LinkType::ArcnetBsd) return read_arcnet(reader, ArcnetWriter::Bsd);
  if (link == LinkType::ArcnetLinux) return read_arcnet(reader, ArcnetWriter::Linux);
  if (link == LinkType::IpOverIb) return read_ip_over_ib(reader);
  if (link == LinkType::Ieee1394) {
    reader.skip(16);  // addresses
    return read_type_and_tags(reader, reader.u16(), layers);
  }
  return read_switch_tagged(link, reader, layers);
}

// Requires: no carrier.
uint16_t read_frame(LinkType link, ByteReader& reader, Layers& layers) {
  switch (link) {
    case LinkType::Ethernet:
      return read_ethernet(reader, layers);
    case LinkType::RawIp:
      return read_raw_ip(reader);
    case LinkType::Null:
      return type_of(LoopbackHeader::read_any_order(reader));
    case LinkType::Loop:
      return type_of(LoopbackHeader::read_network_order(reader));
    case LinkType::LinuxCooked1:
      return read_linux_cooked(reader, LinuxCookedHeader::read_version_1(reader), layers);
    case LinkType::LinuxCooked2:
      return read_linux_cooked(reader, LinuxCookedHeader::read_version_2(reader), layers);
    case LinkType::Ieee80211:
      return read_ieee80211(reader, layers);
    case LinkType::Radiotap:
      return read_radiotap(reader, layers);
    case LinkType::Ppp:
      return read_ppp_or_cisco(reader);
    case LinkType::CiscoHdlc:
      return CiscoHdlcHeader::read(reader).protocol;
    case LinkType::FrameRelay:
      return read_frame_relay(reader, layers);
    case LinkType::Llc:
      return read_llc(reader, layers);
    case LinkType::PppEther:
    case LinkType::Fddi:
    case LinkType::TokenRing:
    case LinkType::ArcnetBsd:
    case LinkType::ArcnetLinux:
    case LinkType::IpOverIb:
    case LinkType::Ieee1394:
    case LinkType::Mpls:
    case LinkType::Nflog:
    case LinkType::BroadcomTag:
    case LinkType::MarvellTag:
    case LinkType::MarvellEtherTypeTag:
      return read_rare_link(link, reader, layers);
    case LinkType::Prism:
    case LinkType::Ppi:
    case LinkType::Pktap:
    case LinkType::Erf:
    case LinkType::JuniperEthernet:
    case LinkType::JuniperPpp:
    case LinkType::JuniperFrameRelay:
    case LinkType::JuniperCiscoHdlc:
    case LinkType::PppPppd:
    case LinkType::PppWithDirection:
    case LinkType::CiscoHdlcWithDirection:
    case LinkType::FrameRelayWithDirection:
    case LinkType::MultilinkFrameRelay:
    case LinkType::IpOverFibreChannel:
    case LinkType::SunAtm:
    case LinkType::Docsis:
    case LinkType::Mpacket:
    case LinkType::Epon:
    case LinkType::Netanalyzer:
    case LinkType::NetanalyzerTransparent:
    case LinkType::BroadcomTagPrepended:
    case LinkType::Slip:
    case LinkType::OpenBsdEnc:
    case LinkType::OpenBsdPflog:
    case LinkType::SolarisIpnet:
    case LinkType::Unknown:
      return 0;
  }
  return 0;
}

}  // namespace

uint16_t read_llc(ByteReader& reader, Layers& layers) {
  // Most LLC frames have no network protocol and may be shorter than the header of those that have;
  // that is no truncation.
  ByteReader llc_reader = reader;
  const LlcHeader llc = LlcHeader::read(llc_reader);
  if (!llc_reader.ok()) return 0;
  if (llc.is_snap()) {
    reader = llc_reader;
    const SnapHeader snap = SnapHeader::read(reader);
    if (snap.carries_ethernet()) {
      reader.skip(2);  // RFC 2684 section 5.3: aligns the header behind it
      return read_tags(reader, EthernetHeader::read(reader).type_or_length, layers);
    }
    return snap.carries_ether_type() ? read_tags(reader, snap.protocol, layers) : uint16_t{0};
  }
  if (llc.is_iso_network()) {
    reader = llc_reader;
    const auto nlpid = static_cast<Nlpid>(reader.u8());
    return nlpid == Nlpid::Ppp ? read_ppp(reader) : ether_type_of(nlpid);
  }
  if (!llc.is_ip()) return 0;
  reader = llc_reader;
  return number_of(EtherType::Ipv4);
}

uint16_t read_type_and_tags(ByteReader& reader, uint16_t type_or_length, Layers& layers) {
  type_or_length = read_tags(reader, type_or_length, layers);
  if (!reader.ok()) return type_or_length;
  return type_or_length <= kLlcLengthMax ? read_llc(reader, layers) : type_or_length;
}

uint16_t read_ethernet(ByteReader& reader, Layers& layers) {
  layers.l2_offset = static_cast<uint16_t>(reader.position());
  return read_type_and_tags(reader, EthernetHeader::read(reader).type_or_length, layers);
}

uint16_t read_link(LinkType link, ByteReader& reader, Layers& layers) {
  for (uint32_t i = 0; i < kCarriersMax && is_carrier(link); ++i) link = read_carrier(link, reader);
  return read_frame(link, reader, layers);
}

}  // namespace flowscope
