#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// RFC 791 section 3.1, without the options:
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-------+-------+---------------+-------------------------------+
//   |Version|  IHL  |Type of Service|          Total Length         |
//   +-------+-------+---------------+-----+-------------------------+
//   |         Identification        |Flags|      Fragment Offset    |
//   +---------------+---------------+-----+-------------------------+
//   |  Time to Live |    Protocol   |         Header Checksum       |
//   +---------------+---------------+-------------------------------+
//   |                       Source Address                          |
//   +---------------------------------------------------------------+
//   |                    Destination Address                        |
//   +---------------------------------------------------------------+
struct Ipv4Header {
  static constexpr uint32_t kBytesMin = 20;
  static constexpr uint32_t kAddressesOffset = 12;
  static constexpr uint8_t kVersionAndMinimalIhl = 0x45;
  // More Fragments and the fragment offset: not zero in any fragment.
  static constexpr uint16_t kFragmentMask = 0x3fff;

  uint8_t version = 0;
  uint8_t header_bytes = 0;
  uint16_t total_bytes = 0;  // header and payload; 0 when the sender's network card segments
  uint16_t flags_and_fragment = 0;
  uint8_t ttl = 0;
  uint8_t protocol = 0;

  // Requires: kBytesMin bytes from `offset` on.
  static Ipv4Header load(Bytes frame, size_t offset) {
    FS_DCHECK(offset + kBytesMin <= frame.size());
    Ipv4Header header;
    const uint8_t first = frame[offset];
    header.version = first >> 4;
    header.header_bytes = static_cast<uint8_t>((first & 0x0f) * 4);
    header.total_bytes = load_be16(frame, offset + 2);
    header.flags_and_fragment = load_be16(frame, offset + 6);
    header.ttl = frame[offset + 8];
    header.protocol = frame[offset + 9];
    return header;
  }
  static Ipv4Header read(ByteReader& reader) {
    const Bytes bytes = reader.bytes(kBytesMin);
    return reader.ok() ? load(bytes, 0) : Ipv4Header{};
  }

  [[nodiscard]] bool is_fragment() const { return (flags_and_fragment & kFragmentMask) != 0; }
  // Whether the packet begins with the upper-layer header: not so in any but the first fragment.
  [[nodiscard]] bool is_first() const { return (flags_and_fragment & 0x1fff) == 0; }
};

}  // namespace flowscope
