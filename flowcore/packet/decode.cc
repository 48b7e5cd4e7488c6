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

// What an IP header tells in the plain case.
struct PlainIp {
  uint32_t header_bytes = 0;
  uint32_t payload_bytes = 0;
  uint8_t version = 0;
  uint8_t protocol = 0;
  uint8_t ttl = 0;
};

// Writes the transport fields; false when the header is not plain. Requires: 8 bytes at `offset`.
bool decode_plain_transport(Bytes frame, size_t offset, const PlainIp& ip, Layers& layers) {
  const auto captured = static_cast<uint32_t>(frame.size() - offset);
  uint32_t header_bytes = UdpHeader::kBytes;
  if (ip.protocol == static_cast<uint8_t>(IpProtocol::Tcp)) {
    if (captured < TcpHeader::kBytesMin) return false;
    const TcpHeader tcp = TcpHeader::load(frame, offset);
    header_bytes = tcp.header_bytes;
    if (header_bytes < TcpHeader::kBytesMin) return false;
    layers.tcp_flags = tcp.flags;
    layers.tcp_window = tcp.window;
    layers.tcp_seq = tcp.seq;
    layers.tcp_ack = tcp.ack;
  } else {
    if (ip.protocol != static_cast<uint8_t>(IpProtocol::Udp)) return false;
    if (UdpHeader::load(frame, offset).total_bytes != ip.payload_bytes) return false;
    layers.tcp_flags = 0;
    layers.tcp_window = 0;
    layers.tcp_seq = 0;
    layers.tcp_ack = 0;
  }
  if (header_bytes > captured || header_bytes > ip.payload_bytes) return false;
  // Ports are the first four bytes of both headers.
  layers.source_port = load_be16(frame, offset);
  layers.destination_port = load_be16(frame, offset + 2);
  layers.l4_offset = static_cast<uint16_t>(offset);
  layers.payload_offset = static_cast<uint16_t>(offset + header_bytes);
  layers.payload_bytes = static_cast<uint16_t>(ip.payload_bytes - header_bytes);
  layers.payload_captured =
      static_cast<uint16_t>(std::min(ip.payload_bytes, captured) - header_bytes);
  return true;
}

// Reads the IP header at `offset`; false when it is not plain or 8 bytes do not follow it.
bool read_plain_ip(Bytes frame, size_t offset, uint16_t ether_type, PlainIp& ip) {
  const size_t remaining = frame.size() - offset;
  if (is_ether_type(ether_type, EtherType::Ipv4)) {
    if (remaining < Ipv4Header::kBytesMin + UdpHeader::kBytes) return false;
    const Ipv4Header header = Ipv4Header::load(frame, offset);
    if (header.version != 4 || header.header_bytes != Ipv4Header::kBytesMin) return false;
    if (header.is_fragment() || header.total_bytes < Ipv4Header::kBytesMin) return false;
    ip = {.header_bytes = Ipv4Header::kBytesMin,
          .payload_bytes = header.total_bytes - Ipv4Header::kBytesMin,
          .version = 4,
          .protocol = header.protocol,
          .ttl = header.ttl};
    return true;
  }
  if (remaining < Ipv6Header::kBytes + UdpHeader::kBytes) return false;
  const Ipv6Header header = Ipv6Header::load(frame, offset);
  if (header.version != 6 || header.payload_bytes == 0) return false;
  ip = {.header_bytes = Ipv6Header::kBytes,
        .payload_bytes = header.payload_bytes,
        .version = 6,
        .protocol = header.next_header,
        .ttl = header.hop_limit};
  return true;
}

// Decodes the frames that nearly all traffic consists of. False, with `layers` unspecified: the
// frame is for decode_frame.
bool decode_plain(const PacketView& packet, Layers& layers) {
  const Bytes frame = packet.frame;
  if (packet.link != LinkType::Ethernet) return false;
  if (frame.size() < kPlainBytesMin || frame.size() > kDecodedBytesMax) return false;
  size_t offset = EthernetHeader::kBytes;
  uint16_t ether_type = load_be16(frame, offset - 2);
  uint16_t vlan_id = 0;
  uint8_t vlan_count = 0;
  if (!is_ip(ether_type)) {
    if (!is_vlan_tag(ether_type)) return false;
    vlan_id = load_be16(frame, offset) & kVlanIdMask;
    while (is_vlan_tag(ether_type) && vlan_count < 2) {
      offset += VlanTag::kBytes;
      ether_type = load_be16(frame, offset - 2);
      ++vlan_count;
    }
    if (!is_ip(ether_type)) return false;
  }
  PlainIp ip;
  if (!read_plain_ip(frame, offset, ether_type, ip)) return false;
  if (!decode_plain_transport(frame, offset + ip.header_bytes, ip, layers)) return false;
  layers.status = DecodeStatus::Ip;
  layers.ip_version = ip.version;
  layers.ip_protocol = ip.protocol;
  layers.vlan_count = vlan_count;
  layers.l3_offset = static_cast<uint16_t>(offset);
  layers.vlan_id = vlan_id;
  layers.ether_type = ether_type;
  layers.ttl = ip.ttl;
  layers.has_l4 = true;
  layers.is_fragment = false;
  return true;
}

}  // namespace

void decode_layers(Burst& burst) {
  const uint32_t count = burst.count;
  for (uint32_t i = 0; i < std::min(count, kPrefetchPackets); ++i)
    prefetch_headers(burst.packet[i]);
  for (uint32_t i = 0; i < count; ++i) {
    if (i + kPrefetchPackets < count) prefetch_headers(burst.packet[i + kPrefetchPackets]);
    if (!decode_plain(burst.packet[i], burst.layers[i])) {
      burst.layers[i] = decode_frame(burst.packet[i]);
    }
  }
}

}  // namespace flowscope
