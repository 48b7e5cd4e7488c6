#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/ethernet.h"

namespace flowscope {

// RFC 1662 section 3.1: all stations, unnumbered information.
inline constexpr uint16_t kPppAddressAndControl = 0xff03;

// PPP protocol numbers (IANA "PPP DLL Protocol Numbers"). Van Jacobson's compressed headers (0x002d
// and 0x002f) are no IP headers.
enum class PppProtocol : uint16_t {
  Ipv4 = 0x0021,
  Ipv6 = 0x0057,
  MplsUnicast = 0x0281,
  MplsMulticast = 0x0283,
};

// RFC 1661 section 2: the protocol number. Its low byte is always odd and the high one always even,
// so that a number below 256 may be sent in one byte.
struct PppHeader {
  PppProtocol protocol{};

  static PppHeader read(ByteReader& reader) {
    const uint8_t first = reader.u8();
    const bool is_short = (first & 1) != 0;
    const uint16_t number =
        is_short ? first : static_cast<uint16_t>(uint16_t{first} << 8 | reader.u8());
    return {.protocol = static_cast<PppProtocol>(number)};
  }

  // The Ethernet type of the same protocol, or 0.
  [[nodiscard]] uint16_t ether_type() const {
    switch (protocol) {
      case PppProtocol::Ipv4:
        return static_cast<uint16_t>(EtherType::Ipv4);
      case PppProtocol::Ipv6:
        return static_cast<uint16_t>(EtherType::Ipv6);
      case PppProtocol::MplsUnicast:
        return static_cast<uint16_t>(EtherType::MplsUnicast);
      case PppProtocol::MplsMulticast:
        return static_cast<uint16_t>(EtherType::MplsMulticast);
    }
    return 0;
  }
};

}  // namespace flowscope
