#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/l7/http/recording_sink.h"

namespace flowscope::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint32_t kSeed = 20240611;
constexpr FlowSide kClient = FlowSide::Initiator;
constexpr FlowSide kServer = FlowSide::Responder;

const std::string kRequests =
    "GET /a HTTP/1.1\r\nHost: a.example\r\nUser-Agent: one\r\n two\r\n\r\n"
    "POST /b HTTP/1.1\r\nHost: a.example\r\nContent-Length: 11\r\n\r\nhello world"
    "\r\nPUT /c HTTP/1.1\nTransfer-Encoding: chunked\n\n5;x=y\r\n12345\r\n0\r\nT: u\r\n\r\n"
    "HEAD /d HTTP/1.1\r\n\r\nGET /e HTTP/1.1\r\n\r\n";
const std::string kResponses =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
    "Content-Length: 10\r\n\r\n0123456789"
    "HTTP/1.1 302 Found\r\nLocation: /z\r\nTransfer-Encoding: chunked\r\n\r\n"
    "a\r\n0123456789\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 304\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\nHTTP/1.0 200 OK\r\n\r\nuntil the end";

// Sends a text in pieces whose sizes `next_size` gives.
template <class NextSize>
void send_cut(Conversation& talk, FlowSide side, std::string_view text, NextSize next_size) {
  while (!text.empty()) {
    const size_t size = std::min<size_t>(next_size(), text.size());
    // A copy of its own, so that a sanitizer sees every look past the piece.
    const std::vector<char> piece(text.begin(), text.begin() + static_cast<ptrdiff_t>(size));
    talk.send(side, {piece.data(), piece.size()});
    text.remove_prefix(size);
  }
}

template <class NextSize>
RecordingSink talk_cut(NextSize next_size) {
  Conversation talk;
  send_cut(talk, kClient, kRequests, next_size);
  send_cut(talk, kServer, kResponses, next_size);
  talk.end();
  return talk.sink();
}

TEST(HttpSplit, WholeStreamGivesEveryTransaction) {
  const RecordingSink whole = talk_cut([] { return SIZE_MAX; });
  EXPECT_THAT(whole.messages, SizeIs(5));
  EXPECT_THAT(whole.messages.back(),
              HasSubstr("url=/e http_method=GET protocol=HTTP/1.1 status=200 "
                        "length=13"));
  EXPECT_THAT(whole.anomalies, ElementsAre("http_obsolete_fold", "http_bare_lf",
                                           "http_empty_line_before", "http_host_missing"));
}

TEST(HttpSplit, ByteByByteGivesTheSame) {
  const RecordingSink whole = talk_cut([] { return SIZE_MAX; });
  const RecordingSink bytes = talk_cut([] { return size_t{1}; });
  EXPECT_EQ(bytes.messages, whole.messages);
  EXPECT_EQ(bytes.anomalies, whole.anomalies);
}

TEST(HttpSplit, RandomCutsGiveTheSame) {
  SCOPED_TRACE(kSeed);
  const RecordingSink whole = talk_cut([] { return SIZE_MAX; });
  std::mt19937 random(kSeed);
  for (int round = 0; round < 300; ++round) {
    const size_t size_max = 1 + random() % 90;
    const RecordingSink cut = talk_cut([&] { return 1 + random() % size_max; });
    ASSERT_EQ(cut.messages, whole.messages) << "round " << round;
    ASSERT_EQ(cut.anomalies, whole.anomalies) << "round " << round;
  }
}

TEST(HttpSplit, EveryTwoPiecesGiveTheSame) {
  const RecordingSink whole = talk_cut([] { return SIZE_MAX; });
  for (size_t cut = 1; cut < std::max(kRequests.size(), kResponses.size()); ++cut) {
    const RecordingSink two = talk_cut([&] { return cut; });
    ASSERT_EQ(two.messages, whole.messages) << "cut every " << cut;
  }
}

TEST(HttpRobustness, RandomBytesDoNoHarm) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 3000; ++round) {
    Conversation talk(4096);
    for (int i = 0; i < 4; ++i) {
      std::string bytes(1 + random() % 300, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      talk.send(random() % 2 == 0 ? kClient : kServer, bytes);
    }
    talk.end(random() % 2 == 0 ? StreamEnd::Graceful : StreamEnd::Abort);
    ASSERT_EQ(talk.pool_bytes_in_use(), 0U);
  }
}

TEST(HttpRobustness, DamagedStreamsDoNoHarm) {
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 3000; ++round) {
    Conversation talk(4096);
    for (const auto& [side, text] :
         {std::pair(kClient, kRequests), std::pair(kServer, kResponses)}) {
      std::string damaged = text;
      for (unsigned i = random() % 4; i > 0; --i) {
        damaged[random() % damaged.size()] = static_cast<char>(random());
      }
      if (random() % 3 == 0) talk.gap(side, static_cast<uint32_t>(1 + random() % 40));
      send_cut(talk, side, damaged, [&] { return 1 + random() % 200; });
    }
    talk.end();
    ASSERT_EQ(talk.pool_bytes_in_use(), 0U);
  }
}

TEST(HttpGap, WithinABodyOfKnownLengthLosesNothing) {
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
  talk.gap(kServer, 85);
  talk.server("56789HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/1 http_method=GET protocol=HTTP/1.1 "
                                                     "status=200 length=15"),
                                           HasSubstr("url=/2 http_method=GET protocol=HTTP/1.1 "
                                                     "status=201")));
}

TEST(HttpGap, UpToTheLastByteOfABodyEndsIt) {
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  talk.gap(kServer, 100);
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=200 length=0")));
}

TEST(HttpGap, WithinAChunkLosesNothing) {
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nabcd");
  talk.gap(kServer, 28);
  talk.server("\r\n1\r\nx\r\n0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("status=200 length=5")));
  EXPECT_THAT(talk.anomalies(), IsEmpty());
}

TEST(HttpGap, PastABodyWritesWhatThereIsAndFindsTheNextResponse) {
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
  talk.gap(kServer, 50);
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/1 http_method=GET protocol=HTTP/1.1 "
                                                     "status=200 length=4")));
  talk.client("GET /2 HTTP/1.1\r\n\r\n");
  talk.server("tail of something\r\nHTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), SizeIs(2));
  EXPECT_THAT(talk.messages().back(), HasSubstr("url=/2 http_method=GET protocol=HTTP/1.1 "
                                                "status=201"));
  EXPECT_THAT(talk.anomalies(), IsEmpty());
}

TEST(HttpGap, OfAWholeResponseDoesNotGiveItsRequestTheNextStatus) {
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\n");
  talk.gap(kServer, 200);
  talk.client("GET /2 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(
      talk.messages(),
      ElementsAre("tx_id=0 url=/1 http_method=GET protocol=HTTP/1.1 length=0",
                  HasSubstr("tx_id=1 url=/2 http_method=GET protocol=HTTP/1.1 status=201")));
}

TEST(HttpGap, OfAWholeRequestLeavesItsStatusAlone) {
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  talk.gap(kClient, 40);
  talk.server("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n");
  talk.client("GET /3 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 202 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(),
              ElementsAre(HasSubstr("url=/1"), "tx_id=1 protocol=HTTP/1.1 status=201 length=0",
                          HasSubstr("url=/3 http_method=GET protocol=HTTP/1.1 "
                                    "status=202")));
}

TEST(HttpGap, WithinAHeadKeepsItsWholeLines) {
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\nHost: a.example\r\nUser-Ag");
  talk.gap(kClient, 30);
  talk.client("ge: en\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  talk.end();
  // The second request came before an answer to what may have been lost, so it stands by itself.
  EXPECT_THAT(talk.messages(),
              ElementsAre(HasSubstr("tx_id=0 url=/2"),
                          "tx_id=1 hostname=a.example url=/1 http_method=GET protocol=HTTP/1.1 "
                          "status=200 length=0 truncated=true"));
}

TEST(HttpGap, StartLineCutByARunIsFoundAllTheSame) {
  Conversation talk;
  talk.gap(kServer, 10);
  talk.server("rest of a body HTTP/1.1 not at a line start\r\nHTT");
  talk.server("P/1");
  talk.server(".1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(), ElementsAre("tx_id=0 protocol=HTTP/1.1 status=200 length=0"));
}

TEST(HttpGap, TextThatOnlyBeginsLikeARequestIsPassedOver) {
  Conversation talk;
  talk.gap(kClient, 10);
  talk.client("GET / a life\r\nPOST /no version\r\nGET /yes HTTP/1.1\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/yes")));
  EXPECT_THAT(talk.anomalies(), IsEmpty());
}

TEST(HttpMalformed, LineIsReportedOnceAndTheNextMessageFound) {
  Conversation talk;
  talk.client("GET /1 HTTP/1.1\r\n\r\nthis is no request\r\nnor this\r\nGET /2 HTTP/1.1\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/2"), HasSubstr("url=/1")));
  EXPECT_THAT(talk.anomalies(), ElementsAre("http_malformed"));
}

TEST(HttpMalformed, AnswerDoesNotGiveItsRequestTheNextStatus) {
  Conversation talk;
  talk.client("GET /stream HTTP/1.1\r\n\r\n");
  talk.server("ICY 200 OK\r\nicy-name: x\r\n\r\n");
  talk.client("GET /2 HTTP/1.1\r\n\r\n");
  talk.server("HTTP/1.1 201 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(talk.messages(),
              ElementsAre("tx_id=0 url=/stream http_method=GET protocol=HTTP/1.1 length=0",
                          HasSubstr("url=/2 http_method=GET protocol=HTTP/1.1 status=201")));
}

TEST(HttpMalformed, BinaryIsRefusedBeforeALineEndComes) {
  Conversation talk;
  EXPECT_EQ(talk.client(std::string("\x16\x03\x01\x02\x00", 5)), ParseStatus::Ok);
  EXPECT_EQ(talk.pool_bytes_in_use(), 0U);
  EXPECT_EQ(talk.server(std::string("\x16\x03\x03\x00\x7a", 5)), ParseStatus::Poisoned);
  EXPECT_THAT(talk.anomalies(), ElementsAre("http_malformed", "http_malformed"));
}

TEST(HttpMalformed, OtherVersionsAreRefused) {
  for (const char* line :
       {"GET index.html\r\n", "GET / HTTP/2.0\r\n", "PRI * HTTP/2.0\r\n", "GET / HTTP/0.9\r\n",
        "GET / HTTP/1.10\r\n", "HTTP/2 200\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000\r\n",
        "HTTP/1.1 099 x\r\n", "GOT /\r\n", " GET / HTTP/1.1\r\n"}) {
    Conversation talk;
    talk.client(line);
    talk.end();
    EXPECT_THAT(talk.anomalies(), ElementsAre("http_malformed")) << line;
    EXPECT_THAT(talk.messages(), IsEmpty()) << line;
  }
}

TEST(HttpLimit, HeadAboveTheLimitKeepsItsFirstLines) {
  for (const size_t piece : {size_t{1000}, size_t{70000}, size_t{200000}}) {
    Conversation talk;
    std::string head = "GET /long HTTP/1.1\r\nHost: a.example\r\n";
    while (head.size() <= kHeadBytesMax) head += "X-Filler: " + std::string(500, 'f') + "\r\n";
    head += "\r\nGET /after HTTP/1.1\r\n\r\n";
    send_cut(talk, kClient, head, [&] { return piece; });
    talk.end();
    EXPECT_THAT(talk.messages(), ElementsAre("tx_id=0 hostname=a.example url=/long http_method=GET "
                                             "protocol=HTTP/1.1 length=0 truncated=true",
                                             HasSubstr("url=/after")))
        << "in pieces of " << piece;
    EXPECT_THAT(talk.anomalies(), ElementsAre("http_header_too_long"));
  }
}

TEST(HttpLimit, StartLineAboveTheLimitIsDropped) {
  Conversation talk;
  talk.client("GET /" + std::string(kHeadBytesMax, 'u') + " HTTP/1.1\r\n\r\n");
  talk.client("GET /after HTTP/1.1\r\n\r\n");
  talk.end();
  EXPECT_THAT(talk.messages(), ElementsAre(HasSubstr("url=/after")));
  EXPECT_THAT(talk.anomalies(), ElementsAre("http_header_too_long"));
}

TEST(HttpLimit, HeadOfExactlyTheLimitIsWhole) {
  for (const size_t piece : {size_t{999}, size_t{70000}}) {
    Conversation talk;
    std::string head = "GET / HTTP/1.1\r\nX: ";
    head += std::string(kHeadBytesMax - 4 - head.size(), 'x') + "\r\n\r\n";
    send_cut(talk, kClient, head, [&] { return piece; });
    talk.end();
    EXPECT_THAT(talk.messages(),
                ElementsAre("tx_id=0 url=/ http_method=GET protocol=HTTP/1.1 length=0"));
    EXPECT_THAT(talk.anomalies(), IsEmpty());
  }
}

}  // namespace
}  // namespace flowscope::http
