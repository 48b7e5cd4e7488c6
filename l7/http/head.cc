#include "l7/http/head.h"

#include <algorithm>
#include <array>
#include <optional>

#include "l7/http/field_name.h"
#include "l7/http/head_check.h"
#include "l7/http/head_scan.h"
#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

constexpr uint64_t kContentLengthMax = uint64_t{1} << 62;

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Requires: from <= to <= text.size().
std::string_view between(std::string_view text, size_t from, size_t to) {
  text.remove_suffix(text.size() - to);
  text.remove_prefix(from);
  return text;
}

// RFC 9112 section 2.2: a line ends in CRLF; LF alone is accepted.
void note_line_end(std::string_view text, size_t line_end, Head& head) {
  if (line_end == 0 || text[line_end - 1] != '\r') head.anomalies.add(Anomaly::BareLineFeed);
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

// What follows reads one field each, and gives true.

// RFC 9112 section 6.3 rule 5: a list of equal numbers is one number. Where numbers differ the
// first one is taken, as the recipients that do not refuse such a message mostly do.
bool add_content_length(std::string_view list, Head& head) {
  do {
    const std::optional<uint64_t> value = parse_length(take_element(list));
    if (!value.has_value()) {
      head.anomalies.add(Anomaly::ContentLengthInvalid);
    } else if (!head.has_content_length) {
      head.content_length = *value;
      head.has_content_length = true;
    } else {
      head.anomalies.add(head.content_length != *value ? Anomaly::ContentLengthConflict
                                                       : Anomaly::ContentLengthRepeated);
    }
  } while (!list.empty());
  return true;
}

// RFC 9112 section 7: the transfer codings of the registry; "identity" was withdrawn.
bool is_known_coding(std::string_view coding) {
  constexpr auto kCodings = std::to_array<std::string_view>(
      {"chunked", "gzip", "deflate", "compress", "x-gzip", "x-compress", "identity"});
  return std::any_of(kCodings.begin(), kCodings.end(),
                     [&](std::string_view known) { return equals_ignoring_case(coding, known); });
}

bool contains_ignoring_case(std::string_view text, std::string_view lower) {
  for (; text.size() >= lower.size(); text.remove_prefix(1)) {
    if (equals_ignoring_case(text.substr(0, lower.size()), lower)) return true;
  }
  return false;
}

// What some take for chunked ("xchunked", "chunked;x", control characters around it) and others do
// not is told of. Requires: the coding is not a known one.
void add_unknown_coding(std::string_view coding, Head& head) {
  if (coding.empty()) return;
  head.anomalies.add(contains_ignoring_case(coding, "chunked") ? Anomaly::EncodingObfuscated
                                                               : Anomaly::EncodingUnknown);
}

// RFC 9112 section 6.1. Several fields are one list; chunked must be there once and last. The
// withdrawn coding "identity" (RFC 2616 section 3.6) says nothing, unless it hides a chunked.
bool add_transfer_encoding(std::string_view list, Head& head) {
  do {
    const std::string_view coding = take_element(list);
    if (!is_known_coding(coding)) add_unknown_coding(coding, head);
    if (!head.ends_chunked && equals_ignoring_case(coding, "identity")) continue;
    head.has_transfer_encoding = true;
    if (head.ends_chunked) {
      head.anomalies.add(Anomaly::EncodingInvalid);  // something follows chunked
    }
    head.ends_chunked = equals_ignoring_case(coding, "chunked");
  } while (!list.empty());
  return true;
}

// RFC 9112 section 9.6.
bool note_close(std::string_view list, Head& head) {
  do {
    if (equals_ignoring_case(take_element(list), "close")) head.closes = true;
  } while (!list.empty());
  return true;
}

bool keep_first(std::string_view& field, std::string_view value) {
  if (field.data() == nullptr) field = value;
  return true;
}

bool add_host(std::string_view value, Head& head) {
  if (head.host.data() != nullptr) head.anomalies.add(Anomaly::HostRepeated);
  return keep_first(head.host, value);
}

constexpr FieldName kHost("host");
constexpr FieldName kServer("server");
constexpr FieldName kReferer("referer");
constexpr FieldName kUpgrade("upgrade");
constexpr FieldName kLocation("location");
constexpr FieldName kConnection("connection");
constexpr FieldName kUserAgent("user-agent");
constexpr FieldName kContentType("content-type");
constexpr FieldName kContentRange("content-range");
constexpr FieldName kContentLength("content-length");
constexpr FieldName kForwardedFor("x-forwarded-for");
constexpr FieldName kContentEncoding("content-encoding");

// False when the field is none of those that are read; then its name may be no token.
bool add_field(std::string_view name, std::string_view value, Head& head) {
  switch (name.size()) {
    case 4:
      return kHost.is(name) && add_host(value, head);
    case 6:
      return kServer.is(name) && keep_first(head.server, value);
    case 7:
      return (kReferer.is(name) && keep_first(head.referer, value))
             || (kUpgrade.is(name) && keep_first(head.upgrade, value));
    case 8:
      return kLocation.is(name) && keep_first(head.location, value);
    case 10:
      return (kConnection.is(name) && note_close(value, head))
             || (kUserAgent.is(name) && keep_first(head.user_agent, value));
    case 12:
      return kContentType.is(name) && keep_first(head.content_type, value);
    case 13:
      return kContentRange.is(name) && keep_first(head.content_range, value);
    case 14:
      return kContentLength.is(name) && add_content_length(value, head);
    case 15:
      return kForwardedFor.is(name) && keep_first(head.forwarded_for, value);
    case 16:
      return kContentEncoding.is(name) && keep_first(head.content_encoding, value);
    case 17:
      return equals_ignoring_case(name, "transfer-encoding") && add_transfer_encoding(value, head);
    default:
      return false;
  }
}

// A line whose name ends in no colon. It is passed over: the rest of the message is still worth a
// record.
void note_bad_field(std::string_view line, Head& head) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return head.anomalies.add(Anomaly::HeaderMalformed);
  const bool has_blank = line.substr(0, colon).find_first_of(" \t") != std::string_view::npos;
  head.anomalies.add(has_blank ? Anomaly::SpaceInFieldName : Anomaly::FieldNameInvalid);
}

// RFC 9112 section 5: field-line = field-name ":" OWS field-value OWS. `colon`: the first one, or
// anything behind the line.
void parse_field_line(std::string_view line, size_t colon, Head& head) {
  // RFC 9112 section 2.2: lines with a blank in front, behind the start line, are passed over.
  if (head.fields == 0 && is_blank(line.front()))
    return head.anomalies.add(Anomaly::BlankBeforeFields);
  ++head.fields;
  if (colon >= line.size()) return note_bad_field(line, head);
  const std::string_view name = between(line, 0, colon);
  const std::string_view value = trim(between(line, colon + 1, line.size()));
  if (add_field(name, value, head)) return;
  const size_t name_bytes = token_size(name);
  if (name_bytes == colon && colon != 0) return;
  const bool ends_in_blanks =
      std::all_of(name.begin() + static_cast<ptrdiff_t>(name_bytes), name.end(), is_blank);
  if (name_bytes == 0 || !ends_in_blanks) return note_bad_field(line, head);
  head.anomalies.add(Anomaly::SpaceBeforeColon);
  add_field(name.substr(0, name_bytes), value, head);
}

// Where the field line whose first line end is at `line_end` really ends: lines that begin with a
// blank continue it (RFC 9112 section 5.2). npos when the text ends before that is known.
size_t end_of_folded(std::string_view text, size_t line_end, HeadScope scope, HeadScan& scan,
                     Head& head) {
  for (;;) {
    if (line_end + 1 == text.size()) {
      return scope == HeadScope::Cut ? line_end : std::string_view::npos;
    }
    if (!is_blank(text[line_end + 1])) return line_end;
    note_line_end(text, line_end, head);
    head.folded = true;
    head.anomalies.add(Anomaly::ObsoleteFold);
    const size_t next_end = scan.next().end;
    if (next_end == std::string_view::npos) {
      return scope == HeadScope::Cut ? line_end : std::string_view::npos;
    }
    line_end = next_end;
  }
}

std::string_view cut_to(size_t bytes_max, std::string_view text, bool& truncated) {
  truncated = truncated || text.size() > bytes_max;
  return text.substr(0, bytes_max);
}

// Reads the field lines from `line_start` on, which is moved behind the last whole one.
HeadResult parse_field_lines(std::string_view text, HeadScope scope, HeadScan& scan,
                             size_t& line_start, Head& head) {
  const HeadResult incomplete{scope == HeadScope::Cut ? HeadStatus::Complete : HeadStatus::NeedMore,
                              text.size()};
  for (;;) {
    const HeadScan::Line first = scan.next();
    if (first.end == std::string_view::npos) return incomplete;
    std::string_view line = without_cr(between(text, line_start, first.end));
    if (line.empty()) {
      note_line_end(text, first.end, head);
      if (head.fields > kFieldsMax) head.anomalies.add(Anomaly::TooManyFields);
      head.cut = false;
      return {HeadStatus::Complete, first.end + 1};
    }
    const size_t end = end_of_folded(text, first.end, scope, scan, head);
    if (end == std::string_view::npos) return incomplete;
    if (end != first.end) line = without_cr(between(text, line_start, end));
    note_line_end(text, end, head);
    parse_field_line(line, first.colon - line_start, head);
    line_start = end + 1;
  }
}

HeadResult parse_lines(std::string_view text, HeadScope scope, HeadScan& scan, Head& head) {
  head.cut = scope == HeadScope::Cut;
  const size_t line_end = scan.next().end;
  if (line_end == std::string_view::npos) return {HeadStatus::NeedMore, 0};
  if (!parse_start_line(without_cr(text.substr(0, line_end)), head.line))
    return {HeadStatus::Malformed, line_end + 1};
  note_line_end(text, line_end, head);
  if (head.line.has_blank_in_target) head.anomalies.add(Anomaly::BlankInTarget);
  if (head.line.has_odd_blanks) head.anomalies.add(Anomaly::StartLineBlanks);
  // A request of HTTP/0.9 is one line.
  if (head.line.minor_version == kNoVersion && line_end + 1 == text.size()) head.cut = false;
  const size_t fields_start = line_end + 1;
  size_t fields_end = fields_start;
  const HeadResult result = parse_field_lines(text, scope, scan, fields_end, head);
  head.field_lines = text.substr(fields_start, fields_end - fields_start);
  return result;
}

}  // namespace

Authority parse_authority(std::string_view authority) {
  // RFC 3986 section 3.2: authority = [ userinfo "@" ] host [ ":" port ]
  if (authority.find('@') != std::string_view::npos)
    authority.remove_prefix(authority.rfind('@') + 1);
  if (authority.find(':') == std::string_view::npos) return {authority};
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  if (bracket != std::string_view::npos && colon < bracket) return {authority};
  const std::optional<uint64_t> port = parse_length(authority.substr(colon + 1));
  const bool is_port = port.has_value() && *port <= UINT16_MAX;
  return {authority.substr(0, colon), is_port ? static_cast<uint16_t>(*port) : uint16_t{0}};
}

std::string_view authority_of_target(const StartLine& line) {
  std::string_view target = line.target;
  if (line.method == "CONNECT") return target;
  if (target.front() == '/') return {};
  const size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return {};
  if (token_size(target.substr(0, scheme_end)) != scheme_end) return {};
  target.remove_prefix(scheme_end + 3);
  return target.substr(0, target.find_first_of("/?#"));
}

HeadResult parse_head(std::string_view text, HeadScope scope, Head& head) {
  HeadScan scan(text);
  const HeadResult result = parse_lines(text, scope, scan, head);
  if (result.status != HeadStatus::Complete) return result;
  // In front of a bare LF any control character may stand.
  if (scan.has_odd_control(result.bytes) || head.anomalies.contains(Anomaly::BareLineFeed))
    check_characters(text.substr(0, result.bytes), head);
  return result;
}

RequestFields request_fields(const Head& head) {
  RequestFields fields;
  fields.kind = head.line.method == "HEAD"      ? MethodKind::Head
                : head.line.method == "CONNECT" ? MethodKind::Connect
                                                : MethodKind::Other;
  const std::string_view of_target = authority_of_target(head.line);
  const Authority authority = parse_authority(of_target.empty() ? head.host : of_target);
  fields.method = head.line.method;
  fields.port = authority.port;
  fields.hostname = cut_to(kHostBytesMax, authority.host, fields.truncated);
  fields.url = cut_to(kUrlBytesMax, head.line.target, fields.truncated);
  fields.user_agent = cut_to(kFieldBytesMax, head.user_agent, fields.truncated);
  fields.referer = cut_to(kFieldBytesMax, head.referer, fields.truncated);
  fields.forwarded_for = cut_to(kFieldBytesMax, head.forwarded_for, fields.truncated);
  fields.content_type = cut_to(kFieldBytesMax, head.content_type, fields.truncated);
  fields.minor_version = head.line.minor_version;
  fields.asks_upgrade = head.upgrade.data() != nullptr;
  fields.truncated = fields.truncated || head.cut;
  return fields;
}

ResponseFields response_fields(const Head& head) {
  ResponseFields fields;
  fields.content_type = cut_to(kFieldBytesMax, head.content_type, fields.truncated);
  fields.location = cut_to(kUrlBytesMax, head.location, fields.truncated);
  fields.server = cut_to(kFieldBytesMax, head.server, fields.truncated);
  fields.content_encoding = cut_to(kFieldBytesMax, head.content_encoding, fields.truncated);
  fields.content_range = cut_to(kFieldBytesMax, head.content_range, fields.truncated);
  fields.upgrade = cut_to(kFieldBytesMax, head.upgrade, fields.truncated);
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
