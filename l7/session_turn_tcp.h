#pragma once

// The TCP half of SessionTurn; included by session_turn.h only, for reading one idea per file.
#include "l7/session_turn.h"
#include "l7/tcp_arrival.h"

namespace flowscope {

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::segment(FlowEntry& entry, const DriverPacket& packet) {
  const Layers& layers = packet.layers;
  const FlowSide side = packet.side;
  if (note_syn(entry, packet.side, packet.signal, layers.tcp_seq)) anchor(entry, side);
  if (is_refused(entry, packet.side, packet.signal, layers)) {
    if (layers.payload_bytes != 0) own_.counters.strays.add(1);
    return;
  }
  const bool resets = packet.signal == TcpSignal::Rst;
  StreamSession* session = own_.stream_of(entry);
  if (session == nullptr) {
    if (layers.payload_bytes == 0 || resets) return;
    session = open(entry, packet);
    if (session == nullptr) return;
  }
  if (session->over) return;
  if (resets) return close(entry, *session, StreamEnd::Abort, packet.packet.time);

  TcpSession& tcp = session->tcp;
  if ((layers.tcp_flags & tcp_flag::kAck) != 0) {
    const FlowSide peer = other_side(side);
    SideSink sink{*this, entry, *session, peer, packet.packet.time};
    tcp.stream[index_of(peer)].peer_acknowledged(layers.tcp_ack, packet.clock_ns, own_.store, sink);
  }
  const uint32_t seq = packet.payload_seq();
  TcpStream& stream = tcp.stream[index_of(side)];
  if (layers.payload_bytes != 0) {
    SideSink sink{*this, entry, *session, side, packet.packet.time};
    stream.segment(
        {.seq = seq,
         .payload = packet.payload(),
         .missing_tail = static_cast<uint32_t>(layers.payload_bytes - layers.payload_captured),
         .clock_ns = packet.clock_ns,
         .peer_held_bytes = tcp.stream[index_of(other_side(side))].held_bytes()},
        own_.store, sink);
    if (stream.conflicts() != 0 || stream.is_poisoned()) [[unlikely]]
      tell_of_stream(sink);
  }
  // A FIN that does not fit is refused; the bytes before it are not.
  if (packet.signal == TcpSignal::Fin) stream.fin_at(seq + layers.payload_bytes);
  if (tcp.finished) return release(*session);
  // A side of which nothing was seen but its end has said all that it will.
  const auto is_whole = [&](const TcpStream& one) {
    return one.complete() || (!one.anchored() && entry.state == TcpState::Closed);
  };
  if (is_whole(tcp.stream[0]) && is_whole(tcp.stream[1]))
    close(entry, *session, StreamEnd::Graceful, packet.packet.time);
}

// What a side's stream came to that should not be, once.
template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::tell_of_stream(SideSink& from) {
  TcpSession& tcp = from.session.tcp;
  const TcpStream& stream = tcp.stream[index_of(from.side)];
  const auto tell_kind = [&](std::string_view kind) {
    if (!mask_.has(EventKind::FlowAnomaly)) return;
    tell<SessionAnomaly>(sink_, [&] {
      return SessionAnomaly{&from.entry, from.side, from.time, SessionAnomaly::Source::Flow,
                            kind,        1,         {}};
    });
  };
  bool& conflict_told = tcp.conflict_told[index_of(from.side)];
  if (stream.conflicts() != 0 && !conflict_told) tell_kind("reassembly_overlap_different_data");
  conflict_told |= stream.conflicts() != 0;
  if (!stream.is_poisoned()) return;
  own_.counters.overflows.add(1);
  tell_kind("reassembly_overflow");
  if (!tcp.finished && tcp.parser != 0) {
    ParserSink sink = stream_sink(from.entry, tcp, from.time);
    own_.stream_parsers.with(tcp.parser_index, tcp.parser,
                             [&](auto& parser) { parser.on_end(StreamEnd::Abort, sink); });
  }
  tcp.finished = true;
}

// Data of the other side came before, in its SYN (RFC 7413): the session is there already.
template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::anchor(const FlowEntry& entry, FlowSide side) {
  const size_t i = index_of(side);
  StreamSession* const session = own_.stream_of(entry);
  if (session == nullptr || session->over || session->tcp.stream[i].anchored()) return;
  session->tcp.stream[i].anchor(entry.side[i].initial_seq + 1);
}

// The session of a flow whose first payload this is; null when no parser may have the flow, when
// there is no place, or when the bytes come behind the end.
template <class Sessions, class Sink>
StreamSession* SessionTurn<Sessions, Sink>::open(FlowEntry& entry, const DriverPacket& packet) {
  if (is_over(entry.state) && is_behind_fin(entry, packet.side, packet.payload_seq()))
    return nullptr;
  entry.stream = FlowEntry::kStreamOff;
  if (own_.stream_routes.of(entry.key).leads_nowhere()) return nullptr;
  const uint32_t handle = own_.streams.make();
  if (handle == Slab<StreamSession>::kNone) {
    own_.counters.refused.add(1);
    return nullptr;
  }
  own_.counters.sessions.add(1);
  entry.stream = handle & FlowEntry::kStreamOff;
  StreamSession& session = own_.streams.get(handle);
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
    const size_t i = index_of(side);
    if ((entry.syn_delivered & bit_of(side)) != 0)
      session.tcp.stream[i].anchor(entry.side[i].initial_seq + 1);
  }
  return &session;
}

// No more will be said: what is held is handed on, then the parser says its last.
template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::close(FlowEntry& entry, StreamSession& session, StreamEnd end,
                                        Timestamp time) {
  TcpSession& tcp = session.tcp;
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
    SideSink sink{*this, entry, session, side, time};
    tcp.stream[index_of(side)].flush(own_.store, sink);
  }
  if (!tcp.finished && tcp.parser == 0 && !session.handed_over) {
    // Too few bytes for any parser to know them; ports may still say whose they are.
    const uint32_t otherwise = own_.stream_routes.of(entry.key).otherwise;
    const bool any = !tcp.first.kept_of(FlowSide::Initiator).empty()
                     || !tcp.first.kept_of(FlowSide::Responder).empty();
    SideSink sink{*this, entry, session, FlowSide::Initiator, time};
    if (otherwise != 0 && any) adopt(sink, static_cast<uint32_t>(std::countr_zero(otherwise)), {});
  }
  if (!tcp.finished && tcp.parser != 0) {
    ParserSink sink = stream_sink(entry, tcp, time);
    own_.stream_parsers.with(tcp.parser_index, tcp.parser,
                             [&](auto& parser) { parser.on_end(end, sink); });
  }
  release(session);
}

// Gives back all memory but the counts.
template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::release(StreamSession& session) {
  TcpSession& tcp = session.tcp;
  for (size_t i = 0; i < 2; ++i) {
    count_stream(session.side[i], tcp.stream[i]);
    own_.counters.strays.add(session.side[i].strays);
    tcp.stream[i].drop(own_.store);
  }
  if (tcp.parser != 0) own_.stream_parsers.destroy(tcp.parser_index, tcp.parser);
  tcp.parser = 0;
  session.over = true;
}

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::end_streams(FlowEntry& entry, StreamEnd end) {
  StreamSession& session = *own_.stream_of(entry);
  if (!session.over) close(entry, session, end, {entry.last_seen_ns});
}

}  // namespace flowscope
