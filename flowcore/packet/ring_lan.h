#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// FDDI (ISO 9314-2): frame control and addresses.
struct FddiHeader {
  uint8_t frame_control = 0;

  static FddiHeader read(ByteReader& reader) {
    const FddiHeader header{.frame_control = reader.u8()};
    reader.skip(12);
    return header;
  }

  // An LLC header follows: long addresses, format 01; synchronous or not, whatever the priority.
  [[nodiscard]] bool carries_llc() const { return (frame_control & 0x70) == 0x50; }
};

// Token ring (IEEE 802.5 section 3.2): access control, frame control, addresses, and the way
// through bridges where the source address says that it is there.
struct TokenRingHeader {
  uint8_t frame_control = 0;

  static TokenRingHeader read(ByteReader& reader) {
    reader.skip(1);
    const TokenRingHeader header{.frame_control = reader.u8()};
    reader.skip(6);
    const bool has_route = (reader.u8() & 0x80) != 0;
    reader.skip(5);
    if (has_route) {
      const uint8_t route_bytes = reader.u8() & 0x1f;  // itself included
      if (route_bytes > 1) reader.skip(route_bytes - size_t{1});
    }
    return header;
  }

  [[nodiscard]] bool carries_llc() const { return (frame_control & 0xc0) == 0x40; }
};

}  // namespace flowscope
