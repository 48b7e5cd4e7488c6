#include "l7/http/head.h"

#include <algorithm>
#include <array>
#include <optional>

#include "l7/http/head_check.h"
#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

constexpr uint64_t kContentLengthMax = uint64_t{1} << 62;

std::string_view without_cr(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
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
    } else {
      head.anomalies.add(head.content_length != *value ? Anomaly::ContentLengthConflict
                                                       : Anomaly::ContentLengthRepeated);
    }
  } while (!list.empty());
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
void add_transfer_encoding(std::string_view list, Head& head) {
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
}

// RFC 9112 section 9.6.
void note_close(std::string_view list, Head& head) {
  do {
    if (equals_ignoring_case(take_element(list), "close")) head.closes = true;
  } while (!list.empty());
}

void keep_first(std::string_view& field, std::string_view value) {
  if (field.data() == nullptr) field = value;
}

// The fields that are no list and that a record shows.
struct KeptField {
  std::string_view name;  // in lower case
  std::string_view Head::*field;
};
constexpr auto kKeptFields =
    std::to_array<KeptField>({{"host", &Head::host},
                              {"server", &Head::server},
                              {"referer", &Head::referer},
                              {"upgrade", &Head::upgrade},
                              {"location", &Head::location},
                              {"user-agent", &Head::user_agent},
                              {"content-type", &Head::content_type},
                              {"content-range", &Head::content_range},
                              {"x-forwarded-for", &Head::forwarded_for},
                              {"content-encoding", &Head::content_encoding}});

void keep_field(size_t i, std::string_view name, std::string_view value, Head& head) {
  const KeptField& kept = kKeptFields[i];
  if (equals_ignoring_case(name, kept.name)) keep_first(head.*kept.field, value);
}

void add_field(std::string_view name, std::string_view value, Head& head) {
  switch (name.size()) {
    case 4:
      if (head.host.data() != nullptr && equals_ignoring_case(name, "host"))
        head.anomalies.add(Anomaly::HostRepeated);
      return keep_field(0, name, value, head);
    case 6:
      return keep_field(1, name, value, head);
    case 7:
      keep_field(2, name, value, head);
      return keep_field(3, name, value, head);
    case 8:
      return keep_field(4, name, value, head);
    case 10:
      if (equals_ignoring_case(name, "connection")) return note_close(value, head);
      return keep_field(5, name, value, head);
    case 12:
      return keep_field(6, name, value, head);
    case 13:
      return keep_field(7, name, value, head);
    case 14:
      if (equals_ignoring_case(name, "content-length")) add_content_length(value, head);
      return;
    case 15:
      return keep_field(8, name, value, head);
    case 16:
      return keep_field(9, name, value, head);
    case 17:
      if (equals_ignoring_case(name, "transfer-encoding")) add_transfer_encoding(value, head);
      return;
    default:
      return;
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

// RFC 9112 section 5: field-line = field-name ":" OWS field-value OWS.
void parse_field_line(std::string_view line, Head& head) {
  // RFC 9112 section 2.2: lines with a blank in front, behind the start line, are passed over.
  if (is_blank(line.front()) && head.fields == 0)
    return head.anomalies.add(Anomaly::BlankBeforeFields);
  ++head.fields;
  const size_t name_bytes = token_size(line);
  size_t colon = name_bytes;
  while (colon < line.size() && is_blank(line[colon])) ++colon;
  if (name_bytes == 0 || colon == line.size() || line[colon] != ':')
    return note_bad_field(line, head);
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
    note_line_end(text, line_end, head);
    head.folded = true;
    head.anomalies.add(Anomaly::ObsoleteFold);
    const size_t next_end = text.find('\n', line_end + 1);
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

HeadResult parse_lines(std::string_view text, HeadScope scope, Head& head) {
  const HeadResult incomplete{scope == HeadScope::Cut ? HeadStatus::Complete : HeadStatus::NeedMore,
                              text.size()};
  head.cut = scope == HeadScope::Cut;
  size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) return {HeadStatus::NeedMore, 0};
  if (!parse_start_line(without_cr(text.substr(0, line_end)), head.line))
    return {HeadStatus::Malformed, line_end + 1};
  note_line_end(text, line_end, head);
  if (head.line.has_blank_in_target) head.anomalies.add(Anomaly::BlankInTarget);
  if (head.line.has_odd_blanks) head.anomalies.add(Anomaly::StartLineBlanks);
  // A request of HTTP/0.9 is one line.
  if (head.line.minor_version == kNoVersion && line_end + 1 == text.size()) head.cut = false;
  const size_t fields_start = line_end + 1;
  for (;;) {
    const size_t line_start = line_end + 1;
    head.field_lines = text.substr(fields_start, line_start - fields_start);
    line_end = text.find('\n', line_start);
    if (line_end == std::string_view::npos) return incomplete;
    if (without_cr(text.substr(line_start, line_end - line_start)).empty()) {
      note_line_end(text, line_end, head);
      if (head.fields > kFieldsMax) head.anomalies.add(Anomaly::TooManyFields);
      head.cut = false;
      return {HeadStatus::Complete, line_end + 1};
    }
    line_end = end_of_folded(text, line_end, scope, head);
    if (line_end == std::string_view::npos) return incomplete;
    note_line_end(text, line_end, head);
    parse_field_line(without_cr(text.substr(line_start, line_end - line_start)), head);
  }
}

}  // namespace

Authority parse_authority(std::string_view authority) {
  // RFC 3986 section 3.2: authority = [ userinfo "@" ] host [ ":" port ]
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  const size_t colon = authority.rfind(':');
  const size_t bracket = authority.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (!has_port) return {authority};
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
  const HeadResult result = parse_lines(text, scope, head);
  if (result.status == HeadStatus::Complete) check_characters(text.substr(0, result.bytes), head);
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
