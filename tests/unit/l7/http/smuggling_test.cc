#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/l7/http/recording_sink.h"

namespace flowscope::http {
namespace {

// What one message makes the parser say, and nothing else. Sections are of RFC 9112 unless they say
// 9110.
struct SmugglingCase {
  std::string name;
  std::string request;
  std::string response;  // empty: none comes
  std::vector<std::string> anomalies;

  friend void PrintTo(const SmugglingCase& row, std::ostream* out) { *out << row.name; }
};

const std::string kHost = "Host: a.example\r\n";
const std::string kGet = "GET / HTTP/1.1\r\n" + kHost + "\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string kEmpty = kOk + "Content-Length: 0\r\n\r\n";

// A request with these lines behind the Host field, and this body.
std::string post(const std::string& lines, const std::string& body = "") {
  return "POST / HTTP/1.1\r\n" + kHost + lines + "\r\n" + body;
}
std::string get(const std::string& lines) { return "GET / HTTP/1.1\r\n" + lines + "\r\n"; }
std::string request_line(const std::string& line) { return line + "\r\n" + kHost + "\r\n"; }
std::string chunked(const std::string& chunks) {
  return post("Transfer-Encoding: chunked\r\n", chunks);
}

std::vector<SmugglingCase> line_cases() {
  return {
      {"a plain request", kGet, kEmpty, {}},
      {"2.2: LF after the start line", "GET / HTTP/1.1\n" + kHost + "\r\n", "", {"http_bare_lf"}},
      {"2.2: LF after a field", get("Host: a\n"), "", {"http_bare_lf"}},
      {"2.2: LF as the empty line", "GET / HTTP/1.1\r\n" + kHost + "\n", "", {"http_bare_lf"}},
      {"2.2: LF before a fold",
       get("Host: a\r\nX: y\n z\r\n"),
       "",
       {"http_obsolete_fold", "http_bare_lf"}},
      {"2.2: CR within a value",
       get("Host: a\r\nX: y\rTransfer-Encoding: chunked\r\n"),
       "",
       {"http_bare_cr"}},
      {"2.2: CR before CRLF", get("Host: a\r\nX: y\r\r\n"), "", {"http_bare_cr"}},
      {"2.2: CR in a response",
       kGet,
       kOk + "X: y\rz\r\nContent-Length: 0\r\n\r\n",
       {"http_bare_cr"}},
      {"2.2: CR in the target",
       request_line("GET /a\rb HTTP/1.1"),
       "",
       {"http_bare_cr", "http_control_in_target"}},
      {"2.2: empty lines before a request", "\r\n" + kGet, "", {"http_empty_line_before"}},
      {"2.2: a blank before the first field",
       "GET / HTTP/1.1\r\n X: y\r\n" + kHost + "\r\n",
       "",
       {"http_blank_before_fields"}},
      {"9110 5.5: NUL in a value", get(kHost + std::string("X: a\0b\r\n", 8)), "", {"http_nul"}},
      {"9110 5.5: another control character",
       get(kHost + "X: a\x0b\r\n"),
       "",
       {"http_control_character"}},
      {"9110 5.5: DEL", get(kHost + "X: a\x7f\r\n"), "", {"http_control_character"}},
      {"9110 5.5: a tab is none", get(kHost + "X: a\tb\r\n"), "", {}},
      {"5: no colon", get(kHost + "nonsense\r\n"), "", {"http_header_malformed"}},
      {"5: no name", get(kHost + ": value\r\n"), "", {"http_header_malformed"}},
      {"5.1: a blank before the colon",
       post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
       "",
       {"http_space_before_colon"}},
      {"5.1: a tab before the colon",
       post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"),
       "",
       {"http_space_before_colon"}},
      {"9110 5.1: a blank in a name",
       get(kHost + "Transfer Encoding: chunked\r\n"),
       "",
       {"http_field_name_space"}},
      {"9110 5.1: another character in a name",
       get(kHost + "Content-Length[]: 4\r\n"),
       "",
       {"http_field_name_invalid"}},
      {"9110 5.1: a control character in a name",
       get(kHost + "Transfer-Encoding\x0b: chunked\r\n"),
       "",
       {"http_field_name_invalid", "http_control_character"}},
      {"5.2: a folded field", get(kHost + "X: a\r\n b\r\n"), "", {"http_obsolete_fold"}},
      {"5.2: a fold of blanks only", get(kHost + "X: a\r\n \r\n"), "", {"http_obsolete_fold"}},
  };
}

std::vector<SmugglingCase> target_cases() {
  return {
      {"3: two blanks", request_line("GET  / HTTP/1.1"), "", {"http_start_line_blanks"}},
      {"3: a tab", request_line("GET\t/ HTTP/1.1"), "", {"http_start_line_blanks"}},
      {"3: a blank at the end", request_line("GET / HTTP/1.1 "), "", {"http_start_line_blanks"}},
      {"3: four words", request_line("GET /a b HTTP/1.1"), "", {"http_blank_in_target"}},
      {"3: two versions", request_line("GET / HTTP/1.1 HTTP/1.1"), "", {"http_blank_in_target"}},
      {"3: no version", "GET /\r\n", "", {"http_version_missing"}},
      {"4: blanks in a status line",
       kGet,
       "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
       {"http_start_line_blanks"}},
      {"3.2: NUL in the target",
       request_line(std::string("GET /a\0b HTTP/1.1", 17)),
       "",
       {"http_nul", "http_control_in_target"}},
      {"3.2: a control character in the target",
       request_line("GET /a\x01 HTTP/1.1"),
       "",
       {"http_control_character", "http_control_in_target"}},
      {"9110 17.5: an encoded CRLF",
       request_line("GET /a%0d%0aSet-Cookie:x HTTP/1.1"),
       "",
       {"http_encoded_line_end"}},
      {"9110 17.5: an encoded LF, in upper case",
       request_line("GET /a%41%0A HTTP/1.1"),
       "",
       {"http_encoded_line_end"}},
      {"3.2: no form of a target",
       request_line("GET index.html HTTP/1.1"),
       "",
       {"http_target_invalid"}},
      {"3.2.4: the asterisk of another method",
       request_line("GET * HTTP/1.1"),
       "",
       {"http_target_invalid"}},
      {"3.2.4: the asterisk of OPTIONS", request_line("OPTIONS * HTTP/1.1"), "", {}},
      {"3.2.3: a path of CONNECT",
       request_line("CONNECT /a HTTP/1.1"),
       "",
       {"http_target_invalid", "http_host_conflict"}},
      {"3.2.3: CONNECT without a port",
       request_line("CONNECT a.example HTTP/1.1"),
       "",
       {"http_target_invalid"}},
      {"3.2: no Host", get(""), "", {"http_host_missing"}},
      {"3.2: no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "", {}},
      {"3.2: an empty Host", get("Host:\r\n"), "", {}},
      {"3.2: two Hosts", get("Host: a\r\nHost: b\r\n"), "", {"http_host_repeated"}},
      {"9110 7.2: a list in Host", get("Host: a, b\r\n"), "", {"http_host_invalid"}},
      {"9110 7.2: a path in Host", get("Host: a/b\r\n"), "", {"http_host_invalid"}},
      {"9110 7.2: a user in Host", get("Host: a@b\r\n"), "", {"http_host_invalid"}},
      {"9110 7.2: an address and a port", get("Host: [2001:db8::1]:80\r\n"), "", {}},
      {"3.2.2: another host in the target",
       "GET http://b/ HTTP/1.1\r\n" + kHost + "\r\n",
       "",
       {"http_host_conflict"}},
      {"3.2.2: another port in the target",
       "GET http://a:81/ HTTP/1.1\r\nHost: a:82\r\n\r\n",
       "",
       {"http_host_conflict"}},
      {"3.2.2: the same host in other letters",
       "GET http://A.example:80/ HTTP/1.1\r\n" + kHost + "\r\n",
       "",
       {}},
  };
}

std::vector<SmugglingCase> framing_cases() {
  const std::string te = "Transfer-Encoding: ";
  const std::string end = "0\r\n\r\n";
  return {
      {"6.3 rule 3: CL.TE",
       post("Content-Length: 6\r\n" + te + "chunked\r\n", end + "G"),
       "",
       {"http_cl_te_conflict"}},
      {"6.3 rule 3: TE.CL",
       post(te + "chunked\r\nContent-Length: 4\r\n", "5c\r\n"),
       "",
       {"http_cl_te_conflict"}},
      {"6.3 rule 5: two lengths",
       post("Content-Length: 0\r\nContent-Length: 4\r\n"),
       "",
       {"http_content_length_conflict"}},
      {"6.3 rule 5: a list of lengths",
       post("Content-Length: 0, 0\r\n"),
       "",
       {"http_content_length_repeated"}},
      {"6.3 rule 5: a length with a blank in it",
       post("Content-Length: 1 2\r\n"),
       "",
       {"http_content_length_invalid"}},
      {"6.3 rule 5: a length in hexadecimal",
       post("Content-Length: 0x4\r\n"),
       "",
       {"http_content_length_invalid"}},
      {"6.1: a coding that is no chunked",
       post(te + "xchunked\r\n"),
       "",
       {"http_transfer_encoding_invalid", "http_transfer_encoding_obfuscated"}},
      {"6.1: chunked with a parameter",
       post(te + "chunked;q=1\r\n"),
       "",
       {"http_transfer_encoding_invalid", "http_transfer_encoding_obfuscated"}},
      {"6.1: a quoted chunked",
       post(te + "\"chunked\"\r\n"),
       "",
       {"http_transfer_encoding_invalid", "http_transfer_encoding_obfuscated"}},
      {"6.1: chunked behind a control character",
       post(te
            + "\x0b"
              "chunked\r\n"),
       "",
       {"http_control_character", "http_transfer_encoding_invalid",
        "http_transfer_encoding_obfuscated"}},
      {"6.1: chunked twice",
       post(te + "chunked\r\n" + te + "chunked\r\n", end),
       "",
       {"http_transfer_encoding_invalid"}},
      {"6.1: chunked not last",
       post(te + "chunked, gzip\r\n"),
       "",
       {"http_transfer_encoding_invalid"}},
      {"6.1: chunked, then what is no chunked",
       post(te + "chunked\r\n" + te + "cow\r\n"),
       "",
       {"http_transfer_encoding_invalid", "http_transfer_encoding_unknown"}},
      {"7: an unknown coding",
       kGet,
       kOk + te + "cow\r\n\r\n",
       {"http_transfer_encoding_invalid", "http_transfer_encoding_unknown"}},
      {"6.1: a folded coding",
       post("Transfer-Encoding:\r\n chunked\r\n", end),
       "",
       {"http_obsolete_fold"}},
      {"6.1: a coding in HTTP/1.0",
       "POST / HTTP/1.0\r\n" + te + "chunked\r\n\r\n" + end,
       "",
       {"http_transfer_encoding_version"}},
      {"9110 9.3.1: content of GET",
       get(kHost + "Content-Length: 1\r\n") + "a",
       "",
       {"http_request_body_unexpected"}},
      {"9110 9.3.2: content of HEAD",
       "HEAD / HTTP/1.1\r\n" + kHost + te + "chunked\r\n\r\n" + end,
       "",
       {"http_request_body_unexpected"}},
      {"9110 9.3.1: a length of 0 of GET", get(kHost + "Content-Length: 0\r\n"), "", {}},
      {"9110 8.6: a length of a 204",
       kGet,
       "HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\n",
       {"http_length_without_body"}},
      {"6.1: a coding of a 103",
       kGet,
       "HTTP/1.1 103 Hints\r\n" + te + "chunked\r\n\r\n",
       {"http_length_without_body"}},
      {"6.3 rule 1: content of a HEAD",
       "HEAD / HTTP/1.1\r\n" + kHost + "\r\n",
       kOk + "Content-Length: 6\r\n\r\n<html>\n",
       {"http_response_body_unexpected"}},
      {"6.3 rule 1: content of a 304",
       kGet,
       "HTTP/1.1 304 Same\r\nContent-Length: 6\r\n\r\n<html>\n",
       {"http_response_body_unexpected"}},
  };
}

std::vector<SmugglingCase> chunk_cases() {
  const std::string end = "0\r\n\r\n";
  return {
      {"7.1: chunks", chunked("1\r\na\r\n" + end), "", {}},
      {"7.1: a sign", chunked("+1\r\na\r\n" + end), "", {"http_chunk_size_invalid"}},
      {"7.1: 0x", chunked("0x1\r\na\r\n" + end), "", {"http_chunk_size_invalid"}},
      {"7.1: a blank in front", chunked(" 1\r\na\r\n" + end), "", {"http_chunk_size_invalid"}},
      {"7.1: more than 64 bits",
       chunked("10000000000000001\r\na\r\n" + end),
       "",
       {"http_chunk_size_too_large"}},
      {"7.1: no line end behind the chunk",
       chunked("1\r\nab\r\n" + end),
       "",
       {"http_chunk_end_missing"}},
      {"7.1: LF behind the size", chunked("1\na\r\n" + end), "", {"http_bare_lf"}},
      {"7.1: LF behind the chunk", chunked("1\r\na\n" + end), "", {"http_bare_lf"}},
      {"7.1.1: LF behind an extension", chunked("1;x\na\r\n" + end), "", {"http_bare_lf"}},
      {"7.1.1: CR in an extension", chunked("1;a\rb\r\na\r\n" + end), "", {"http_bare_cr"}},
      {"7.1.1: CR behind the size", chunked("1\rx\r\na\r\n" + end), "", {"http_bare_cr"}},
      {"7.1.1: two CRs", chunked("1;a\r\r\na\r\n" + end), "", {"http_bare_cr"}},
      {"7.1.1: NUL in an extension",
       chunked(std::string("1;\0\r\na\r\n", 8) + end),
       "",
       {"http_nul"}},
      {"7.1.1: an extension without ;",
       chunked("1 x\r\na\r\n" + end),
       "",
       {"http_chunk_extension_invalid"}},
      {"7.1.1: a blank behind the size",
       chunked("1 \r\na\r\n" + end),
       "",
       {"http_chunk_extension_invalid"}},
      {"7.1.1: blanks before ;", chunked("1 \t;x\r\na\r\n" + end), "", {}},
      {"9110 6.5.1: a length as a trailer",
       chunked("0\r\nContent-length: 5\r\n\r\n"),
       "",
       {"http_trailer_forbidden"}},
      {"9110 6.5.1: a host as a trailer",
       chunked("0\r\nX: y\r\nhost: b\r\n\r\n"),
       "",
       {"http_trailer_forbidden"}},
      {"9110 6.5.1: other trailers", chunked("0\r\nExpires: 0\r\nHosts: b\r\n\r\n"), "", {}},
      {"7.1.2: a trailer without a colon",
       chunked("0\r\nnonsense\r\n\r\n"),
       "",
       {"http_header_malformed"}},
      {"7.1.2: CR in the trailers", chunked("0\r\n\rX: y\r\n\r\n"), "", {"http_bare_cr"}},
      {"7.1.2: LF as the end of trailers", chunked("0\r\n\n"), "", {"http_bare_lf"}},
  };
}

std::vector<SmugglingCase> exchange_cases() {
  std::string many;
  for (uint32_t i = 0; i <= kFieldsMax; ++i) many += "X: y\r\n";
  std::string deep;
  for (int i = 0; i <= RequestQueue::kRequestsMax; ++i) deep += kGet;
  const std::string upgrade = "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n";
  return {
      {"a line that is none", "nothing of the kind\r\n", "", {"http_malformed"}},
      {"fields at the limit", "GET / HTTP/1.1\r\n" + kHost + many.substr(12) + "\r\n", "", {}},
      {"fields above the limit", get(kHost + many), "", {"http_header_too_many"}},
      {"bytes above the limit",
       get(kHost + "X: " + std::string(kHeadBytesMax, 'x') + "\r\n"),
       "",
       {"http_header_too_long"}},
      {"requests above the limit", deep, "", {"http_pipeline_too_deep"}},
      {"a second response", kGet, kEmpty + kEmpty, {"http_response_unsolicited"}},
      {"9110 15.5.9: a time-out",
       kGet,
       kEmpty + "HTTP/1.1 408 Time\r\nContent-Length: 0\r\n\r\n",
       {}},
      {"9110 15.2.2: 101 unasked", kGet, upgrade, {"http_upgrade_unasked"}},
      {"9110 15.2.2: 101 asked for", get(kHost + "Upgrade: x\r\n"), upgrade, {}},
      {"9.6: a request behind close",
       get(kHost + "Connection: keep-alive, Close\r\n") + kGet,
       "",
       {"http_data_after_close"}},
      {"9.6: a response behind close",
       kGet + kGet,
       kOk + "Connection: close\r\nContent-Length: 0\r\n\r\n" + kEmpty,
       {"http_data_after_close"}},
      {"a request as an answer", kGet, kGet, {"http_role_conflict"}},
  };
}

std::vector<SmugglingCase> all_cases() {
  std::vector<SmugglingCase> all;
  for (const auto& cases :
       {line_cases(), target_cases(), framing_cases(), chunk_cases(), exchange_cases()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

class HttpSmuggling : public testing::TestWithParam<SmugglingCase> {};

TEST_P(HttpSmuggling, IsToldByName) {
  const SmugglingCase& row = GetParam();
  SCOPED_TRACE(row.name);
  Conversation talk;
  talk.client(row.request);
  if (!row.response.empty()) talk.server(row.response);
  talk.end();
  EXPECT_EQ(talk.sink().anomalies, row.anomalies);
}

// A short head is cut everywhere, so that no anomaly depends on where a run of bytes ends.
TEST_P(HttpSmuggling, IsToldWhereverTheBytesAreCut) {
  const SmugglingCase& row = GetParam();
  SCOPED_TRACE(row.name);
  if (row.request.size() > 2000) GTEST_SKIP() << "too long to be cut everywhere";
  Conversation talk;
  for (const char& c : row.request) talk.client({&c, 1});
  for (const char& c : row.response) talk.server({&c, 1});
  talk.end();
  EXPECT_EQ(talk.sink().anomalies, row.anomalies);
}

INSTANTIATE_TEST_SUITE_P(Rfc9112, HttpSmuggling, testing::ValuesIn(all_cases()));

TEST(HttpSmugglingCases, NameEveryAnomaly) {
  std::set<std::string> told;
  for (const SmugglingCase& row : all_cases()) {
    told.insert(row.anomalies.begin(), row.anomalies.end());
  }
  EXPECT_EQ(told, std::set<std::string>(kAnomalyNames.begin(), kAnomalyNames.end()));
}

TEST(HttpSmugglingCases, AreToldOnceForASide) {
  Conversation talk;
  for (int i = 0; i < 20; ++i) {
    talk.client(get(kHost + kHost));
    talk.server("HTTP/1.1 200 OK\nContent-Length: 0\n\n");
  }
  EXPECT_THAT(talk.sink().anomalies, testing::ElementsAre("http_host_repeated", "http_bare_lf"));
}

}  // namespace
}  // namespace flowscope::http
