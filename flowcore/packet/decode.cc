#include "flowcore/packet/decode.h"

#include <algorithm>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/packet/ethernet.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/tcp.h"
#include "flowcore/packet/udp.h"
#include "flowcore/packet/vlan.h"

namespace flowscope {
namespace {

// How many packets ahead of the decoder the headers are asked for.
constexpr uint32_t kPrefetchPackets = 16;

// The smallest frame the fast loop takes: Ethernet, IPv4 and UDP; room for two VLAN tags as well.
constexpr size_t kPlainBytesMin =
    EthernetHeader::kBytes + Ipv4Header::kBytesMin + UdpHeader::kBytes;
static_assert(kPlainBytesMin >= EthernetHeader::kBytes + 2 * VlanTag::kBytes);

bool is_ip(uint16_t ether_type) {
  return is_ether_type(ether_type, EtherType::Ipv4) || is_ether_type(ether_type, EtherType::Ipv6);
}

// Two header lines: IPv6 and VLAN headers cross the first one.
void prefetch_headers(const PacketView& packet) {
  prefetch_read(packet.frame.begin());
  prefetch_read(packet.frame.after(kCacheLineBytes).begin());
}

// How much of the packet is IP's header, and how much IP says that follows. Zero: not plain.
struct PlainIp {
  uint32_t header_bytes = 0;
  uint32_t payload_bytes = 0;
};

// Reads the IP header that `packet` begins with; not plain either when 8 bytes do not follow it.
PlainIp decode_plain_ipv4(Bytes packet, Layers& layers) {
  if (packet.size() < Ipv4Header::kBytesMin + UdpHeader::kBytes) return {};
  if (packet[0] != Ipv4Header::kVersionAndMinimalIhl) return {};
  const Ipv4Header header = Ipv4Header::load(packet, 0);
  if (header.is_fragment() || header.total_bytes < Ipv4Header::kBytesMin) return {};
  layers.ip_version = 4;
  layers.ip_protocol = header.protocol;
  layers.ttl = header.ttl;
  return {.header_bytes = Ipv4Header::kBytesMin,
          .payload_bytes = header.total_bytes - Ipv4Header::kBytesMin};
}

PlainIp decode_plain_ipv6(Bytes packet, Layers& layers) {
  if (packet.size() < Ipv6Header::kBytes + UdpHeader::kBytes) return {};
  const Ipv6Header header = Ipv6Header::load(packet, 0);
  if (header.version != 6 || header.payload_bytes == 0) return {};
  layers.ip_version = 6;
  layers.ip_protocol = header.next_header;
  layers.ttl = header.hop_limit;
  return {.header_bytes = Ipv6Header::kBytes, .payload_bytes = header.payload_bytes};
}

// Reads the transport header that `segment` begins with, of which IP says that it has
// `segment_bytes`; gives the header's length, or 0 when it is not plain. Requires: 8 bytes.
uint32_t decode_plain_transport(Bytes segment, uint32_t segment_bytes, Layers& layers) {
  // Ports are the first four bytes of both headers.
  layers.source_port = load_be16(segment, 0);
  layers.destination_port = load_be16(segment, 2);
  if (layers.ip_protocol == static_cast<uint8_t>(IpProtocol::Tcp)) {
    if (segment.size() < TcpHeader::kBytesMin) return 0;
    const TcpHeader header = TcpHeader::load(segment, 0);
    layers.tcp_flags = header.flags;
    layers.tcp_window = header.window;
    layers.tcp_seq = header.seq;
    layers.tcp_ack = header.ack;
    return header.header_bytes >= TcpHeader::kBytesMin ? header.header_bytes : 0;
  }
  layers.tcp_flags = 0;
  layers.tcp_window = 0;
  layers.tcp_seq = 0;
  layers.tcp_ack = 0;
  const bool is_plain = layers.ip_protocol == static_cast<uint8_t>(IpProtocol::Udp)
                        && UdpHeader::load(segment, 0).total_bytes == segment_bytes;
  return is_plain ? UdpHeader::kBytes : 0;
}

// Steps over at most two VLAN tags; gives the offset of the IP header, or 0 when it is not plain.
// Requires: kPlainBytesMin bytes.
size_t decode_plain_link(Bytes frame, Layers& layers) {
  size_t offset = EthernetHeader::kBytes;
  layers.vlan_count = 0;
  layers.vlan_id = 0;
  layers.inner_vlan_id = 0;
  layers.ether_type = load_be16(frame, offset - 2);
  if (is_ip(layers.ether_type)) return offset;
  if (!is_vlan_tag(layers.ether_type)) return 0;
  layers.vlan_id = load_be16(frame, offset) & kVlanIdMask;
  while (is_vlan_tag(layers.ether_type) && layers.vlan_count < 2) {
    if (layers.vlan_count == 1) layers.inner_vlan_id = load_be16(frame, offset) & kVlanIdMask;
    offset += VlanTag::kBytes;
    layers.ether_type = load_be16(frame, offset - 2);
    ++layers.vlan_count;
  }
  return is_ip(layers.ether_type) ? offset : 0;
}

// Decodes the frames that nearly all traffic consists of. False, with `layers` unspecified: the
// frame is for decode_frame. PERF: bound by instructions, not by loads, when the headers are in
// cache. Each field is written where it is read: gathering them first and writing them last makes
// the compiler spill half of them.
bool decode_plain(const PacketView& packet, Layers& layers) {
  const Bytes frame = packet.frame;
  if (packet.link != LinkType::Ethernet) return false;
  if (frame.size() < kPlainBytesMin || frame.size() > kDecodedBytesMax) return false;
  const size_t l3_offset = decode_plain_link(frame, layers);
  if (l3_offset == 0) return false;
  const Bytes rest = frame.after(l3_offset);
  const PlainIp ip = is_ether_type(layers.ether_type, EtherType::Ipv4)
                         ? decode_plain_ipv4(rest, layers)
                         : decode_plain_ipv6(rest, layers);
  if (ip.header_bytes == 0) return false;
  const Bytes segment = rest.after(ip.header_bytes);
  const uint32_t header_bytes = decode_plain_transport(segment, ip.payload_bytes, layers);
  const auto captured = std::min(ip.payload_bytes, static_cast<uint32_t>(segment.size()));
  if (header_bytes == 0 || header_bytes > captured) return false;
  const size_t l4_offset = l3_offset + ip.header_bytes;
  layers.status = DecodeStatus::Ip;
  layers.l2_offset = 0;
  layers.l3_offset = static_cast<uint16_t>(l3_offset);
  layers.l4_offset = static_cast<uint16_t>(l4_offset);
  layers.payload_offset = static_cast<uint16_t>(l4_offset + header_bytes);
  layers.payload_bytes = static_cast<uint16_t>(ip.payload_bytes - header_bytes);
  layers.payload_captured = static_cast<uint16_t>(captured - header_bytes);
  layers.has_l4 = true;
  layers.is_fragment = false;
  layers.icmp_type = 0;
  layers.icmp_code = 0;
  layers.encap = {};
  return true;
}

}  // namespace

void decode_layers(Burst& burst, const Decap& decap) {
  const uint32_t count = burst.count;
  for (uint32_t i = 0; i < std::min(count, kPrefetchPackets); ++i)
    prefetch_headers(burst.packet[i]);
  for (uint32_t i = 0; i < count; ++i) {
    if (i + kPrefetchPackets < count) prefetch_headers(burst.packet[i + kPrefetchPackets]);
    Layers& layers = burst.layers[i];
    if (!decode_plain(burst.packet[i], layers)) {
      layers = decode_frame(burst.packet[i], decap);
    } else if (layers.ip_protocol == static_cast<uint8_t>(IpProtocol::Udp)
               && decap.may_be_tunnel(layers.source_port, layers.destination_port)) {
      take_all_off(burst.packet[i], decap, layers);
    }
  }
}

}  // namespace flowscope
