#include "flowcore/packet/quoted.h"

#include "flowcore/base/bytes.h"
#include "flowcore/packet/icmp.h"
#include "flowcore/packet/read_ip.h"

namespace flowscope {
namespace {

// The beginning of the upper layer that a flow key needs: ports, or ICMP's type and identifier.
uint32_t key_bytes(uint8_t ip_protocol) {
  switch (static_cast<IpProtocol>(ip_protocol)) {
    case IpProtocol::Tcp:
    case IpProtocol::Udp:
    case IpProtocol::Sctp:
      return kPortsBytes;
    case IpProtocol::Icmp:
    case IpProtocol::IcmpV6:
      return IcmpHeader::kBytes;
    default:
      return 0;
  }
}

}  // namespace

bool quoted_packet(const Layers& layers, const PacketView& packet, Layers& quoted) {
  if (!layers.has_l4 || !is_icmp_error(layers.ip_protocol, layers.icmp_type)) return false;
  if (layers.status != DecodeStatus::Ip) return false;
  quoted = Layers{.l3_offset = layers.payload_offset,
                  .vlan_id = layers.vlan_id,
                  .inner_vlan_id = layers.inner_vlan_id,
                  .ether_type = layers.ether_type,
                  .vlan_count = layers.vlan_count,
                  .encap = layers.encap,
                  .l2_offset = layers.l2_offset};
  // Link padding behind the error is no part of the quote.
  const Bytes whole = packet.frame.first(layers.payload_offset + layers.payload_captured);
  const bool is_v4 = layers.ip_protocol == static_cast<uint8_t>(IpProtocol::Icmp);
  read_ip(whole, is_v4 ? 4 : 6, layers.payload_bytes, quoted);
  if (quoted.status != DecodeStatus::Ip) return false;
  const uint32_t needed = key_bytes(quoted.ip_protocol);
  if (needed == 0) return true;
  if (quoted.l4_offset == 0 || whole.size() - quoted.l4_offset < needed) return false;
  if (quoted.is_fragment) read_first_fragment(whole, quoted);
  return true;
}

}  // namespace flowscope
