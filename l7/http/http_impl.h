#pragma once

// The bodies of HttpParser's templates over a sink; included by http.h only.

#include <algorithm>
#include <utility>

#include "l7/http/http.h"

namespace flowscope::http {

template <class Sink>
ParseStatus HttpParser::on_bytes(FlowSide side, Bytes bytes, Timestamp, Sink& sink) {
  Side& from = at(side);
  while (!bytes.empty() && status_ == ParseStatus::Ok) {
    if (from.body.skip_content(bytes.size())) return ParseStatus::Ok;
    size_t taken = 0;
    switch (from.phase) {
      case Phase::Head:
        taken = take_head(side, bytes, sink);
        break;
      case Phase::Body:
        taken = take_body(side, bytes, sink);
        break;
      case Phase::Searching:
        taken = search(from, bytes);
        break;
    }
    bytes = bytes.after(taken);
  }
  return status_;
}

template <class Sink>
ParseStatus HttpParser::on_gap(FlowSide side, uint32_t missing_bytes, Sink& sink) {
  if (status_ != ParseStatus::Ok) return status_;
  Side& from = at(side);
  if (from.phase == Phase::Body) {
    const bool covered = from.body.skip_gap(missing_bytes);
    if (covered && !from.body.is_over()) return status_;
    end_body(side, sink);
    if (covered) return status_;
  } else if (from.phase == Phase::Head && !from.head.empty()) {
    cut_head(side, from.head.bytes(), sink);
  }
  from.head.clear();
  from.phase = Phase::Searching;
  if (status_ == ParseStatus::Ok) doubt_answers(side, sink);
  return status_;
}

template <class Sink>
void HttpParser::on_end(StreamEnd end, Sink& sink) {
  if (status_ != ParseStatus::Ok) return;
  if (end == StreamEnd::Graceful) {
    for (const FlowSide side : {client_, other_side(client_)}) {
      Side& from = at(side);
      if (from.phase == Phase::Head && !from.head.empty()) cut_head(side, from.head.bytes(), sink);
      if (status_ != ParseStatus::Ok) return;
    }
  }
  finish(ParseStatus::Done, sink);
}

template <class Sink>
size_t HttpParser::take_head(FlowSide side, Bytes bytes, Sink& sink) {
  Side& from = at(side);
  if (!from.head.empty()) return grow_head(side, bytes, sink);
  // RFC 9112 section 2.2: empty lines before a request line are to be passed over.
  const std::string_view text = bytes.first(kHeadBytesMax).as_text();
  const size_t start = std::min(text.find_first_not_of("\r\n"), text.size());
  if (start != 0) return start;

  Head head;
  const HeadResult result = parse_head(text, HeadScope::Growing, head);
  switch (result.status) {
    case HeadStatus::Complete:
      return result.bytes + begin_message(side, head, bytes.after(result.bytes), sink);
    case HeadStatus::Malformed:
      lose_sync(side, sink);
      return result.bytes;
    case HeadStatus::NeedMore:
      from.head_end = EmptyLineFinder{EmptyLineFinder::Start::WithinLine};
      return grow_head(side, bytes, sink);
  }
  return bytes.size();
}

template <class Sink>
size_t HttpParser::grow_head(FlowSide side, Bytes bytes, Sink& sink) {
  Side& from = at(side);
  const size_t size_before = from.head.size();
  const Bytes room = bytes.first(kHeadBytesMax - size_before);
  const size_t end = from.head_end.find_end(room.as_text());
  const Bytes piece = room.first(end);
  const bool kept = from.head.append(piece);
  const bool whole = end != std::string_view::npos;
  if (!kept || (!whole && from.head.size() == kHeadBytesMax)) {
    if (kept) sink.anomaly(side, name_of(Anomaly::HeaderTooLong));
    cut_head(side, from.head.empty() ? piece : from.head.bytes(), sink);
    return piece.size();
  }
  if (!whole) {
    const bool unsure = size_before < kStartLineSignBytes;
    if (unsure && !may_be_start_line(from.head.bytes().as_text())) lose_sync(side, sink);
    return piece.size();
  }
  Head head;
  const HeadResult result = parse_head(from.head.bytes().as_text(), HeadScope::Growing, head);
  if (result.status != HeadStatus::Complete) {
    lose_sync(side, sink);
    return piece.size();
  }
  const size_t taken = begin_message(side, head, bytes.after(piece.size()), sink);
  from.head.clear();
  return piece.size() + taken;
}

// The end of this head will not be seen: its complete lines are taken for a message, and what comes
// next is searched for.
template <class Sink>
void HttpParser::cut_head(FlowSide side, Bytes head_bytes, Sink& sink) {
  Head head;
  const HeadResult result = parse_head(head_bytes.as_text(), HeadScope::Cut, head);
  if (result.status == HeadStatus::Complete) begin_message(side, head, {}, sink);
  at(side).head.clear();
  at(side).phase = Phase::Searching;
}

template <class Sink>
size_t HttpParser::take_body(FlowSide side, Bytes bytes, Sink& sink) {
  Side& from = at(side);
  const size_t taken = from.body.take(bytes);
  if (from.body.is_bad()) {
    sink.anomaly(side, name_of(Anomaly::ChunkMalformed));
    end_body(side, sink);
    from.phase = Phase::Searching;
  } else if (from.body.is_over()) {
    end_body(side, sink);
  }
  return taken;
}

template <class Sink>
size_t HttpParser::begin_message(FlowSide side, Head& head, Bytes rest, Sink& sink) {
  at(side).malformed = false;
  settle_roles(side, head.line.kind, sink);
  if (head.line.kind == MessageKind::Response) return begin_response(head, rest, sink);
  begin_request(head, sink);
  return 0;
}

template <class Sink>
void report_anomalies(FlowSide side, AnomalySet anomalies, Sink& sink) {
  if (anomalies.empty()) return;
  for (size_t i = 0; i < kAnomalyNames.size(); ++i) {
    const auto anomaly = static_cast<Anomaly>(i);
    if (anomalies.contains(anomaly)) sink.anomaly(side, name_of(anomaly));
  }
}

template <class Sink>
void HttpParser::begin_request(Head& head, Sink& sink) {
  const BodyPlan plan = plan_request_body(head);
  report_anomalies(client_, head.anomalies, sink);
  exchanges_.add_request(head, progress(), sink);
  // RFC 9110 section 9.3.6: CONNECT has no content; what follows is a tunnel, or the next request
  // if the answer is no.
  start_body(client(), head.line.method == "CONNECT" ? BodyPlan{Framing::Unknown} : plan);
  if (client().phase == Phase::Body) exchanges_.open_newest();
}

template <class Sink>
size_t HttpParser::begin_response(Head& head, Bytes rest, Sink& sink) {
  const uint16_t status = head.line.status;
  const MethodKind answered = exchanges_.method_to_answer();
  const BodyPlan plan = plan_response_body(head, answered);
  report_anomalies(other_side(client_), head.anomalies, sink);
  Side& from = server();
  start_body(from, plan);
  // RFC 9110 section 15.2: an interim response, the final one is still to come.
  if (status < 200 && status != 101) return 0;

  exchanges_.begin_answer();
  const ResponseFields fields = response_fields(head);
  // RFC 9110 sections 7.8 and 9.3.6: from here on the stream is another protocol's.
  if (status == 101 || (answered == MethodKind::Connect && status < 300)) {
    from.body.stop();
    exchanges_.write_answer(fields, progress(), sink);
    finish(ParseStatus::HandOver, sink);
    return 0;
  }
  const size_t taken = from.phase == Phase::Body ? from.body.take(rest) : 0;
  if (from.body.is_over() && !head.folded) {
    if (from.phase == Phase::Body) from.phase = Phase::Head;
    exchanges_.write_answer(fields, progress(), sink);
    return taken;
  }
  exchanges_.keep_answer(fields);
  if (from.body.is_over()) {
    if (from.phase == Phase::Body) from.phase = Phase::Head;
    exchanges_.write_kept_answer(progress(), sink);
  }
  return taken;
}

template <class Sink>
void HttpParser::end_body(FlowSide side, Sink& sink) {
  Side& from = at(side);
  from.body.stop();
  from.phase = Phase::Head;
  if (side != client_) {
    exchanges_.write_kept_answer(progress(), sink);
  } else {
    exchanges_.close_newest(from.body.content_bytes());
  }
}

// Content decides who is the client. When a side changes its part, what was begun ends as it is.
template <class Sink>
void HttpParser::settle_roles(FlowSide side, MessageKind kind, Sink& sink) {
  const FlowSide client = kind == MessageKind::Request ? side : other_side(side);
  if (roles_known_ && client != client_) {
    sink.anomaly(side, name_of(Anomaly::RoleConflict));
    exchanges_.write_all(progress(), sink);
    Side& other = at(other_side(side));
    other.body.stop();
    other.head.clear();
    other.phase = Phase::Searching;
  }
  roles_known_ = true;
  client_ = client;
}

template <class Sink>
void HttpParser::lose_sync(FlowSide side, Sink& sink) {
  Side& from = at(side);
  from.head.clear();
  from.phase = Phase::Searching;
  if (from.malformed) return;
  from.malformed = true;
  sink.anomaly(side, name_of(Anomaly::Malformed));
  doubt_answers(side, sink);
  if (at(other_side(side)).malformed) finish(ParseStatus::Poisoned, sink);
}

// Something of this side was lost. If it answers, any of the waiting requests may have had its
// answer there, and a record without a status is better than one with another request's. Lost
// requests do no such harm to those that came before them.
template <class Sink>
void HttpParser::doubt_answers(FlowSide side, Sink& sink) {
  if (roles_known_ && side != client_) exchanges_.write_all(progress(), sink);
}

template <class Sink>
void HttpParser::finish(ParseStatus status, Sink& sink) {
  exchanges_.write_all(progress(), sink);
  for (Side& side : sides_) {
    side.head.clear();
    side.body.stop();
  }
  status_ = status;
}

}  // namespace flowscope::http
