#pragma once

#include "flowcore/packet/decode.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// Decodes a frame that the capture did not cut.
inline Layers decode_bytes(const Frame& frame, LinkType link) {
  return decode_frame({.frame = {frame.data(), frame.size()},
                       .wire_bytes = static_cast<uint32_t>(frame.size()),
                       .link = link});
}

// An IPv4 packet with TCP from port 1 to port 2 behind `builder`'s headers.
inline Frame ipv4_behind(PacketBuilder builder) {
  return builder.ipv4("10.1.2.3", "192.168.200.100").tcp(1, 2).payload("x").build();
}

}  // namespace flowscope::testing
