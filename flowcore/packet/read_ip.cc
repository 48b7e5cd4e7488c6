#include "flowcore/packet/read_ip.h"

#include <algorithm>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/icmp.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/sctp.h"
#include "flowcore/packet/tcp.h"
#include "flowcore/packet/udp.h"

namespace flowscope {
namespace {

// Offsets in Layers have 16 bits: headers that reach further are not read, payload may.
constexpr size_t kOffsetMax = UINT16_MAX;

// What the IP headers say; the reader stands behind them.
struct IpHeaders {
  DecodeStatus status = DecodeStatus::Ip;
  uint8_t version = 0;
  uint8_t ttl = 0;
  uint8_t protocol = 0;
  uint32_t payload_bytes = 0;  // after all IP headers, whether captured or not
  bool is_fragment = false;
  bool is_first = true;  // the payload begins with the upper-layer header
};

// Steps over IPv6 extension headers, and AH behind IPv4, up to the upper layer or a fragment's
// part.
DecodeStatus read_extensions(ByteReader& reader, IpHeaders& ip) {
  for (uint32_t count = 0; is_ipv6_extension(ip.protocol); ++count) {
    const auto kind = static_cast<IpProtocol>(ip.protocol);
    if (ip.version == 4 && kind != IpProtocol::Ah) break;
    if (count == kIpv6ExtensionsMax) return DecodeStatus::Malformed;
    const Ipv6Extension extension = Ipv6Extension::read(reader, kind);
    if (extension.header_bytes > ip.payload_bytes) return DecodeStatus::Malformed;
    if (!reader.ok()) return DecodeStatus::Truncated;
    ip.protocol = extension.next_header;
    ip.payload_bytes -= extension.header_bytes;
    if (extension.offset_and_more != 0) {
      ip.is_fragment = true;
      ip.is_first = extension.is_first();
      break;
    }
  }
  return DecodeStatus::Ip;
}

// `wire_bytes` is what the frame had from the IP header on; used when the header gives no length.
IpHeaders read_ipv4(ByteReader& reader, uint32_t wire_bytes) {
  IpHeaders ip{.version = 4};
  const Ipv4Header header = Ipv4Header::read(reader);
  const uint32_t total_bytes = header.total_bytes == 0 ? wire_bytes : header.total_bytes;
  if (!reader.ok()) {
    ip.status = DecodeStatus::Truncated;
  } else if (header.version != 4 || header.header_bytes < Ipv4Header::kBytesMin
             || header.header_bytes > total_bytes) {
    ip.status = DecodeStatus::Malformed;
  } else {
    reader.skip(header.header_bytes - Ipv4Header::kBytesMin);
    if (!reader.ok()) ip.status = DecodeStatus::Truncated;
  }
  if (ip.status != DecodeStatus::Ip) return ip;
  ip.ttl = header.ttl;
  ip.protocol = header.protocol;
  ip.payload_bytes = total_bytes - header.header_bytes;
  ip.is_fragment = header.is_fragment();
  ip.is_first = header.is_first();
  if (!ip.is_fragment) ip.status = read_extensions(reader, ip);
  return ip;
}

IpHeaders read_ipv6(ByteReader& reader, uint32_t wire_bytes) {
  IpHeaders ip{.version = 6};
  const Ipv6Header header = Ipv6Header::read(reader);
  if (!reader.ok()) {
    ip.status = DecodeStatus::Truncated;
    return ip;
  }
  if (header.version != 6) {
    ip.status = DecodeStatus::Malformed;
    return ip;
  }
  ip.ttl = header.hop_limit;
  ip.protocol = header.next_header;
  ip.payload_bytes = header.payload_bytes;
  if (header.payload_bytes == 0 && header.next_header != static_cast<uint8_t>(IpProtocol::NoNext)) {
    ip.payload_bytes = wire_bytes - Ipv6Header::kBytes;
  }
  ip.status = read_extensions(reader, ip);
  return ip;
}

void set_payload(Layers& layers, Bytes frame, size_t offset, uint32_t bytes) {
  const size_t captured_from = std::min({offset, frame.size(), kOffsetMax});
  const size_t captured_bytes = offset == captured_from ? frame.size() - offset : 0;
  layers.payload_offset = static_cast<uint16_t>(captured_from);
  layers.payload_bytes = static_cast<uint16_t>(std::min<uint32_t>(bytes, UINT16_MAX));
  layers.payload_captured =
      static_cast<uint16_t>(std::min<size_t>(layers.payload_bytes, captured_bytes));
}

// Ports are the first four bytes of TCP, UDP and SCTP headers, and known before the rest is.
void read_ports(Bytes segment, Layers& layers) {
  if (segment.size() < kPortsBytes) return;
  layers.source_port = load_be16(segment, 0);
  layers.destination_port = load_be16(segment, 2);
}

void read_tcp(Bytes frame, size_t offset, uint32_t segment_bytes, Layers& layers) {
  const Bytes segment = frame.sub(offset, segment_bytes);
  read_ports(segment, layers);
  ByteReader reader(segment);
  const TcpHeader header = TcpHeader::read(reader);
  if (!reader.ok() || header.header_bytes < TcpHeader::kBytesMin) return;
  if (header.header_bytes > segment_bytes) return;
  layers.has_l4 = true;
  layers.tcp_flags = header.flags;
  layers.tcp_window = header.window;
  layers.tcp_seq = header.seq;
  layers.tcp_ack = header.ack;
  set_payload(layers, frame, offset + header.header_bytes, segment_bytes - header.header_bytes);
}

void read_udp(Bytes frame, size_t offset, uint32_t segment_bytes, Layers& layers) {
  const Bytes segment = frame.sub(offset, segment_bytes);
  read_ports(segment, layers);
  ByteReader reader(segment);
  const UdpHeader header = UdpHeader::read(reader);
  const uint32_t total_bytes = header.total_bytes == 0
                                   ? segment_bytes
                                   : std::min<uint32_t>(header.total_bytes, segment_bytes);
  if (!reader.ok() || total_bytes < UdpHeader::kBytes) return;
  layers.has_l4 = true;
  set_payload(layers, frame, offset + UdpHeader::kBytes, total_bytes - UdpHeader::kBytes);
}

void read_sctp(Bytes frame, size_t offset, uint32_t segment_bytes, Layers& layers) {
  const Bytes segment = frame.sub(offset, segment_bytes);
  read_ports(segment, layers);
  if (segment.size() < SctpHeader::kBytes) return;
  layers.has_l4 = true;
  set_payload(layers, frame, offset + SctpHeader::kBytes, segment_bytes - SctpHeader::kBytes);
}

void read_icmp(Bytes frame, size_t offset, uint32_t segment_bytes, Layers& layers) {
  const Bytes segment = frame.sub(offset, segment_bytes);
  ByteReader reader(segment);
  const IcmpHeader header = IcmpHeader::read(reader);
  if (!reader.ok()) return;
  layers.has_l4 = true;
  layers.icmp_type = header.type;
  layers.icmp_code = header.code;
  const uint32_t header_bytes = std::min(IcmpHeader::kBytes, segment_bytes);
  set_payload(layers, frame, offset + header_bytes, segment_bytes - header_bytes);
}

void read_transport(Bytes frame, size_t offset, uint32_t segment_bytes, Layers& layers) {
  switch (static_cast<IpProtocol>(layers.ip_protocol)) {
    case IpProtocol::Tcp:
      return read_tcp(frame, offset, segment_bytes, layers);
    case IpProtocol::Udp:
      return read_udp(frame, offset, segment_bytes, layers);
    case IpProtocol::Sctp:
      return read_sctp(frame, offset, segment_bytes, layers);
    case IpProtocol::Icmp:
    case IpProtocol::IcmpV6:
      return read_icmp(frame, offset, segment_bytes, layers);
    default:
      return;
  }
}

// Writes what follows from the IP headers; the reader stands behind them.
void read_upper_layers(const IpHeaders& ip, Bytes frame, size_t offset, Layers& layers) {
  layers.ip_version = ip.version;
  layers.ip_protocol = ip.protocol;
  layers.ttl = ip.ttl;
  layers.is_fragment = ip.is_fragment;
  set_payload(layers, frame, offset, ip.payload_bytes);
  if (layers.payload_captured == 0) return;
  if (ip.is_first) layers.l4_offset = static_cast<uint16_t>(offset);
  if (!ip.is_fragment) read_transport(frame, offset, ip.payload_bytes, layers);
}

}  // namespace

void read_ip(Bytes frame, uint8_t version, uint32_t wire_bytes, Layers& layers) {
  ByteReader reader(frame.first(kOffsetMax));
  reader.skip(layers.l3_offset);
  const IpHeaders ip = version == 4 ? read_ipv4(reader, wire_bytes) : read_ipv6(reader, wire_bytes);
  layers.status = ip.status;
  if (ip.status == DecodeStatus::Ip) read_upper_layers(ip, frame, reader.position(), layers);
}

void read_first_fragment(Bytes frame, Layers& layers) {
  layers.is_fragment = false;
  read_transport(frame, layers.l4_offset, layers.payload_bytes, layers);
}

}  // namespace flowscope
