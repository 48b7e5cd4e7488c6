#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/l7/http/recording_sink.h"

namespace flowscope::http {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr std::string_view kSha256OfAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr size_t kPoolBytes = size_t{1} << 20;

TEST(HttpRecord, TellsWhenTheRequestCameAndHowLongTheAnswerTook) {
  Conversation talk;
  talk.set_time(Timestamp{5'000'000'000});
  talk.client("GET / HT");
  talk.set_time(Timestamp{5'000'250'000});
  talk.client("TP/1.1\r\n\r\n");
  talk.set_time(Timestamp{5'030'000'999});
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  talk.set_time(Timestamp{9'000'000'000});
  talk.server("cd");
  EXPECT_THAT(talk.messages(),
              ElementsAre(HasSubstr("length=4 request_time_us=5000000 latency_us=30000")));
}

TEST(HttpRecord, OfPipelinedRequestsHasTheTimeOfEach) {
  Conversation talk;
  for (uint64_t i = 1; i <= 3; ++i) {
    talk.set_time(Timestamp{i * 1'000'000});
    talk.client("GET / HTTP/1.1\r\n\r\n");
  }
  talk.set_time(Timestamp{10'000'000});
  for (int i = 0; i < 3; ++i) talk.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("request_time_us=1000 latency_us=9000"),
                                           HasSubstr("request_time_us=2000 latency_us=8000"),
                                           HasSubstr("request_time_us=3000 latency_us=7000")));
}

TEST(HttpRecord, HasNoLatencyBelowZeroOrWithoutAnAnswer) {
  Conversation talk;
  talk.set_time(Timestamp{2'000'000});
  talk.client("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  talk.set_time(Timestamp{1'000'000});
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  talk.end();
  ASSERT_THAT(talk.messages(), SizeIs(2));
  EXPECT_THAT(talk.messages()[0], HasSubstr("request_time_us=2000 latency_us=0"));
  EXPECT_THAT(talk.messages()[1],
              AllOf(HasSubstr("request_time_us=2000"), Not(HasSubstr("latency"))));
}

TEST(HttpRecord, TellsWhatTheContentIs) {
  Conversation talk;
  talk.client("POST / HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  talk.server(
      "HTTP/1.1 206 Partial\r\nServer: nginx/1.22.1\r\nContent-Encoding: gzip\r\n"
      "Content-Range: bytes 10-19/100\r\nContent-Length: 10\r\n\r\n01234");
  talk.server("56789");
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 url=/ http_method=POST protocol=HTTP/1.1 status=206 "
                          "server=nginx/1.22.1 content_encoding=gzip content_range={ "
                          "raw=bytes 10-19/100 start=10 end=19 size=100 } "
                          "request_content_type=application/json request_length=2 length=10"));
}

TEST(HttpRecord, NamesTheProtocolThatAnUpgradeLeadsTo) {
  Conversation talk;
  talk.client("GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n");
  EXPECT_EQ(talk.server("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"), ParseStatus::HandOver);
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=101 upgrade=h2c")));
}

TEST(HttpRecord, OfARequestWithoutVersionIsThatOfHttp09) {
  Conversation talk;
  talk.client("GET /old\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 url=/old http_method=GET protocol=HTTP/0.9 length=0"));
}

TEST(HttpRecord, OfARequestWithoutVersionHasItsAnswer) {
  Conversation talk;
  talk.client("GET /old\r\n");
  talk.server("HTTP/1.0 200 OK\r\n\r\nbody");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre("tx_id=0 url=/old http_method=GET protocol=HTTP/0.9 "
                                           "status=200 length=4"));
}

TEST(HttpContentRange, IsReadAsFarAsItIsOne) {  // RFC 9110 14.4
  EXPECT_TRUE(parse_content_range("bytes 0-0/1").has_range);
  EXPECT_TRUE(parse_content_range("Bytes 5-9/*").has_range);
  EXPECT_FALSE(parse_content_range("bytes 5-9/*").has_size);
  EXPECT_FALSE(parse_content_range("bytes */10").has_range);
  EXPECT_EQ(parse_content_range("bytes */10").size, 10U);
  for (const char* bad : {"", "bytes", "/", "lines 1-2/3", "bytes 9-5/", "bytes -5/x", "bytes 1-/",
                          "bytes 1-99999999999999999999/1x"}) {
    EXPECT_FALSE(parse_content_range(bad).has_range) << bad;
    EXPECT_FALSE(parse_content_range(bad).has_size) << bad;
  }
}

class HttpHash : public testing::Test {
 protected:
  Conversation talk_{kPoolBytes, Conversation::Bodies::Hashed};
  const std::string of_request_ = "request_body_sha256=" + std::string(kSha256OfAbc);
  const std::string of_response_ = "response_body_sha256=" + std::string(kSha256OfAbc);
};

TEST_F(HttpHash, IsThatOfTheContentHoweverItIsFramedAndCut) {
  talk_.client("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  talk_.server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na");
  talk_.server("\r\n2\r\nb");
  talk_.server("c\r\n0\r\n\r\n");
  EXPECT_THAT(talk_.messages(),
              ElementsAre(AllOf(HasSubstr(of_request_), HasSubstr(of_response_))));
  EXPECT_EQ(talk_.pool_bytes_in_use(), 0U);
}

TEST_F(HttpHash, IsThereForAnAnswerInOneRun) {
  talk_.client("GET / HTTP/1.1\r\n\r\n");
  talk_.server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(talk_.messages(), ElementsAre(HasSubstr(of_response_)));
}

TEST_F(HttpHash, IsThereForContentThatRunsUntilTheEnd) {
  talk_.server("HTTP/1.0 200 OK\r\n\r\nab");
  talk_.server("c");
  talk_.end();
  EXPECT_THAT(talk_.messages(), ElementsAre(HasSubstr(of_response_)));
}

TEST_F(HttpHash, BelongsToItsRequestOfMany) {
  talk_.client("GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nab");
  talk_.client("cPOST /3 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
  talk_.end();
  EXPECT_THAT(talk_.messages(),
              ElementsAre(Not(HasSubstr("sha256")), HasSubstr(of_request_),
                          AllOf(HasSubstr("request_body_sha256="), Not(HasSubstr(of_request_)))));
}

TEST_F(HttpHash, IsLeftOutWhenNotAllWasSeen) {
  talk_.client("POST /gap HTTP/1.1\r\nContent-Length: 3\r\n\r\na");
  talk_.gap(FlowSide::Initiator, 2);
  talk_.server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab");
  talk_.gap(FlowSide::Responder, 1);
  talk_.client("POST /early HTTP/1.1\r\nContent-Length: 3\r\n\r\na");
  talk_.server("HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nab");
  talk_.end(StreamEnd::Abort);
  ASSERT_THAT(talk_.messages(), SizeIs(2));
  for (const std::string& message : talk_.messages())
    EXPECT_THAT(message, Not(HasSubstr("sha256")));
  EXPECT_EQ(talk_.pool_bytes_in_use(), 0U);
}

TEST_F(HttpHash, IsLeftOutWithoutContentAndWithoutMemory) {
  talk_.client("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  talk_.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk_.messages(), ElementsAre(Not(HasSubstr("sha256"))));

  Conversation poor(1, Conversation::Bodies::Hashed);
  std::string held;
  for (int i = 0; i < 4; ++i) held += "GET /" + std::string(8000, 'u') + " HTTP/1.1\r\n\r\n";
  poor.client(held);
  poor.server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  poor.end();
  EXPECT_EQ(poor.pool_bytes_in_use(), 0U);
}

TEST(HttpHashOff, ReadsNoContent) {
  Conversation talk;
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(talk.messages(), ElementsAre(Not(HasSubstr("sha256"))));
}

}  // namespace
}  // namespace flowscope::http
