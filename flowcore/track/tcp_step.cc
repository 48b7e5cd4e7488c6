#include "flowcore/track/tcp_step.h"

#include "flowcore/base/seq.h"
#include "flowcore/packet/tcp_options.h"

namespace flowscope {

namespace {

// Whether `seq` of `sender` lies within what `receiver` takes up.
bool in_window(const SideCounters& sender, const SideCounters& receiver, uint32_t seq) {
  if (!sender.next_known() || receiver.window_log() == 0) return true;
  const int64_t distance = seq_distance(sender.next_seq, seq);
  const int64_t window = int64_t{1} << receiver.window_log();
  return distance <= window && distance >= -window;
}

// Only who sees the flow knows exactly what the other side has sent.
bool acknowledges_exactly(const SideCounters& receiver, const Layers& layers) {
  return (layers.tcp_flags & tcp_flag::kAck) != 0 && receiver.next_known()
         && layers.tcp_ack == receiver.next_seq;
}

// A reset of a flow whose SYN is unanswered must acknowledge that SYN (RFC 9293 section 3.10.7.3).
bool answers_syn(const SideCounters& initiator, const Layers& layers) {
  if ((layers.tcp_flags & tcp_flag::kAck) == 0) return false;
  return seq_distance(initiator.initial_seq, layers.tcp_ack) > 0
         && seq_distance(layers.tcp_ack, initiator.next_seq) >= 0;
}

TcpStep follow_rst(const FlowEntry& entry, FlowSide from, const Layers& layers) {
  const SideCounters& sender = entry.side[index_of(from)];
  const SideCounters& receiver = entry.side[index_of(other_side(from))];
  if ((layers.tcp_flags & tcp_flag::kSyn) != 0) {
    return {.signal = TcpSignal::None, .anomaly = FlowAnomaly::InconsistentFlags};
  }
  const bool unanswered = entry.state == TcpState::SynSent && from == FlowSide::Responder;
  const bool taken_up = unanswered ? answers_syn(receiver, layers)
                                   : in_window(sender, receiver, layers.tcp_seq)
                                         || acknowledges_exactly(receiver, layers);
  if (taken_up) return {.signal = TcpSignal::Rst};
  return {.signal = TcpSignal::None, .anomaly = FlowAnomaly::ResetOutOfWindow};
}

TcpStep follow_syn(FlowEntry& entry, FlowSide from, const Layers& layers,
                   const PacketView& packet) {
  SideCounters& sender = entry.side[index_of(from)];
  SideCounters& receiver = entry.side[index_of(other_side(from))];
  const bool answers = (layers.tcp_flags & tcp_flag::kAck) != 0;
  TcpStep step{.signal = answers ? TcpSignal::SynAck : TcpSignal::Syn,
               .segment = SegmentKind::Next};
  if ((layers.tcp_flags & tcp_flag::kFin) != 0) step.anomaly = FlowAnomaly::InconsistentFlags;
  const uint32_t end = layers.tcp_seq + 1 + layers.payload_bytes;
  if (sender.next_known() && seq_distance(end, sender.next_seq) >= 0) {
    step.segment = SegmentKind::Behind;
  }
  if (!answers && !sender.syn_seen()) {
    sender.set_syn_seen();
    sender.initial_seq = layers.tcp_seq;
  }
  // Of several answers the last is the one that was taken up; later SYNs are strays.
  const bool opening = entry.state == TcpState::Active || entry.state == TcpState::SynSent
                       || entry.state == TcpState::SynReceived;
  if (!opening) return step;
  sender.set_next(end);
  sender.widen_window(layers.tcp_window);
  const TcpOptions options = TcpOptions::of(packet, layers);
  sender.set_window_scale(options.window_scale);
  // Windows are scaled when both sides offer it (RFC 7323 section 2.2).
  if (answers && !options.has_window_scale) receiver.set_window_scale(0);
  return step;
}

// Where the segment lies, and how far the side has come by it.
SegmentKind advance(SideCounters& sender, uint32_t seq, uint32_t numbers) {
  if (!sender.next_known()) {
    sender.set_next(seq + numbers);
    return numbers != 0 ? SegmentKind::Next : SegmentKind::Empty;
  }
  const int32_t distance = seq_distance(sender.next_seq, seq);
  if (distance == -1 && numbers <= 1 && !sender.fin_seen()) return SegmentKind::KeepAlive;
  if (numbers == 0) return SegmentKind::Empty;
  // After the FIN nothing comes.
  if (!sender.fin_seen() && seq_distance(sender.next_seq, seq + numbers) > 0)
    sender.next_seq = seq + numbers;
  if (distance == 0) [[likely]]
    return SegmentKind::Next;
  return distance > 0 ? SegmentKind::Ahead : SegmentKind::Behind;
}

// A FIN counts where nothing was sent beyond it; the second of a side is a retransmission.
bool fin_fits(const SideCounters& sender, uint32_t number) {
  if (sender.fin_seen()) return number + 1 == sender.next_seq;
  return !sender.next_known() || seq_distance(number, sender.next_seq) <= 1;
}

// The handshake's last step acknowledges the other SYN and no more than can have followed it.
bool completes_handshake(const SideCounters& initiator, const SideCounters& responder,
                         const Layers& layers) {
  if ((layers.tcp_flags & tcp_flag::kAck) == 0) return false;
  return in_window(responder, initiator, layers.tcp_ack);
}

// What the segment says of the other side's bytes. They were sent, whether we saw them or not.
void acknowledge(SideCounters& receiver, uint32_t ack) {
  if (!receiver.next_known()) return receiver.set_next(ack);
  if (!receiver.fin_seen() && seq_distance(receiver.next_seq, ack) > 0) receiver.next_seq = ack;
}

}  // namespace

TcpStep follow_tcp(FlowEntry& entry, FlowSide from, const Layers& layers,
                   const PacketView& packet) {
  const uint8_t flags = layers.tcp_flags;
  if (is_over(entry.state)) return {.signal = TcpSignal::None};
  if ((flags & tcp_flag::kRst) != 0) [[unlikely]]
    return follow_rst(entry, from, layers);
  if ((flags & tcp_flag::kSyn) != 0) [[unlikely]]
    return follow_syn(entry, from, layers, packet);

  SideCounters& sender = entry.side[index_of(from)];
  SideCounters& receiver = entry.side[index_of(other_side(from))];
  const bool fin = (flags & tcp_flag::kFin) != 0;
  if (!in_window(sender, receiver, layers.tcp_seq) && !acknowledges_exactly(receiver, layers)) {
    return {.signal = TcpSignal::None,
            .segment = SegmentKind::Stray,
            .anomaly = fin ? FlowAnomaly::FinOutOfWindow : FlowAnomaly::None};
  }
  TcpStep step;
  const uint32_t fin_number = layers.tcp_seq + layers.payload_bytes;
  const bool fits = fin && fin_fits(sender, fin_number);
  step.segment = advance(sender, layers.tcp_seq, layers.payload_bytes + (fits ? 1U : 0U));
  if (fin) [[unlikely]] {
    step.signal = fits ? TcpSignal::Fin : TcpSignal::None;
    if (!fits) step.anomaly = FlowAnomaly::FinOutOfWindow;
    if (fits) sender.set_fin_seen();
  }
  // The scale of a side whose SYN was not seen is unknown: the largest that there is. What it sent
  // before may have been refused.
  if (sender.window_log() == 0) [[unlikely]]
    sender.set_window_scale(TcpOptions::kWindowScaleMax);
  sender.widen_window(uint32_t{layers.tcp_window} << sender.window_scale());
  if (entry.state == TcpState::SynReceived && from == FlowSide::Initiator
      && step.signal == TcpSignal::Plain && !completes_handshake(sender, receiver, layers)) {
    step.signal = TcpSignal::None;
    return step;
  }
  if ((flags & tcp_flag::kAck) == 0) return step;
  acknowledge(receiver, layers.tcp_ack);
  const bool of_fin = receiver.fin_seen() && layers.tcp_ack == receiver.next_seq;
  if (of_fin && step.signal == TcpSignal::Plain) step.signal = TcpSignal::FinAcked;
  return step;
}

}  // namespace flowscope
