#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// RFC 9293 section 3.1, without the options:
//
//   +-------------------------------+-------------------------------+
//   |          Source Port          |       Destination Port        |
//   +-------------------------------+-------------------------------+
//   |                        Sequence Number                        |
//   +---------------------------------------------------------------+
//   |                     Acknowledgment Number                     |
//   +-------+-------+---------------+-------------------------------+
//   | Offset| Rsrvd |     Flags     |            Window             |
//   +-------+-------+---------------+-------------------------------+
//   |           Checksum            |         Urgent Pointer        |
//   +-------------------------------+-------------------------------+
struct TcpHeader {
  static constexpr uint32_t kBytesMin = 20;

  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint8_t header_bytes = 0;
  uint8_t flags = 0;
  uint16_t window = 0;

  // Requires: kBytesMin bytes from `offset` on.
  static TcpHeader load(Bytes frame, size_t offset) {
    FS_DCHECK(offset + kBytesMin <= frame.size());
    TcpHeader header;
    header.source_port = load_be16(frame, offset);
    header.destination_port = load_be16(frame, offset + 2);
    header.seq = load_be32(frame, offset + 4);
    header.ack = load_be32(frame, offset + 8);
    header.header_bytes = static_cast<uint8_t>((frame[offset + 12] >> 4) * 4);
    header.flags = frame[offset + 13];
    header.window = load_be16(frame, offset + 14);
    return header;
  }
  static TcpHeader read(ByteReader& reader) {
    const Bytes bytes = reader.bytes(kBytesMin);
    return reader.ok() ? load(bytes, 0) : TcpHeader{};
  }
};

}  // namespace flowscope
