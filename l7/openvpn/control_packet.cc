#include "l7/openvpn/control_packet.h"

#include "flowcore/base/byte_reader.h"

namespace flowscope::openvpn {

namespace {

bool is_control(Opcode opcode) {
  return opcode == Opcode::Control || opcode == Opcode::Ack || opcode == Opcode::SoftReset
         || is_hard_reset(opcode);
}

}  // namespace

std::optional<ControlPacket> read_control(Bytes packet, uint8_t digest_bytes) {
  ByteReader reader(packet);
  ControlPacket control;
  control.opcode = opcode_of(reader.u8());
  control.session = reader.u64();
  if (digest_bytes != 0) reader.skip(size_t{digest_bytes} + kReplayBytes);
  const uint8_t acknowledged = reader.u8();
  if (acknowledged > kAcknowledgedMax) return std::nullopt;
  constexpr size_t kNumberBytes = 4;
  constexpr size_t kSessionBytes = 8;
  if (acknowledged != 0) reader.skip(acknowledged * kNumberBytes + kSessionBytes);
  if (control.opcode != Opcode::Ack) control.number = reader.u32();
  if (!reader.ok() || !is_control(control.opcode)) return std::nullopt;
  control.payload = reader.rest();
  return control;
}

std::optional<uint8_t> digest_bytes_of(Bytes hard_reset) {
  if (hard_reset.empty() || !is_hard_reset(opcode_of(hard_reset[0]))) return std::nullopt;
  for (const uint8_t digest_bytes : kDigestBytes) {
    const auto control = read_control(hard_reset, digest_bytes);
    if (control && control->number == 0U && control->payload.empty()) return digest_bytes;
  }
  return std::nullopt;
}

}  // namespace flowscope::openvpn
