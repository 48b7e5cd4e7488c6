#include "l7/http/http.h"

#include <algorithm>
#include <utility>

namespace flowscope::http {

Probe HttpParser::probe(FlowSide, Bytes first_bytes) {
  const std::string_view text = first_bytes.as_text();
  const size_t start = std::min(text.find_first_not_of("\r\n"), text.size());
  if (start == text.size()) return start < kProbeBytes / 8 ? Probe::NeedMore : Probe::NoMatch;
  return start < kProbeBytes / 8 ? probe_start_line(text.substr(start)) : Probe::NoMatch;
}

// Looks for the next message after a loss. A start line that the run ends in is kept until it is
// decided; that takes at most kProbeBytes.
size_t HttpParser::search(FlowSide side, Bytes bytes) {
  Side& from = at(side);
  from.found = true;
  if (!from.head.empty()) {
    const Probe probe = from.head.append(bytes.first(1))
                            ? probe_within_content(from.head.bytes().as_text(), seek(side))
                            : Probe::NoMatch;
    if (probe == Probe::NoMatch) from.head.clear();
    if (probe == Probe::Match) from.phase = Phase::Head;
    return 1;
  }
  const StartLinePlace place = find_start_line(bytes.as_text(), seek(side));
  if (place.probe == Probe::Match) {
    from.phase = Phase::Head;
    return place.offset;
  }
  if (place.probe == Probe::NeedMore) {
    from.head_end = {};
    from.line_known = false;
    if (!from.head.append(bytes.after(place.offset))) from.head.clear();
  }
  return bytes.size();
}

Seek HttpParser::seek(FlowSide side) const {
  if (!roles_known_) return Seek::Any;
  return side == client_ ? Seek::Request : Seek::Response;
}

// Whether a head is what it seems. One that was found within what may be content has to look like a
// head in all of its lines; a response has more than one, and so has a head without end.
bool HttpParser::is_believable(const Side& from, const Head& head) {
  if (!from.found) return true;
  const bool may_be_one_line = head.line.kind == MessageKind::Request && !head.cut;
  if (head.fields == 0 && !may_be_one_line) return false;
  return !head.anomalies.contains(Anomaly::HeaderMalformed)
         && !head.anomalies.contains(Anomaly::FieldNameInvalid)
         && !head.anomalies.contains(Anomaly::SpaceInFieldName);
}

// A response to a request that nobody saw may be one to HEAD; then the next one stands where its
// content would begin.
bool HttpParser::is_misframed(FlowSide side, Bytes bytes) {
  if (side == client_ || !exchanges_.answers_unknown()) return false;
  if (server().body.content_bytes() != 0) return false;
  return probe_within_content(bytes.as_text(), Seek::Response) == Probe::Match;
}

void HttpParser::start_body(Side& from, BodyPlan plan) {
  const bool searches = plan.framing == Framing::Unknown;
  from.body.start(searches ? BodyPlan{} : plan);
  from.phase = searches ? Phase::Searching : from.body.is_over() ? Phase::Head : Phase::Body;
  if (hashes_bodies_ && from.phase == Phase::Body) from.hash.start();
}

// What the messages before mean for this one.
void HttpParser::note_head(Side& from, Head& head) {
  from.malformed = false;
  from.found = false;
  from.bodyless = false;
  if (std::exchange(from.empty_line, false)) head.anomalies.add(Anomaly::EmptyLineBefore);
  if (from.closes) head.anomalies.add(Anomaly::AfterClose);
  from.closes = head.closes;
}

}  // namespace flowscope::http
