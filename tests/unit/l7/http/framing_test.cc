#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/unit/l7/http/recording_sink.h"

namespace flowscope::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A message whose length is told right is followed by the next one without an anomaly, so each row
// sends a second exchange behind the first. Sections are of RFC 9112 unless they say 9110.
struct FramingCase {
  const char* name;
  std::string request;   // first line and fields, with the empty line and body
  std::string response;  // the same
  uint64_t request_length;
  uint64_t response_length;
  std::vector<std::string> anomalies = {};

  friend void PrintTo(const FramingCase& row, std::ostream* out) { *out << row.name; }
};

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const std::string kGet = "GET /x HTTP/1.1\r\n\r\n";

std::vector<FramingCase> framing_cases() {
  const std::string post = "POST /x HTTP/1.1\r\n";
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  return {
      {"6.3 rule 6: Content-Length", post + "Content-Length: 3\r\n\r\nabc",
       ok + "Content-Length: 5\r\n\r\nhello", 3, 5},
      {"6.3 rule 7: a request without fields has no body", post + "\r\n", kOk, 0, 0},
      {"6.3 rule 1: HEAD", "HEAD /x HTTP/1.1\r\n\r\n", ok + "Content-Length: 50\r\n\r\n", 0, 0},
      {"6.3 rule 1: HEAD with chunked", "HEAD /x HTTP/1.1\r\n\r\n", ok + chunked + "\r\n", 0, 0},
      {"6.3 rule 1: 204",
       kGet,
       "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n",
       0,
       0,
       {"http_length_without_body"}},
      {"6.3 rule 1: 304", kGet, "HTTP/1.1 304 Same\r\nContent-Length: 5\r\n\r\n", 0, 0},
      {"9110 15.2: 100 before the final response", kGet, "HTTP/1.1 100 Continue\r\n\r\n" + kOk, 0,
       0},
      {"9110 15.2: 103 before the final response", kGet,
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + kOk, 0, 0},
      {"9110 15.2: 102 with a length that does not count",
       kGet,
       "HTTP/1.1 102 Processing\r\nContent-Length: 9\r\n\r\n" + kOk,
       0,
       0,
       {"http_length_without_body"}},
      {"9110 9.3.6: CONNECT refused", "CONNECT a.example:443 HTTP/1.1\r\n\r\n",
       "HTTP/1.1 407 Proxy\r\nContent-Length: 2\r\n\r\nno", 0, 2},
      {"7.1: chunked", post + chunked + "\r\n3\r\nabc\r\n0\r\n\r\n",
       ok + chunked + "\r\nA\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", 3, 11},
      {"7.1: leading zeros", kGet, ok + chunked + "\r\n0000000000000000000003\r\nabc\r\n00\r\n\r\n",
       0, 3},
      {"7.1: lower-case digits", kGet, ok + chunked + "\r\nb\r\n01234567890\r\n0\r\n\r\n", 0, 11},
      {"7.1.1: chunk extensions", kGet,
       ok + chunked + "\r\n2;a=b;c=\"d\"\r\nhi\r\n1 ; x\r\n!\r\n0;end\r\n\r\n", 0, 3},
      {"7.1.2: trailers", kGet, ok + chunked + "\r\n1\r\na\r\n0\r\nExpires: never\r\nX: y\r\n\r\n",
       0, 1},
      {"7.1 with bare line feeds", kGet, ok + chunked + "\r\n2\nhi\n0\n\n", 0, 2, {"http_bare_lf"}},
      {"6.1: codings before chunked", kGet,
       ok + "Transfer-Encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 0, 1},
      {"6.1: codings in two fields", kGet,
       ok + "Transfer-Encoding: gzip\r\n" + chunked + "\r\n1\r\na\r\n0\r\n\r\n", 0, 1},
      {"5.2: a folded coding",
       kGet,
       ok + "Transfer-Encoding:\r\n chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
       0,
       1,
       {"http_obsolete_fold"}},
      {"6.3 rule 3: Transfer-Encoding over Content-Length",
       post + "Content-Length: 30\r\n" + chunked + "\r\n0\r\n\r\n",
       kOk,
       0,
       0,
       {"http_cl_te_conflict"}},
      {"6.3 rule 3: in a response",
       kGet,
       ok + chunked + "Content-Length: 1\r\n\r\n2\r\nab\r\n0\r\n\r\n",
       0,
       2,
       {"http_cl_te_conflict"}},
      {"6.1: Transfer-Encoding in HTTP/1.0",
       "POST /x HTTP/1.0\r\n" + chunked + "\r\n0\r\n\r\n",
       kOk,
       0,
       0,
       {"http_transfer_encoding_version"}},
      {"6.1: chunked twice",
       kGet,
       ok + "Transfer-Encoding: chunked, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
       0,
       1,
       {"http_transfer_encoding_invalid"}},
      {"6.3 rule 5: equal lengths in a list",
       post + "Content-Length: 3, 3\r\n\r\nabc",
       kOk,
       3,
       0,
       {"http_content_length_repeated"}},
      {"6.3 rule 5: equal lengths in two fields",
       post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
       kOk,
       3,
       0,
       {"http_content_length_repeated"}},
      {"6.3 rule 5: the first of two lengths",
       post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
       kOk,
       3,
       0,
       {"http_content_length_conflict"}},
      {"6.3 rule 5: the first of a list",
       kGet,
       ok + "Content-Length: 2, 9\r\n\r\nhi",
       0,
       2,
       {"http_content_length_conflict"}},
      {"6.3 rule 5: the good one of two",
       post + "Content-Length: x\r\nContent-Length: 1\r\n\r\na",
       kOk,
       1,
       0,
       {"http_content_length_invalid"}},
      {"6.3 rule 5: a negative length in a request",
       post + "Content-Length: -1\r\n\r\n",
       kOk,
       0,
       0,
       {"http_content_length_invalid"}},
      {"6.3 rule 5: a length with a sign",
       post + "Content-Length: +0\r\n\r\n",
       kOk,
       0,
       0,
       {"http_content_length_invalid"}},
      {"6.3 rule 5: a length above all numbers",
       post + "Content-Length: 18446744073709551616\r\n\r\n",
       kOk,
       0,
       0,
       {"http_content_length_invalid"}},
      {"6.3 rule 4: a request whose last coding is not chunked",
       post + "Transfer-Encoding: chunked, gzip\r\n\r\nbody\r\n",
       kOk,
       0,
       0,
       {"http_transfer_encoding_invalid"}},
      {"6.1: a coding after chunked, in another field",
       post + chunked + "Transfer-Encoding: identity\r\n\r\nbody\r\n",
       kOk,
       0,
       0,
       {"http_transfer_encoding_invalid"}},
      {"6.1: identity alone is no coding",
       post + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi", kOk, 2, 0},
      {"3: words behind the target",
       "POST /shell?cd+/tmp now HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi",
       kOk,
       2,
       0,
       {"http_blank_in_target"}},
      {"5.1: blank before the colon",
       post + "Content-Length : 2\r\n\r\nhi",
       kOk,
       2,
       0,
       {"http_space_before_colon"}},
      {"5: a line without a colon",
       post + "nonsense\r\nContent-Length: 2\r\n\r\nhi",
       kOk,
       2,
       0,
       {"http_header_malformed"}},
      {"3.2: two Host fields",
       "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
       kOk,
       0,
       0,
       {"http_host_repeated"}},
      {"2.2: bare line feeds",
       "POST /x HTTP/1.1\nContent-Length: 2\n\nhi",
       "HTTP/1.1 200 OK\nContent-Length: 1\n\n!",
       2,
       1,
       {"http_bare_lf", "http_bare_lf"}},
      {"2.2: empty lines before the start line",
       "\r\n\r\n" + kGet,
       "\r\n" + kOk,
       0,
       0,
       {"http_empty_line_before", "http_empty_line_before"}},
      {"4: no reason phrase", kGet, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 0, 0},
      {"3: any blanks between the words",
       "GET \t /x  HTTP/1.1\r\n\r\n",
       kOk,
       0,
       0,
       {"http_start_line_blanks"}},
      {"3.1: a method nobody knows", "frobnicate /x HTTP/1.1\r\n\r\n", kOk, 0, 0},
  };
}

class HttpFraming : public testing::TestWithParam<FramingCase> {};

TEST_P(HttpFraming, EndsTheBodyWhereTheRulesSay) {
  const FramingCase& row = GetParam();
  SCOPED_TRACE(row.name);
  Conversation talk;
  talk.client(row.request + "GET /next HTTP/1.1\r\n\r\n");
  talk.server(row.response + "HTTP/1.1 299 Next\r\nContent-Length: 0\r\n\r\n");
  ASSERT_THAT(talk.messages(), SizeIs(2));
  const std::string request =
      row.request_length == 0 ? "" : " request_length=" + std::to_string(row.request_length);
  EXPECT_THAT(talk.messages()[0],
              HasSubstr(request + " length=" + std::to_string(row.response_length)));
  EXPECT_THAT(talk.messages()[1],
              HasSubstr("url=/next http_method=GET protocol=HTTP/1.1 status=299"));
  EXPECT_EQ(talk.anomalies(), row.anomalies);
}

INSTANTIATE_TEST_SUITE_P(Rfc9112, HttpFraming, testing::ValuesIn(framing_cases()));

TEST(HttpFramingAtTheEnd, ResponseWithoutFieldsRunsUntilClose) {  // 6.3 rule 8
  Conversation talk;
  talk.client(kGet);
  talk.server("HTTP/1.0 200 OK\r\n\r\nHTTP/1.1 500 is body text\r\n\r\n");
  EXPECT_THAT(talk.messages(), IsEmpty());
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=200 length=29")));
}

TEST(HttpFramingAtTheEnd, ResponseWithAnotherCodingRunsUntilClose) {  // 6.3 rule 4
  Conversation talk;
  talk.client(kGet);
  talk.server("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\nabcdef");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=200 length=6")));
}

TEST(HttpTunnel, BeginsAfterConnectIsGranted) {  // RFC 9110 9.3.6
  Conversation talk;
  talk.client("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
  EXPECT_EQ(talk.client("\x16\x03\x01"), ParseStatus::Ok) << "a client that does not wait";
  EXPECT_EQ(talk.server("HTTP/1.1 200 Established\r\n\r\n\x16\x03\x03"), ParseStatus::HandOver);
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 hostname=a.example http_port=443 url=a.example:443 "
                          "http_method=CONNECT protocol=HTTP/1.1 status=200 length=0"));
  EXPECT_THAT(talk.anomalies(), IsEmpty());
}

TEST(HttpTunnel, IsNotMistakenForContentOfConnect) {  // RFC 9110 9.3.6
  Conversation talk;
  talk.client("CONNECT a.example:443 HTTP/1.1\r\nContent-Length: 1000\r\n\r\n");
  talk.server("HTTP/1.1 407 Proxy\r\nContent-Length: 0\r\n\r\n");
  talk.client("CONNECT a.example:443 HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(), SizeIs(2));
}

TEST(HttpTunnel, BeginsAfterAnUpgrade) {  // RFC 9110 7.8
  Conversation talk;
  talk.client("GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(talk.server("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"),
            ParseStatus::HandOver);
  EXPECT_EQ(talk.client("\x81\x85zzzz"), ParseStatus::HandOver);
  EXPECT_THAT(talk.messages(),
              ElementsAre(HasSubstr("url=/chat http_method=GET "
                                    "protocol=HTTP/1.1 status=101 upgrade=websocket length=0")));
}

TEST(HttpTunnel, WritesTheRequestsThatWaitBehindIt) {
  Conversation talk;
  talk.client("GET /chat HTTP/1.1\r\n\r\nGET /behind HTTP/1.1\r\n\r\n");
  EXPECT_EQ(talk.server("HTTP/1.1 101 Switching\r\n\r\n"), ParseStatus::HandOver);
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/chat"), HasSubstr("url=/behind")));
}

struct ChunkCase {
  const char* chunks;
  const char* anomaly;

  friend void PrintTo(const ChunkCase& row, std::ostream* out) { *out << row.chunks; }
};

class BadChunk : public testing::TestWithParam<ChunkCase> {};

TEST_P(BadChunk, EndsTheResponseAndTheNextOneIsFound) {  // 7.1
  Conversation talk;
  talk.client(kGet + "GET /next HTTP/1.1\r\n\r\n");
  talk.server(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
              + GetParam().chunks + "\r\nHTTP/1.1 299 Next\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/x"), HasSubstr("status=299")));
  EXPECT_THAT(talk.anomalies(), ElementsAre(GetParam().anomaly));
}

INSTANTIATE_TEST_SUITE_P(
    Rfc9112, BadChunk,
    testing::Values(ChunkCase{"xyz\r\n", "http_chunk_size_invalid"},
                    ChunkCase{"\r\n", "http_chunk_size_invalid"},
                    ChunkCase{"2x\r\nhi\r\n", "http_chunk_size_invalid"},
                    ChunkCase{"-1\r\n", "http_chunk_size_invalid"},
                    ChunkCase{"+1\r\na\r\n", "http_chunk_size_invalid"},
                    ChunkCase{"0x1\r\na\r\n", "http_chunk_size_invalid"},
                    ChunkCase{" 1\r\na\r\n", "http_chunk_size_invalid"},
                    ChunkCase{"1_0\r\na\r\n", "http_chunk_size_invalid"},
                    ChunkCase{"2\r\nhixx", "http_chunk_end_missing"},
                    ChunkCase{"2\r\nhi\rx", "http_chunk_end_missing"},
                    ChunkCase{"2\r\nhi0\r\n\r\n", "http_chunk_end_missing"},
                    ChunkCase{"8000000000000000\r\n", "http_chunk_size_too_large"},
                    ChunkCase{"11111111111111111\r\n", "http_chunk_size_too_large"}));

TEST(HttpFolding, BecomesASpaceInTheRecord) {  // 5.2
  Conversation talk;
  talk.client("GET / HTTP/1.1\r\nUser-Agent: one\r\n\ttwo\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: a/b;\r\n  c=d\r\n\r\n");
  EXPECT_THAT(talk.messages(),
              ElementsAre(testing::AllOf(HasSubstr("http_user_agent=one  \ttwo http_content"),
                                         HasSubstr("http_content_type=a/b;    c=d http_method"))));
}

}  // namespace
}  // namespace flowscope::http
