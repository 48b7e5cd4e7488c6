#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// RFC 9260 section 3.1, the common header: ports, verification tag, checksum. Chunks follow.
struct SctpHeader {
  static constexpr uint32_t kBytes = 12;

  uint16_t source_port = 0;
  uint16_t destination_port = 0;

  static SctpHeader read(ByteReader& reader) {
    SctpHeader header;
    header.source_port = reader.u16();
    header.destination_port = reader.u16();
    reader.skip(8);
    return header;
  }
};

}  // namespace flowscope
