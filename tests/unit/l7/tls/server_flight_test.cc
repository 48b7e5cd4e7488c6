// What follows the hellos of TLS 1.2 and before in clear: certificates, requests for them, and
// where the parser stops.
#include <random>

#include "l7/tls/tls.h"
#include "tests/unit/l7/tls/certificate_builder.h"
#include "tests/unit/l7/tls/hello_builder.h"
#include "tests/unit/l7/tls/parser_rig.h"

namespace flowscope::tls::test {
namespace {

using enum FlowSide;

class ServerFlightTest : public ParserRig<TlsParser> {
 protected:
  ParseStatus feed(FlowSide side, const std::string& bytes) {
    return parser_.on_bytes(side, Bytes::of(bytes), {}, sink_);
  }
  void feed_in_pieces(FlowSide side, const std::string& bytes, size_t piece_bytes) {
    for (size_t at = 0; at < bytes.size(); at += piece_bytes)
      feed(side, bytes.substr(at, piece_bytes));
  }
};

const std::string& leaf() {
  static const std::string der = make_certificate({.alternative_names = "DNS:www.example.org"});
  return der;
}
const std::string& client_leaf() {
  static const std::string der = make_certificate({.subject = {{"CN", "a client"}}});
  return der;
}
std::string key_exchange() { return message(12, std::string(300, 'k')); }
std::string certificate_request() { return message(13, std::string(70, 'r')); }
std::string server_messages(bool asks_client = false) {
  return message(2, server_hello_body({.cipher = 0xc02f})) + certificate_message({leaf(), leaf()})
         + message(22, std::string(900, 's')) + key_exchange()
         + (asks_client ? certificate_request() : "") + server_hello_done();
}
std::string client_key_exchange() { return records(message(16, std::string(66, 'c'))); }
std::string change_cipher_spec() { return record(20, u8(1)); }

constexpr const char* kSubject = "subject=C=DE, O=Example, Inc., CN=www.example.org";

TEST_F(ServerFlightTest, TheRecordIsWrittenAtServerHelloDone) {
  feed(Initiator, client_hello(browser_hello()));
  const std::string flight = records(server_messages());
  EXPECT_EQ(feed(Responder, flight.substr(0, flight.size() - 1)), ParseStatus::Ok);
  EXPECT_TRUE(sink_.sessions.empty());
  EXPECT_EQ(feed(Responder, flight.substr(flight.size() - 1)), ParseStatus::Done);
  EXPECT_TRUE(session_has(kSubject));
  EXPECT_TRUE(session_has("version=TLS 1.2"));
  EXPECT_TRUE(session_has("cipher_suite=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
  EXPECT_TRUE(session_has("chain_count=2"));
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(ServerFlightTest, GivesTheSameHoweverRecordsAndBytesAreCut) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::string expected;
  for (int round = 0; round < 100; ++round) {
    restart();
    const size_t record_bytes = round == 0 ? 16384 : 1 + random() % (round % 2 == 0 ? 9 : 2000);
    const std::string client =
        records(message(1, client_hello_body(browser_hello(1800))), record_bytes);
    const std::string server = records(server_messages(true), record_bytes);
    const std::string answer =
        records(certificate_message({client_leaf()}), record_bytes) + client_key_exchange();
    for (const auto& [side, bytes] : {std::pair{Initiator, &client}, std::pair{Responder, &server},
                                      std::pair{Initiator, &answer}}) {
      for (size_t at = 0; at < bytes->size();) {
        const size_t piece = round == 0 ? bytes->size() : round == 1 ? 1 : 1 + random() % 3000;
        feed(side, bytes->substr(at, piece));
        at += piece;
      }
    }
    if (round == 0) expected = sink_.sessions.at(0);
    ASSERT_EQ(sink_.sessions, std::vector<std::string>{expected});
    ASSERT_TRUE(sink_.anomalies.empty());
    ASSERT_EQ(pool_.bytes_in_use(), 0U);
  }
}

TEST_F(ServerFlightTest, AClientThatIsAskedShowsItsCertificateToo) {
  feed(Initiator, client_hello(browser_hello()));
  EXPECT_EQ(feed(Responder, records(server_messages(true))), ParseStatus::Ok);
  EXPECT_EQ(feed(Initiator, records(certificate_message({client_leaf()}))), ParseStatus::Ok);
  EXPECT_EQ(feed(Initiator, client_key_exchange()), ParseStatus::Done);
  EXPECT_TRUE(session_has("client={subject=CN=a client"));
  EXPECT_TRUE(session_has("certificate_requested=true"));
}

TEST_F(ServerFlightTest, AClientWithoutACertificateSendsAnEmptyList) {
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, records(server_messages(true)));
  feed(Initiator, records(certificate_message({})) + client_key_exchange());
  EXPECT_TRUE(session_has("certificate_requested=true"));
  EXPECT_FALSE(session_has("client={"));
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(ServerFlightTest, AResumedSessionIsWrittenAtTheServersHello) {
  feed(Initiator, client_hello({.session_id = "0123456789abcdef"}));
  EXPECT_EQ(feed(Responder, server_hello({.session_id = "0123456789abcdef"})), ParseStatus::Done);
  EXPECT_TRUE(session_has("session_resumed=true"));
}

TEST_F(ServerFlightTest, EncryptionEndsTheWaiting) {
  for (const std::string& next :
       {change_cipher_spec(), record(23, "sealed"), records(message(4, "ticket"))}) {
    restart();
    feed(Initiator, client_hello(browser_hello()));
    EXPECT_EQ(feed(Responder, server_hello({.cipher = 47})), ParseStatus::Ok);
    EXPECT_EQ(feed(Responder, next), ParseStatus::Done);
    EXPECT_TRUE(session_has("version=TLS 1.2"));
  }
}

TEST_F(ServerFlightTest, AnAlertBehindTheHellosIsToldToo) {
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, records(message(2, server_hello_body({})) + certificate_message({leaf()})));
  EXPECT_EQ(feed(Initiator, alert(2, 48)), ParseStatus::Done);
  EXPECT_TRUE(session_has("alert={level=fatal description=unknown_ca code=48}"));
  EXPECT_TRUE(session_has(kSubject));
}

TEST_F(ServerFlightTest, AServersFlightMayComeBeforeTheClientsHello) {
  feed(Responder, records(server_messages()));
  EXPECT_EQ(feed(Initiator, client_hello(browser_hello())), ParseStatus::Done);
  EXPECT_TRUE(session_has(kSubject));
  EXPECT_TRUE(session_has("sni=www.example.org"));
}

TEST_F(ServerFlightTest, AGapInsideTheCertificateLosesItAlone) {
  feed(Initiator, client_hello(browser_hello()));
  const std::string flight = records(server_messages());
  feed(Responder, flight.substr(0, 400));
  EXPECT_EQ(parser_.on_gap(Responder, 100, sink_), ParseStatus::Done);
  EXPECT_TRUE(session_has("version=TLS 1.2"));
  EXPECT_FALSE(session_has("subject="));
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(ServerFlightTest, AGapBetweenRecordsDoesNotLoseWhatFollows) {
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, server_hello({}));
  EXPECT_EQ(parser_.on_gap(Responder, 700, sink_), ParseStatus::Ok);
  EXPECT_EQ(feed(Responder, records(server_hello_done())), ParseStatus::Done);
  EXPECT_TRUE(session_has("version=TLS 1.2"));
}

TEST_F(ServerFlightTest, TheEndOfTheFlowWritesWhatWasSeen) {
  feed(Initiator, client_hello(browser_hello()));
  const std::string flight = records(server_messages());
  feed(Responder, flight.substr(0, flight.size() - 20));
  end();
  EXPECT_TRUE(session_has(kSubject));
}

TEST_F(ServerFlightTest, AMessageThatNobodyWantsCostsNoMemory) {
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, server_hello({}));
  const size_t before = pool_.bytes_in_use();
  feed(Responder, record(22, u8(12) + u24(0xffffff)));
  for (int i = 0; i < 20; ++i) feed(Responder, record(22, std::string(16000, 'k')));
  EXPECT_EQ(pool_.bytes_in_use(), before);
}

TEST_F(ServerFlightTest, AChainAboveTheLimitIsAnAnomalyAndTheRecordIsWritten) {
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, server_hello({}));
  const size_t body_bytes = HandshakeReader::kMessageBytesMax - kMessageHeaderBytes + 1;
  EXPECT_EQ(feed(Responder, record(22, u8(11) + u24(body_bytes))), ParseStatus::Done);
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_handshake_too_long"});
  EXPECT_TRUE(session_has("version=TLS 1.2"));
}

TEST_F(ServerFlightTest, ACertificateThatCannotBeReadIsAnAnomalyAndItsHashIsKept) {
  feed(Initiator, client_hello(browser_hello()));
  feed(Responder, records(message(2, server_hello_body({}))
                          + certificate_message({"no certificate"}) + server_hello_done()));
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_invalid_certificate"});
  EXPECT_TRUE(session_has("fingerprint="));
  EXPECT_FALSE(session_has("subject="));
}

TEST_F(ServerFlightTest, WithoutMemoryForACertificateTheRecordIsWrittenAtOnce) {
  feed(Initiator, client_hello(browser_hello(32)));
  feed(Responder, server_hello({}));
  std::vector<std::span<uint8_t>> taken;
  do taken.push_back(pool_.take(1));
  while (!taken.back().empty());
  EXPECT_EQ(feed(Responder, records(certificate_message({leaf()}))), ParseStatus::Done);
  EXPECT_TRUE(session_has("sni=www.example.org"));
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_memory_full"});
}

TEST_F(ServerFlightTest, ServerMessagesOfAClientAreTheMiddleOfSomething) {
  feed(Initiator, client_hello(browser_hello()) + records(server_hello_done()));
  feed(Responder, records(server_messages()));
  EXPECT_TRUE(session_has(kSubject));
  EXPECT_TRUE(sink_.anomalies.empty());
}

}  // namespace
}  // namespace flowscope::tls::test
