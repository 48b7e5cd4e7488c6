#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "flowcore/base/bytes.h"

namespace flowscope::openvpn {

// The kinds of packets, the top five bits of the first byte (OpenVPN's ssl_pkt.h; there is no RFC).
enum class Opcode : uint8_t {
  HardResetClientV1 = 1,
  HardResetServerV1 = 2,
  SoftReset = 3,
  Control = 4,
  Ack = 5,
  TunnelV1 = 6,
  HardResetClientV2 = 7,
  HardResetServerV2 = 8,
  TunnelV2 = 9,
  HardResetClientV3 = 10,
};

[[nodiscard]] constexpr Opcode opcode_of(uint8_t first_byte) {
  return static_cast<Opcode>(first_byte >> 3);
}
[[nodiscard]] constexpr uint8_t key_of(uint8_t first_byte) { return first_byte & 7; }
[[nodiscard]] constexpr bool is_hard_reset(Opcode opcode) {
  return opcode == Opcode::HardResetClientV1 || opcode == Opcode::HardResetServerV1
         || opcode == Opcode::HardResetClientV2 || opcode == Opcode::HardResetServerV2;
}

// Sizes of the keyed digest that --tls-auth puts into each control packet; 0: there is none.
inline constexpr std::array<uint8_t, 7> kDigestBytes = {0, 16, 20, 28, 32, 48, 64};
// Of the first packet of a client, without a digest: opcode, session, no acknowledgement, number.
inline constexpr uint32_t kResetBytes = 1 + 8 + 1 + 4;
// Replay protection, which comes with a digest: a number and a time.
inline constexpr uint32_t kReplayBytes = 8;
// A peer acknowledges at most so many packets in one (RELIABLE_ACK_SIZE).
inline constexpr uint8_t kAcknowledgedMax = 8;

// A packet of the control channel that can be read: what it brings of the TLS stream, and where it
// belongs in it. An acknowledgement alone has no number.
struct ControlPacket {
  Opcode opcode = Opcode::Control;
  uint64_t session = 0;
  std::optional<uint32_t> number;
  Bytes payload;
};

// Nothing when `packet` is none of the control channel or contradicts itself.
[[nodiscard]] std::optional<ControlPacket> read_control(Bytes packet, uint8_t digest_bytes);

// How large the digest is in the packets of a session, by its hard reset: the one size with which
// that makes sense. Nothing when there is none, as with --tls-crypt, which hides the rest.
[[nodiscard]] std::optional<uint8_t> digest_bytes_of(Bytes hard_reset);

}  // namespace flowscope::openvpn
