#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/block16.h"
#include "flowcore/base/bytes.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/tcp.h"
#include "flowcore/packet/udp.h"

namespace flowscope {

// The fewest bytes that a plain packet has in the frame behind its IP header: a TCP header; of UDP
// the header and twelve more, of payload or link padding.
inline constexpr size_t kPlainSegmentBytesMin = TcpHeader::kBytesMin;

// Where the first sixteen bytes of a transport header lie in Layers, from source_port to
// tcp_window: in another order, in host byte order, without the data offset. UDP has only ports.
inline constexpr BytePlaces kPlainTcpPlaces = {1,  0,  3, 2, 7,         6,  5,  4,
                                               11, 10, 9, 8, kZeroByte, 13, 15, 14};
inline constexpr BytePlaces kPlainUdpPlaces = {
    1,         0,         3,         2,         kZeroByte, kZeroByte, kZeroByte, kZeroByte,
    kZeroByte, kZeroByte, kZeroByte, kZeroByte, kZeroByte, kZeroByte, kZeroByte, kZeroByte};
static_assert(std::endian::native == std::endian::little);
static_assert(offsetof(Layers, source_port) == 0 && offsetof(Layers, destination_port) == 2
              && offsetof(Layers, tcp_seq) == 4 && offsetof(Layers, tcp_ack) == 8
              && offsetof(Layers, icmp_type) == 12 && offsetof(Layers, tcp_flags) == 13
              && offsetof(Layers, tcp_window) == 14);

// Reads the transport header at `offset`, of which IP says that it has `segment_bytes`, negative
// when IP contradicts itself. Requires: kPlainSegmentBytesMin bytes from `offset` on.
// PERF: one load, one shuffle and one store write ports, numbers, flags and window, where each took
// a load, a swap and a store of its own.
inline bool decode_plain_segment(Bytes frame, size_t offset, uint8_t protocol,
                                 int32_t segment_bytes, Layers& layers) {
  const Block16 start = Block16::load(frame, offset);
  int32_t header_bytes = UdpHeader::kBytes;
  if (protocol == static_cast<uint8_t>(IpProtocol::Tcp)) {
    header_bytes = (frame[offset + 12] & 0xf0) >> 2;
    if (header_bytes < static_cast<int32_t>(TcpHeader::kBytesMin)) return false;
    start.rearranged(kPlainTcpPlaces).store(&layers);
  } else {
    if (protocol != static_cast<uint8_t>(IpProtocol::Udp)) return false;
    if (UdpHeader::load(frame, offset).total_bytes != segment_bytes) return false;
    start.rearranged(kPlainUdpPlaces).store(&layers);
  }
  const int32_t captured = std::min(segment_bytes, static_cast<int32_t>(frame.size() - offset));
  if (header_bytes > captured) return false;
  layers.payload_offset = static_cast<uint16_t>(offset + header_bytes);
  layers.payload_bytes = static_cast<uint16_t>(segment_bytes - header_bytes);
  layers.payload_captured = static_cast<uint16_t>(captured - header_bytes);
  return true;
}

// Decodes the IP packet of `version` that begins at `l3_offset`, if it is one of those that nearly
// all traffic consists of: IPv4 without options, not fragmented, or IPv6 without extension headers,
// with TCP or UDP behind it and lengths in order. Writes what read_ip would write; false, with that
// unspecified: the packet is for read_ip.
// Requires: at most 65535 bytes in `frame`, and icmp_code is 0. Cost: some fifty instructions, and
// a branch each on version and protocol.
inline bool decode_plain_ip(Bytes frame, size_t l3_offset, uint8_t version, Layers& layers) {
  const bool is_ipv4 = version == 4;
  const size_t l4_offset = l3_offset + (is_ipv4 ? Ipv4Header::kBytesMin : Ipv6Header::kBytes);
  if (frame.size() < l4_offset + kPlainSegmentBytesMin) return false;
  uint8_t protocol = 0;
  int32_t segment_bytes = 0;
  if (is_ipv4) {
    const Ipv4Header header = Ipv4Header::load(frame, l3_offset);
    if (frame[l3_offset] != Ipv4Header::kVersionAndMinimalIhl || header.is_fragment()) return false;
    protocol = header.protocol;
    segment_bytes = int32_t{header.total_bytes} - int32_t{Ipv4Header::kBytesMin};
    layers.ttl = header.ttl;
  } else {
    const Ipv6Header header = Ipv6Header::load(frame, l3_offset);
    if (header.version != 6) return false;
    protocol = header.next_header;
    segment_bytes = header.payload_bytes;
    layers.ttl = header.hop_limit;
  }
  // What is known by now is written together here: compilers make two stores of it.
  layers.l3_offset = static_cast<uint16_t>(l3_offset);
  layers.l4_offset = static_cast<uint16_t>(l4_offset);
  layers.ip_protocol = protocol;
  layers.ip_version = version;
  layers.is_fragment = false;
  layers.has_l4 = true;
  layers.status = DecodeStatus::Ip;
  return decode_plain_segment(frame, l4_offset, protocol, segment_bytes, layers);
}

}  // namespace flowscope
