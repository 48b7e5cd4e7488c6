#include "l7/http/head_check.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

constexpr bool is_control(char c) {
  const auto code = static_cast<uint8_t>(c);
  return (code < 0x20 && code != '\t' && code != '\r' && code != '\n') || code == 0x7F;
}

// RFC 3986 section 3.2.2: what a host and a port are made of; bytes above 0x7F occur, as raw UTF-8.
constexpr std::array<bool, 256> kHostChars = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("-._~%!$&'()*+;=:[]0123456789"
                                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
    table.at(static_cast<uint8_t>(c)) = true;
  }
  for (size_t code = 0x80; code < 256; ++code) table.at(code) = true;
  return table;
}();

bool is_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return kHostChars[static_cast<uint8_t>(c)]; });
}

bool is_same_host(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return to_lower(a) == to_lower(b); });
}

// RFC 9112 section 3.2: origin-form, absolute-form, authority-form of CONNECT, asterisk-form of
// OPTIONS.
bool is_target_valid(const StartLine& line) {
  const std::string_view target = line.target;
  if (line.method == "CONNECT") {
    const bool has_path = target.find_first_of("/?#") != std::string_view::npos;
    return !has_path && target.find(':') != std::string_view::npos;
  }
  if (target.front() == '/') return true;
  if (target == "*") return line.method == "OPTIONS";
  // RFC 3986 section 3.1: the scheme.
  const size_t scheme_bytes = token_size(target);
  return scheme_bytes != 0 && scheme_bytes < target.size() && target[scheme_bytes] == ':';
}

bool has_encoded_line_end(std::string_view target) {
  for (size_t at = target.find('%'); at != std::string_view::npos; at = target.find('%', at + 1)) {
    const std::string_view code = target.substr(at + 1, 2);
    if (equals_ignoring_case(code, "0d") || equals_ignoring_case(code, "0a")) return true;
  }
  return false;
}

// RFC 9112 section 3.2.2: a client sends the same host twice.
bool names_another_host(const Head& head, std::string_view of_target) {
  const Authority target = parse_authority(of_target);
  const Authority field = parse_authority(head.host);
  if (!is_same_host(target.host, field.host)) return true;
  return target.port != 0 && field.port != 0 && target.port != field.port;
}

}  // namespace

void check_characters(std::string_view text, Head& head) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))
      head.anomalies.add(Anomaly::BareCarriageReturn);
    if (is_control(c)) head.anomalies.add(c == '\0' ? Anomaly::Nul : Anomaly::ControlCharacter);
  }
  const std::string_view target = head.line.target;
  const bool in_target =
      std::any_of(target.begin(), target.end(), [](char c) { return is_control(c) || c == '\r'; });
  if (in_target) head.anomalies.add(Anomaly::ControlInTarget);
}

void check_request(Head& head) {
  const StartLine& line = head.line;
  AnomalySet& anomalies = head.anomalies;
  if (!is_target_valid(line)) anomalies.add(Anomaly::TargetInvalid);
  if (has_encoded_line_end(line.target)) anomalies.add(Anomaly::EncodedLineEnd);
  if (line.minor_version == kNoVersion) return anomalies.add(Anomaly::VersionMissing);
  if (head.host.data() == nullptr) {
    if (line.minor_version != 0 && !head.cut) anomalies.add(Anomaly::HostMissing);
    return;
  }
  if (!is_host(head.host)) anomalies.add(Anomaly::HostInvalid);
  const std::string_view of_target = authority_of_target(line);
  if (!of_target.empty() && names_another_host(head, of_target))
    anomalies.add(Anomaly::HostConflict);
}

}  // namespace flowscope::http
