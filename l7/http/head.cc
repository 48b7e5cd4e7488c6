#include "l7/http/head.h"

#include <algorithm>
#include <optional>

#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

constexpr uint64_t kContentLengthMax = uint64_t{1} << 62;

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// RFC 9110 section 8.6: Content-Length = 1*DIGIT
std::optional<uint64_t> parse_length(std::string_view text) {
  if (text.empty()) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c) || value > kContentLengthMax / 10) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  return value;
}

// The part of `list` before its first comma; `list` loses it and the comma.
std::string_view take_element(std::string_view& list) {
  const size_t comma = list.find(',');
  const std::string_view element = trim(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return element;
}

// RFC 9112 section 6.3 rule 5: a list of equal numbers is one number. Where numbers differ the
// first one is taken, as the recipients that do not refuse such a message mostly do.
void add_content_length(std::string_view list, Head& head) {
  do {
    const std::optional<uint64_t> value = parse_length(take_element(list));
    if (!value.has_value()) {
      head.anomalies.add(Anomaly::ContentLengthInvalid);
    } else if (!head.has_content_length) {
      head.content_length = *value;
      head.has_content_length = true;
    } else if (head.content_length != *value) {
      head.anomalies.add(Anomaly::ContentLengthConflict);
    }
  } while (!list.empty());
}

// RFC 9112 section 6.1. Several fields are one list; chunked must be there once and last. The
// withdrawn coding "identity" (RFC 2616 section 3.6) says nothing, unless it hides a chunked.
void add_transfer_encoding(std::string_view list, Head& head) {
  do {
    const std::string_view coding = take_element(list);
    if (!head.ends_chunked && equals_ignoring_case(coding, "identity")) continue;
    head.has_transfer_encoding = true;
    if (head.ends_chunked) {
      head.anomalies.add(Anomaly::EncodingInvalid);  // something follows chunked
    }
    head.ends_chunked = equals_ignoring_case(coding, "chunked");
  } while (!list.empty());
}

void keep_first(std::string_view& field, std::string_view value) {
  if (field.data() == nullptr) field = value;
}

void add_field(std::string_view name, std::string_view value, Head& head) {
  switch (name.size()) {
    case 4:
      if (!equals_ignoring_case(name, "host")) return;
      if (head.host.data() != nullptr) head.anomalies.add(Anomaly::HostRepeated);
      return keep_first(head.host, value);
    case 7:
      if (equals_ignoring_case(name, "referer")) keep_first(head.referer, value);
      return;
    case 8:
      if (equals_ignoring_case(name, "location")) keep_first(head.location, value);
      return;
    case 10:
      if (equals_ignoring_case(name, "user-agent")) keep_first(head.user_agent, value);
      return;
    case 12:
      if (equals_ignoring_case(name, "content-type")) keep_first(head.content_type, value);
      return;
    case 14:
      if (equals_ignoring_case(name, "content-length")) add_content_length(value, head);
      return;
    case 15:
      if (equals_ignoring_case(name, "x-forwarded-for")) keep_first(head.forwarded_for, value);
      return;
    case 17:
      if (equals_ignoring_case(name, "transfer-encoding")) add_transfer_encoding(value, head);
      return;
    default:
      return;
  }
}

// RFC 9112 section 5: field-line = field-name ":" OWS field-value OWS. A bad line is passed over:
// the rest of the message is still worth a record.
void parse_field_line(std::string_view line, Head& head) {
  const size_t name_bytes = token_size(line);
  size_t colon = name_bytes;
  while (colon < line.size() && is_blank(line[colon])) ++colon;
  if (name_bytes == 0 || colon == line.size() || line[colon] != ':') {
    head.anomalies.add(Anomaly::HeaderMalformed);
    return;
  }
  if (colon != name_bytes) head.anomalies.add(Anomaly::SpaceBeforeColon);
  add_field(line.substr(0, name_bytes), trim(line.substr(colon + 1)), head);
}

// Where the field line that starts at `offset` and whose first line end is at `line_end` really
// ends: lines that begin with a blank continue it (RFC 9112 section 5.2). npos when the text ends
// before that is known.
size_t end_of_folded(std::string_view text, size_t line_end, HeadScope scope, Head& head) {
  for (;;) {
    if (line_end + 1 == text.size()) {
      return scope == HeadScope::Cut ? line_end : std::string_view::npos;
    }
    if (!is_blank(text[line_end + 1])) return line_end;
    head.folded = true;
    const size_t next_end = text.find('\n', line_end + 1);
    if (next_end == std::string_view::npos) {
      return scope == HeadScope::Cut ? line_end : std::string_view::npos;
    }
    line_end = next_end;
  }
}

// RFC 3986 section 3.2: authority = [ userinfo "@" ] host [ ":" port ]
void take_authority(std::string_view authority, RequestFields& fields) {
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  fields.hostname = has_port ? authority.substr(0, colon) : authority;
  if (!has_port) return;
  const std::optional<uint64_t> port = parse_length(authority.substr(colon + 1));
  if (port.has_value() && *port <= UINT16_MAX) fields.port = static_cast<uint16_t>(*port);
}

// RFC 9112 section 3.2.2: what the absolute form names stands in place of Host. Empty for other
// forms.
std::string_view authority_of_absolute_form(std::string_view target) {
  const size_t scheme_end = target.find("://");
  if (target.front() == '/' || scheme_end == std::string_view::npos) return {};
  if (token_size(target.substr(0, scheme_end)) != scheme_end) return {};
  target.remove_prefix(scheme_end + 3);
  return target.substr(0, target.find_first_of("/?#"));
}

std::string_view cut_to(size_t bytes_max, std::string_view text, bool& truncated) {
  truncated = truncated || text.size() > bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace

HeadResult parse_head(std::string_view text, HeadScope scope, Head& head) {
  const HeadResult incomplete{scope == HeadScope::Cut ? HeadStatus::Complete : HeadStatus::NeedMore,
                              text.size()};
  head.cut = scope == HeadScope::Cut;
  size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) return {HeadStatus::NeedMore, 0};
  if (!parse_start_line(without_cr(text.substr(0, line_end)), head.line)) {
    return {HeadStatus::Malformed, line_end + 1};
  }
  if (head.line.has_blank_in_target) head.anomalies.add(Anomaly::BlankInTarget);
  for (;;) {
    const size_t line_start = line_end + 1;
    line_end = text.find('\n', line_start);
    if (line_end == std::string_view::npos) return incomplete;
    if (without_cr(text.substr(line_start, line_end - line_start)).empty()) {
      head.cut = false;
      return {HeadStatus::Complete, line_end + 1};
    }
    line_end = end_of_folded(text, line_end, scope, head);
    if (line_end == std::string_view::npos) return incomplete;
    parse_field_line(without_cr(text.substr(line_start, line_end - line_start)), head);
  }
}

RequestFields request_fields(const Head& head) {
  RequestFields fields;
  const std::string_view target = head.line.target;
  fields.kind = head.line.method == "HEAD"      ? MethodKind::Head
                : head.line.method == "CONNECT" ? MethodKind::Connect
                                                : MethodKind::Other;
  // RFC 9112 section 3.2.3: the target of CONNECT is an authority.
  std::string_view authority =
      fields.kind == MethodKind::Connect ? target : authority_of_absolute_form(target);
  if (authority.empty()) authority = head.host;
  take_authority(authority, fields);
  fields.method = head.line.method;
  fields.hostname = cut_to(kFieldBytesMax, fields.hostname, fields.truncated);
  fields.url = cut_to(kUrlBytesMax, target, fields.truncated);
  fields.user_agent = cut_to(kFieldBytesMax, head.user_agent, fields.truncated);
  fields.referer = cut_to(kFieldBytesMax, head.referer, fields.truncated);
  fields.forwarded_for = cut_to(kFieldBytesMax, head.forwarded_for, fields.truncated);
  fields.minor_version = head.line.minor_version;
  fields.truncated = fields.truncated || head.cut;
  return fields;
}

ResponseFields response_fields(const Head& head) {
  ResponseFields fields;
  fields.content_type = cut_to(kFieldBytesMax, head.content_type, fields.truncated);
  fields.location = cut_to(kUrlBytesMax, head.location, fields.truncated);
  fields.status = head.line.status;
  fields.minor_version = head.line.minor_version;
  fields.truncated = fields.truncated || head.cut;
  return fields;
}

size_t EmptyLineFinder::find_end(std::string_view text) {
  size_t position = 0;
  while (position < text.size()) {
    if (state_ == State::WithinLine) {
      const size_t line_end = text.find('\n', position);
      if (line_end == std::string_view::npos) return std::string_view::npos;
      position = line_end + 1;
      state_ = State::LineStart;
      continue;
    }
    const char c = text[position++];
    if (c == '\n') return position;
    state_ = c == '\r' && state_ == State::LineStart ? State::AfterCr : State::WithinLine;
  }
  return std::string_view::npos;
}

}  // namespace flowscope::http
