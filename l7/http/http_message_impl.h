#pragma once

// The bodies of HttpParser's templates that begin, read and end one message. Included by
// http_impl.h only.

#include <algorithm>
#include <utility>

#include "l7/http/head_check.h"
#include "l7/http/http.h"

namespace flowscope::http {

// Each kind is told once for a side, so that a hostile sender can't fill the output with them.
template <class Sink>
void HttpParser::report(FlowSide side, AnomalySet anomalies, Sink& sink) {
  anomalies.remove(at(side).told);
  if (anomalies.empty()) return;
  at(side).told.add(anomalies);
  for (size_t i = 0; i < kAnomalyNames.size(); ++i) {
    const auto anomaly = static_cast<Anomaly>(i);
    if (anomalies.contains(anomaly)) sink.anomaly(side, name_of(anomaly));
  }
}

template <class Sink>
size_t HttpParser::begin_message(FlowSide side, Head& head, Bytes rest, Sink& sink) {
  note_head(at(side), head);
  const FlowSide peer = other_side(side);
  if (head.line.kind == MessageKind::Response && !at(peer).head.empty())
    flush_short_request(peer, sink);
  settle_roles(side, head.line.kind, sink);
  if constexpr (HearsMessages<Sink>) sink.head(side, head);
  if (head.line.kind == MessageKind::Response) return begin_response(head, rest, sink);
  begin_request(head, sink);
  return 0;
}

template <class Sink>
void HttpParser::begin_request(Head& head, Sink& sink) {
  Side& from = client();
  const BodyPlan plan = plan_request_body(head);
  check_request(head);
  report(client_, head.anomalies, sink);
  // RFC 9110 section 9.3.6: CONNECT has no content; what follows is a tunnel, or the next request
  // if the answer is no.
  const bool connects = head.line.method == "CONNECT";
  start_body(from, connects ? BodyPlan{Framing::Unknown} : plan);
  const bool has_body = from.phase == Phase::Body;
  // A client that waits for each answer has the whole of the one before. If we have not, it was one
  // to HEAD.
  if (server().phase == Phase::Body && exchanges_.answers_unknown_in_turn()) {
    end_body(other_side(client_), MessageEnd::Cut, sink);
    server().phase = Phase::Searching;
  }

  using Queue = RequestQueue;
  RequestFields fields = request_fields(head);
  fields.time = from.head_time;
  exchanges_.add_request(fields, head.folded ? Texts::Folded : Texts::Plain,
                         has_body && hashes_bodies_ ? Queue::Hash::Room : Queue::Hash::None,
                         progress(), sink);
  if (has_body) return exchanges_.open_newest();
  tell_end(client_, from.phase == Phase::Head || connects ? MessageEnd::Whole : MessageEnd::Cut,
           sink);
}

template <class Sink>
size_t HttpParser::begin_response(Head& head, Bytes rest, Sink& sink) {
  const FlowSide side = other_side(client_);
  const uint16_t status = head.line.status;
  const MethodKind answered = exchanges_.method_to_answer();
  const BodyPlan plan = plan_response_body(head, answered);
  if (status == 101 && exchanges_.lacks_upgrade()) head.anomalies.add(Anomaly::UpgradeUnasked);
  report(side, head.anomalies, sink);
  // RFC 9110 section 15.2: an interim response, the final one is still to come.
  if (status < 200 && status != 101) {
    start_body(server(), plan);
    tell_end(side, MessageEnd::Whole, sink);
    return 0;
  }
  // RFC 9110 section 15.5.9: 408 may come to a client that asked nothing.
  if (!exchanges_.begin_answer() && status != 408) report(side, Anomaly::ResponseUnsolicited, sink);
  // RFC 9110 sections 7.8 and 9.3.6: from here on the stream is another protocol's.
  if (status == 101 || (answered == MethodKind::Connect && status < 300)) {
    start_tunnel(head, sink);
    return 0;
  }
  Side& from = server();
  start_body(from, plan);
  from.bodyless = plan.framing == Framing::None && head.content_length != 0;
  return answer(head, rest, sink);
}

// A final response whose body begins with `rest`. One that is complete at once needs no memory.
template <class Sink>
size_t HttpParser::answer(const Head& head, Bytes rest, Sink& sink) {
  const FlowSide side = other_side(client_);
  Side& from = server();
  ResponseFields fields = response_fields(head);
  fields.time = from.head_time;
  const bool has_body = from.phase == Phase::Body;
  const size_t taken = has_body ? read_body(side, rest, sink) : 0;
  if (!from.body.is_over() || head.folded)
    exchanges_.keep_answer(fields, head.folded ? Texts::Folded : Texts::Plain);
  if (!from.body.is_over()) return taken;

  const HashText hash = from.hash.finish();
  report(side, from.body.anomalies(), sink);
  from.body.stop();
  if (has_body) from.phase = Phase::Head;
  tell_end(side, from.phase == Phase::Head ? MessageEnd::Whole : MessageEnd::Cut, sink);
  if (head.folded) {
    exchanges_.write_kept_answer(progress(hash.text()), sink);
  } else {
    exchanges_.write_answer(fields, progress(hash.text()), sink);
  }
  return taken;
}

template <class Sink>
void HttpParser::start_tunnel(const Head& head, Sink& sink) {
  Side& from = server();
  from.body.start({});
  from.phase = Phase::Head;
  tell_end(other_side(client_), MessageEnd::Whole, sink);
  ResponseFields fields = response_fields(head);
  fields.time = from.head_time;
  if (head.line.status != 101) fields.upgrade = {};
  exchanges_.write_answer(fields, progress(), sink);
  finish(ParseStatus::HandOver, sink);
}

// A request of HTTP/0.9 has no empty line behind it; the answer shows that it was whole.
template <class Sink>
void HttpParser::flush_short_request(FlowSide side, Sink& sink) {
  Side& from = at(side);
  if (from.phase != Phase::Head) return;
  Head head;
  const HeadResult result = parse_head(from.head.bytes().as_text(), HeadScope::Cut, head);
  if (result.status != HeadStatus::Complete || head.line.minor_version != kNoVersion) return;
  cut_head(side, from.head.bytes(), sink);
  from.phase = Phase::Head;
}

// Reads the body as far as it goes, and hands its content on.
template <class Sink>
size_t HttpParser::read_body(FlowSide side, Bytes bytes, Sink& sink) {
  Side& from = at(side);
  size_t taken = 0;
  while (taken < bytes.size() && !from.body.is_over() && !from.body.is_bad()) {
    const Body::Piece piece = from.body.next(bytes.after(taken));
    taken += piece.taken;
    if (piece.content.empty()) continue;
    from.hash.add(piece.content);
    if constexpr (HearsMessages<Sink>) sink.content(side, piece.content);
  }
  return taken;
}

template <class Sink>
void HttpParser::end_body(FlowSide side, MessageEnd end, Sink& sink) {
  Side& from = at(side);
  if (end == MessageEnd::Cut) from.hash.stop();
  const HashText hash = from.hash.finish();
  report(side, from.body.anomalies(), sink);
  from.body.stop();
  from.phase = Phase::Head;
  tell_end(side, end, sink);
  if (side != client_) {
    exchanges_.write_kept_answer(progress(hash.text()), sink);
  } else {
    exchanges_.close_newest(from.body.content_bytes(), hash.text());
  }
}

template <class Sink>
void HttpParser::tell_end(FlowSide side, MessageEnd end, Sink& sink) {
  if constexpr (HearsMessages<Sink>) sink.message_end(side, end);
}

}  // namespace flowscope::http
