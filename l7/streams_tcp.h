#pragma once

// The TCP half of Streams; included by l7/streams.h only for reading one idea per file.
#include "l7/streams.h"

namespace flowscope {

template <class Out>
void Streams<Out>::segment(FlowEntry& entry, FlowSide side, const PacketView& packet,
                           const Layers& layers, TcpSignal signal, uint64_t clock_ns) {
  // The tracker is ahead by a run of packets: only a SYN that came by here may anchor a stream.
  if (signal == TcpSignal::Syn || signal == TcpSignal::SynAck) {
    entry.syn_delivered = (entry.syn_delivered | bit_of(side)) & 3U;
    // Of several SYN-ACKs the last is the one that was taken up.
    if (signal == TcpSignal::SynAck) entry.side[index_of(side)].initial_seq = layers.tcp_seq;
  }
  // An RST that its receiver would refuse; no RST carries stream bytes (RFC 9293 section 3.10.7.4).
  if (signal != TcpSignal::Rst && (layers.tcp_flags & tcp_flag::kRst) != 0) return;
  if (entry.stream == FlowEntry::kNoStream) {
    if (layers.payload_bytes == 0 || signal == TcpSignal::Rst) return;
    entry.stream = open_session(entry) & FlowEntry::kStreamOff;
    if (entry.stream == FlowEntry::kStreamOff) return;
  }
  TcpSession& session = sessions_.get(entry.stream);
  if (signal == TcpSignal::Rst) return close_session(entry, session, StreamEnd::Abort, packet.time);

  TcpStream& stream = session.stream[index_of(side)];
  if ((layers.tcp_flags & tcp_flag::kAck) != 0) {
    const FlowSide peer = other_side(side);
    SideSink sink{*this, entry, session, peer, packet.time};
    session.stream[index_of(peer)].peer_acknowledged(layers.tcp_ack, clock_ns, store_, sink);
  }
  const uint32_t seq = layers.tcp_seq + ((layers.tcp_flags & tcp_flag::kSyn) != 0 ? 1 : 0);
  if (layers.payload_bytes != 0) {
    SideSink sink{*this, entry, session, side, packet.time};
    stream.segment(
        {.seq = seq,
         .payload = packet.frame.sub(layers.payload_offset, layers.payload_captured),
         .missing_tail = static_cast<uint32_t>(layers.payload_bytes - layers.payload_captured),
         .clock_ns = clock_ns},
        store_, sink);
  }
  if ((layers.tcp_flags & tcp_flag::kFin) != 0) stream.fin_at(seq + layers.payload_bytes);
  if (session.finished) return drop_session(entry, session);
  if (session.stream[0].complete() && session.stream[1].complete()) {
    close_session(entry, session, StreamEnd::Graceful, packet.time);
  }
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
    ParserSink sink{out_, entry, time};
    stream_parsers_.with(session.parser_index, session.parser,
                         [&](auto& parser) { parser.on_end(end, sink); });
  }
  drop_session(entry, session);
}

template <class Out>
void Streams<Out>::drop_session(FlowEntry& entry, TcpSession& session) {
  for (TcpStream& stream : session.stream) {
    counters_.strays.add(stream.strays());
    stream.drop(store_);
  }
  if (session.parser != 0) stream_parsers_.destroy(session.parser_index, session.parser);
  sessions_.destroy(entry.stream);
  entry.stream = FlowEntry::kStreamOff;
}

template <class Out>
void Streams<Out>::on_bytes(SideSink& from, Bytes bytes) {
  if (from.session.parser == 0) {
    probe(from, bytes);
  } else {
    feed(from, bytes);
  }
}

template <class Out>
void Streams<Out>::on_gap(SideSink& from, uint32_t missing_bytes) {
  TcpSession& session = from.session;
  if (session.parser == 0) {
    // What follows the gap may still be recognised.
    session.prefix[index_of(from.side)].size = 0;
    return;
  }
  ParserSink sink{out_, from.entry, from.time};
  ParseStatus status = ParseStatus::Ok;
  stream_parsers_.with(session.parser_index, session.parser, [&](auto& parser) {
    status = parser.on_gap(from.side, missing_bytes, sink);
  });
  heed(from, status);
}

// Looks at the first bytes of one side, run by run, until a parser fits or enough was looked at.
template <class Out>
void Streams<Out>::probe(SideSink& from, Bytes bytes) {
  TcpSession& session = from.session;
  ProbePrefix& prefix = session.prefix[index_of(from.side)];
  if (++session.probes > TcpSession::kProbesMax) {
    session.finished = true;
    return;
  }
  // Bytes kept from earlier runs and those of this one, without a copy when nothing was kept.
  const size_t kept_before = prefix.size;
  if (kept_before != 0) prefix.append(bytes);
  const Bytes first_bytes = kept_before != 0 ? prefix.bytes() : bytes.first(kProbeBytes);
  const uint32_t asked =
      options_.stream_parsers & (prefix.begun ? StreamSet::kFoundLaterMask : UINT32_MAX);
  bool maybe = false;
  const uint32_t found = StreamSet::identify(
      asked, maybe, [&]<class P>() { return P::probe(from.side, first_bytes); });
  if (found != StreamSet::kNone) {
    adopt(from, found, bytes.after(prefix.size - kept_before));
  } else if (maybe) {
    if (kept_before == 0) prefix.append(bytes);
  } else {
    // Not yet: a known protocol may begin with a later run, behind SOCKS or STARTTLS.
    prefix.size = 0;
    prefix.begun = true;
  }
}

// The parser is known: it gets what both sides kept, then `bytes`, the rest of this run.
template <class Out>
void Streams<Out>::adopt(SideSink& from, uint32_t parser_index, Bytes bytes) {
  TcpSession& session = from.session;
  session.parser = stream_parsers_.make(parser_index, {.buffers = buffers_});
  if (session.parser == 0) {
    counters_.sessions_refused.add(1);
    session.finished = true;
    return;
  }
  counters_.identified.add(1);
  session.parser_index = static_cast<uint8_t>(parser_index);
  from.entry.app = static_cast<uint8_t>(parser_index + 1);

  const std::array<ProbePrefix, 2> prefix = session.prefix;
  SideSink peer{*this, from.entry, session, other_side(from.side), from.time};
  feed(peer, prefix[index_of(peer.side)].bytes());
  feed(from, prefix[index_of(from.side)].bytes());
  feed(from, bytes);
}

template <class Out>
void Streams<Out>::feed(SideSink& from, Bytes bytes) {
  if (bytes.empty() || from.session.parser == 0 || from.session.finished) return;
  ParserSink sink{out_, from.entry, from.time};
  ParseStatus status = ParseStatus::Ok;
  stream_parsers_.with(from.session.parser_index, from.session.parser, [&](auto& parser) {
    status = parser.on_bytes(from.side, bytes, from.time, sink);
  });
  heed(from, status);
}

template <class Out>
void Streams<Out>::heed(SideSink& from, ParseStatus status) {
  switch (status) {
    case ParseStatus::Ok:
      return;
    case ParseStatus::HandOver:
      stream_parsers_.destroy(from.session.parser_index, from.session.parser);
      from.session.parser = 0;
      from.session.probes = 0;
      from.session.prefix = {};
      return;
    case ParseStatus::Poisoned:
      counters_.parse_errors.add(1);
      out_.anomaly(from.entry, from.side, from.time, "parse_error");
      break;
    case ParseStatus::Done:
      break;
  }
  from.session.finished = true;
}

template <class Out>
void Streams<Out>::end(FlowEntry& entry, EndReason reason) {
  if (entry.stream == FlowEntry::kNoStream || entry.stream == FlowEntry::kStreamOff) return;
  const bool abort = reason == EndReason::Rst || reason == EndReason::Evicted;
  const StreamEnd end = abort ? StreamEnd::Abort : StreamEnd::Graceful;
  if (entry.is_tcp()) {
    close_session(entry, sessions_.get(entry.stream), end, Timestamp{entry.last_seen_ns});
  } else {
    close_datagrams(entry, end);
  }
}

}  // namespace flowscope
