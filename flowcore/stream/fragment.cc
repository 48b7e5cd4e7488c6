#include "flowcore/stream/fragment.h"

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"

namespace flowscope {
namespace {

constexpr uint32_t kIpv6FragmentBytes = 8;
constexpr uint32_t kUnitBytes = 8;  // fragment offsets count these

constexpr size_t kIpv4LengthOffset = 2;
constexpr size_t kIpv4FragmentOffset = 6;
constexpr size_t kIpv4ChecksumOffset = 10;
constexpr size_t kIpv6LengthOffset = 4;
constexpr size_t kIpv6NextHeaderOffset = 6;

void copy_address(std::array<uint8_t, 16>& to, Bytes from) {
  std::memcpy(to.data(), from.begin(), from.size());
}

void store_be16(std::span<uint8_t> bytes, size_t offset, uint32_t value) {
  bytes[offset] = static_cast<uint8_t>(value >> 8);
  bytes[offset + 1] = static_cast<uint8_t>(value);
}

// Reads identification, offset and the flag for more; the frame holds these headers, or the decoder
// would not have called it a fragment.
void read_ipv4(Bytes frame, const Layers& layers, Fragment& fragment) {
  const Bytes header = frame.sub(layers.l3_offset, Ipv4Header::kBytesMin);
  const uint32_t field = load_be16(header, kIpv4FragmentOffset);
  fragment.key.identification = load_be16(header, 4);
  fragment.key.protocol = layers.ip_protocol;
  copy_address(fragment.key.source, header.sub(Ipv4Header::kAddressesOffset, 4));
  copy_address(fragment.key.destination, header.sub(Ipv4Header::kAddressesOffset + 4, 4));
  fragment.range.begin = (field & 0x1fff) * kUnitBytes;
  fragment.is_last = (field & 0x2000) == 0;
  fragment.headers = frame.first(layers.payload_offset);
}

// RFC 8200 section 4.5; the fragment header is the last one in front of the part.
void read_ipv6(Bytes frame, const Layers& layers, Fragment& fragment) {
  FS_DCHECK(layers.payload_offset >= layers.l3_offset + Ipv6Header::kBytes + kIpv6FragmentBytes);
  const Bytes header = frame.sub(layers.l3_offset, Ipv6Header::kBytes);
  const uint32_t header_bytes = layers.payload_offset - kIpv6FragmentBytes;
  const Bytes fragment_header = frame.sub(header_bytes, kIpv6FragmentBytes);
  const uint32_t field = load_be16(fragment_header, 2);
  fragment.key.identification = load_be32(fragment_header, 4);
  copy_address(fragment.key.source, header.sub(Ipv6Header::kAddressesOffset, 16));
  copy_address(fragment.key.destination, header.sub(Ipv6Header::kAddressesOffset + 16, 16));
  fragment.range.begin = field & 0xfff8;
  fragment.is_last = (field & 1) == 0;
  fragment.headers = frame.first(header_bytes);
}

Fragment::Fault fault_of(const Fragment& fragment, const Layers& layers) {
  if (layers.payload_bytes == 0) return Fragment::Fault::Empty;
  if (!fragment.is_last && layers.payload_bytes % kUnitBytes != 0) return Fragment::Fault::Uneven;
  if (fragment.headers.size() > kFragmentHeaderBytesMax) return Fragment::Fault::Headers;
  const auto header_bytes = static_cast<uint32_t>(fragment.headers.size());
  if (datagram_bytes(header_bytes, layers, fragment.range.end) > kDatagramBytesMax)
    return Fragment::Fault::TooLarge;
  return Fragment::Fault::None;
}

// RFC 1071, over a header whose checksum field is zero.
uint16_t checksum_of(Bytes header) {
  uint32_t sum = 0;
  for (size_t offset = 0; offset + 2 <= header.size(); offset += 2)
    sum += load_be16(header, offset);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~(sum + (sum >> 16)));
}

void mend_ipv4(std::span<uint8_t> header, uint32_t payload_bytes) {
  const Bytes bytes{header.data(), header.size()};
  store_be16(header, kIpv4LengthOffset, static_cast<uint32_t>(header.size()) + payload_bytes);
  const uint32_t flags = load_be16(bytes, kIpv4FragmentOffset) & ~Ipv4Header::kFragmentMask;
  store_be16(header, kIpv4FragmentOffset, flags);
  store_be16(header, kIpv4ChecksumOffset, 0);
  store_be16(header, kIpv4ChecksumOffset, checksum_of(bytes));
}

// Where the last header in front of the fragment header names what follows it.
size_t last_next_header(Bytes headers) {
  ByteReader reader(headers);
  reader.skip(Ipv6Header::kBytes);
  size_t at = kIpv6NextHeaderOffset;
  for (uint32_t count = 0; count < kIpv6ExtensionsMax && reader.remaining() != 0; ++count) {
    const auto kind = static_cast<IpProtocol>(headers[at]);
    at = reader.position();
    (void)Ipv6Extension::read(reader, kind);
    if (!reader.ok()) break;
  }
  return at;
}

void mend_ipv6(std::span<uint8_t> headers, uint8_t protocol, uint32_t payload_bytes) {
  const auto extension_bytes = static_cast<uint32_t>(headers.size()) - Ipv6Header::kBytes;
  store_be16(headers, kIpv6LengthOffset, extension_bytes + payload_bytes);
  headers[last_next_header({headers.data(), headers.size()})] = protocol;
}

}  // namespace

Fragment Fragment::read(const PacketView& packet, const Layers& layers) {
  Fragment fragment;
  fragment.key.ip_version = layers.ip_version;
  fragment.key.vlan_id = layers.vlan_id;
  fragment.key.inner_vlan_id = layers.inner_vlan_id;
  fragment.key.encap_kind = layers.encap.kind;
  fragment.key.encap_id = layers.encap.id;
  if (layers.ip_version == 4) {
    read_ipv4(packet.frame, layers, fragment);
  } else {
    read_ipv6(packet.frame, layers, fragment);
  }
  fragment.range.end = fragment.range.begin + layers.payload_bytes;
  fragment.part = packet.frame.sub(layers.payload_offset, layers.payload_captured);
  fragment.fault = fault_of(fragment, layers);
  return fragment;
}

uint32_t datagram_bytes(uint32_t header_bytes, const Layers& layers, uint32_t payload_bytes) {
  const uint32_t uncounted = layers.l3_offset + (layers.ip_version == 6 ? Ipv6Header::kBytes : 0);
  return header_bytes - uncounted + payload_bytes;
}

void mend_headers(std::span<uint8_t> headers, const Layers& layers, uint32_t payload_bytes) {
  const std::span<uint8_t> ip = headers.subspan(layers.l3_offset);
  if (layers.ip_version == 4) {
    mend_ipv4(ip, payload_bytes);
  } else {
    mend_ipv6(ip, layers.ip_protocol, payload_bytes);
  }
}

}  // namespace flowscope
