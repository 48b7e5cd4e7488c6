#include <algorithm>
#include <random>

#include "l7/tls/tls.h"
#include "tests/unit/l7/tls/certificate_builder.h"
#include "tests/unit/l7/tls/dtls_builder.h"
#include "tests/unit/l7/tls/parser_rig.h"

namespace flowscope::tls::test {
namespace {

using enum FlowSide;

static_assert(DatagramParser<DtlsParser, RecordingSink>);

class DtlsTest : public ParserRig<DtlsParser> {
 protected:
  ParseStatus feed(FlowSide side, const std::string& datagram) {
    return parser_.on_datagram(side, Bytes::of(datagram), {}, sink_);
  }
  void feed_all(FlowSide side, const std::vector<std::string>& datagrams) {
    for (const std::string& datagram : datagrams) feed(side, datagram);
  }
};

const std::string& leaf() {
  static const std::string der = make_certificate({});
  return der;
}
std::string certificate_body() { return certificate_message({leaf(), leaf()}).substr(4); }
std::string client() { return dtls_message(1, 0, dtls_client_body(media_hello())); }
// ServerHello, Certificate, ServerKeyExchange, ServerHelloDone, one datagram each.
std::vector<std::string> server_flight(uint16_t seq = 0) {
  return {dtls_message(2, seq, server_hello_body(media_answer())),
          dtls_message(11, seq + 1, certificate_body()),
          dtls_message(12, seq + 2, std::string(200, 'k')), dtls_message(14, seq + 3, "")};
}
Probe probe(const std::string& datagram) {
  return DtlsParser::probe_datagram(Bytes::of(datagram), 40000, 40001);
}

constexpr const char* kSubject = "subject=C=DE, O=Example, Inc., CN=www.example.org";

TEST_F(DtlsTest, WritesOneSessionWhenTheServersFlightIsThrough) {
  feed(Initiator, client());
  feed_all(Responder, server_flight());
  EXPECT_TRUE(session_has(kSubject));
  EXPECT_TRUE(session_has("sni=media.example version=DTLS 1.2"));
  EXPECT_TRUE(session_has("string=65277,49195-49199,10-11-0-13-14,29-23,0"));
  EXPECT_TRUE(session_has("ja4=dd2d0205"));
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DtlsTest, ACookieIsAskedForAndTheFirstHelloCounts) {
  feed(Initiator, client());
  feed(Responder, dtls_message(3, 0, u16(0xfeff) + behind8("a cookie")));
  feed(Initiator, dtls_message(1, 1, dtls_client_body(media_hello(), "a cookie")));
  feed_all(Responder, server_flight(1));
  EXPECT_TRUE(session_has("hello_verify_request=true"));
  EXPECT_TRUE(session_has("ja4=dd2d0205"));
}

TEST_F(DtlsTest, ReadsAHelloBehindItsCookie) {
  feed(Initiator, dtls_message(1, 1, dtls_client_body(media_hello(), std::string(255, 'c'))));
  end();
  EXPECT_TRUE(session_has("sni=media.example"));
}

TEST_F(DtlsTest, AVersion13HelloIsWrittenAtItsAnswer) {
  ClientHelloSpec spec = media_hello();
  spec.extensions.push_back(supported_versions({0xfefc, 0xfefd}));
  ServerHelloSpec answer = media_answer();
  answer.extensions = {selected_version(0xfefc), server_key_share(29)};
  feed(Initiator, dtls_message(1, 0, dtls_client_body(spec)));
  EXPECT_EQ(feed(Responder, dtls_message(2, 0, server_hello_body(answer)) + "\x2e\x01sealed"),
            ParseStatus::Done);
  EXPECT_TRUE(session_has("version=DTLS 1.3"));
  EXPECT_TRUE(session_has("ja4=dd3d0206"));
  EXPECT_TRUE(session_has("group=x25519"));
}

TEST_F(DtlsTest, WaitsPastAHelloRetryRequest) {
  ServerHelloSpec retry = media_answer();
  retry.random = retry_random();
  retry.extensions = {selected_version(0xfefc), {44, behind16("cookie")}};
  ServerHelloSpec answer = media_answer();
  answer.extensions = {selected_version(0xfefc), server_key_share(29)};
  feed(Initiator, client());
  EXPECT_EQ(feed(Responder, dtls_message(2, 0, server_hello_body(retry))), ParseStatus::Ok);
  feed(Initiator, dtls_message(1, 1, dtls_client_body(media_hello())));
  EXPECT_EQ(feed(Responder, dtls_message(2, 1, server_hello_body(answer))), ParseStatus::Done);
  EXPECT_TRUE(session_has("hello_retry_request=true"));
}

TEST_F(DtlsTest, FragmentsMayComeInAnyOrderAndAgain) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  std::string expected;
  for (int round = 0; round < 200; ++round) {
    restart();
    std::vector<std::string> hello = fragments(1, 0, dtls_client_body(media_hello()), 30);
    std::vector<std::string> flight = server_flight();
    std::vector<std::string> certificate = fragments(11, 1, certificate_body(), 200);
    if (round > 0) {
      hello.push_back(hello[random() % hello.size()]);
      certificate.push_back(certificate[random() % certificate.size()]);
      // Each piece at a time may lie apart from the rest, up to the limit of separate ones.
      std::shuffle(hello.begin(), hello.end(), random);
      std::shuffle(certificate.begin(), certificate.end(), random);
    }
    flight.erase(flight.begin() + 1);
    flight.insert(flight.begin() + static_cast<ptrdiff_t>(round == 0 ? 1 : random() % 4),
                  certificate.begin(), certificate.end());
    feed_all(Initiator, hello);
    feed_all(Responder, flight);
    if (round == 0) expected = sink_.sessions.at(0);
    ASSERT_EQ(sink_.sessions, std::vector<std::string>{expected}) << round;
    ASSERT_TRUE(sink_.anomalies.empty());
    ASSERT_EQ(pool_.bytes_in_use(), 0U);
  }
  EXPECT_NE(expected.find(kSubject), std::string::npos);
}

TEST_F(DtlsTest, SeveralMessagesMayShareADatagramAndARecord) {
  feed(Initiator, client());
  EXPECT_EQ(feed(Responder, dtls_record(22, whole_fragment(2, 0, server_hello_body(media_answer()))
                                                + whole_fragment(11, 1, certificate_body()))
                                + dtls_record(22, whole_fragment(12, 2, "key"))
                                + dtls_record(22, whole_fragment(14, 3, ""))),
            ParseStatus::Done);
  EXPECT_TRUE(session_has(kSubject));
}

TEST_F(DtlsTest, AClientThatIsAskedShowsItsCertificateToo) {
  feed(Initiator, client());
  std::vector<std::string> flight = server_flight();
  flight[2] = dtls_message(13, 2, "request");
  feed_all(Responder, flight);
  EXPECT_TRUE(sink_.sessions.empty());
  feed(Initiator, dtls_message(11, 1, certificate_body()));
  feed(Initiator, dtls_record(20, u8(1)));
  EXPECT_TRUE(session_has("client={subject="));
  EXPECT_TRUE(session_has("certificate_requested=true"));
}

TEST_F(DtlsTest, ASuiteWithoutCertificatesEndsAtServerHelloDone) {
  feed(Initiator, client());
  feed(Responder, dtls_message(2, 0, server_hello_body(media_answer())));
  EXPECT_EQ(feed(Responder, dtls_message(14, 1, "")), ParseStatus::Done);
  EXPECT_TRUE(session_has("version=DTLS 1.2"));
}

TEST_F(DtlsTest, EncryptedRecordsEndTheWaiting) {
  feed(Initiator, client());
  feed(Responder, dtls_message(2, 0, server_hello_body(media_answer())));
  EXPECT_EQ(feed(Responder, dtls_record(23, "sealed", 1)), ParseStatus::Done);
  EXPECT_TRUE(session_has("version=DTLS 1.2"));
}

TEST_F(DtlsTest, AFatalAlertEndsTheHandshake) {
  feed(Initiator, client());
  EXPECT_EQ(feed(Responder, dtls_record(21, u8(2) + u8(40))), ParseStatus::Done);
  EXPECT_TRUE(session_has("alert={level=fatal description=handshake_failure code=40}"));
}

TEST_F(DtlsTest, OtherDatagramsOfTheFlowArePassedOver) {
  feed(Initiator, client());
  feed(Responder, std::string("\x01\x01\x00\x00\x21\x12\xa4\x42", 8) + std::string(12, 't'));
  feed(Responder, "\x80\x60 media");
  feed_all(Responder, server_flight());
  EXPECT_TRUE(session_has(kSubject));
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(DtlsTest, AFragmentOutsideItsMessageIsAnAnomaly) {
  // RFC 6347 4.2.3: the range of a fragment lies inside the message.
  feed(Initiator,
       dtls_record(22, u8(1) + u24(100) + u16(0) + u24(90) + u24(20) + std::string(20, 'x')));
  feed(Initiator, dtls_record(22, u8(1) + u24(10) + u16(0) + u24(0xffffff) + u24(2) + "xx"));
  feed(Initiator, dtls_record(22, u8(1) + u24(100) + u16(0) + u24(0) + u24(50) + "short"));
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>(3, "tls_invalid_fragment"));
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DtlsTest, AMessageAboveTheLimitIsAnAnomaly) {
  const uint32_t limit = FragmentJoin::kMessageBytesMax;
  feed(Initiator, dtls_record(22, u8(1) + u24(limit) + u16(0) + u24(0) + u24(1) + "x"));
  EXPECT_TRUE(sink_.anomalies.empty());
  feed(Initiator, dtls_record(22, u8(1) + u24(limit + 1) + u16(0) + u24(0) + u24(1) + "x"));
  EXPECT_EQ(sink_.anomalies, std::vector<std::string>{"tls_handshake_too_long"});
}

TEST_F(DtlsTest, AHelloThatNeverBecomesWholeHoldsOneBlockAtMost) {
  const std::string body(FragmentJoin::kMessageBytesMax, 'x');
  for (size_t i = 0; i < 100; ++i)
    feed(Initiator, dtls_record(22, fragment(1, 0, body, i * 160, 1)));
  EXPECT_LE(pool_.bytes_in_use(), FragmentJoin::kMessageBytesMax);
  end();
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DtlsTest, IsDoneAfterSoManyDatagrams) {
  ParseStatus status = ParseStatus::Ok;
  size_t datagrams = 0;
  for (; status == ParseStatus::Ok && datagrams < 1000; ++datagrams)
    status = feed(Initiator, client());
  EXPECT_EQ(datagrams, DtlsParser::kDatagramsMax + 1U);
  EXPECT_TRUE(session_has("sni=media.example"));
}

TEST_F(DtlsTest, ProbesStrictly) {
  EXPECT_EQ(probe(client()), Probe::Match);
  EXPECT_EQ(probe(fragments(1, 0, dtls_client_body(media_hello()), 30)[1]), Probe::Match);
  EXPECT_EQ(probe(dtls_record(22, whole_fragment(1, 0, "x"), 0, 0xfeff)), Probe::Match);
  EXPECT_EQ(probe(dtls_record(22, whole_fragment(1, 0, "x"), 0, 0x0100)), Probe::Match);
  EXPECT_EQ(probe(dtls_record(23, "sealed", 1)), Probe::Match) << "joined in its middle";
  EXPECT_EQ(probe(client() + "\x2e sealed"), Probe::Match) << "RFC 9147 4";
  EXPECT_EQ(probe(""), Probe::NoMatch);
  EXPECT_EQ(probe(client().substr(0, client().size() - 1)), Probe::NoMatch);
  EXPECT_EQ(probe(client() + "x"), Probe::NoMatch);
  EXPECT_EQ(probe(dtls_record(22, whole_fragment(1, 0, "x"), 0, 0x0303)), Probe::NoMatch);
  EXPECT_EQ(probe(dtls_record(22, "sealed finished", 0)), Probe::NoMatch);
  EXPECT_EQ(probe(dtls_record(23, "clear", 0)), Probe::NoMatch);
  EXPECT_EQ(probe(dtls_record(25, "x", 0)), Probe::NoMatch);
  EXPECT_EQ(probe("\x2e sealed alone"), Probe::NoMatch);
}

TEST_F(DtlsTest, SurvivesRandomAndDamagedDatagrams) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    restart();
    std::vector<std::pair<FlowSide, std::string>> datagrams;
    for (std::string& it : fragments(1, 0, dtls_client_body(media_hello()), 1 + random() % 200))
      datagrams.emplace_back(Initiator, std::move(it));
    for (std::string& it : server_flight()) datagrams.emplace_back(Responder, std::move(it));
    for (auto& [side, datagram] : datagrams) {
      for (size_t flips = random() % 3; flips > 0; --flips)
        datagram[random() % datagram.size()] = static_cast<char>(random());
      probe(datagram);
      feed(side, datagram);
    }
    end();
    ASSERT_LE(sink_.sessions.size(), 1U);
    ASSERT_EQ(pool_.bytes_in_use(), 0U);
  }
}

}  // namespace
}  // namespace flowscope::tls::test
