#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// Cisco's HDLC, RFC 1547 section 4.3.1: address, control, and a protocol that is an Ethernet type
// or a number of Cisco's own.
struct CiscoHdlcHeader {
  uint16_t protocol = 0;

  // The addresses in use, for one and for all stations, tell it from PPP.
  [[nodiscard]] static bool begins_with(uint8_t address) {
    return address == 0x0f || address == 0x8f;
  }

  static CiscoHdlcHeader read(ByteReader& reader) {
    reader.skip(2);
    return {.protocol = reader.u16()};
  }
};

}  // namespace flowscope
