// Taking encapsulations off, one step at a time: find the header behind what `layers` speak of, let
// its wire format read it, and decode what is inside.
#include <algorithm>

#include "flowcore/packet/ayiya.h"
#include "flowcore/packet/capwap.h"
#include "flowcore/packet/decap.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/decode_plain.h"
#include "flowcore/packet/ether_ip.h"
#include "flowcore/packet/geneve.h"
#include "flowcore/packet/gre.h"
#include "flowcore/packet/gtp_u.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/l2tp.h"
#include "flowcore/packet/lisp.h"
#include "flowcore/packet/mpls.h"
#include "flowcore/packet/nsh.h"
#include "flowcore/packet/pbb.h"
#include "flowcore/packet/port_tag.h"
#include "flowcore/packet/pppoe.h"
#include "flowcore/packet/read_ip.h"
#include "flowcore/packet/read_link.h"
#include "flowcore/packet/teredo.h"
#include "flowcore/packet/trill.h"
#include "flowcore/packet/vxlan.h"

namespace flowscope {
namespace {

// The bytes that an encapsulation carries: how far they are captured, and how long they were.
struct Carried {
  Bytes frame;            // the frame up to their captured end
  uint32_t wire_end = 0;  // offset of their end as it was on the wire
};

// Ethernet types that stand in Ethernet headers behind a pseudowire, of which nothing tells whether
// it is one.
bool is_known_type(uint16_t type, uint8_t nibble) {
  switch (static_cast<EtherType>(type)) {
    case EtherType::Ipv4:
      return nibble == 4;
    case EtherType::Ipv6:
      return nibble == 6;
    case EtherType::Arp:
    case EtherType::Vlan:
    case EtherType::ProviderVlan:
    case EtherType::OldQinQ:
    case EtherType::MplsUnicast:
    case EtherType::PppoeSession:
    case EtherType::Pbb:
      return true;
    default:
      return false;
  }
}

bool begins_ethernet(ByteReader reader) {
  const uint16_t type = EthernetHeader::read(reader).type_or_length;
  const size_t rest = reader.remaining();
  const uint8_t nibble = reader.u8() >> 4;
  return reader.ok() && (type <= kLlcLengthMax ? type <= rest : is_known_type(type, nibble));
}

// Whether an IP header begins here whose lengths fit into what carries it.
bool begins_ip(ByteReader reader, const Carried& carried) {
  const uint32_t room = carried.wire_end - static_cast<uint32_t>(reader.position());
  ByteReader peek = reader;
  switch (peek.u8() >> 4) {
    case 4: {
      const Ipv4Header header = Ipv4Header::read(reader);
      return reader.ok() && header.header_bytes >= Ipv4Header::kBytesMin
             && header.total_bytes >= header.header_bytes && header.total_bytes <= room;
    }
    case 6: {
      const Ipv6Header header = Ipv6Header::read(reader);
      return reader.ok() && header.payload_bytes + Ipv6Header::kBytes <= room;
    }
    default:
      return false;
  }
}

// Behind the labels stands IP, or a pseudowire with or without a control word: no field tells which
// (RFC 4928), so the first nibble and what would follow decide.
Inner read_mpls(ByteReader& reader, const Carried& carried, uint32_t& label) {
  const MplsStack stack = MplsStack::read(reader);
  label = stack.bottom_label;
  if (!reader.ok() || label == MplsStack::kGalLabel) return {};
  ByteReader peek = reader;
  const uint8_t nibble = peek.u8() >> 4;
  if ((nibble == 4 || nibble == 6) && (begins_ip(reader, carried) || !begins_ethernet(reader)))
    return Inner::ip(EncapKind::Mpls, label);
  if (nibble == 0) {
    peek = reader;
    peek.skip(kPseudowireControlWordBytes);
    if (begins_ethernet(peek)) reader = peek;
  }
  return begins_ethernet(reader) ? Inner::ethernet(EncapKind::Mpls, label) : Inner{};
}

// What stands behind an Ethernet type that is not IP.
Inner read_behind_type(uint16_t ether_type, const Carried& carried, ByteReader& reader,
                       uint32_t& label) {
  switch (static_cast<EtherType>(ether_type)) {
    case EtherType::MplsUnicast:
    case EtherType::MplsMulticast:
      return read_mpls(reader, carried, label);
    case EtherType::PppoeSession:
      return read_pppoe(reader);
    case EtherType::Pbb:
      return read_pbb(reader);
    case EtherType::VnTag:
      return read_vn_tag(reader);
    case EtherType::ETag:
      return read_e_tag(reader);
    case EtherType::Trill:
      return read_trill(reader);
    case EtherType::Nsh:
      return read_nsh(reader);
    default:
      return {};
  }
}

Inner read_in_udp(EncapKind kind, const Carried& carried, ByteReader& reader, uint32_t& label) {
  switch (kind) {
    case EncapKind::Vxlan:
      return read_vxlan(reader);
    case EncapKind::Geneve:
      return read_geneve(reader);
    case EncapKind::GtpU:
      return read_gtp_u(reader);
    case EncapKind::Teredo:
      return read_teredo(reader);
    case EncapKind::L2tp:
      return read_l2tp_in_udp(reader);
    case EncapKind::Capwap:
      return read_capwap(reader);
    case EncapKind::Lisp:
      return read_lisp(reader);
    case EncapKind::Ayiya:
      return read_ayiya(reader);
    case EncapKind::Mpls: {
      Inner inner = read_mpls(reader, carried, label);
      inner.weak = true;
      return inner;
    }
    default:
      return {};
  }
}

// What stands behind an IP header.
Inner read_behind_ip(const Layers& layers, const Decap& decap, const Carried& carried,
                     ByteReader& reader, uint32_t& label) {
  switch (static_cast<IpProtocol>(layers.ip_protocol)) {
    case IpProtocol::Ipv4:
      return Inner::of_type(EncapKind::IpInIp, EtherType::Ipv4);
    case IpProtocol::Ipv6:
      return Inner::of_type(EncapKind::IpInIp, EtherType::Ipv6);
    case IpProtocol::Gre:
      return read_gre(reader);
    case IpProtocol::EtherIp:
      return read_ether_ip(reader);
    case IpProtocol::L2tp:
      return read_l2tp_in_ip(reader);
    case IpProtocol::Mpls:
      return read_mpls(reader, carried, label);
    case IpProtocol::Udp: {
      if (!layers.has_l4 || !decap.may_be_tunnel(layers.source_port, layers.destination_port))
        return {};
      const EncapKind kind = decap.kind_of_ports(layers.source_port, layers.destination_port);
      return read_in_udp(kind, carried, reader, label);
    }
    default:
      return {};
  }
}

// An IEEE 802.11 frame as it should be, or with the two bytes of its frame control exchanged, as
// some controllers write it into CAPWAP.
uint16_t read_wireless(ByteReader& reader, Layers& layers) {
  ByteReader swapped = reader;
  const uint16_t type = read_ieee80211(reader, layers);
  if (type != 0 && reader.ok()) return type;
  reader = swapped;
  return read_ieee80211(reader, layers, Ieee80211Variant::SwappedControl);
}

// Steps over the link headers inside; gives the Ethernet type of what follows, 0 for none.
uint16_t read_inner_link(const Inner& inner, ByteReader& reader, Layers& layers) {
  switch (inner.begins) {
    case Inner::Begins::Ethernet:
      return read_ethernet(reader, layers);
    case Inner::Begins::EtherType:
      if (is_ether_type(inner.ether_type, EtherType::TransparentBridge))
        return read_ethernet(reader, layers);
      // Of small numbers none is an LLC length here.
      return inner.ether_type > kLlcLengthMax ? read_type_and_tags(reader, inner.ether_type, layers)
                                              : uint16_t{0};
    case Inner::Begins::Ip: {
      ByteReader peek = reader;
      const uint8_t version = peek.u8() >> 4;
      if (version == 4) return static_cast<uint16_t>(EtherType::Ipv4);
      return version == 6 ? static_cast<uint16_t>(EtherType::Ipv6) : uint16_t{0};
    }
    case Inner::Begins::Ieee80211:
      return read_wireless(reader, layers);
    case Inner::Begins::Nothing:
      return 0;
  }
  return 0;
}

// How much an encapsulation says about its flow: which of two is kept.
uint32_t weight_of(EncapKind kind, uint32_t id, bool is_in_ip) {
  if (kind == EncapKind::None) return 0;
  return 1 + (has_id(kind, id) ? 1 : 0) + (is_in_ip ? 2 : 0);
}

Encap encap_of(const Layers& around, const Inner& inner, uint32_t label) {
  Encap encap = around.encap;
  ++encap.depth;
  if (label != 0) encap.mpls_label = label;
  const bool is_in_ip = around.status == DecodeStatus::Ip;
  if (weight_of(inner.kind, inner.id, is_in_ip)
      >= weight_of(encap.kind, encap.id, encap.outer_l3_offset != 0)) {
    encap.kind = inner.kind;
    encap.id = inner.id;
    encap.outer_l3_offset = is_in_ip ? around.l3_offset : uint16_t{0};
  }
  return encap;
}

// What stands behind an Ethernet type: to the end of the frame, or of the packet that the type was
// found in (see limit_to).
Carried carried_behind_type(const PacketView& packet, const Layers& layers) {
  if (layers.encap.depth == 0) {
    return {.frame = packet.frame,
            .wire_end = std::max(packet.wire_bytes, static_cast<uint32_t>(packet.frame.size()))};
  }
  return {.frame = packet.frame.first(size_t{layers.payload_offset} + layers.payload_captured),
          .wire_end = uint32_t{layers.payload_offset} + layers.payload_bytes};
}

// Keeps, for the next step, where the bytes end that an encapsulation carries: those behind an
// Ethernet type count as payload while it is not known what they are.
void limit_to(const Carried& carried, Layers& layers) {
  layers.payload_offset = layers.l3_offset;
  layers.payload_captured =
      static_cast<uint16_t>(std::min<size_t>(carried.frame.size() - layers.l3_offset, UINT16_MAX));
  layers.payload_bytes =
      static_cast<uint16_t>(std::min<uint32_t>(carried.wire_end - layers.l3_offset, UINT16_MAX));
}

// Reads the IP packet that begins at layers.l3_offset; most are plain inside tunnels as well.
void read_inner_ip(const Carried& carried, uint8_t version, Layers& layers) {
  Layers plain = layers;
  if (carried.frame.size() <= kDecodedBytesMax
      && decode_plain_ip(carried.frame, layers.l3_offset, version, plain)) {
    layers = plain;
    return;
  }
  read_ip(carried.frame, version, carried.wire_end - layers.l3_offset, layers);
}

}  // namespace

bool take_off(const PacketView& packet, const Decap& decap, Layers& layers) {
  if (layers.encap.depth >= kEncapsMax || layers.is_fragment) return false;
  const Bytes frame = packet.frame;
  Carried carried;
  Inner inner;
  uint32_t label = 0;
  ByteReader reader(frame);
  if (layers.status == DecodeStatus::Ip) {
    carried.frame = frame.first(size_t{layers.payload_offset} + layers.payload_captured);
    carried.wire_end = uint32_t{layers.payload_offset} + layers.payload_bytes;
    reader = ByteReader(carried.frame);
    reader.skip(layers.payload_offset);
    inner = read_behind_ip(layers, decap, carried, reader, label);
  } else if (layers.status == DecodeStatus::NotIp) {
    carried = carried_behind_type(packet, layers);
    reader = ByteReader(carried.frame);
    reader.skip(layers.l3_offset);
    inner = read_behind_type(layers.ether_type, carried, reader, label);
  }
  if (inner.begins == Inner::Begins::Nothing || !reader.ok() || !decap.takes(inner.kind))
    return false;

  Layers next;
  next.l2_offset = layers.l2_offset;
  next.vlan_count = layers.vlan_count;
  next.vlan_id = layers.vlan_id;
  next.inner_vlan_id = layers.inner_vlan_id;
  next.encap = encap_of(layers, inner, label);
  next.ether_type = read_inner_link(inner, reader, next);
  if (!reader.ok() || reader.position() > kDecodedBytesMax) return false;
  next.l3_offset = static_cast<uint16_t>(reader.position());
  const uint8_t version = ip_version_of(next.ether_type);
  if (version != 0) {
    if (inner.weak && !begins_ip(reader, carried)) return false;
    read_inner_ip(carried, version, next);
  } else if (inner.weak) {
    return false;
  } else {
    limit_to(carried, next);
  }
  layers = next;
  return true;
}

// PERF: a VXLAN packet cost five plain ones by way of take_all_off, most of it in rows that were
// made, copied and looked at again. Here the one row is written in place: built beside it, the copy
// would wait for the narrow stores that made it.
bool take_off_plain(const PacketView& packet, const Decap& decap, Layers& layers) {
  const Bytes frame = packet.frame.first(size_t{layers.payload_offset} + layers.payload_captured);
  if (frame.size() > kDecodedBytesMax) return false;
  ByteReader reader(frame);
  reader.skip(layers.payload_offset);
  const EncapKind kind = decap.kind_of_ports(layers.source_port, layers.destination_port);
  Inner inner;
  if (kind == EncapKind::Vxlan) {
    inner = read_vxlan(reader);
  } else if (kind == EncapKind::GtpU) {
    inner = read_gtp_u(reader);
  } else if (kind == EncapKind::Geneve) {
    inner = read_geneve(reader);
  }
  uint16_t type = inner.ether_type;
  if (inner.begins == Inner::Begins::Ethernet
      || is_ether_type(type, EtherType::TransparentBridge)) {
    layers.l2_offset = static_cast<uint16_t>(reader.position());
    type = EthernetHeader::read(reader).type_or_length;
  } else if (inner.begins == Inner::Begins::Ip) {
    ByteReader first = reader;
    type = static_cast<uint16_t>(first.u8() >> 4 == 4 ? EtherType::Ipv4 : EtherType::Ipv6);
  }
  const uint8_t version = ip_version_of(type);
  if (!reader.ok() || version == 0) return false;
  layers.ether_type = type;
  layers.encap.kind = kind;
  layers.encap.depth = 1;
  layers.encap.outer_l3_offset = layers.l3_offset;
  layers.encap.id = inner.id;
  if (!decode_plain_ip(frame, reader.position(), version, layers)) return false;
  if (layers.ip_protocol == static_cast<uint8_t>(IpProtocol::Udp))
    take_all_off(packet, decap, layers);
  return true;
}

void take_all_off(const PacketView& packet, const Decap& decap, Layers& layers) {
  Layers at = layers;
  while (take_off(packet, decap, at)) {
    // Until IP was reached any answer is better than the link type in front of it.
    if (at.status == DecodeStatus::Ip || layers.status != DecodeStatus::Ip) layers = at;
  }
}

}  // namespace flowscope
