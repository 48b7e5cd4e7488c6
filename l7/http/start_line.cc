#include "l7/http/start_line.h"

#include <algorithm>
#include <array>

#include "l7/http/syntax.h"
#include "l7/http/transaction.h"

namespace flowscope::http {

namespace {

constexpr std::string_view kVersionPrefix = "HTTP/1.";

// The IANA method registry, then what clients of old and of UPnP, RPC over HTTP and BITS send. The
// most frequent come first. PRI is left out: it opens HTTP/2 (RFC 9113 3.4).
constexpr auto kMethods = std::to_array<std::string_view>({
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "OPTIONS",
    "DELETE",
    "CONNECT",
    "PATCH",
    "TRACE",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "SEARCH",
    "REPORT",
    "CHECKOUT",
    "CHECKIN",
    "UNCHECKOUT",
    "MERGE",
    "NOTIFY",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "M-SEARCH",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "UNBIND",
    "REBIND",
    "LABEL",
    "LINK",
    "UNLINK",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "ORDERPATCH",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
    "QUERY",
    "PURGE",
    "RPC_IN_DATA",
    "RPC_OUT_DATA",
    "RPC_CONNECT",
    "BITS_POST",
    "CCM_POST",
    "POLL",
    "BPROPFIND",
    "BPROPPATCH",
    "BCOPY",
    "BMOVE",
    "BDELETE",
    "SOURCE",
});
constexpr size_t kKnownMethodBytesMax = 17;

// Protocols that share methods with HTTP and show themselves in the target.
constexpr auto kForeignSchemes = std::to_array<std::string_view>(
    {"rtsp:", "rtsps:", "rtspu:", "sip:", "sips:", "tel:", "icap:"});

bool is_known_method(std::string_view token) {
  return std::find(kMethods.begin(), kMethods.end(), token) != kMethods.end();
}

// Whether one of the two begins with the other: the text may still become the sample.
bool agree(std::string_view text, std::string_view sample) {
  const size_t size = std::min(text.size(), sample.size());
  return text.substr(0, size) == sample.substr(0, size);
}

// Where the last blank of `text` is. Requires: there is one.
size_t last_blank(std::string_view text) {
  size_t at = text.size() - 1;
  while (!is_blank(text[at])) --at;
  return at;
}

// RFC 9112 section 2.3: HTTP-version = "HTTP/" DIGIT "." DIGIT
bool parse_version(std::string_view text, uint8_t& minor) {
  if (text.size() != kVersionPrefix.size() + 1 || !text.starts_with(kVersionPrefix)) return false;
  if (!is_digit(text.back())) return false;
  minor = static_cast<uint8_t>(text.back() - '0');
  return true;
}

// A request line of two words (HTTP/0.9): only by a known method, so that no other text is taken
// for one. "GET HTTP/1.1" is such a line as well.
bool parse_short_request(std::string_view target, StartLine& parsed) {
  parsed.target = target;
  parsed.minor_version = kNoVersion;
  uint8_t ignored = 0;
  return is_known_method(parsed.method)
         && (target.starts_with('/') || parse_version(target, ignored));
}

// RFC 9112 section 3: request-line = method SP request-target SP HTTP-version. As that section
// allows, any blanks part the words. Where there are more than three words the second is the
// target, as most servers read it, and the rest is noted.
bool parse_request_line(std::string_view line, StartLine& parsed) {
  const size_t method_bytes = token_size(line);
  if (method_bytes == 0 || method_bytes > kMethodBytesMax) return false;
  if (method_bytes == line.size() || !is_blank(line[method_bytes])) return false;
  parsed.kind = MessageKind::Request;
  parsed.method = line.substr(0, method_bytes);
  const size_t line_bytes = line.size();
  line = trim(line);
  if (line.size() <= method_bytes) return false;
  const size_t target_end = last_blank(line);
  const std::string_view between = line.substr(method_bytes, target_end - method_bytes);
  const std::string_view words = trim(between);
  if (words.empty()) return parse_short_request(line.substr(target_end + 1), parsed);
  parsed.target = words.substr(0, std::min(words.find(' '), words.find('\t')));
  parsed.has_blank_in_target = parsed.target.size() != words.size();
  parsed.has_odd_blanks = words.size() + 1 != between.size() || between.front() != ' '
                          || line[target_end] != ' ' || line.size() != line_bytes;
  return parse_version(line.substr(target_end + 1), parsed.minor_version);
}

// RFC 9112 section 4: status-line = HTTP-version SP status-code SP [ reason-phrase ]. The last
// space is often missing when there is no reason phrase.
bool parse_status_line(std::string_view line, StartLine& parsed) {
  constexpr size_t blank = kVersionPrefix.size() + 1;
  if (line.size() <= blank || !is_blank(line[blank])) return false;
  if (!parse_version(line.substr(0, blank), parsed.minor_version)) return false;
  const std::string_view rest = trim(line.substr(blank));
  if (rest.size() < 3 || (rest.size() > 3 && !is_blank(rest[3]))) return false;
  unsigned status = 0;
  for (const char c : rest.substr(0, 3)) {
    if (!is_digit(c)) return false;
    status = status * 10 + static_cast<unsigned>(c - '0');
  }
  parsed.kind = MessageKind::Response;
  parsed.status = static_cast<uint16_t>(status);
  parsed.reason = trim(rest.substr(3));
  parsed.has_odd_blanks = line[blank] != ' ' || rest.data() != line.data() + blank + 1;
  return status >= 100;
}

// Looks at what follows "METHOD ".
Probe probe_target(std::string_view text) {
  if (text.empty()) return Probe::NeedMore;
  const auto first = static_cast<uint8_t>(text.front());
  if (first == '/') return Probe::Match;
  // OPTIONS * is asked of RTSP and SIP servers too.
  if (first == '*') {
    constexpr std::string_view kStarLine = "* HTTP/1.";
    if (!agree(text, kStarLine)) return Probe::NoMatch;
    return text.size() < kStarLine.size() ? Probe::NeedMore : Probe::Match;
  }
  // CONNECT {"verbose":... opens NATS.
  if (first <= ' ' || first >= 0x7F || first == '{' || first == '"') return Probe::NoMatch;
  for (const std::string_view scheme : kForeignSchemes) {
    if (!agree(text, scheme)) continue;
    return text.size() < scheme.size() ? Probe::NeedMore : Probe::NoMatch;
  }
  return Probe::Match;
}

Probe probe_status_line(std::string_view text) {
  constexpr size_t kVersionBytes = kVersionPrefix.size() + 1;
  if (text.size() <= kVersionBytes) {
    return text.size() < kVersionBytes || is_digit(text.back()) ? Probe::NeedMore : Probe::NoMatch;
  }
  uint8_t minor = 0;
  if (!parse_version(text.substr(0, kVersionBytes), minor)) return Probe::NoMatch;
  if (!is_blank(text[kVersionBytes])) return Probe::NoMatch;
  if (text.size() == kVersionBytes + 1) return Probe::NeedMore;
  const char next = text[kVersionBytes + 1];
  return is_digit(next) || is_blank(next) ? Probe::Match : Probe::NoMatch;
}

Probe probe_request_line(std::string_view text) {
  const size_t method_bytes = token_size(text.substr(0, kKnownMethodBytesMax + 1));
  const std::string_view method = text.substr(0, method_bytes);
  if (method_bytes == text.size()) {
    const bool possible =
        std::any_of(kMethods.begin(), kMethods.end(),
                    [&](std::string_view known) { return known.starts_with(method); });
    return possible ? Probe::NeedMore : Probe::NoMatch;
  }
  if (text[method_bytes] != ' ' || !is_known_method(method)) return Probe::NoMatch;
  return probe_target(text.substr(method_bytes + 1));
}

// Whether what follows a start line is no head: its next line has no field name and colon. True
// only when that line is in sight.
bool is_followed_by_text(std::string_view text) {
  const size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) return false;
  const std::string_view rest = text.substr(line_end + 1);
  if (rest.find('\n') == std::string_view::npos) return false;
  if (rest.starts_with('\n') || rest.starts_with("\r\n")) return false;
  const size_t name_bytes = token_size(rest);
  return name_bytes == 0 || rest[name_bytes] != ':';
}

}  // namespace

bool parse_start_line(std::string_view line, StartLine& parsed) {
  return line.starts_with("HTTP/") ? parse_status_line(line, parsed)
                                   : parse_request_line(line, parsed);
}

bool is_start_line(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  StartLine ignored;
  return parse_start_line(text, ignored);
}

bool may_be_start_line(std::string_view text) {
  if (agree(text, kVersionPrefix)) return true;
  const size_t method_bytes = token_size(text.substr(0, kMethodBytesMax + 1));
  if (method_bytes == 0 || method_bytes > kMethodBytesMax) return false;
  if (method_bytes == text.size()) return true;
  if (!is_blank(text[method_bytes])) return false;
  // A target has no control characters; bytes above 0x7F do occur.
  if (method_bytes + 1 == text.size()) return true;
  const char first = text[method_bytes + 1];
  return is_blank(first) || static_cast<uint8_t>(first) > ' ';
}

Probe probe_start_line(std::string_view text) {
  if (text.empty()) return Probe::NeedMore;
  const Probe probe =
      agree(text, kVersionPrefix) ? probe_status_line(text) : probe_request_line(text);
  if (probe != Probe::Match) return probe;
  const size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) return probe;
  std::string_view line = text.substr(0, line_end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  StartLine ignored;
  return parse_start_line(line, ignored) ? Probe::Match : Probe::NoMatch;
}

Probe probe_within_content(std::string_view text, Seek seek) {
  if (!may_be_start_line(text)) return Probe::NoMatch;
  const Probe probe = probe_start_line(text);
  if (probe != Probe::Match) return probe;
  const bool is_response = text.starts_with("HTTP/");
  if (seek == Seek::Request && is_response) return Probe::NoMatch;
  if (seek == Seek::Response && !is_response) return Probe::NoMatch;
  const size_t line_end = text.find('\n');
  if (line_end == std::string_view::npos) return Probe::Match;
  std::string_view line = text.substr(0, line_end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  StartLine parsed;
  if (!parse_start_line(line, parsed) || parsed.minor_version == kNoVersion) return Probe::NoMatch;
  return is_followed_by_text(text) ? Probe::NoMatch : Probe::Match;
}

size_t find_last_start_line(std::string_view text, Seek seek) {
  size_t last = 0;
  for (size_t start = line_bytes(text); start < text.size();) {
    const StartLinePlace place = find_start_line(text.substr(start), seek);
    if (place.probe == Probe::Match) last = start + place.offset;
    start += place.offset;
    start += line_bytes(text.substr(start));
  }
  return last;
}

StartLinePlace find_start_line(std::string_view text, Seek seek) {
  size_t offset = 0;
  while (offset < text.size()) {
    const Probe probe = probe_within_content(text.substr(offset), seek);
    if (probe != Probe::NoMatch) return {offset, probe};
    const size_t line_end = text.find('\n', offset);
    if (line_end == std::string_view::npos) break;
    offset = line_end + 1;
  }
  return {text.size(), Probe::NoMatch};
}

}  // namespace flowscope::http
