#pragma once

// How Streams finds the parser of a TCP flow and feeds it; included by l7/streams.h only for
// reading one idea per file.
#include "l7/streams.h"

namespace flowscope {

template <class Out>
void Streams<Out>::on_bytes(SideSink& from, Bytes bytes) {
  if (bytes.empty()) return;
  TcpSession& session = from.session;
  if (session.parser == 0) return probe(from, bytes);
  if (!session.heard[index_of(from.side)] && contradict(from, bytes)) return;
  feed(from, bytes);
}

// The first run of the side that the parser has heard nothing of: whether it shows that this side
// speaks another protocol (SSH to a request of HTTP, HTTP to a hello of TLS). The first parser says
// what it has then, and the other one takes its place.
template <class Out>
bool Streams<Out>::contradict(SideSink& from, Bytes bytes) {
  TcpSession& session = from.session;
  const uint32_t other = FirstRuns::contradiction<StreamSet>(from.side, bytes, session.parser_index,
                                                             options_.stream_parsers);
  if (other == StreamSet::kNone) return false;
  out_.anomaly(from.entry, from.side, from.time, "applayer_mismatch_protocol_both_directions");
  ParserSink sink{out_, counters_, from.entry, from.time};
  stream_parsers_.with(session.parser_index, session.parser,
                       [&](auto& parser) { parser.on_end(StreamEnd::Graceful, sink); });
  forget_parser(session);
  adopt(from, other, bytes);
  return true;
}

template <class Out>
void Streams<Out>::forget_parser(TcpSession& session) {
  stream_parsers_.destroy(session.parser_index, session.parser);
  session.parser = 0;
  session.heard = {};
  session.first = {};
}

template <class Out>
void Streams<Out>::on_gap(SideSink& from, uint32_t missing_bytes) {
  TcpSession& session = from.session;
  if (session.parser == 0) {
    session.first.on_gap(from.side);
    return;
  }
  session.heard[index_of(from.side)] = true;
  ParserSink sink{out_, counters_, from.entry, from.time};
  ParseStatus status = ParseStatus::Ok;
  stream_parsers_.with(session.parser_index, session.parser, [&](auto& parser) {
    status = parser.on_gap(from.side, missing_bytes, sink);
  });
  heed(from, status);
}

// Looks at the first bytes of one side, run by run, until a parser fits or enough was looked at.
template <class Out>
void Streams<Out>::probe(SideSink& from, Bytes bytes) {
  using Outcome = FirstRuns::Outcome;
  TcpSession& session = from.session;
  const known::Ports ports{from.entry.key.a_port, from.entry.key.b_port};
  const FirstRuns::Answer answer = session.first.look<StreamSet>(
      from.side, bytes, options_.stream_parsers,
      [&](Bytes first_bytes) { return known::look_at_stream(first_bytes, ports); });
  switch (answer.outcome) {
    case Outcome::NeedMore:
      return;
    case Outcome::Nothing:
      return session.first.pass_over(from.side);
    case Outcome::Parser:
      return adopt(from, answer.index, bytes.after(answer.kept_bytes));
    case Outcome::Known:
      return name(from, answer.index);
    case Outcome::GivenUp:
      session.finished = true;
      return;
  }
}

// A protocol without a parser: nothing more is wanted of it where no other may follow.
template <class Out>
void Streams<Out>::name(SideSink& from, uint8_t known_position) {
  // What comes behind a protocol that handed over (CONNECT) is not what the flow is.
  if (from.entry.app == 0) identify(from.entry, App::of_known_stream(known_position));
  if (!known::stream_may_turn(known_position)) from.session.finished = true;
}

// The parser is known: it gets what both sides kept, then `bytes`, the rest of this run.
template <class Out>
void Streams<Out>::adopt(SideSink& from, uint32_t parser_index, Bytes bytes) {
  TcpSession& session = from.session;
  session.parser = stream_parsers_.make(
      parser_index,
      {.buffers = buffers_, .hash_bodies = options_.hash_bodies, .digests = &digests_});
  if (session.parser == 0) {
    counters_.sessions_refused.add(1);
    session.finished = true;
    return;
  }
  session.parser_index = static_cast<uint8_t>(parser_index);
  identify(from.entry, App::of_stream_behind(parser_index, from.entry.app));

  // A copy: a parser that hands over begins a new search.
  const FirstRuns first = session.first;
  SideSink peer{*this, from.entry, session, other_side(from.side), from.time};
  feed(peer, first.kept_of(peer.side));
  feed(from, first.kept_of(from.side));
  feed(from, bytes);
}

template <class Out>
void Streams<Out>::feed(SideSink& from, Bytes bytes) {
  if (bytes.empty() || from.session.parser == 0 || from.session.finished) return;
  from.session.heard[index_of(from.side)] = true;
  ParserSink sink{out_, counters_, from.entry, from.time};
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
      return forget_parser(from.session);
    case ParseStatus::Poisoned:
      counters_.parse_errors.add(1);
      out_.anomaly(from.entry, from.side, from.time, "parse_error");
      break;
    case ParseStatus::Done:
      break;
  }
  from.session.finished = true;
}

}  // namespace flowscope
