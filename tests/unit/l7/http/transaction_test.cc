#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/l7/http/recording_sink.h"

namespace flowscope::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(HttpTransaction, HasTheFieldsOfRequestAndResponse) {
  Conversation talk;
  talk.client(
      "GET /index.html?q=1 HTTP/1.1\r\nHost: WWW.Example.com:8080\r\nUser-Agent: probe/1.0\r\n"
      "Referer: http://before.example/\r\nX-Forwarded-For: 192.0.2.7\r\nAccept: */*\r\n\r\n");
  talk.server(
      "HTTP/1.0 302 Found\r\nContent-Type: text/html; charset=utf-8\r\nLocation: /other\r\n"
      "Content-Length: 5\r\n\r\nhello");
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 hostname=www.example.com http_port=8080 url=/index.html?q=1 "
                          "http_user_agent=probe/1.0 xff=192.0.2.7 "
                          "http_content_type=text/html; charset=utf-8 "
                          "http_refer=http://before.example/ http_method=GET protocol=HTTP/1.1 "
                          "status=302 redirect=/other length=5"));
  EXPECT_THAT(talk.anomalies(), IsEmpty());
}

TEST(HttpTransaction, TakesTheHostOfAnAbsoluteTarget) {  // RFC 9112 3.2.2
  Conversation talk;
  talk.client("GET http://user@origin.example:81/path HTTP/1.1\r\nHost: proxy.example\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre("tx_id=0 hostname=origin.example http_port=81 "
                                           "url=http://user@origin.example:81/path http_method=GET "
                                           "protocol=HTTP/1.1 length=0"));
}

TEST(HttpTransaction, TheSecondOfManyWordsIsTheTarget) {
  Conversation talk;
  talk.client("GET /shell?cd+/tmp now and then HTTP/1.1\r\nHost: here.example\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/shell?cd+/tmp http_method")));
  EXPECT_THAT(talk.anomalies(), ElementsAre(HasSubstr("http_blank_in_target")));
}

TEST(HttpTransaction, DoesNotTakeAnAddressInTheQueryForAnAbsoluteTarget) {
  Conversation talk;
  talk.client("GET /go?to=http://else.example/ HTTP/1.1\r\nHost: here.example\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("hostname=here.example url=/go")));
}

TEST(HttpTransaction, KeepsTheBracketsOfAnIpv6Host) {
  Conversation talk;
  talk.client("GET / HTTP/1.1\r\nHost: [2001:db8::1]:8000\r\n\r\n");
  talk.client("GET / HTTP/1.1\r\nHost: [2001:db8::2]\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("hostname=[2001:db8::1] http_port=8000 url"),
                                           HasSubstr("hostname=[2001:db8::2] url")));
}

TEST(HttpTransaction, CountsTheBytesOfTheRequestBody) {
  Conversation talk;
  talk.client("POST /form HTTP/1.1\r\nContent-Length: 7\r\n\r\na=1&b=2");
  talk.server("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=204 request_length=7 length=0")));
}

TEST(HttpTransaction, CountsWhatWasSeenWhenTheResponseComesBeforeTheRequestIsOver) {
  Conversation talk;
  talk.client("POST /big HTTP/1.1\r\nContent-Length: 1000\r\n\r\n0123456789");
  talk.server("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=413 request_length=10 length=0")));
}

TEST(HttpTransaction, IsWrittenWhenTheResponseIsCompleteAndNotBefore) {
  Conversation talk;
  talk.client("GET / HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  EXPECT_THAT(talk.messages(), IsEmpty());
  talk.server("cd");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=200 length=4")));
}

TEST(HttpTransaction, IsWrittenAtTheEndWhenTheResponseIsNotComplete) {
  for (const StreamEnd end : {StreamEnd::Graceful, StreamEnd::Abort}) {
    Conversation talk;
    talk.client("GET /part HTTP/1.1\r\n\r\n");
    talk.server("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 400\r\n\r\nabc");
    talk.end(end);
    EXPECT_THAT(talk.messages(),
                ElementsAre("tx_id=0 url=/part http_content_type=video/mp4 "
                            "http_method=GET protocol=HTTP/1.1 status=200 length=3"));
  }
}

TEST(HttpTransaction, OfAnUnansweredRequestIsWrittenAtTheEnd) {
  Conversation talk;
  talk.client("GET /a HTTP/1.1\r\n\r\n");
  talk.end(StreamEnd::Abort);
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 url=/a http_method=GET protocol=HTTP/1.1 length=0"));
}

TEST(HttpTransaction, OfAResponseWithoutRequestHasTheStatusOnly) {
  Conversation talk;
  talk.server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre("tx_id=0 protocol=HTTP/1.1 status=404 length=0"));
  EXPECT_EQ(talk.sink().sides.front(), FlowSide::Initiator);
}

TEST(HttpTransaction, OfAHeadCutByTheEndHasItsWholeLines) {
  Conversation talk;
  talk.client("GET /cut HTTP/1.1\r\nHost: whole.example\r\nUser-Agent: hal");
  talk.end();
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 hostname=whole.example url=/cut http_method=GET "
                          "protocol=HTTP/1.1 length=0 truncated=true"));
}

TEST(HttpTransaction, OfAHeadCutByAResetIsNotWritten) {
  Conversation talk;
  talk.client("GET /cut HTTP/1.1\r\nHost: whole.example\r\n");
  talk.end(StreamEnd::Abort);
  EXPECT_THAT(talk.messages(), IsEmpty());
}

TEST(HttpTransaction, PairsPipelinedRequestsInOrder) {  // RFC 9112 9.3.2
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
  talk.server(
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na"
      "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n"
      "HTTP/1.1 202 Accepted\r\nContent-Length: 3\r\n\r\nabc");
  ASSERT_THAT(talk.messages(), SizeIs(3));
  EXPECT_EQ(talk.messages()[0],
            "tx_id=0 url=/1 http_method=GET protocol=HTTP/1.1 status=200 length=1");
  EXPECT_EQ(talk.messages()[1],
            "tx_id=1 url=/2 http_method=HEAD protocol=HTTP/1.1 status=201 length=0");
  EXPECT_EQ(talk.messages()[2],
            "tx_id=2 url=/3 http_method=GET protocol=HTTP/1.1 status=202 length=3");
}

TEST(HttpTransaction, IgnoresWhichSideOpenedTheFlow) {
  Conversation talk;
  talk.server("GET /swapped HTTP/1.1\r\n\r\n");
  talk.client("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/swapped http_method=GET "
                                                     "protocol=HTTP/1.1 status=200")));
  EXPECT_EQ(talk.sink().sides.front(), FlowSide::Responder);
}

TEST(HttpTransaction, SurvivesARequestFromTheSideThatAnswered) {
  Conversation talk;
  talk.client("GET /a HTTP/1.1\r\n\r\n");
  talk.server("GET /b HTTP/1.1\r\n\r\n");
  talk.client("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/a"), HasSubstr("status=200")));
  EXPECT_THAT(talk.anomalies(), ElementsAre("http_role_conflict"));
}

TEST(HttpTransaction, CutsLongTextsAndSaysSo) {
  Conversation talk;
  const std::string url = "/" + std::string(kUrlBytesMax, 'u');
  talk.client("GET " + url + " HTTP/1.1\r\nUser-Agent: " + std::string(2000, 'a') + "\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 url=" + url.substr(0, kUrlBytesMax)
                          + " http_user_agent=" + std::string(kFieldBytesMax, 'a')
                          + " http_method=GET protocol=HTTP/1.1 length=0 truncated=true"));
}

TEST(HttpTransaction, LeavesNothingInThePoolBetweenMessages) {
  Conversation talk;
  talk.client("GET / HT");
  talk.client("TP/1.1\r\n\r\n");
  EXPECT_GT(talk.pool_bytes_in_use(), 0U);
  talk.server("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\na");
  talk.server("b");
  EXPECT_EQ(talk.pool_bytes_in_use(), 0U);
}

TEST(HttpTransaction, IsWrittenAtOnceWhenThePoolHasNoRoom) {
  Conversation talk(1024);
  const std::string request = "GET /" + std::string(kUrlBytesMax - 1, 'u') + " HTTP/1.1\r\n\r\n";
  std::string many;
  for (int i = 0; i < 30; ++i) many += request;
  talk.client(many);
  const size_t early = talk.messages().size();
  EXPECT_GT(early, 20U) << "the queue holds at most 64 KiB";
  talk.end();
  EXPECT_THAT(talk.messages(), SizeIs(30));
}

TEST(HttpTransaction, OfTheOldestRequestIsWrittenWhenTooManyWait) {
  Conversation talk;
  for (int i = 0; i < RequestQueue::kRequestsMax; ++i) talk.client("GET /q HTTP/1.1\r\n\r\n");
  EXPECT_THAT(talk.messages(), IsEmpty());
  talk.client("GET /one-more HTTP/1.1\r\n\r\n");
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 url=/q http_method=GET protocol=HTTP/1.1 length=0"));
  EXPECT_THAT(talk.anomalies(), ElementsAre("http_pipeline_too_deep"));
}

TEST(HttpTransaction, DoesNotTakeTheResponseOfARequestThatHadToLeave) {
  Conversation talk;
  talk.client("HEAD /left HTTP/1.1\r\n\r\n");
  for (int i = 0; i < RequestQueue::kRequestsMax; ++i) talk.client("GET /q HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 205 Left\r\nContent-Length: 10\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ASSERT_THAT(talk.messages(), SizeIs(3));
  EXPECT_THAT(talk.messages()[1], StartsWith("tx_id=1 protocol=HTTP/1.1 status=205"));
  EXPECT_THAT(talk.messages()[2], HasSubstr("url=/q http_method=GET protocol=HTTP/1.1 status=200"));
}

TEST(HttpTransaction, KeepsItsStatusWhenTheQueueFillsDuringItsBody) {
  Conversation talk;
  talk.client("GET /first HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  for (int i = 0; i < RequestQueue::kRequestsMax; ++i) talk.client("GET /q HTTP/1.1\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=200 length=5")));
  talk.server("67890HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  ASSERT_THAT(talk.messages(), SizeIs(2));
  EXPECT_THAT(talk.messages()[1], HasSubstr("url=/q http_method=GET protocol=HTTP/1.1 status=201"));
}

}  // namespace
}  // namespace flowscope::http
