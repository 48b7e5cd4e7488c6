#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/flow_side.h"
#include "flowcore/base/one_address.h"
#include "flowcore/base/seq.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"
#include "flowcore/track/anomaly.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// Where a segment lies in what its side sends.
enum class SegmentKind : uint8_t {
  Empty,      // carries no sequence numbers: a pure acknowledgment, or an RST
  Next,       // goes on where the side stood; also its first segment, and a SYN
  Ahead,      // leaves a hole before it
  Behind,     // begins with numbers that were sent before: a retransmission, or late
  KeepAlive,  // the last number again, with at most one byte (RFC 9293 section 3.8.4)
  Stray,      // outside the other side's window
};

// What one segment means for its flow.
struct TcpStep {
  TcpSignal signal = TcpSignal::Plain;
  SegmentKind segment = SegmentKind::Empty;
  FlowAnomaly anomaly = FlowAnomaly::None;
};

// Follows the sequence numbers of both sides from the middle (RFC 9293 section 3.4, RFC 5961):
// which segments their receiver would take up, hence which RST, FIN and acknowledgment count. The
// window is the largest that the receiver ever advertised, rounded up to a power of two, to both
// sides of where the sender stands, for packets may be captured out of order. While the receiver
// has not been seen nothing is refused. Writes next_seq, windows and the flags of `entry.side`;
// leaves the state to the caller. Cost: some forty instructions; options are read from SYNs only.
// Requires: layers.has_l4, TCP.
TcpStep follow_tcp(FlowEntry& entry, FlowSide from, const Layers& layers, const PacketView& packet);

// The same for the segments that flows are made of: of an established flow, acknowledging what was
// sent, going on where the side stood, within the windows known. False, and nothing is done, for
// any other. PERF: nine of ten packets; 30 instructions in place of 120, without a call.
inline bool follow_steady_tcp(FlowEntry& entry, FlowSide from, const Layers& layers,
                              TcpStep& step) {
  SideCounters& sender = entry.side[index_of(from)];
  const SideCounters& receiver = at_one_address(entry.side[index_of(other_side(from))]);
  if ((layers.tcp_flags & ~uint32_t{tcp_flag::kPsh}) != tcp_flag::kAck) return false;
  if (entry.state != TcpState::Established || !SideCounters::both_go_on(sender, receiver))
    return false;
  if (layers.tcp_seq != sender.next_seq) return false;
  if (seq_distance(receiver.next_seq, layers.tcp_ack) > 0 || receiver.window_log() == 0)
    return false;
  const uint64_t window = uint64_t{layers.tcp_window} << sender.window_scale();
  if (window >> sender.window_log() != 0) return false;
  sender.next_seq += layers.payload_bytes;
  step.segment = layers.payload_bytes != 0 ? SegmentKind::Next : SegmentKind::Empty;
  return true;
}

}  // namespace flowscope
