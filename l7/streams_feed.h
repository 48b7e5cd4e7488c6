#pragma once

// How Streams finds the parser of a TCP flow and feeds it; included by l7/streams.h only for
// reading one idea per file.
#include "l7/streams.h"

namespace flowscope {

template <class Out>
void Streams<Out>::on_bytes(SideSink& from, Bytes bytes) {
  if (bytes.empty()) return;
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
    // It may begin with this run, when what was kept of the one before was a short turn.
    if (kept_before != 0) probe(from, bytes);
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

}  // namespace flowscope
