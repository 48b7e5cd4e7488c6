#include "l7/http/http.h"

#include <algorithm>

namespace flowscope::http {

Probe HttpParser::probe(FlowSide, Bytes first_bytes) {
  const std::string_view text = first_bytes.as_text();
  const size_t start = std::min(text.find_first_not_of("\r\n"), text.size());
  if (start == text.size()) return start < kProbeBytes / 8 ? Probe::NeedMore : Probe::NoMatch;
  return start < kProbeBytes / 8 ? probe_start_line(text.substr(start)) : Probe::NoMatch;
}

// Looks for the next message after a loss. A start line that the run ends in is kept until it is
// decided; that takes at most kProbeBytes.
size_t HttpParser::search(Side& from, Bytes bytes) {
  if (!from.head.empty()) {
    const Probe probe = from.head.append(bytes.first(1))
                            ? probe_start_line(from.head.bytes().as_text())
                            : Probe::NoMatch;
    if (probe == Probe::NoMatch) from.head.clear();
    if (probe == Probe::Match) from.phase = Phase::Head;
    return 1;
  }
  const StartLinePlace place = find_start_line(bytes.as_text());
  if (place.probe == Probe::Match) {
    from.phase = Phase::Head;
    return place.offset;
  }
  if (place.probe == Probe::NeedMore) {
    from.head_end = EmptyLineFinder{EmptyLineFinder::Start::WithinLine};
    if (!from.head.append(bytes.after(place.offset))) from.head.clear();
  }
  return bytes.size();
}

void HttpParser::start_body(Side& from, BodyPlan plan) {
  const bool searches = plan.framing == Framing::Unknown;
  from.body.start(searches ? BodyPlan{} : plan);
  from.phase = searches ? Phase::Searching : from.body.is_over() ? Phase::Head : Phase::Body;
}

}  // namespace flowscope::http
