#pragma once

// How SessionTurn finds the parser of a TCP flow and feeds it; included by session_turn.h only, for
// reading one idea per file.
#include "l7/session_turn.h"

namespace flowscope {

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::on_bytes(SideSink& from, Bytes bytes) {
  if (bytes.empty()) return;
  TcpSession& tcp = from.session.tcp;
  if (tcp.parser == 0) return probe(from, bytes);
  if (!tcp.heard[index_of(from.side)] && contradict(from, bytes)) return;
  feed(from, bytes);
}

// The first run of the side that the parser has heard nothing of: whether it shows that this side
// speaks another protocol, where bytes decide. The first parser says what it has then, and the
// other one takes its place.
template <class Sessions, class Sink>
bool SessionTurn<Sessions, Sink>::contradict(SideSink& from, Bytes bytes) {
  using Streams = typename Sessions::Streams;
  TcpSession& tcp = from.session.tcp;
  const DriverRoutes::Route route = route_of(from);
  if (route.at_once != 0) return false;
  const uint32_t other =
      FirstRuns::contradiction<Streams>(from.side, bytes, tcp.parser_index, route.asked);
  if (other == Streams::kNone) return false;
  ParserSink sink = stream_sink(from.entry, tcp, from.time);
  sink.anomaly(from.side, "applayer_mismatch_protocol_both_directions");
  own_.stream_parsers.with(tcp.parser_index, tcp.parser,
                           [&](auto& parser) { parser.on_end(StreamEnd::Graceful, sink); });
  forget_parser(tcp);
  adopt(from, other, bytes);
  return true;
}

// A search may begin anew.
template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::forget_parser(TcpSession& tcp) {
  own_.stream_parsers.destroy(tcp.parser_index, tcp.parser);
  tcp.parser = 0;
  tcp.heard = {};
  tcp.first = {};
}

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::on_gap(SideSink& from, uint32_t missing_bytes) {
  TcpSession& tcp = from.session.tcp;
  if (tcp.parser == 0) {
    const uint32_t at_once = route_of(from).at_once;
    if (at_once != 0) adopt(from, static_cast<uint32_t>(std::countr_zero(at_once)), {});
  }
  if (tcp.parser == 0) {
    tcp.first.on_gap(from.side);
    return;
  }
  tcp.heard[index_of(from.side)] = true;
  ParserSink sink = stream_sink(from.entry, tcp, from.time);
  ParseStatus status = ParseStatus::Ok;
  own_.stream_parsers.with(tcp.parser_index, tcp.parser, [&](auto& parser) {
    status = parser.on_gap(from.side, missing_bytes, sink);
  });
  heed(from, status);
}

// Looks at the first bytes of one side, run by run, until a parser fits or enough was looked at.
template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::probe(SideSink& from, Bytes bytes) {
  using Streams = typename Sessions::Streams;
  TcpSession& tcp = from.session.tcp;
  const DriverRoutes::Route route = route_of(from);
  if (route.at_once != 0)
    return adopt(from, static_cast<uint32_t>(std::countr_zero(route.at_once)), bytes);
  const FirstRuns::Answer answer =
      tcp.first.template look<Streams>(from.side, bytes, route.asked, NothingKnown{});
  switch (answer.outcome) {
    case FirstRuns::Outcome::NeedMore:
    case FirstRuns::Outcome::Known:
      return;
    case FirstRuns::Outcome::Parser:
      return adopt(from, answer.index, bytes.after(answer.kept_bytes));
    case FirstRuns::Outcome::GivenUp:
      tcp.finished = true;
      return;
    case FirstRuns::Outcome::Nothing:
      break;
  }
  if (route.otherwise != 0) {
    return adopt(from, static_cast<uint32_t>(std::countr_zero(route.otherwise)),
                 bytes.after(answer.kept_bytes));
  }
  tcp.first.pass_over(from.side);
  if (Streams::kFoundLaterMask == 0 && tcp.first.has_begun(other_side(from.side)))
    tcp.finished = true;
}

// The parser is known: it gets what both sides kept, then `bytes`, the rest of this run.
template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::adopt(SideSink& from, uint32_t index, Bytes bytes) {
  TcpSession& tcp = from.session.tcp;
  tcp.parser = own_.stream_parsers.make(index, {.buffers = own_.buffers});
  if (tcp.parser == 0) {
    own_.counters.refused.add(1);
    tcp.finished = true;
    return;
  }
  tcp.parser_index = static_cast<uint8_t>(index);
  from.session.parser = Sessions::Streams::kNames[index];
  own_.by_parser[Sessions::kStreamPosition[index]].flows.add(1);

  // A copy: a parser that hands over begins a new search.
  const FirstRuns first = tcp.first;
  SideSink peer{*this, from.entry, from.session, other_side(from.side), from.time};
  feed(peer, first.kept_of(peer.side));
  feed(from, first.kept_of(from.side));
  feed(from, bytes);
}

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::feed(SideSink& from, Bytes bytes) {
  TcpSession& tcp = from.session.tcp;
  if (bytes.empty() || tcp.parser == 0 || tcp.finished) return;
  tcp.heard[index_of(from.side)] = true;
  ParserSink sink = stream_sink(from.entry, tcp, from.time);
  ParseStatus status = ParseStatus::Ok;
  own_.stream_parsers.with(tcp.parser_index, tcp.parser, [&](auto& parser) {
    status = parser.on_bytes(from.side, bytes, from.time, sink);
  });
  heed(from, status);
}

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::heed(SideSink& from, ParseStatus status) {
  TcpSession& tcp = from.session.tcp;
  switch (status) {
    case ParseStatus::Ok:
      return;
    case ParseStatus::HandOver:
      forget_parser(tcp);
      from.session.handed_over = true;
      return;
    case ParseStatus::Poisoned:
      from.session.parse_error = true;
      own_.stream_parsers.with(tcp.parser_index, tcp.parser, [&](const auto& parser) {
        parse_error(stream_sink(from.entry, tcp, from.time), from.side, parser.poison_reason());
      });
      break;
    case ParseStatus::Done:
      break;
  }
  tcp.finished = true;
}

}  // namespace flowscope
