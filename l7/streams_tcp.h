#pragma once

// The TCP half of Streams: from segments to the bytes of both sides; included by l7/streams.h only
// for reading one idea per file.
#include "flowcore/stream/reassembler.h"
#include "l7/session_event.h"
#include "l7/streams.h"
#include "l7/tcp_arrival.h"

namespace flowscope {

template <class Out>
void Streams<Out>::segment(FlowEntry& entry, FlowSide side, const PacketView& packet,
                           const Layers& layers, TcpSignal signal, uint64_t clock_ns) {
  static_assert(Reassembler<TcpStream, SideSink>);
  if (note_syn(entry, side, signal, layers.tcp_seq)) anchor(entry, side);
  if (is_refused(entry, side, signal, layers)) {
    if (layers.payload_bytes == 0) return;
    counters_.strays.add(1);
    counters_.side[index_of(side)].strays.add(1);
    return;
  }
  if (entry.stream == FlowEntry::kNoStream) {
    if (layers.payload_bytes == 0 || signal == TcpSignal::Rst) return;
    entry.stream = open_session(entry) & FlowEntry::kStreamOff;
    if (entry.stream == FlowEntry::kStreamOff) return;
  }
  TcpSession& session = sessions_.get(entry.stream);
  if (signal == TcpSignal::Rst) return close_session(entry, session, StreamEnd::Abort, packet.time);

  const FlowSide peer = other_side(side);
  TcpStream& stream = session.stream[index_of(side)];
  TcpStream& answered = session.stream[index_of(peer)];
  if ((layers.tcp_flags & tcp_flag::kAck) != 0) {
    SideSink sink{*this, entry, session, peer, packet.time};
    answered.peer_acknowledged(layers.tcp_ack, clock_ns, store_, sink);
  }
  const uint32_t seq = layers.tcp_seq + ((layers.tcp_flags & tcp_flag::kSyn) != 0 ? 1 : 0);
  if (layers.payload_bytes != 0 && !session.is_over(side)) {
    SideSink sink{*this, entry, session, side, packet.time};
    take_payload(sink, packet, layers, seq, clock_ns);
  }
  // A FIN that does not fit is refused; the bytes before it are not.
  if (signal == TcpSignal::Fin && !session.is_over(side)) stream.fin_at(seq + layers.payload_bytes);
  if (session.finished && !still_scans(session)) {
    end_scan(entry, session.scan, packet.time);
    return drop_session(entry, session);
  }
  if (session.is_complete(side) && session.is_complete(peer))
    close_session(entry, session, StreamEnd::Graceful, packet.time);
}

// Puts the segment's bytes, which begin at `seq`, into their stream.
template <class Out>
void Streams<Out>::take_payload(SideSink& from, const PacketView& packet, const Layers& layers,
                                uint32_t seq, uint64_t clock_ns) {
  TcpSession& session = from.session;
  TcpStream& stream = session.stream[index_of(from.side)];
  stream.segment(
      {.seq = seq,
       .payload = packet.frame.sub(layers.payload_offset, layers.payload_captured),
       .missing_tail = static_cast<uint32_t>(layers.payload_bytes - layers.payload_captured),
       .clock_ns = clock_ns,
       .peer_held_bytes = session.stream[index_of(other_side(from.side))].held_bytes()},
      store_, from);
  if (stream.conflicts() != 0) [[unlikely]]
    tell_conflict(from);
  if (stream.is_poisoned()) [[unlikely]]
    give_up_poisoned(from);
  if (session.is_over(from.side)) [[unlikely]]
    stream.drop(store_);
}

// The other side spoke first, with its SYN (TCP fast open): the session is there already.
template <class Out>
void Streams<Out>::anchor(const FlowEntry& entry, FlowSide side) {
  if (entry.stream == FlowEntry::kNoStream || entry.stream >= kSessionsMax) return;
  TcpStream& stream = sessions_.get(entry.stream).stream[index_of(side)];
  if (!stream.anchored()) stream.anchor(entry.side[index_of(side)].initial_seq + 1);
}

template <class Out>
void Streams<Out>::tell_conflict(SideSink& from) {
  bool& told = from.session.conflict_told[index_of(from.side)];
  if (told) return;
  told = true;
  out_.stream_anomaly(from.entry, from.side, from.time, "stream.reassembly_overlap_different_data");
}

// OverflowPolicy::DropFlow: no parser can go on, on either side.
template <class Out>
void Streams<Out>::give_up_poisoned(SideSink& from) {
  if (from.session.finished) return;
  counters_.poisoned.add(1);
  out_.stream_anomaly(from.entry, from.side, from.time, "stream.reassembly_overflow");
  from.session.finished = true;
  signatures_.close(from.session.scan);
}

// The part of a run that lies before depth_bytes; beyond it the side is over.
template <class Out>
Bytes Streams<Out>::up_to_depth(SideSink& from, Bytes bytes) {
  if (options_.depth_bytes == 0) return bytes;
  const uint64_t end = from.session.stream[index_of(from.side)].offset();
  if (end < options_.depth_bytes) return bytes;
  counters_.depth_reached.add(1);
  from.session.over[index_of(from.side)] = true;
  const uint64_t beyond = end - options_.depth_bytes;
  return bytes.first(beyond < bytes.size() ? bytes.size() - beyond : 0);
}

// A place for the flow's session with both sides anchored at their SYN where it was seen.
template <class Out>
uint32_t Streams<Out>::open_session(FlowEntry& entry) {
  const uint32_t handle = sessions_.make();
  if (handle == Slab<TcpSession>::kNone) {
    counters_.sessions_refused.add(1);
    return FlowEntry::kStreamOff;
  }
  counters_.sessions.add(1);
  TcpSession& session = sessions_.get(handle);
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
    const size_t i = index_of(side);
    if ((entry.syn_delivered & bit_of(side)) != 0)
      session.stream[i].anchor(entry.side[i].initial_seq + 1);
  }
  return handle;
}

// `time` is that of the packet that closes it: the entry's own may be of a later packet of the
// burst.
template <class Out>
void Streams<Out>::close_session(FlowEntry& entry, TcpSession& session, StreamEnd end,
                                 Timestamp time) {
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
    SideSink sink{*this, entry, session, side, time};
    session.stream[index_of(side)].flush(store_, sink);
  }
  // A parser that finished meanwhile has said its last.
  if (session.parser != 0 && !session.finished) {
    ParserSink sink{out_, counters_, entry, time};
    stream_parsers_.with(session.parser_index, session.parser,
                         [&](auto& parser) { parser.on_end(end, sink); });
  }
  end_scan(entry, session.scan, time);
  drop_session(entry, session);
}

template <class Out>
void Streams<Out>::drop_session(FlowEntry& entry, TcpSession& session) {
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
    TcpStream& stream = session.stream[index_of(side)];
    SideStreamsCounters& of_side = counters_.side[index_of(side)];
    of_side.held_bytes_most.add(stream.high_watermark());
    of_side.strays.add(stream.strays());
    of_side.dropped_bytes.add(stream.dropped_bytes());
    counters_.strays.add(stream.strays());
    counters_.retransmitted.add(stream.retransmitted());
    counters_.overlapping.add(stream.overlapping());
    counters_.out_of_order.add(stream.out_of_order());
    counters_.keep_alives.add(stream.keep_alives());
    counters_.conflicts.add(stream.conflicts());
    counters_.dropped_bytes.add(stream.dropped_bytes());
    stream.drop(store_);
  }
  const GapBytes gap_bytes = session.gap_bytes();
  if (session.parser != 0) stream_parsers_.destroy(session.parser_index, session.parser);
  sessions_.destroy(entry.stream);
  entry.stream = FlowEntry::kStreamOff;
  if ((gap_bytes[0] | gap_bytes[1]) != 0) [[unlikely]]
    keep_gaps(entry, gap_bytes);
}

// For the flow's record, which is written when the flow ends.
template <class Out>
void Streams<Out>::keep_gaps(FlowEntry& entry, const GapBytes& gap_bytes) {
  const uint32_t handle = gaps_.make(gap_bytes);
  if (handle == Slab<GapBytes>::kNone || handle >= kSessionsMax - 1) {
    if (handle != Slab<GapBytes>::kNone) gaps_.destroy(handle);
    counters_.gaps_untold.add(1);
    return;
  }
  entry.stream = (kGapsKept | handle) & FlowEntry::kStreamOff;
}

template <class Out>
GapBytes Streams<Out>::gap_bytes_of(const FlowEntry& entry) const {
  if (!entry.is_tcp() || entry.stream == FlowEntry::kNoStream
      || entry.stream == FlowEntry::kStreamOff)
    return {};
  if (entry.stream >= kGapsKept) return gaps_.get(entry.stream - kGapsKept);
  return sessions_.get(entry.stream).gap_bytes();
}

template <class Out>
GapBytes Streams<Out>::end(FlowEntry& entry, EndReason reason) {
  if (signatures_.has_places() && is_datagram_flow(entry))
    end_scan(entry, entry.datagram_scan(), Timestamp{entry.last_seen_ns});
  if (entry.stream == FlowEntry::kNoStream || entry.stream == FlowEntry::kStreamOff) return {};
  const StreamEnd end = stream_end_of(reason);
  if (!entry.is_tcp()) {
    close_datagrams(entry, end);
    return {};
  }
  if (entry.stream < kGapsKept)
    close_session(entry, sessions_.get(entry.stream), end, Timestamp{entry.last_seen_ns});
  const GapBytes gap_bytes = gap_bytes_of(entry);
  if (entry.stream != FlowEntry::kStreamOff) gaps_.destroy(entry.stream - kGapsKept);
  entry.stream = FlowEntry::kStreamOff;
  return gap_bytes;
}

}  // namespace flowscope
