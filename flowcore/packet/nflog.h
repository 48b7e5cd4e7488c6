#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/ethernet.h"

namespace flowscope {

// LINKTYPE_NFLOG, https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html: a header, then attributes,
// the packet among them.
struct NflogHeader {
  uint8_t family = 0;  // of Linux: AF_INET, AF_INET6

  static NflogHeader read(ByteReader& reader) {
    const NflogHeader header{.family = reader.u8()};
    reader.skip(3);  // version, group
    return header;
  }

  // The Ethernet type of the same family, or 0.
  [[nodiscard]] uint16_t ether_type() const {
    if (family == 2) return static_cast<uint16_t>(EtherType::Ipv4);
    return family == 10 ? static_cast<uint16_t>(EtherType::Ipv6) : uint16_t{0};
  }
};

// The most attributes looked through for the packet; Linux knows about 25 kinds.
inline constexpr uint32_t kNflogAttributesMax = 64;

// The length and the type in front of an attribute, in the byte order of the machine that captured.
struct NflogAttribute {
  static constexpr uint16_t kBytes = 4;
  static constexpr uint16_t kPayload = 9;
  uint16_t length = 0;  // these 4 bytes included; padded to a multiple of 4 in the frame
  uint16_t type = 0;

  // Types are small: one whose first byte is zero was written in network order.
  static NflogAttribute read(ByteReader& reader) {
    const uint16_t length = reader.u16();
    const uint16_t type = reader.u16();
    if (type <= 0xff) return {.length = length, .type = type};
    return {.length = __builtin_bswap16(length), .type = __builtin_bswap16(type)};
  }

  [[nodiscard]] bool is_valid() const { return length >= kBytes; }
  [[nodiscard]] size_t value_bytes_padded() const { return (length - size_t{1}) / 4 * 4; }
};

}  // namespace flowscope
