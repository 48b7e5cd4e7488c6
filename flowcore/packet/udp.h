#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// RFC 768: source port, destination port, length of header and payload, checksum.
struct UdpHeader {
  static constexpr uint32_t kBytes = 8;

  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint16_t total_bytes = 0;  // 0 in a jumbogram (RFC 2675 section 4) and with segmentation offload

  // Requires: kBytes bytes from `offset` on.
  static UdpHeader load(Bytes frame, size_t offset) {
    FS_DCHECK(offset + kBytes <= frame.size());
    UdpHeader header;
    header.source_port = load_be16(frame, offset);
    header.destination_port = load_be16(frame, offset + 2);
    header.total_bytes = load_be16(frame, offset + 4);
    return header;
  }
  static UdpHeader read(ByteReader& reader) {
    const Bytes bytes = reader.bytes(kBytes);
    return reader.ok() ? load(bytes, 0) : UdpHeader{};
  }
};

}  // namespace flowscope
