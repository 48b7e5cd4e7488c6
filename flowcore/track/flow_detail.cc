#include "flowcore/track/flow_detail.h"

#include <algorithm>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/udp.h"

namespace flowscope {

namespace {

Address address_of(Bytes bytes) {
  Address address{};
  std::copy(bytes.begin(), bytes.end(), address.begin());
  return address;
}

// The header was read when the encapsulation was taken off, so it is there; its IPv6 extension
// headers are not walked again, and the ports behind them stay 0.
void read_outer(Bytes packet, FlowDetail& detail) {
  ByteReader reader(packet);
  if (packet.empty()) return;
  if (packet[0] >> 4 == 4) {
    const Ipv4Header header = Ipv4Header::read(reader);
    if (!reader.ok()) return;
    detail.outer_ip_version = 4;
    detail.outer_protocol = header.protocol;
    detail.outer_source = address_of(packet.sub(Ipv4Header::kAddressesOffset, 4));
    detail.outer_destination = address_of(packet.sub(Ipv4Header::kAddressesOffset + 4, 4));
    reader.skip(header.header_bytes - Ipv4Header::kBytesMin);
  } else {
    const Ipv6Header header = Ipv6Header::read(reader);
    if (!reader.ok()) return;
    detail.outer_ip_version = 6;
    detail.outer_protocol = header.next_header;
    detail.outer_source = address_of(packet.sub(Ipv6Header::kAddressesOffset, 16));
    detail.outer_destination = address_of(packet.sub(Ipv6Header::kAddressesOffset + 16, 16));
  }
  if (detail.outer_protocol != static_cast<uint8_t>(IpProtocol::Udp)) return;
  const UdpHeader udp = UdpHeader::read(reader);
  detail.outer_source_port = udp.source_port;
  detail.outer_destination_port = udp.destination_port;
}

}  // namespace

void FlowDetail::note(FlowSide from, const Layers& layers, const PacketView& packet) {
  side[index_of(from)] = {.tunnel_id = layers.encap.id,
                          .mpls_label = layers.encap.mpls_label,
                          .inner_vlan_id = layers.inner_vlan_id,
                          .seen = true};
  if (encap != EncapKind::None || layers.encap.kind == EncapKind::None) return;
  encap = layers.encap.kind;
  depth = layers.encap.depth;
  if (layers.encap.outer_l3_offset != 0)
    read_outer(packet.frame.after(layers.encap.outer_l3_offset), *this);
}

}  // namespace flowscope
