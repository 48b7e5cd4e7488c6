#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "flowcore/base/flow_side.h"

namespace flowscope::traffic {

enum class Transport : uint8_t { Tcp, Udp, Icmp };

// Where a session runs: both ends, index_of(FlowSide) first the initiator. An IPv4 address lies in
// the first four bytes.
struct Route {
  Transport transport = Transport::Tcp;
  uint8_t ip_version = 4;
  std::array<std::array<uint8_t, 16>, 2> address{};
  std::array<uint16_t, 2> port{};  // of ICMP: the echo identifier, twice
};

// The fields of one packet that change within a session.
struct PacketFields {
  FlowSide side = FlowSide::Initiator;
  uint8_t tcp_flags = 0;
  uint32_t seq = 0;  // of ICMP: the echo sequence number
  uint32_t ack = 0;
  uint16_t ip_id = 0;
};

// TCP segments carry the time stamp option, as nearly all do, and SYNs also MSS, SACK and window
// scale.
[[nodiscard]] size_t frame_bytes(const Route& route, const PacketFields& fields,
                                 size_t payload_bytes);

// Writes an Ethernet frame with valid checksums. Requires: frame.size() is what frame_bytes() says.
void write_frame(std::span<uint8_t> frame, const Route& route, const PacketFields& fields,
                 std::string_view payload);

}  // namespace flowscope::traffic
