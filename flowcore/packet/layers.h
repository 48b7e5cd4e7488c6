#pragma once

#include <cstdint>

#include "flowcore/packet/encap.h"

namespace flowscope {

// IP protocol numbers we read (IANA "Assigned Internet Protocol Numbers").
enum class IpProtocol : uint8_t {
  HopByHop = 0,
  Icmp = 1,
  Ipv4 = 4,  // IPv4 in IP
  Tcp = 6,
  Udp = 17,
  Ipv6 = 41,  // IPv6 in IP
  Routing = 43,
  Fragment = 44,
  Gre = 47,
  Esp = 50,
  Ah = 51,
  IcmpV6 = 58,
  NoNext = 59,
  DestinationOptions = 60,
  EtherIp = 97,
  L2tp = 115,
  Sctp = 132,
  Mobility = 135,
  Mpls = 137,  // MPLS in IP
  Hip = 139,
  Shim6 = 140,
};

// How decoding a frame went. Everything but Ip is a fate of the packet: it is counted and not
// tracked.
enum class DecodeStatus : uint8_t {
  Ip,           // an IP packet; l4 tells how far it went
  NotIp,        // ARP, LLDP, ... : well-formed as far as read, no IP inside
  Truncated,    // the capture cut the frame inside the link or IP header
  Malformed,    // a length or version contradicts the frame
  UnknownLink,  // a link type we do not read
  Fragment,     // an IP fragment, kept until its datagram is whole; see FragmentTable
  BadChecksum,  // a checksum is wrong, and such packets are to be dropped
  Duplicate,    // captured twice, and such frames are to be dropped; see Dedup
};

// TCP flag bits, RFC 9293 section 3.1.
namespace tcp_flag {
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10,
                         kUrg = 0x20, kEce = 0x40, kCwr = 0x80;
}  // namespace tcp_flag

// What the decoder found in one frame: absolute offsets into it, and the few fields every later
// stage reads. Speaks of the innermost IP header that was reached; what was taken off to get there
// is in `encap`. Written by decode_layers, read by extractors, tracker and streams.
// The order of the fields lets the decoder write a plain packet's row in a few wide stores, see
// decode_plain.h: the transport header's fields, then the offsets and what IP says, then the link.
struct alignas(64) Layers {
  static constexpr uint16_t kNoEthernet = UINT16_MAX;

  uint16_t source_port = 0;  // TCP, UDP, SCTP; known already when the capture cut the header later
  uint16_t destination_port = 0;
  uint32_t tcp_seq = 0;
  uint32_t tcp_ack = 0;
  uint8_t icmp_type = 0;    // ICMP and ICMPv6, when the header is there
  uint8_t tcp_flags = 0;    // see tcp_flag
  uint16_t tcp_window = 0;  // unscaled

  uint16_t l3_offset = 0;  // first byte of the IP header
  uint16_t l4_offset = 0;  // first byte of the upper-layer header; 0 when it is not in the frame
  uint16_t payload_offset = 0;  // first byte after the TCP, UDP, SCTP or ICMP header
  // Payload bytes that the packet carries according to IP, not counting link padding; the captured
  // part of it is payload_captured (smaller when the capture cut the frame).
  uint16_t payload_bytes = 0;
  uint16_t payload_captured = 0;
  uint8_t ttl = 0;          // IPv4 TTL or IPv6 hop limit
  uint8_t ip_protocol = 0;  // upper-layer protocol, after IPv6 extension headers; see IpProtocol
  uint8_t ip_version = 0;   // 4 or 6; 0 when status is not Ip
  bool is_fragment = false;
  // The header of TCP, UDP or SCTP was read, or of ICMP type and code. False for fragments (any but
  // an unfragmented packet), for other protocols, and where the capture cut that header.
  bool has_l4 = false;
  DecodeStatus status = DecodeStatus::NotIp;

  uint16_t vlan_id = 0;        // first VLAN id of the frame, 0 when untagged
  uint16_t inner_vlan_id = 0;  // second VLAN id of the frame, 0 without one
  uint16_t ether_type = 0;     // type in front of l3_offset; for counting what is not IP
  uint8_t vlan_count = 0;      // VLAN tags passed over, in all Ethernet headers of the frame
  uint8_t icmp_code = 0;
  Encap encap;
  uint16_t l2_offset = 0;  // innermost Ethernet header, kNoEthernet without one

  friend bool operator==(const Layers&, const Layers&) = default;
};
static_assert(sizeof(Layers) == 64, "a cache line a packet");

}  // namespace flowscope
