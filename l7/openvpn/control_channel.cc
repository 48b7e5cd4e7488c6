#include "l7/openvpn/control_channel.h"

namespace flowscope::openvpn {

ControlChannel::Opened ControlChannel::open(FlowSide side, Bytes packet, Bytes& payload) {
  if (packet.empty()) return Opened::Nothing;
  if (!digest_bytes_) digest_bytes_ = digest_bytes_of(packet);
  if (!digest_bytes_) return Opened::Unreadable;
  // Keys after the first are agreed upon inside the tunnel.
  if (key_of(packet[0]) != 0) return Opened::Nothing;
  const auto control = read_control(packet, *digest_bytes_);
  if (!control) return Opened::Nothing;
  Side& from = sides_[index_of(side)];
  // A peer that begins anew takes another session.
  if (is_hard_reset(control->opcode) && from.session != control->session) {
    from.session = control->session;
    from.stream.restart();
  }
  if (from.session != control->session || !control->number) return Opened::Nothing;
  if (from.stream.take(*control->number, control->payload) != NumberedStream::Taken::Next)
    return Opened::Nothing;
  payload = control->payload;
  return Opened::Payload;
}

}  // namespace flowscope::openvpn
