#pragma once

#include <cstdint>
#include <vector>

#include "flowcore/packet/packet_view.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// A frame and when it was seen.
struct TimedFrame {
  uint64_t time_ns;
  Frame frame;

  [[nodiscard]] PacketView view() const {
    return {.frame = {frame.data(), frame.size()},
            .time = {time_ns},
            .wire_bytes = static_cast<uint32_t>(frame.size())};
  }
};

// Frames between 10.0.0.1, the client, and 10.0.0.2, whose TCP port is 80.
inline Frame client(uint8_t flags, uint32_t seq = 0, uint32_t ack = 0, uint16_t port = 1000) {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(port, 80, {.seq = seq, .ack = ack, .flags = flags})
      .build();
}
inline Frame server(uint8_t flags, uint32_t seq = 0, uint32_t ack = 0, uint16_t port = 1000) {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.2", "10.0.0.1")
      .tcp(80, port, {.seq = seq, .ack = ack, .flags = flags})
      .build();
}
inline Frame datagram(uint16_t port) {
  return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(port, 9).payload("x").build();
}
// A frame of no flow.
inline Frame no_flow() { return PacketBuilder().ethernet({.ether_type = 0x0806}).build(); }

}  // namespace flowscope::testing
