#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "flowcore/base/bytes.h"
#include "l7/quic/initial_keys.h"
#include "l7/quic/packet_header.h"

namespace flowscope::quic {

// Longer Initials are not opened; senders stay below the path's smallest packet size (RFC 9000
// 14.1).
inline constexpr size_t kPacketBytesMax = 4096;

// Where a packet is opened: on the stack of the call, left unset.
using OpenSpace = std::array<uint8_t, kPacketBytesMax>;

// The highest packet number seen of one role; what a shortened number is completed by.
struct NumberSpace {
  uint64_t next = 0;  // one above the highest, 0: none seen
};

// RFC 9000 A.3. `bits` is 8, 16, 24 or 32.
[[nodiscard]] uint64_t complete_packet_number(uint64_t next, uint64_t shortened, uint32_t bits);

struct OpenedPacket {
  uint64_t number = 0;
  Bytes payload;  // frames; lies in the OpenSpace
};

// Removes header protection and decrypts a long packet (RFC 9001 5.3, 5.4). Nothing, when the
// authentication tag does not fit: no byte of such a packet is ever shown.
// Requires: the packet has a packet number. Cost: two key schedules, one AES block and one
// multiplication per 16 bytes; no allocation.
[[nodiscard]] std::optional<OpenedPacket> open_packet(const LongPacket& packet,
                                                      const PacketKeys& keys, NumberSpace numbers,
                                                      OpenSpace& space);

}  // namespace flowscope::quic
