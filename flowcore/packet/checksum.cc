#include "flowcore/packet/checksum.h"

#include <algorithm>

#include "flowcore/base/bytes.h"
#include "flowcore/packet/crc32c.h"
#include "flowcore/packet/decode.h"
#include "flowcore/packet/internet_sum.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/pseudo_header.h"
#include "flowcore/packet/sctp.h"
#include "flowcore/packet/tcp.h"
#include "flowcore/packet/udp.h"

namespace flowscope {
namespace {

constexpr size_t kUdpChecksumOffset = 6;
constexpr size_t kSctpChecksumOffset = 8;
// RFC 792, RFC 4443 section 2.1: type, code, checksum.
constexpr size_t kIcmpBytesMin = 4;

// UDP ports of tunnels that may leave the checksum out over IPv6 (RFC 6935 section 5; IANA "Service
// Name and Transport Protocol Port Number Registry").
constexpr std::array<uint16_t, 9> kTunnelPorts = {
    2152,  // GTP-U
    2268,  // AMT
    4341,  // LISP data
    4754,  // GRE
    4789,  // VXLAN
    4790,  // VXLAN, generic protocol extension
    5247,  // CAPWAP data
    6081,  // Geneve
    6635,  // MPLS
};

bool may_lack_checksum(uint8_t ip_version, uint16_t udp_port) {
  if (ip_version == 4) return true;
  return std::find(kTunnelPorts.begin(), kTunnelPorts.end(), udp_port) != kTunnelPorts.end();
}

// The upper layer's part of an IP packet of `ip_bytes`, header included; empty when it is not there
// as a whole.
Bytes whole_segment(Bytes frame, const Layers& layers, uint32_t ip_bytes) {
  if (layers.is_fragment || layers.l4_offset == 0) return {};
  const uint32_t header_bytes = layers.l4_offset - layers.l3_offset;
  if (header_bytes > ip_bytes) return {};
  const Bytes segment = frame.sub(layers.l4_offset, ip_bytes - header_bytes);
  return segment.size() == ip_bytes - header_bytes ? segment : Bytes{};
}

ChecksumVerdict verdict_on(Bytes segment, const PseudoAddresses& addresses, uint8_t protocol) {
  if (addresses.source.empty()) return ChecksumVerdict::Unknown;
  InternetSum sum;
  sum.add(addresses.source);
  sum.add(addresses.destination);
  sum.add_word(protocol);
  sum.add_word(static_cast<uint16_t>(segment.size()));
  sum.add(segment);
  return sum.is_right() ? ChecksumVerdict::Good : ChecksumVerdict::Bad;
}

// The upper-layer packet, whole, in its frame. `card` is what the network card found of it.
struct Upper {
  Bytes frame;
  const Layers& layers;
  Bytes segment;
  ChecksumVerdict card;

  // With the pseudo header of RFC 9293 section 3.1, RFC 768 and RFC 8200 section 8.1.
  [[nodiscard]] ChecksumVerdict summed() const {
    return verdict_on(segment, pseudo_addresses(frame, layers), layers.ip_protocol);
  }
  [[nodiscard]] ChecksumVerdict tcp() const {
    if (segment.size() < TcpHeader::kBytesMin) return ChecksumVerdict::Unknown;
    return card != ChecksumVerdict::Unknown ? card : summed();
  }
  [[nodiscard]] ChecksumVerdict udp() const {
    if (segment.size() < UdpHeader::kBytes) return ChecksumVerdict::Unknown;
    const UdpHeader header = UdpHeader::load(segment, 0);
    if (header.total_bytes < UdpHeader::kBytes || header.total_bytes > segment.size()) {
      return ChecksumVerdict::Unknown;
    }
    if (load_be16(segment, kUdpChecksumOffset) == 0) {
      return may_lack_checksum(layers.ip_version, header.destination_port) ? ChecksumVerdict::Good
                                                                           : ChecksumVerdict::Bad;
    }
    if (card != ChecksumVerdict::Unknown) return card;
    return verdict_on(segment.first(header.total_bytes), pseudo_addresses(frame, layers),
                      layers.ip_protocol);
  }
  // RFC 792: no pseudo header.
  [[nodiscard]] ChecksumVerdict icmp() const {
    if (layers.ip_version != 4 || segment.size() < kIcmpBytesMin) return ChecksumVerdict::Unknown;
    InternetSum sum;
    sum.add(segment);
    return sum.is_right() ? ChecksumVerdict::Good : ChecksumVerdict::Bad;
  }
  [[nodiscard]] ChecksumVerdict icmp_v6() const {
    if (layers.ip_version != 6 || segment.size() < kIcmpBytesMin) return ChecksumVerdict::Unknown;
    return summed();
  }
  // RFC 9260 section 6.8: over the packet with zeros in place of the checksum, which is sent least
  // significant byte first.
  [[nodiscard]] ChecksumVerdict sctp() const {
    if (segment.size() < SctpHeader::kBytes) return ChecksumVerdict::Unknown;
    constexpr std::array<uint8_t, 4> kZeros{};
    Crc32c crc;
    crc.add(segment.first(kSctpChecksumOffset));
    crc.add({kZeros.data(), kZeros.size()});
    crc.add(segment.after(SctpHeader::kBytes));
    const uint32_t sent = __builtin_bswap32(load_be32(segment, kSctpChecksumOffset));
    return sent == crc.value() ? ChecksumVerdict::Good : ChecksumVerdict::Bad;
  }

  [[nodiscard]] ChecksumVerdict verdict() const {
    switch (static_cast<IpProtocol>(layers.ip_protocol)) {
      case IpProtocol::Tcp:
        return tcp();
      case IpProtocol::Udp:
        return udp();
      case IpProtocol::Icmp:
        return icmp();
      case IpProtocol::IcmpV6:
        return icmp_v6();
      case IpProtocol::Sctp:
        return sctp();
      default:
        return ChecksumVerdict::Unknown;
    }
  }
};

ChecksumFault fault_of_transport(Bytes frame, const Layers& layers, uint32_t ip_bytes,
                                 ChecksumVerdict card) {
  const Upper upper{.frame = frame,
                    .layers = layers,
                    .segment = whole_segment(frame, layers, ip_bytes),
                    .card = card};
  return upper.verdict() == ChecksumVerdict::Bad ? ChecksumFault::Transport : ChecksumFault::None;
}

// RFC 791 section 3.1: over the header, options included.
ChecksumFault fault_of_ipv4(Bytes frame, const Layers& layers, ChecksumVerdict ip_card,
                            ChecksumVerdict l4_card) {
  const Ipv4Header header = Ipv4Header::load(frame, layers.l3_offset);
  if (header.total_bytes == 0) return ChecksumFault::None;
  if (ip_card == ChecksumVerdict::Unknown) {
    InternetSum sum;
    sum.add(frame.sub(layers.l3_offset, header.header_bytes));
    ip_card = sum.is_right() ? ChecksumVerdict::Good : ChecksumVerdict::Bad;
  }
  if (ip_card == ChecksumVerdict::Bad) return ChecksumFault::Ip;
  return fault_of_transport(frame, layers, header.total_bytes, l4_card);
}

ChecksumFault fault_of_ipv6(Bytes frame, const Layers& layers, ChecksumVerdict l4_card) {
  const Ipv6Header header = Ipv6Header::load(frame, layers.l3_offset);
  if (header.payload_bytes == 0) return ChecksumFault::None;
  const bool has_extensions = layers.l4_offset != layers.l3_offset + Ipv6Header::kBytes;
  return fault_of_transport(frame, layers, Ipv6Header::kBytes + header.payload_bytes,
                            has_extensions ? ChecksumVerdict::Unknown : l4_card);
}

}  // namespace

ChecksumFault verify_checksums(const PacketView& packet, const Layers& layers) {
  if (layers.status != DecodeStatus::Ip) return ChecksumFault::None;
  const Bytes frame = packet.frame.first(kDecodedBytesMax);
  const bool is_outermost = layers.encap.depth == 0;
  const ChecksumVerdict ip_card = is_outermost ? packet.ip_checksum : ChecksumVerdict::Unknown;
  const ChecksumVerdict l4_card = is_outermost ? packet.l4_checksum : ChecksumVerdict::Unknown;
  return layers.ip_version == 4 ? fault_of_ipv4(frame, layers, ip_card, l4_card)
                                : fault_of_ipv6(frame, layers, l4_card);
}

ChecksumFault verify_checksums(const PacketView& packet, ChecksumMode mode, Layers& layers) {
  const ChecksumFault fault = verify_checksums(packet, layers);
  if (mode == ChecksumMode::Drop && fault != ChecksumFault::None) {
    layers.status = DecodeStatus::BadChecksum;
    layers.ip_version = 0;
    layers.has_l4 = false;
  }
  return fault;
}

void verify_checksums(Burst& burst, ChecksumMode mode, ChecksumFaults& faults) {
  if (mode == ChecksumMode::Off) return;
  for (uint32_t i = 0; i < burst.count; ++i)
    faults[i] = verify_checksums(burst.packet[i], mode, burst.layers[i]);
}

}  // namespace flowscope
