#pragma once

#include <cstdint>

#include "flowcore/base/flow_side.h"
#include "flowcore/base/seq.h"
#include "flowcore/packet/layers.h"
#include "flowcore/stream/tcp_stream.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// What a TCP segment brings its flow's streams, once the tracker has judged it. The application's
// streams and the library's drivers go by these. Requires: TCP.

// What the receiver would not take up: an RST outside the window, a segment outside it. No RST that
// counts carries stream bytes either (RFC 9293 section 3.10.7.4). What comes late to a flow that is
// over may still fill a hole, and the bytes before a FIN that does not fit count where they lie in
// the window.
[[nodiscard]] inline bool is_refused(const FlowEntry& entry, FlowSide side, TcpSignal signal,
                                     const Layers& layers) {
  if (signal == TcpSignal::Rst) return false;
  if ((layers.tcp_flags & tcp_flag::kRst) != 0) return true;
  if (signal != TcpSignal::None || is_over(entry.state)) [[likely]]
    return false;
  if ((layers.tcp_flags & tcp_flag::kFin) == 0) return true;
  const SideCounters& sender = entry.side[index_of(side)];
  const int64_t window = int64_t{1} << entry.side[index_of(other_side(side))].window_log();
  const int64_t distance = seq_distance(sender.next_seq, layers.tcp_seq);
  return distance > window || distance < -window;
}

// Keeps where the sender's stream begins: behind its SYN. The tracker is ahead by a run of packets:
// only a SYN that came by here may anchor a stream. Of several SYN-ACKs the last is the one that
// was taken up, as long as it lies where the side stands. False when there is nothing new.
inline bool note_syn(FlowEntry& entry, FlowSide side, TcpSignal signal, uint32_t seq) {
  if (signal != TcpSignal::Syn && signal != TcpSignal::SynAck) return false;
  SideCounters& sender = entry.side[index_of(side)];
  if (signal == TcpSignal::SynAck) {
    const int32_t sent = seq_distance(seq + 1, sender.next_seq);
    if (sent < 0 || sent > TcpStream::kAheadMax) return false;
    sender.initial_seq = seq;
  }
  entry.syn_delivered = (entry.syn_delivered | bit_of(side)) & 3U;
  return true;
}

// Whether bytes that begin at `seq` lie behind the FIN of who sends them, where nobody takes them
// up. For drivers, whose entry speaks of this packet and of none after it: a flow that is over may
// still hear its first bytes, before a FIN that overtook them or behind a reset that its receiver,
// who knows better, did not heed.
[[nodiscard]] inline bool is_behind_fin(const FlowEntry& entry, FlowSide side, uint32_t seq) {
  const SideCounters& sender = entry.side[index_of(side)];
  // The FIN took the last number.
  return sender.fin_seen() && seq_distance(seq, sender.next_seq) <= 1;
}

}  // namespace flowscope
