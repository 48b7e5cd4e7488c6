#pragma once

// The bodies of HttpParser's templates over a sink: the machine of each side, its losses and its
// end. Included by http.h only; what a message does is in http_message_impl.h.

#include <algorithm>
#include <utility>

#include "l7/http/http.h"
#include "l7/http/http_message_impl.h"

namespace flowscope::http {

template <class Sink>
ParseStatus HttpParser::on_bytes(FlowSide side, Bytes bytes, Timestamp time, Sink& sink) {
  Side& from = at(side);
  while (!bytes.empty() && status_ == ParseStatus::Ok) {
    if constexpr (!HearsMessages<Sink>) {
      if (!from.hash.is_on() && from.body.skip_content(bytes.size())) return ParseStatus::Ok;
    }
    if (from.phase != Phase::Body && from.head.empty()) from.head_time = time;
    size_t taken = 0;
    switch (from.phase) {
      case Phase::Head:
        taken = take_head(side, bytes, sink);
        break;
      case Phase::Body:
        taken = take_body(side, bytes, sink);
        break;
      case Phase::Searching:
        taken = search(side, bytes);
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
  Exchanges::Lost lost = Exchanges::Lost::WithinMessage;
  if (from.phase == Phase::Body) {
    const bool covered = from.body.skip_gap(missing_bytes);
    if (covered) {
      from.hash.stop();
      if constexpr (HearsMessages<Sink>) sink.content_lost(side, missing_bytes);
      if (!from.body.is_over()) return status_;
    }
    end_body(side, covered ? MessageEnd::Whole : MessageEnd::Cut, sink);
    if (covered) return status_;
  } else if (from.phase == Phase::Head) {
    if (from.head.empty()) lost = Exchanges::Lost::BetweenMessages;
    if (!from.head.empty()) cut_head(side, from.head.bytes(), sink);
  }
  from.head.clear();
  from.phase = Phase::Searching;
  if (status_ == ParseStatus::Ok) doubt(side, lost, sink);
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
      if (from.body.runs_until_close()) end_body(side, MessageEnd::Whole, sink);
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
  if (start != 0) {
    from.empty_line = true;
    return start;
  }
  Head head;
  const HeadResult result = parse_head(text, HeadScope::Growing, head);
  switch (result.status) {
    case HeadStatus::Complete:
      if (!is_believable(from, head))
        return skip_content_like_head(side, text.substr(0, result.bytes), sink);
      return result.bytes + begin_message(side, head, bytes.after(result.bytes), sink);
    case HeadStatus::Malformed:
      lose_sync(side, sink);
      return result.bytes;
    case HeadStatus::NeedMore:
      from.head_end = {};
      from.line_known = false;
      return grow_head(side, bytes, sink);
  }
  return bytes.size();
}

// A head that comes in several runs: first its start line, which is judged when it is there, then
// the rest.
template <class Sink>
size_t HttpParser::grow_head(FlowSide side, Bytes bytes, Sink& sink) {
  Side& from = at(side);
  const size_t size_before = from.head.size();
  Bytes room = bytes.first(kHeadBytesMax - size_before);
  if (!from.line_known) room = room.first(line_bytes(room.as_text()));
  const size_t end = from.head_end.find_end(room.as_text());
  const Bytes piece = room.first(end);
  const bool kept = from.head.append(piece);
  const bool whole = end != std::string_view::npos;
  if (!kept || (!whole && from.head.size() == kHeadBytesMax)) {
    if (kept) report(side, Anomaly::HeaderTooLong, sink);
    cut_head(side, from.head.empty() ? piece : from.head.bytes(), sink);
    return piece.size();
  }
  if (!from.line_known) {
    from.line_known = piece.as_text().ends_with('\n');
    const std::string_view line = from.head.bytes().as_text();
    const bool unsure = size_before < kStartLineSignBytes;
    const bool bad = from.line_known ? !is_start_line(line) : unsure && !may_be_start_line(line);
    if (bad) lose_sync(side, sink);
    return piece.size();
  }
  return whole ? piece.size() + end_head(side, bytes.after(piece.size()), sink) : piece.size();
}

// The kept head is whole; `rest` follows it. Returns the bytes taken of `rest`.
template <class Sink>
size_t HttpParser::end_head(FlowSide side, Bytes rest, Sink& sink) {
  Side& from = at(side);
  const std::string_view text = from.head.bytes().as_text();
  Head head;
  HeadResult result = parse_head(text, HeadScope::Growing, head);
  if (result.status == HeadStatus::Complete && !is_believable(from, head)) {
    const size_t skipped = skip_content_like_head(side, text, sink);
    head = {};
    result = parse_head(text.substr(skipped), HeadScope::Growing, head);
    if (skipped == text.size() || !is_believable(from, head)) {
      from.phase = Phase::Searching;
      from.head.clear();
      return 0;
    }
  }
  size_t taken = 0;
  if (result.status == HeadStatus::Complete) {
    taken = begin_message(side, head, rest, sink);
  } else {
    lose_sync(side, sink);
  }
  from.head.clear();
  return taken;
}

// What was found within content and looked like a head is none; a head may begin within it. Returns
// the bytes before that, or all. The last start line is the one: what stands between it and the
// empty line at the end is looked at once more, and no more than that.
template <class Sink>
size_t HttpParser::skip_content_like_head(FlowSide side, std::string_view text, Sink& sink) {
  const size_t start = find_last_start_line(text, seek(side));
  if (start != 0) return start;
  at(side).phase = Phase::Searching;
  doubt(side, Exchanges::Lost::WithinMessage, sink);
  return text.size();
}

// The end of this head will not be seen: its complete lines are taken for a message, and what comes
// next is searched for.
template <class Sink>
void HttpParser::cut_head(FlowSide side, Bytes head_bytes, Sink& sink) {
  Head head;
  const HeadResult result = parse_head(head_bytes.as_text(), HeadScope::Cut, head);
  if (result.status == HeadStatus::Complete) {
    if (is_believable(at(side), head)) {
      begin_message(side, head, {}, sink);
    } else {
      doubt(side, Exchanges::Lost::WithinMessage, sink);
    }
  }
  at(side).head.clear();
  at(side).phase = Phase::Searching;
}

template <class Sink>
size_t HttpParser::take_body(FlowSide side, Bytes bytes, Sink& sink) {
  Side& from = at(side);
  if (is_misframed(side, bytes)) {
    end_body(side, MessageEnd::Cut, sink);
    return 0;
  }
  const size_t taken = read_body(side, bytes, sink);
  if (from.body.is_bad()) {
    end_body(side, MessageEnd::Cut, sink);
    from.phase = Phase::Searching;
  } else if (from.body.is_over()) {
    end_body(side, MessageEnd::Whole, sink);
  }
  return taken;
}

// Content decides who is the client. When a side changes its part, what was begun ends as it is.
template <class Sink>
void HttpParser::settle_roles(FlowSide side, MessageKind kind, Sink& sink) {
  const FlowSide client = kind == MessageKind::Request ? side : other_side(side);
  if (roles_known_ && client != client_) {
    report(side, Anomaly::RoleConflict, sink);
    exchanges_.lose_answers(progress(), sink);
    const FlowSide other_one = other_side(side);
    Side& other = at(other_one);
    if (other.phase == Phase::Body) tell_end(other_one, MessageEnd::Cut, sink);
    other.body.stop();
    other.hash.stop();
    other.head.clear();
    other.phase = Phase::Searching;
  }
  if (!roles_known_ && kind == MessageKind::Response) exchanges_.begin_in_the_middle();
  roles_known_ = true;
  client_ = client;
}

// Something that is no start line stands where one must be.
template <class Sink>
void HttpParser::lose_sync(FlowSide side, Sink& sink) {
  Side& from = at(side);
  from.head.clear();
  from.phase = Phase::Searching;
  if (from.malformed || from.found) return;
  from.malformed = true;
  report(side, from.bodyless ? Anomaly::ResponseBodyUnexpected : Anomaly::Malformed, sink);
  doubt(side, Exchanges::Lost::WithinMessage, sink);
  if (at(other_side(side)).malformed) finish(ParseStatus::Poisoned, sink);
}

// Something of this side was lost, or can't be read.
template <class Sink>
void HttpParser::doubt(FlowSide side, Exchanges::Lost lost, Sink& sink) {
  if (!roles_known_) return exchanges_.begin_in_the_middle();
  if (side == client_) return exchanges_.lose_requests(lost);
  exchanges_.lose_answers(progress(), sink);
}

template <class Sink>
void HttpParser::finish(ParseStatus status, Sink& sink) {
  for (const FlowSide side : {client_, other_side(client_)}) {
    Side& from = at(side);
    if (from.phase != Phase::Body) continue;
    report(side, from.body.anomalies(), sink);
    tell_end(side, MessageEnd::Cut, sink);
    from.phase = Phase::Head;
  }
  exchanges_.write_all(progress(), sink);
  for (Side& side : sides_) {
    side.head.clear();
    side.body.stop();
    side.hash.stop();
  }
  status_ = status;
}

}  // namespace flowscope::http
