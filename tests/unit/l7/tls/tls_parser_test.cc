#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "l7/tls/tls.h"
#include "tests/unit/l7/tls/hello_builder.h"
#include "tests/unit/l7/tls/recording_sink.h"

namespace flowscope::tls::test {
namespace {

using enum FlowSide;

static_assert(StreamParser<TlsParser, RecordingSink>);
static_assert(FieldVisitor<LineVisitor>);

constexpr size_t kPoolBytes = size_t{4} << 20;

constexpr const char* kBrowserSession =
    "sni=www.example.org version=TLS 1.3 "
    "ja3={hash=28b145d02ad40a90df4b06f17ae2e3f4 "
    "string=771,4865-4866-49195,0-10-11-16-13-51-43,4588-29-23,0} "
    "ja3s={hash=eb1d94daa7e0344597e756a1fb6e7054 string=771,4865,51-43} "
    "ja4=t13d0307h2_5559582ccdc4_078775ef5e04 client_alpns=[h2 http/1.1] "
    "cipher_suite=TLS_AES_128_GCM_SHA256 group=x25519 "
    "supported_groups=[X25519MLKEM768 x25519 secp256r1] key_share_groups=[X25519MLKEM768 x25519] "
    "session_id_echoed=true";

class TlsParserTest : public ::testing::Test {
 protected:
  ParseStatus feed(FlowSide side, const std::string& bytes) {
    return parser_.on_bytes(side, Bytes::of(bytes), {}, sink_);
  }
  ParseStatus feed_in_pieces(FlowSide side, const std::string& bytes, size_t piece_bytes) {
    ParseStatus status = ParseStatus::Ok;
    for (size_t at = 0; at < bytes.size() && status == ParseStatus::Ok; at += piece_bytes) {
      status = feed(side, bytes.substr(at, piece_bytes));
    }
    return status;
  }
  void end() { parser_.on_end(StreamEnd::Graceful, sink_); }
  [[nodiscard]] bool session_has(const std::string& text) const {
    return sink_.sessions.size() == 1 && sink_.sessions[0].find(text) != std::string::npos;
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  TlsParser parser_{ParserSetup{pool_}};
  RecordingSink sink_;
};

TEST_F(TlsParserTest, WritesOneSessionOnceBothHellosWereSeen) {
  EXPECT_EQ(feed(Initiator, client_hello(browser_hello())), ParseStatus::Ok);
  EXPECT_TRUE(sink_.sessions.empty());
  EXPECT_EQ(feed(Responder, server_hello(tls13_answer())), ParseStatus::Done);
  ASSERT_EQ(sink_.sessions.size(), 1U);
  EXPECT_EQ(sink_.sessions[0], kBrowserSession);
  EXPECT_EQ(sink_.sides[0], Initiator);
  EXPECT_EQ(pool_.bytes_in_use(), 0U) << "a finished parser holds no memory";
  end();
  EXPECT_EQ(sink_.sessions.size(), 1U);
}

TEST_F(TlsParserTest, KeepsAWholeHelloInPlaceAndBorrowsOneSmallBlock) {
  feed(Initiator, client_hello(browser_hello()));
  EXPECT_EQ(pool_.bytes_in_use(), BufferPool::kBlockBytes.front());
}

TEST_F(TlsParserTest, JoinsAHelloOverSegmentsOfAnySize) {
  for (const size_t piece_bytes : {1, 2, 5, 9, 100, 536, 1448}) {
    TlsParser parser{ParserSetup{pool_}};
    std::swap(parser, parser_);
    sink_ = {};
    feed_in_pieces(Initiator, client_hello(browser_hello(1800)), piece_bytes);
    feed_in_pieces(Responder, server_hello(tls13_answer()), piece_bytes);
    ASSERT_EQ(sink_.sessions, std::vector<std::string>{kBrowserSession}) << piece_bytes;
  }
}

TEST_F(TlsParserTest, JoinsAHelloOverRecordsOfAnySize) {
  const std::string hello = message(1, client_hello_body(browser_hello(1800)));
  for (const size_t record_bytes : {1, 3, 4, 5, 64, 1000}) {
    TlsParser parser{ParserSetup{pool_}};
    std::swap(parser, parser_);
    sink_ = {};
    feed(Initiator, records(hello, record_bytes));
    feed(Responder, server_hello(tls13_answer()));
    ASSERT_EQ(sink_.sessions, std::vector<std::string>{kBrowserSession}) << record_bytes;
  }
}

TEST_F(TlsParserTest, GivesTheSameHoweverTheBytesAreCut) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string client = records(message(1, client_hello_body(browser_hello(1800))), 700);
  const std::string server =
      alert(1, 112) + records(message(0, "") + message(2, server_hello_body(tls13_answer())), 50);
  const std::string expected = std::string(kBrowserSession)
                               + " alert={level=warning description=unrecognized_name code=112}";
  for (int round = 0; round < 200; ++round) {
    TlsParser parser{ParserSetup{pool_}};
    std::swap(parser, parser_);
    sink_ = {};
    for (const auto& [side, bytes] :
         {std::pair{Initiator, &client}, std::pair{Responder, &server}}) {
      for (size_t at = 0; at < bytes->size();) {
        const size_t piece_bytes = 1 + random() % (round % 2 == 0 ? 8 : 900);
        feed(side, bytes->substr(at, piece_bytes));
        at += piece_bytes;
      }
    }
    ASSERT_EQ(sink_.sessions, std::vector<std::string>{expected});
    ASSERT_TRUE(sink_.anomalies.empty());
  }
}

TEST_F(TlsParserTest, KnowsTheClientByItsHello) {
  feed(Responder, client_hello(browser_hello()));
  feed(Initiator, server_hello(tls13_answer()));
  ASSERT_EQ(sink_.sides.size(), 1U);
  EXPECT_EQ(sink_.sides[0], Responder);
}

TEST_F(TlsParserTest, TakesTheServersHelloFirst) {
  EXPECT_EQ(feed(Responder, server_hello(tls13_answer())), ParseStatus::Ok);
  EXPECT_EQ(feed(Initiator, client_hello(browser_hello())), ParseStatus::Done);
  EXPECT_EQ(sink_.sessions, std::vector<std::string>{kBrowserSession});
}

TEST_F(TlsParserTest, WritesTheClientAloneAtTheEnd) {
  feed(Initiator, client_hello({.extensions = {server_name("alone.example")}}));
  end();
  EXPECT_TRUE(session_has("sni=alone.example ja3={"));
  EXPECT_FALSE(session_has("version="));
}

TEST_F(TlsParserTest, WritesTheServerAloneAtTheEnd) {
  feed(Responder, server_hello({.version = 0x0301, .cipher = 47}));
  end();
  EXPECT_TRUE(session_has("version=TLSv1 ja3s={"));
  ASSERT_EQ(sink_.sides.size(), 1U);
  EXPECT_EQ(sink_.sides[0], Initiator);
}

TEST_F(TlsParserTest, WaitsPastAHelloRetryRequestForTheRealAnswer) {
  const std::string retry =
      server_hello({.random = retry_random(),
                    .extensions = {selected_version(0x0304), {44, behind16("cookie")}}});
  const std::string change_cipher_spec = record(20, u8(1));
  feed(Initiator, client_hello(browser_hello()));
  EXPECT_EQ(feed(Responder, retry + change_cipher_spec), ParseStatus::Ok);
  EXPECT_EQ(feed(Initiator, change_cipher_spec + client_hello(browser_hello(32))), ParseStatus::Ok);
  EXPECT_EQ(feed(Responder, server_hello(tls13_answer())), ParseStatus::Done);
  EXPECT_EQ(sink_.sessions,
            std::vector<std::string>{std::string(kBrowserSession) + " hello_retry_request=true"});
}

TEST_F(TlsParserTest, GivesTheChosenProtocol) {
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, server_hello({.cipher = 0xc02f, .extensions = {alpns({"http/1.1"})}})
                      + records(server_hello_done()));
  EXPECT_TRUE(session_has("server_alpns=[http/1.1]"));
  EXPECT_TRUE(session_has("version=TLS 1.2"));
}

TEST_F(TlsParserTest, SeesAResumedSessionByItsEchoedId) {
  feed(Initiator, client_hello({.session_id = "0123456789abcdef"}));
  feed(Responder, server_hello({.session_id = "0123456789abcdef"}));
  EXPECT_TRUE(session_has("session_resumed=true"));
}

TEST_F(TlsParserTest, DoesNotTakeTheCompatibilityIdOfTls13ForAResumption) {
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, server_hello(tls13_answer()));
  EXPECT_FALSE(session_has("session_resumed"));
}

TEST_F(TlsParserTest, SeesAResumedTls13SessionByItsPreSharedKey) {
  ServerHelloSpec answer = tls13_answer();
  answer.extensions.push_back({41, u16(0)});
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, server_hello(answer));
  EXPECT_TRUE(session_has("session_resumed=true"));
}

TEST_F(TlsParserTest, AFatalAlertEndsTheHandshakeAndIsToldInTheRecord) {
  feed(Initiator, client_hello({.extensions = {server_name("a.example")}}));
  EXPECT_EQ(feed(Responder, alert(2, 40)), ParseStatus::Done);
  EXPECT_TRUE(session_has("alert={level=fatal description=handshake_failure code=40}"));
}

TEST_F(TlsParserTest, RecognisesAVersion2ClientHello) {
  const std::string body = u8(1) + u16(0x0301) + u16(3) + u16(0) + u16(16) + std::string(19, 'x');
  feed_in_pieces(Initiator, u16(0x8000 | body.size()) + body, 3);
  EXPECT_EQ(feed(Responder, server_hello({.version = 0x0301, .cipher = 47})), ParseStatus::Ok);
  EXPECT_EQ(feed(Responder, records(server_hello_done())), ParseStatus::Done);
  EXPECT_TRUE(session_has("version=TLSv1 ja3s={"));
}

TEST_F(TlsParserTest, GivesUpASideThatIsJoinedInItsMiddle) {
  EXPECT_EQ(feed(Initiator, record(23, std::string(50, 'e'))), ParseStatus::Ok);
  EXPECT_EQ(feed(Responder, record(22, std::string(40, '\xe7'))), ParseStatus::Done);
  EXPECT_TRUE(sink_.sessions.empty());
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(TlsParserTest, WritesWhatItHasWhenTheOtherSideIsEncryptedAlready) {
  feed(Initiator, client_hello({.extensions = {server_name("a.example")}}));
  EXPECT_EQ(feed(Responder, record(23, "e")), ParseStatus::Done);
  EXPECT_TRUE(session_has("sni=a.example"));
}

TEST_F(TlsParserTest, AGapInsideAHelloLosesThatSideOnly) {
  const std::string hello = client_hello(browser_hello());
  feed(Initiator, hello.substr(0, 500));
  EXPECT_EQ(parser_.on_gap(Initiator, 100, sink_), ParseStatus::Ok);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  EXPECT_EQ(feed(Initiator, hello.substr(600)), ParseStatus::Ok);
  EXPECT_EQ(feed(Responder, server_hello(tls13_answer())), ParseStatus::Done);
  EXPECT_TRUE(session_has("ja3s={"));
  EXPECT_FALSE(session_has("sni="));
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(TlsParserTest, AGapBeforeTheFirstRecordDoesNoHarm) {
  EXPECT_EQ(parser_.on_gap(Initiator, 100, sink_), ParseStatus::Ok);
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, server_hello(tls13_answer()));
  EXPECT_EQ(sink_.sessions, std::vector<std::string>{kBrowserSession});
}

TEST_F(TlsParserTest, WhatFollowsAGapIsNeverAnAnomaly) {
  parser_.on_gap(Initiator, 100, sink_);
  EXPECT_EQ(feed(Initiator, "middle of some record"), ParseStatus::Ok);
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(TlsParserTest, BytesThatAreNoRecordsPoisonTheFlow) {
  EXPECT_EQ(feed(Initiator, "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"),
            ParseStatus::Poisoned);
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_invalid_record"});
}

TEST_F(TlsParserTest, APlainAnswerDoesNotLoseTheClientsHello) {
  feed(Initiator, client_hello({.extensions = {server_name("a.example")}}));
  EXPECT_EQ(feed(Responder, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"),
            ParseStatus::Done);
  EXPECT_TRUE(session_has("sni=a.example"));
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_invalid_record"});
}

TEST_F(TlsParserTest, ARecordAboveTheLimitIsInvalid) {
  const std::string above = u8(22) + u16(0x0301) + u16(kRecordBytesMax + 1);
  EXPECT_EQ(feed(Initiator, above + std::string(TlsParser::kLeadInBytesMax, 'x')),
            ParseStatus::Poisoned);
  TlsParser at_limit{ParserSetup{pool_}};
  const std::string header = u8(22) + u16(0x0301) + u16(kRecordBytesMax);
  EXPECT_EQ(at_limit.on_bytes(Initiator, Bytes::of(header), {}, sink_), ParseStatus::Ok);
}

TEST_F(TlsParserTest, ReadsAHelloOfTheLargestSize) {
  ClientHelloSpec spec{.extensions = {server_name("large.example")}};
  const size_t rest =
      HandshakeReader::kMessageBytesMax - message(1, client_hello_body(spec)).size();
  spec.extensions.push_back({21, std::string(rest - 4, '\0')});
  ASSERT_EQ(message(1, client_hello_body(spec)).size(), HandshakeReader::kMessageBytesMax);
  feed_in_pieces(Initiator, client_hello(spec), 1448);
  end();
  EXPECT_TRUE(session_has("sni=large.example"));
}

TEST_F(TlsParserTest, AHelloAboveTheLimitIsAnAnomaly) {
  const size_t body_bytes = HandshakeReader::kMessageBytesMax - kMessageHeaderBytes + 1;
  EXPECT_EQ(feed(Initiator, record(22, u8(1) + u24(body_bytes))), ParseStatus::Ok);
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_handshake_too_long"});
}

TEST_F(TlsParserTest, AMalformedHelloIsAnAnomalyAndItsNameIsKept) {
  std::string body = client_hello_body({.extensions = {server_name("a.example"), {5, "12345"}}});
  body.pop_back();
  feed(Initiator, records(message(1, body)));
  end();
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_invalid_handshake"});
  EXPECT_EQ(sink_.sessions, std::vector<std::string>{"sni=a.example"});
}

TEST_F(TlsParserTest, TheServerNameStopsAtANulAndAtItsLimit) {
  feed(Initiator,
       client_hello({.extensions = {server_name(std::string_view("a.example\0b", 11))}}));
  end();
  EXPECT_TRUE(session_has("sni=a.example ja3"));

  TlsParser other{ParserSetup{pool_}};
  const std::string bytes = client_hello({.extensions = {server_name(std::string(300, 'n'))}});
  sink_ = {};
  other.on_bytes(Initiator, Bytes::of(bytes), {}, sink_);
  other.on_end(StreamEnd::Abort, sink_);
  EXPECT_TRUE(session_has("sni=" + std::string(TlsParser::kServerNameBytesMax, 'n') + " ja3"));
}

TEST_F(TlsParserTest, ALongListOfProtocolsIsCutAfterAWholeName) {
  const std::vector<std::string> names(200, "abcd");
  feed(Initiator, client_hello({.extensions = {alpns(names)}}));
  end();
  ASSERT_EQ(sink_.sessions.size(), 1U);
  const std::string& line = sink_.sessions[0];
  EXPECT_EQ(std::count(line.begin() + static_cast<ptrdiff_t>(line.find('[')), line.end(), ' ') + 1,
            TlsParser::kAlpnBytesMax / 5);
}

TEST_F(TlsParserTest, WithoutMemoryTheRecordIsWrittenAtOnce) {
  std::vector<std::span<uint8_t>> taken;
  for (;;) {
    taken.push_back(pool_.take(1));
    if (taken.back().empty()) break;
  }
  EXPECT_EQ(feed(Initiator, client_hello(browser_hello())), ParseStatus::Done);
  EXPECT_TRUE(session_has("sni=www.example.org"));
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_memory_full"});
}

TEST_F(TlsParserTest, TwoClientsWriteTheFirstOne) {
  feed(Initiator, client_hello({.extensions = {server_name("first.example")}}));
  EXPECT_EQ(feed(Responder, client_hello({.extensions = {server_name("second.example")}})),
            ParseStatus::Done);
  EXPECT_TRUE(session_has("sni=first.example"));
}

TEST_F(TlsParserTest, PassesOverWhatAnotherProtocolSaidBefore) {
  const std::string socks_answers =
      std::string("\x05\x00\x05\x00\x00\x01\x0a\x00\x00\x01\x01\xbb", 12);
  for (const size_t piece_bytes : {1, 3, 5, 1000}) {
    for (const std::string& before :
         {std::string("S"), socks_answers, std::string(TlsParser::kLeadInBytesMax, '\x16')}) {
      TlsParser parser{ParserSetup{pool_}};
      std::swap(parser, parser_);
      sink_ = {};
      feed_in_pieces(Responder, before + server_hello(tls13_answer()), piece_bytes);
      feed_in_pieces(Initiator, before + client_hello(browser_hello()), piece_bytes);
      ASSERT_EQ(sink_.sessions, std::vector<std::string>{kBrowserSession}) << before;
      ASSERT_TRUE(sink_.anomalies.empty());
    }
  }
}

TEST_F(TlsParserTest, PassesOverNoMoreThanItsLimit) {
  const std::string before(TlsParser::kLeadInBytesMax + 1, 'x');
  EXPECT_EQ(feed(Initiator, before + client_hello(browser_hello())), ParseStatus::Poisoned);
}

TEST_F(TlsParserTest, TellsWhatTheClientOffersBesides) {
  feed(
      Initiator,
      client_hello({.extensions = {
                        session_ticket("remembered"), {42, ""}, {0xfe0d, "sealed"}, {41, "key"}}}));
  end();
  EXPECT_TRUE(
      session_has("session_ticket_offered=true pre_shared_key_offered=true "
                  "zero_rtt_offered=true encrypted_client_hello=true"));
}

TEST_F(TlsParserTest, AnEmptyTicketIsOnlyAskedFor) {
  feed(Initiator, client_hello({.extensions = {session_ticket()}}));
  feed(Responder, server_hello({.extensions = {session_ticket()}}) + records(server_hello_done()));
  EXPECT_TRUE(session_has("session_ticket_promised=true"));
  EXPECT_FALSE(session_has("session_ticket_offered"));
}

TEST_F(TlsParserTest, NamesGroupsAndSuitesWithoutANameByNumber) {
  feed(Initiator, client_hello({.extensions = {groups({0xfdfd}), key_share({{0xfdfd, 4}})}}));
  feed(Responder, server_hello({.cipher = 0xfefe}) + records(server_hello_done()));
  EXPECT_TRUE(
      session_has("cipher_suite=0xfefe supported_groups=[0xfdfd] key_share_groups=[0xfdfd]"));
}

TEST_F(TlsParserTest, ListsOfGroupsAreCut) {
  const std::vector<uint16_t> many(Handshake::kGroupsMax + 5, 29);
  const std::vector<std::pair<uint16_t, size_t>> shares(HelloFields::kKeyShareGroupsMax + 5,
                                                        {29, 1});
  feed(Initiator, client_hello({.extensions = {groups(many), key_share(shares)}}));
  end();
  ASSERT_EQ(sink_.sessions.size(), 1U);
  size_t names = 0;
  for (size_t at = 0; (at = sink_.sessions[0].find("x25519", at)) != std::string::npos; ++at)
    ++names;
  EXPECT_EQ(names, Handshake::kGroupsMax + HelloFields::kKeyShareGroupsMax);
}

TEST_F(TlsParserTest, AnEarlyRecordOfZeroRttDoesNoHarm) {
  feed(Initiator, client_hello(browser_hello()) + record(20, u8(1)) + record(23, "early"));
  EXPECT_EQ(feed(Responder, server_hello(tls13_answer())), ParseStatus::Done);
  EXPECT_EQ(sink_.sessions, std::vector<std::string>{kBrowserSession});
}

TEST_F(TlsParserTest, SurvivesRandomBytesAndDamagedHellos) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::array<std::string, 2> good = {client_hello(browser_hello()),
                                           server_hello(tls13_answer())};
  for (int round = 0; round < 3000; ++round) {
    TlsParser parser{ParserSetup{pool_}};
    sink_ = {};
    for (const FlowSide side : {Initiator, Responder}) {
      std::string bytes = good[index_of(side)];
      for (size_t flips = random() % 6; flips > 0; --flips) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      bytes.resize(random() % 4 == 0 ? 1 + random() % bytes.size() : bytes.size());
      parser.on_bytes(side, Bytes::of(bytes), {}, sink_);
    }
    parser.on_end(StreamEnd::Graceful, sink_);
    ASSERT_LE(sink_.sessions.size(), 1U);
  }
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

}  // namespace
}  // namespace flowscope::tls::test
