#include "tests/support/packet_builder.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "flowcore/base/check.h"

namespace flowscope::testing {
namespace {

constexpr uint16_t kEtherTypeIpv4 = 0x0800;
constexpr uint16_t kEtherTypeIpv6 = 0x86dd;

void append_address(Frame& frame, int family, const char* text) {
  std::array<uint8_t, 16> bytes{};
  FS_CHECK(inet_pton(family, text, bytes.data()) == 1);
  frame.insert(frame.end(), bytes.begin(), bytes.begin() + (family == AF_INET ? 4 : 16));
}

Frame padded_to_words(Frame bytes) {
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

// RFC 9260 appendix A: CRC32c, stored in the order that its bit-reversed form has in memory.
uint32_t crc32c(const Frame& header, const Frame& body) {
  uint32_t crc = 0xffffffff;
  for (const Frame* part : {&header, &body}) {
    for (const uint8_t byte : *part) {
      crc ^= byte;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
    }
  }
  return __builtin_bswap32(~crc);
}

}  // namespace

Frame PacketBuilder::build() const {
  Frame body;
  for (size_t i = layers_.size(); i-- > 0;) {
    Layer layer = layers_[i];
    seal(layer, i, body);
    append(layer.header, body);
    body = std::move(layer.header);
  }
  if (body.size() < pad_to_) body.resize(pad_to_);
  return body;
}

PacketBuilder& PacketBuilder::ethernet(const EthernetFields& fields) {
  Frame header = {0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01};
  append16(header, 0);
  return add({.kind = Kind::Ethernet,
              .header = std::move(header),
              .ether_type = 0x6558,
              .next_type = fields.ether_type});
}

PacketBuilder& PacketBuilder::vlan(uint16_t id, const VlanFields& fields) {
  Frame header;
  append16(header, (uint32_t{fields.priority} << 13) | id);
  append16(header, 0);
  return add({.kind = Kind::Vlan,
              .header = std::move(header),
              .ether_type = fields.tag_type,
              .next_type = fields.ether_type});
}

PacketBuilder& PacketBuilder::snap(uint32_t organisation) {
  Frame header = {0xaa, 0xaa, 0x03};
  append8(header, organisation >> 16);
  append16(header, organisation);
  append16(header, 0);
  return add({.kind = Kind::Snap, .header = std::move(header)});
}

PacketBuilder& PacketBuilder::null_link() { return add({.kind = Kind::Null, .header = Frame(4)}); }
PacketBuilder& PacketBuilder::loop_link() { return add({.kind = Kind::Loop, .header = Frame(4)}); }

PacketBuilder& PacketBuilder::linux_cooked1() {
  // Packet type, ARPHRD_ETHER, address length, address, protocol.
  return add(
      {.kind = Kind::Cooked1, .header = {0, 0, 0, 1, 0, 6, 0x02, 0, 0, 0, 0, 0x01, 0, 0, 0, 0}});
}

PacketBuilder& PacketBuilder::linux_cooked2() {
  // Protocol, reserved, interface, ARPHRD_ETHER, packet type, address length, address.
  return add({.kind = Kind::Cooked2,
              .header = {0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 6, 0x02, 0, 0, 0, 0, 0x01, 0, 0}});
}

PacketBuilder& PacketBuilder::ipv4(const char* source, const char* destination,
                                   const Ipv4Fields& fields) {
  const Frame options = padded_to_words(fields.options);
  const size_t words = fields.header_words.value_or(static_cast<uint8_t>(5 + options.size() / 4));
  Frame header;
  append8(header, static_cast<uint32_t>(fields.version.value_or(4) << 4 | words));
  append8(header, 0);
  append16(header, 0);
  append16(header, fields.identification);
  append16(header, (fields.dont_fragment ? 0x4000U : 0U) | (fields.more_fragments ? 0x2000U : 0U)
                       | fields.fragment_offset / 8U);
  append8(header, fields.ttl);
  append8(header, 0);
  append16(header, 0);
  append_address(header, AF_INET, source);
  append_address(header, AF_INET, destination);
  append(header, options);
  return add({.kind = Kind::Ipv4,
              .header = std::move(header),
              .ether_type = kEtherTypeIpv4,
              .ip_protocol = 4,
              .next_type = fields.protocol,
              .length = fields.total_length});
}

PacketBuilder& PacketBuilder::ipv6(const char* source, const char* destination,
                                   const Ipv6Fields& fields) {
  Frame header;
  append32(header, uint32_t{fields.version.value_or(6)} << 28 | uint32_t{fields.traffic_class} << 20
                       | fields.flow_label);
  append16(header, 0);
  append8(header, 0);
  append8(header, fields.hop_limit);
  append_address(header, AF_INET6, source);
  append_address(header, AF_INET6, destination);
  return add({.kind = Kind::Ipv6,
              .header = std::move(header),
              .ether_type = kEtherTypeIpv6,
              .ip_protocol = 41,
              .next_type = fields.next_header,
              .length = fields.payload_length});
}

PacketBuilder& PacketBuilder::extension(IpProtocol kind, size_t units) {
  FS_CHECK(units >= 1 && units <= 256);
  Frame header(units * 8);
  header[1] = static_cast<uint8_t>(units - 1);
  if (kind == IpProtocol::HopByHop || kind == IpProtocol::DestinationOptions) {
    for (size_t left = header.size() - 2, at = 2; left > 0;) {
      const size_t option = std::min<size_t>(left, 2 + 255);
      if (option >= 2) {
        header[at] = 1;  // PadN
        header[at + 1] = static_cast<uint8_t>(option - 2);
      }
      at += option;
      left -= option;
    }
  }
  return add({.kind = Kind::Extension,
              .header = std::move(header),
              .ip_protocol = static_cast<uint8_t>(kind)});
}

PacketBuilder& PacketBuilder::fragment(const FragmentFields& fields) {
  Frame header;
  append16(header, 0);
  append16(header, fields.fragment_offset | (fields.more_fragments ? 1U : 0U));
  append32(header, fields.identification);
  return add({.kind = Kind::Extension,
              .header = std::move(header),
              .ip_protocol = static_cast<uint8_t>(IpProtocol::Fragment),
              .next_type = fields.next_header});
}

PacketBuilder& PacketBuilder::authentication(size_t value_bytes) {
  FS_CHECK(value_bytes % 4 == 0);
  Frame header(12 + value_bytes);
  header[1] = static_cast<uint8_t>(header.size() / 4 - 2);
  return add({.kind = Kind::Extension,
              .header = std::move(header),
              .ip_protocol = static_cast<uint8_t>(IpProtocol::Ah)});
}

PacketBuilder& PacketBuilder::tcp(uint16_t source, uint16_t destination, const TcpFields& fields) {
  const Frame options = padded_to_words(fields.options);
  const uint32_t words = fields.header_words.value_or(static_cast<uint8_t>(5 + options.size() / 4));
  Frame header;
  append16(header, source);
  append16(header, destination);
  append32(header, fields.seq);
  append32(header, fields.ack);
  append8(header, words << 4);
  append8(header, fields.flags);
  append16(header, fields.window);
  append32(header, 0);
  append(header, options);
  return add({.kind = Kind::Tcp,
              .header = std::move(header),
              .ip_protocol = static_cast<uint8_t>(IpProtocol::Tcp)});
}

PacketBuilder& PacketBuilder::udp(uint16_t source, uint16_t destination, const UdpFields& fields) {
  Frame header;
  append16(header, source);
  append16(header, destination);
  append32(header, 0);
  return add({.kind = Kind::Udp,
              .header = std::move(header),
              .ip_protocol = static_cast<uint8_t>(IpProtocol::Udp),
              .length = fields.length});
}

PacketBuilder& PacketBuilder::sctp(uint16_t source, uint16_t destination, uint32_t tag) {
  Frame header;
  append16(header, source);
  append16(header, destination);
  append32(header, tag);
  append32(header, 0);
  return add({.kind = Kind::Sctp,
              .header = std::move(header),
              .ip_protocol = static_cast<uint8_t>(IpProtocol::Sctp)});
}

PacketBuilder& PacketBuilder::icmp(uint8_t type, uint8_t code, uint32_t rest) {
  Frame header = {type, code, 0, 0};
  append32(header, rest);
  return add({.kind = Kind::Icmp,
              .header = std::move(header),
              .ip_protocol = static_cast<uint8_t>(IpProtocol::Icmp)});
}

PacketBuilder& PacketBuilder::icmp_v6(uint8_t type, uint8_t code, uint32_t rest) {
  Frame header = {type, code, 0, 0};
  append32(header, rest);
  return add({.kind = Kind::IcmpV6,
              .header = std::move(header),
              .ip_protocol = static_cast<uint8_t>(IpProtocol::IcmpV6)});
}

PacketBuilder& PacketBuilder::tunnel(const TunnelHeader& tunnel) {
  return add({.kind = Kind::Tunnel,
              .header = tunnel.bytes,
              .ether_type = tunnel.ether_type,
              .ip_protocol = tunnel.ip_protocol,
              .tunnel = tunnel});
}

PacketBuilder& PacketBuilder::payload(std::string_view text) {
  return payload(Frame(text.begin(), text.end()));
}
PacketBuilder& PacketBuilder::payload(const Frame& bytes) { return add({.header = bytes}); }

PacketBuilder& PacketBuilder::pad_to(size_t bytes) {
  pad_to_ = bytes;
  return *this;
}

PacketBuilder& PacketBuilder::add(Layer layer) {
  layers_.push_back(std::move(layer));
  return *this;
}

// Fills in the fields that depend on what follows: types, lengths, checksums.
void PacketBuilder::seal(Layer& layer, size_t index, const Frame& body) const {
  seal_type(layer, index, body);
  Frame& header = layer.header;
  switch (layer.kind) {
    case Kind::Ipv4:
      put16(header, 2, layer.length.value_or(static_cast<uint16_t>(header.size() + body.size())));
      put16(header, 10, folded(sum_words(header, 0, header.size())));
      return;
    case Kind::Ipv6:
      put16(header, 4, layer.length.value_or(static_cast<uint16_t>(body.size())));
      return;
    case Kind::Tcp:
    case Kind::Udp:
    case Kind::Sctp:
    case Kind::Icmp:
    case Kind::IcmpV6:
      seal_transport(layer, index, body);
      return;
    case Kind::Ethernet:
    case Kind::Vlan:
    case Kind::Snap:
    case Kind::Null:
    case Kind::Loop:
    case Kind::Cooked1:
    case Kind::Cooked2:
    case Kind::Extension:
    case Kind::Payload:
      return;
    case Kind::Tunnel:
      seal_tunnel(layer.tunnel, layer.header, body);
      return;
  }
}

void PacketBuilder::seal_type(Layer& layer, size_t index, const Frame& body) const {
  const Layer none;
  const Layer& next = index + 1 < layers_.size() ? layers_[index + 1] : none;
  const uint16_t ether_type = layer.next_type.value_or(
      next.kind == Kind::Snap ? static_cast<uint16_t>(body.size()) : next.ether_type);
  const auto protocol = static_cast<uint8_t>(layer.next_type.value_or(next.ip_protocol));
  const uint8_t family = next.kind == Kind::Ipv6 ? 30 : 2;  // AF_INET6 of Darwin, AF_INET
  switch (layer.kind) {
    case Kind::Ethernet:
      put16(layer.header, 12, ether_type);
      return;
    case Kind::Vlan:
      put16(layer.header, 2, ether_type);
      return;
    case Kind::Snap:
      put16(layer.header, 6, ether_type);
      return;
    case Kind::Cooked1:
      put16(layer.header, 14, ether_type);
      return;
    case Kind::Cooked2:
      put16(layer.header, 0, ether_type);
      return;
    case Kind::Null:
      layer.header[0] = family;
      return;
    case Kind::Loop:
      layer.header[3] = family;
      return;
    case Kind::Ipv4:
      layer.header[9] = protocol;
      return;
    case Kind::Ipv6:
      layer.header[6] = protocol;
      return;
    case Kind::Extension:
      layer.header[0] = protocol;
      return;
    case Kind::Udp:
      if (next.tunnel.udp_port != 0 && layer.header[2] == 0 && layer.header[3] == 0)
        put16(layer.header, 2, next.tunnel.udp_port);
      return;
    case Kind::Tunnel:
      name_next(layer.tunnel, layer.header, ether_type, protocol);
      return;
    case Kind::Tcp:
    case Kind::Sctp:
    case Kind::Icmp:
    case Kind::IcmpV6:
    case Kind::Payload:
      return;
  }
}

void PacketBuilder::seal_transport(Layer& layer, size_t index, const Frame& body) const {
  Frame& header = layer.header;
  if (layer.kind == Kind::Sctp) {
    const uint32_t crc = crc32c(header, body);
    put16(header, 8, crc >> 16);
    put16(header, 10, crc & 0xffff);
    return;
  }
  const size_t bytes = header.size() + body.size();
  if (layer.kind == Kind::Udp)
    put16(header, 4, layer.length.value_or(static_cast<uint16_t>(bytes)));
  uint32_t sum = sum_words(header, 0, header.size()) + sum_words(body, 0, body.size());
  if (layer.kind != Kind::Icmp) sum += pseudo_header_sum(index, bytes) + layer.ip_protocol;
  uint16_t checksum = folded(sum);
  if (layer.kind == Kind::Udp && checksum == 0) checksum = 0xffff;
  const size_t place = layer.kind == Kind::Tcp ? 16 : layer.kind == Kind::Udp ? 6 : 2;
  put16(header, place, checksum);
}

// The pseudo header's addresses and length, from the nearest IP header around layer `index`.
uint32_t PacketBuilder::pseudo_header_sum(size_t index, size_t transport_bytes) const {
  const auto length = static_cast<uint32_t>(transport_bytes);
  for (size_t i = index; i-- > 0;) {
    const Layer& layer = layers_[i];
    if (layer.kind == Kind::Ipv4) return sum_words(layer.header, 12, 20) + length;
    if (layer.kind == Kind::Ipv6) return sum_words(layer.header, 8, 40) + length;
  }
  return length;
}

}  // namespace flowscope::testing
