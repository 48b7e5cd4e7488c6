#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

// RFC 8200 section 3:
//
//   +-------+---------------+---------------------------------------+
//   |Version| Traffic Class |           Flow Label                  |
//   +-------+---------------+-------+---------------+---------------+
//   |         Payload Length        |  Next Header  |   Hop Limit   |
//   +-------------------------------+---------------+---------------+
//   |                  Source Address (128 bits)                    |
//   +---------------------------------------------------------------+
//   |               Destination Address (128 bits)                  |
//   +---------------------------------------------------------------+
struct Ipv6Header {
  static constexpr uint32_t kBytes = 40;
  static constexpr uint32_t kAddressesOffset = 8;

  uint8_t version = 0;
  uint16_t payload_bytes = 0;  // all after this header; 0 in a jumbogram (RFC 2675)
  uint8_t next_header = 0;
  uint8_t hop_limit = 0;

  // Requires: kBytes bytes from `offset` on.
  static Ipv6Header load(Bytes frame, size_t offset) {
    FS_DCHECK(offset + kBytes <= frame.size());
    Ipv6Header header;
    header.version = frame[offset] >> 4;
    header.payload_bytes = load_be16(frame, offset + 4);
    header.next_header = frame[offset + 6];
    header.hop_limit = frame[offset + 7];
    return header;
  }
  static Ipv6Header read(ByteReader& reader) {
    const Bytes bytes = reader.bytes(kBytes);
    return reader.ok() ? load(bytes, 0) : Ipv6Header{};
  }
};

// The flow label in the first 32 bits (RFC 6437).
inline constexpr uint32_t kFlowLabelMask = 0x000fffff;

// The most extension headers passed over in one packet; a longer chain is malformed. RFC 8200
// section 4.1 needs no more than seven.
inline constexpr uint32_t kIpv6ExtensionsMax = 16;

// One extension header, as far as it takes to reach the next.
struct Ipv6Extension {
  uint8_t next_header = 0;
  uint32_t header_bytes = 0;
  uint16_t offset_and_more =
      0;  // fragment header only; both parts zero in an atomic fragment (RFC 6946)

  // Reads the header named `kind` and steps over it.
  // RFC 8200 sections 4.3 to 4.6, RFC 4302 section 2 (AH counts words and leaves two out), RFC 6275
  // section 6.1.1, RFC 7401 section 5.1, RFC 5533 section 5.1.
  static Ipv6Extension read(ByteReader& reader, IpProtocol kind) {
    Ipv6Extension extension;
    extension.next_header = reader.u8();
    const uint32_t length = reader.u8();
    extension.header_bytes = kind == IpProtocol::Ah ? (length + 2) * 4 : (length + 1) * 8;
    if (kind == IpProtocol::Fragment) {
      extension.header_bytes = 8;  // the second byte is reserved
      extension.offset_and_more = reader.u16() & 0xfff9;
      reader.skip(4);
    } else {
      reader.skip(extension.header_bytes - 2);
    }
    return extension;
  }

  [[nodiscard]] bool is_first() const { return (offset_and_more & 0xfff8) == 0; }
};

[[nodiscard]] constexpr bool is_ipv6_extension(uint8_t protocol) {
  switch (static_cast<IpProtocol>(protocol)) {
    case IpProtocol::HopByHop:
    case IpProtocol::Routing:
    case IpProtocol::Fragment:
    case IpProtocol::Ah:
    case IpProtocol::DestinationOptions:
    case IpProtocol::Mobility:
    case IpProtocol::Hip:
    case IpProtocol::Shim6:
      return true;
    default:  // upper layers, and ESP, behind which everything is encrypted
      return false;
  }
}

}  // namespace flowscope
