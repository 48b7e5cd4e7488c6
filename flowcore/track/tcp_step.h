#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/flow_side.h"
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

}  // namespace flowscope
