#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>

#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/flow_event.h"
#include "l7/driver_flows.h"
#include "l7/driver_sessions.h"
#include "l7/session_event.h"

namespace flowscope {

// The stage of drivers with parsers (a DriverStage): puts each flow's payload in order, finds the
// flow's parser, feeds it, and tells the sink. A flow that no parser may have costs one comparison
// per packet. Lives for one call of a driver.
//
// What comes of one packet, in this order: SessionAnomaly of the tracker or the flow, messages and
// SessionParseError, then SessionClosed. A parser hears on_end() at most once, and not after it was
// Done or Poisoned.
template <class Sessions, class Sink>
class SessionTurn {
 public:
  SessionTurn(Sessions& sessions, EventMask mask, Sink& sink)
      : own_(sessions), mask_(mask), sink_(sink) {}

  void on_started(FlowEntry& entry) {
    if (!mask_.has(EventKind::Started)) return;
    tell<SessionStarted>(sink_, [&] {
      const FlowSide side = entry.orientation_inferred ? FlowSide::Responder : FlowSide::Initiator;
      return SessionStarted{entry, side, {entry.started_ns}};
    });
  }
  void on_established(FlowEntry& /*entry*/) {}
  void on_anomaly(FlowEntry& entry, FlowSide from, FlowAnomaly kind, Timestamp time) {
    if (!mask_.has(EventKind::FlowAnomaly)) return;
    tell<SessionAnomaly>(sink_, [&] {
      return SessionAnomaly{&entry, from, time, SessionAnomaly::Source::Flow, name_of(kind), 1, {}};
    });
  }
  void on_tracker_anomaly(TrackerAnomaly kind, uint64_t flows, Timestamp time) {
    if (!mask_.has(EventKind::TrackerAnomaly)) return;
    tell<SessionAnomaly>(sink_, [&] {
      return SessionAnomaly{
          nullptr, FlowSide::Initiator, time, SessionAnomaly::Source::Tracker, name_of(kind), flows,
          {}};
    });
  }
  void on_packet(FlowEntry& entry, const DriverPacket& packet) {
    if (entry.stream == FlowEntry::kStreamOff || !packet.layers.has_l4) return;
    if (entry.is_tcp()) {
      if constexpr (Sessions::Streams::kCount != 0) segment(entry, packet);
    } else if (entry.key.protocol == static_cast<uint8_t>(IpProtocol::Udp)) {
      if constexpr (Sessions::Datagrams::kCount != 0) datagram(entry, packet);
    }
  }
  void on_ended(FlowEntry& entry, EndReason reason);
  // Tells the parsers that want to know the time; no flow ends by it.
  void tick(FlowEntry& entry, Timestamp now);
  // Forgets what the flow holds and tells nobody.
  void drop(FlowEntry& entry);

  void prefetch(const FlowEntry& entry) const {
    if (!Sessions::is_open(entry)) return;
    if (!entry.is_tcp()) return own_.datagrams.prefetch(entry.stream);
    const TcpSession& tcp = own_.streams.get(entry.stream).tcp;
    prefetch_write(&tcp.stream[0]);
    prefetch_write(&tcp.stream[1]);
  }
  void prefetch_inner(const FlowEntry& entry) const {
    if (const StreamSession* const stream = own_.stream_of(entry)) {
      if (stream->tcp.parser == 0) return;
      own_.stream_parsers.with(stream->tcp.parser_index, stream->tcp.parser,
                               [](const auto& parser) { parser.prefetch(); });
    } else if (const DatagramSession* const datagrams = own_.datagrams_of(entry)) {
      if (datagrams->handle == 0) return;
      own_.datagram_parsers.with(datagrams->index, datagrams->handle,
                                 [](const auto& parser) { parser.prefetch(); });
    }
  }

 private:
  // What a parser speaks to: everything it says is about one flow at one time.
  struct ParserSink {
    SessionTurn& turn;
    const FlowEntry& entry;
    Timestamp time;
    std::string_view parser;
    ParserCounters& counters;

    template <class M>
    void message(FlowSide from, const M& message) {
      counters.messages.add(1);
      tell<Application<M>>(turn.sink_, [&] {
        return Application<M>{entry, from, time, message, parser};
      });
    }
    void anomaly(FlowSide from, const char* kind) {
      if (!turn.mask_.has(EventKind::FlowAnomaly)) return;
      tell<SessionAnomaly>(turn.sink_, [&] {
        return SessionAnomaly{&entry, from, time, SessionAnomaly::Source::Parser, kind, 1, parser};
      });
    }
  };
  // What a TcpStream of one side hands its bytes to.
  struct SideSink {
    SessionTurn& turn;
    FlowEntry& entry;
    StreamSession& session;
    FlowSide side;
    Timestamp time;
    void on_bytes(Bytes bytes) {
      if (!session.tcp.finished) turn.on_bytes(*this, bytes);
    }
    void on_gap(uint32_t missing_bytes) {
      turn.own_.counters.gap_bytes.add(missing_bytes);
      ++session.side[index_of(side)].gaps;
      if (!session.tcp.finished) turn.on_gap(*this, missing_bytes);
    }
  };

  ParserSink stream_sink(const FlowEntry& entry, const TcpSession& tcp, Timestamp time) {
    const uint32_t index = tcp.parser_index;
    return {*this, entry, time, Sessions::Streams::kNames[index],
            own_.by_parser[Sessions::kStreamPosition[index]]};
  }
  DriverRoutes::Route route_of(const SideSink& from) const {
    const DriverRoutes& routes = own_.stream_routes;
    return from.session.handed_over ? routes.without_ports() : routes.of(from.entry.key);
  }
  void parse_error(const ParserSink& from, FlowSide side, std::string_view reason);

  // TCP: session_turn_tcp.h.
  void segment(FlowEntry& entry, const DriverPacket& packet);
  void tell_of_stream(SideSink& from);
  void anchor(const FlowEntry& entry, FlowSide side);
  StreamSession* open(FlowEntry& entry, const DriverPacket& packet);
  void close(FlowEntry& entry, StreamSession& session, StreamEnd end, Timestamp time);
  void release(StreamSession& session);
  void end_streams(FlowEntry& entry, StreamEnd end);
  // session_turn_feed.h.
  void on_bytes(SideSink& from, Bytes bytes);
  void on_gap(SideSink& from, uint32_t missing_bytes);
  bool contradict(SideSink& from, Bytes bytes);
  void forget_parser(TcpSession& tcp);
  void probe(SideSink& from, Bytes bytes);
  void adopt(SideSink& from, uint32_t index, Bytes bytes);
  void feed(SideSink& from, Bytes bytes);
  void heed(SideSink& from, ParseStatus status);

  // UDP: session_turn_udp.h.
  void datagram(FlowEntry& entry, const DriverPacket& packet);
  DatagramSession* open_datagrams(FlowEntry& entry, const DriverPacket& packet);
  ParserSink datagram_sink(const FlowEntry& entry, const DatagramSession& session, Timestamp time) {
    const uint32_t index = session.index;
    return {*this, entry, time, Sessions::Datagrams::kNames[index],
            own_.by_parser[Sessions::kDatagramPosition[index]]};
  }
  void release(DatagramSession& session);
  void end_datagrams(FlowEntry& entry, StreamEnd end);

  Sessions& own_;
  EventMask mask_;
  Sink& sink_;
};

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::on_ended(FlowEntry& entry, EndReason reason) {
  const StreamEnd end = stream_end_of(reason);
  if constexpr (Sessions::Streams::kCount != 0) {
    if (own_.stream_of(entry) != nullptr) end_streams(entry, end);
  }
  if constexpr (Sessions::Datagrams::kCount != 0) {
    if (own_.datagrams_of(entry) != nullptr) end_datagrams(entry, end);
  }
  if (mask_.has(EventKind::Ended)) {
    tell<SessionClosed>(sink_, [&] {
      SessionClosed closed{entry, reason, own_.stats_of(entry), {entry.last_seen_ns}, {}, false};
      if (const StreamSession* const stream = own_.stream_of(entry)) {
        closed.parser = stream->parser;
        closed.parse_error = stream->parse_error;
      } else if (const DatagramSession* const datagrams = own_.datagrams_of(entry)) {
        closed.parser = datagrams->parser;
        closed.parse_error = datagrams->parse_error;
      }
      return closed;
    });
  }
  drop(entry);
}

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::drop(FlowEntry& entry) {
  if constexpr (Sessions::Streams::kCount != 0) {
    if (StreamSession* const stream = own_.stream_of(entry)) {
      if (!stream->over) release(*stream);
      own_.streams.destroy(entry.stream);
    }
  }
  if constexpr (Sessions::Datagrams::kCount != 0) {
    if (DatagramSession* const datagrams = own_.datagrams_of(entry)) {
      if (datagrams->handle != 0) release(*datagrams);
      own_.datagrams.destroy(entry.stream);
    }
  }
  entry.stream = FlowEntry::kNoStream;
}

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::tick(FlowEntry& entry, Timestamp now) {
  if constexpr (Sessions::Streams::kCount != 0) {
    const StreamSession* const stream = own_.stream_of(entry);
    if (stream != nullptr && stream->tcp.parser != 0) {
      ParserSink sink = stream_sink(entry, stream->tcp, now);
      own_.stream_parsers.with(stream->tcp.parser_index, stream->tcp.parser,
                               [&](auto& parser) { parser.on_tick(now, sink); });
    }
  }
  if constexpr (Sessions::Datagrams::kCount != 0) {
    const DatagramSession* const datagrams = own_.datagrams_of(entry);
    if (datagrams != nullptr && datagrams->handle != 0) {
      ParserSink sink = datagram_sink(entry, *datagrams, now);
      own_.datagram_parsers.with(datagrams->index, datagrams->handle,
                                 [&](auto& parser) { parser.on_tick(now, sink); });
    }
  }
}

// Once for each parser: who poisoned is destroyed after it.
template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::parse_error(const ParserSink& from, FlowSide side,
                                              std::string_view reason) {
  from.counters.poisoned.add(1);
  tell<SessionParseError>(sink_, [&] {
    size_t size = std::min(reason.size(), SessionParseError::kReasonBytesMax);
    // Back to where a character begins, if one was cut (RFC 3629 section 3).
    while (size < reason.size() && size > 0 && (static_cast<uint8_t>(reason[size]) & 0xc0) == 0x80)
      --size;
    return SessionParseError{from.entry, side, from.time, from.parser, reason.substr(0, size)};
  });
}

}  // namespace flowscope

#include "l7/session_turn_feed.h"  // IWYU pragma: keep
#include "l7/session_turn_tcp.h"   // IWYU pragma: keep
#include "l7/session_turn_udp.h"   // IWYU pragma: keep
