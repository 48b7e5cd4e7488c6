#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// IEEE 802.2 LLC header followed by a SNAP header (IEEE 802 section 9.5, RFC 1042): the way an
// Ethernet type travels in a frame that begins with a length.
struct SnapHeader {
  uint16_t access_points = 0;  // DSAP and SSAP
  uint8_t control = 0;
  uint32_t organisation = 0;
  uint16_t protocol = 0;

  static SnapHeader read(ByteReader& reader) {
    SnapHeader header;
    header.access_points = reader.u16();
    header.control = reader.u8();
    header.organisation = reader.u24();
    header.protocol = reader.u16();
    return header;
  }

  // Whether `protocol` is an Ethernet type: SNAP access points, unnumbered information, and the
  // organisation code that RFC 1042 sets aside for it.
  [[nodiscard]] bool carries_ether_type() const {
    return access_points == 0xaaaa && control == 0x03 && organisation == 0;
  }
};

}  // namespace flowscope
