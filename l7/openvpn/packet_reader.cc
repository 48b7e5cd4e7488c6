#include "l7/openvpn/packet_reader.h"

namespace flowscope::openvpn {

PacketReader::Outcome PacketReader::next(Bytes& bytes, Bytes& packet) {
  if (is_handed_out_) {
    partial_.clear();
    is_handed_out_ = false;
  }
  const auto add = [&](size_t up_to) {
    const Bytes piece = bytes.first(up_to - partial_.size());
    if (!partial_.append(piece)) return false;
    bytes = bytes.after(piece.size());
    return true;
  };
  while (!bytes.empty()) {
    const bool is_gathering = !partial_.empty();
    if (is_gathering && partial_.size() < kLengthBytes && !add(kLengthBytes))
      return Outcome::Refused;
    const Bytes begun = is_gathering ? partial_.bytes() : bytes;
    if (begun.size() < kLengthBytes) {
      if (is_gathering) return Outcome::Drained;
      return add(kLengthBytes) ? Outcome::Drained : Outcome::Refused;
    }
    const uint32_t packet_bytes = load_be16(begun, 0);
    if (packet_bytes > kPacketBytesMax) return Outcome::Refused;
    const size_t whole = kLengthBytes + packet_bytes;
    if (!is_gathering && bytes.size() >= whole) {
      packet = bytes.sub(kLengthBytes, packet_bytes);
      bytes = bytes.after(whole);
    } else {
      if (!add(whole)) return Outcome::Refused;
      if (partial_.size() < whole) return Outcome::Drained;
      packet = partial_.bytes().after(kLengthBytes);
      is_handed_out_ = true;
    }
    if (!packet.empty()) return Outcome::Packet;
    // An empty packet says nothing.
    if (is_handed_out_) partial_.clear();
    is_handed_out_ = false;
  }
  return Outcome::Drained;
}

}  // namespace flowscope::openvpn
