#include "flowcore/packet/pseudo_header.h"

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"

namespace flowscope {
namespace {

constexpr size_t kIpv4AddressBytes = 4;
constexpr size_t kIpv6AddressBytes = 16;

// IPv4 options (RFC 791 section 3.1); the first two are one byte each.
constexpr uint8_t kEndOfOptions = 0;
constexpr uint8_t kNoOperation = 1;
constexpr uint8_t kLooseSourceRoute = 131;
constexpr uint8_t kStrictSourceRoute = 137;

// IPv6 destination options (RFC 8200 section 4.2, RFC 6275 section 6.3); the first is one byte.
constexpr uint8_t kPad1 = 0;
constexpr uint8_t kHomeAddress = 201;

// Routing types (IANA "Internet Protocol Version 6 Parameters").
constexpr uint8_t kAddressList = 0;
constexpr uint8_t kMobility = 2;
constexpr uint8_t kSegmentRouting = 4;
constexpr size_t kRoutingFixedBytes = 8;

// RFC 791 section 3.1: type, length, pointer to the next address, addresses.
void follow_source_route(Bytes options, PseudoAddresses& addresses) {
  ByteReader reader(options);
  while (reader.remaining() > 0) {
    const uint8_t type = reader.u8();
    if (type == kEndOfOptions) return;
    if (type == kNoOperation) continue;
    const uint8_t option_bytes = reader.u8();
    if (option_bytes < 2) return;
    const Bytes content = reader.bytes(option_bytes - 2U);
    if (!reader.ok()) return;
    if (type != kLooseSourceRoute && type != kStrictSourceRoute) continue;
    if (content.size() < 1 + kIpv4AddressBytes || content[0] > option_bytes) continue;
    addresses.destination = content.after(content.size() - kIpv4AddressBytes);
  }
}

void follow_routing_header(Bytes header, PseudoAddresses& addresses) {
  const uint8_t type = header[2];
  const uint8_t segments_left = header[3];
  if (segments_left == 0) return;
  if (header.size() < kRoutingFixedBytes + kIpv6AddressBytes) {
    addresses = {};
  } else if (type == kSegmentRouting) {
    addresses.destination = header.sub(kRoutingFixedBytes, kIpv6AddressBytes);
  } else if (type == kAddressList || type == kMobility) {
    addresses.destination = header.after(header.size() - kIpv6AddressBytes);
  } else {
    addresses = {};
  }
}

void follow_home_address(Bytes header, PseudoAddresses& addresses) {
  ByteReader reader(header.after(2));
  while (reader.remaining() > 0) {
    const uint8_t type = reader.u8();
    if (type == kPad1) continue;
    const Bytes content = reader.bytes(reader.u8());
    if (!reader.ok()) return;
    if (type == kHomeAddress && content.size() == kIpv6AddressBytes) addresses.source = content;
  }
}

// `headers` are the extension headers, the first of which is `kind`.
void follow_extensions(Bytes headers, IpProtocol kind, PseudoAddresses& addresses) {
  ByteReader reader(headers);
  for (uint32_t count = 0; count < kIpv6ExtensionsMax && reader.remaining() > 0; ++count) {
    const Bytes rest = reader.rest();
    const Ipv6Extension extension = Ipv6Extension::read(reader, kind);
    if (!reader.ok() || addresses.source.empty()) return;
    const Bytes header = rest.first(extension.header_bytes);
    if (kind == IpProtocol::Routing) follow_routing_header(header, addresses);
    if (kind == IpProtocol::DestinationOptions) follow_home_address(header, addresses);
    kind = static_cast<IpProtocol>(extension.next_header);
  }
}

}  // namespace

PseudoAddresses pseudo_addresses(Bytes frame, const Layers& layers) {
  const Bytes headers = frame.sub(layers.l3_offset, layers.l4_offset - layers.l3_offset);
  const bool is_ipv4 = layers.ip_version == 4;
  const size_t offset = is_ipv4 ? Ipv4Header::kAddressesOffset : Ipv6Header::kAddressesOffset;
  const size_t address_bytes = is_ipv4 ? kIpv4AddressBytes : kIpv6AddressBytes;
  PseudoAddresses addresses{.source = headers.sub(offset, address_bytes),
                            .destination = headers.sub(offset + address_bytes, address_bytes)};
  const size_t plain_bytes = is_ipv4 ? Ipv4Header::kBytesMin : Ipv6Header::kBytes;
  if (headers.size() <= plain_bytes) return addresses;
  if (is_ipv4) {
    const size_t header_bytes = Ipv4Header::load(headers, 0).header_bytes;
    follow_source_route(headers.first(header_bytes).after(plain_bytes), addresses);
  } else {
    const auto kind = static_cast<IpProtocol>(Ipv6Header::load(headers, 0).next_header);
    follow_extensions(headers.after(plain_bytes), kind, addresses);
  }
  return addresses;
}

}  // namespace flowscope
