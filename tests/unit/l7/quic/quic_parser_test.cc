#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "l7/quic/quic.h"
#include "tests/unit/l7/quic/google_builder.h"
#include "tests/unit/l7/quic/packet_sealer.h"
#include "tests/unit/l7/quic/recording_sink.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::quic::test {
namespace {

using enum FlowSide;

static_assert(DatagramParser<QuicParser, RecordingSink>);
static_assert(FieldVisitor<LineVisitor>);

constexpr size_t kPoolBytes = size_t{2} << 20;
constexpr uint64_t kSeed = 9000;

tls::test::ClientHelloSpec browser(size_t key_bytes = 32) {
  tls::test::ClientHelloSpec spec = tls::test::browser_hello(key_bytes);
  spec.session_id.clear();
  for (tls::test::Extension& extension : spec.extensions) {
    if (extension.type == 16) extension = tls::test::alpns({"h3"});
  }
  spec.extensions.push_back({57, varint(0x3129) + varint(9) + "Chrome/99"});
  return spec;
}
std::string client_message(const tls::test::ClientHelloSpec& spec = browser()) {
  return tls::test::message(1, tls::test::client_hello_body(spec));
}
std::string server_message() {
  return tls::test::message(2, tls::test::server_hello_body(tls::test::tls13_answer()));
}

const std::string kHello = client_message();
const std::string kAnswer = server_message();

InitialSpec from_client() { return {.payload_bytes_min = 1150}; }
InitialSpec from_server() {
  return {
      .sender = Role::Server, .destination_id = "src", .source_id = "srvr", .key_id = "12345678"};
}
std::string client_initial(const std::string& frames) {
  return seal_initial(from_client(), frames);
}
std::string server_initial(const std::string& frames) {
  return seal_initial(from_server(), frames);
}

constexpr const char* kExtensions =
    "extensions=[{type=47802} {name=server_name type=0 values=[www.example.org]} "
    "{name=supported_groups type=10} {name=ec_points_format type=11} "
    "{name=alpn type=16 values=[h3]} {name=signature_algorithms type=13} "
    "{name=key_share type=51} {name=supported_versions type=43} {type=10794} "
    "{name=quic_transport_parameters type=57}] alpns=[h3]";
std::string session_text(const std::string& version, const std::string& more = "") {
  return "version=" + version
         + " sni=www.example.org ua=Chrome/99 ja3={hash=952b9e9a2ac1890af4b786cafd62f333 "
           "string=771,4865-4866-49195,0-10-11-16-13-51-43-57,4588-29-23,0} "
         + (more.find("tls_version") == 0
                ? "ja3s={hash=eb1d94daa7e0344597e756a1fb6e7054 string=771,4865,51-43} "
                : "")
         + "ja4=q13d0308h3_5559582ccdc4_c65182c0965d " + kExtensions + (more.empty() ? "" : " ")
         + more;
}

class QuicParserTest : public ::testing::Test {
 protected:
  ParseStatus feed(FlowSide side, const std::string& datagram) {
    return parser_.on_datagram(side, Bytes::of(datagram), {}, sink_);
  }
  void end() { parser_.on_end(StreamEnd::Graceful, sink_); }
  // The one record, or what was told instead.
  [[nodiscard]] std::string told() const {
    std::string text;
    for (const std::string& anomaly : sink_.anomalies) text += "anomaly " + anomaly + "; ";
    for (const std::string& session : sink_.sessions) text += session;
    return text;
  }
  [[nodiscard]] bool has(const std::string& text) const {
    return sink_.sessions.size() == 1 && sink_.sessions[0].find(text) != std::string::npos;
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  QuicParser parser_{ParserSetup{pool_}};
  RecordingSink sink_;
};

TEST_F(QuicParserTest, WritesOneSessionOnceBothHellosWereSeen) {
  EXPECT_EQ(feed(Initiator, client_initial(crypto_frame(0, kHello))), ParseStatus::Ok);
  EXPECT_EQ(told(), "");
  EXPECT_EQ(feed(Responder, server_initial(ack_frame() + crypto_frame(0, kAnswer))),
            ParseStatus::Done);
  EXPECT_EQ(told(), session_text("1", "tls_version=TLS 1.3"));
  EXPECT_EQ(sink_.sides[0], Initiator);
  EXPECT_EQ(pool_.bytes_in_use(), 0U) << "a finished parser holds no memory";
  EXPECT_EQ(feed(Initiator, client_initial(crypto_frame(0, kHello))), ParseStatus::Done);
  end();
  EXPECT_EQ(sink_.sessions.size(), 1U);
}

TEST_F(QuicParserTest, WritesWhatTheClientSaidWhenNoAnswerComes) {
  EXPECT_EQ(feed(Responder, client_initial(crypto_frame(0, kHello))), ParseStatus::Ok);
  end();
  EXPECT_EQ(told(), session_text("1"));
  EXPECT_EQ(sink_.sides[0], Responder) << "the client is who sends a client's packets";
}

TEST_F(QuicParserTest, WaitsForTheAnswerForSomeDatagramsOnly) {
  EXPECT_EQ(feed(Initiator, client_initial(crypto_frame(0, kHello))), ParseStatus::Ok);
  for (uint32_t i = 1; i < QuicParser::kPatienceDatagrams; ++i)
    ASSERT_EQ(feed(Initiator, handshake_packet()), ParseStatus::Ok) << i;
  EXPECT_EQ(feed(Initiator, "\x40short header"), ParseStatus::Done);
  EXPECT_EQ(told(), session_text("1"));
}

TEST_F(QuicParserTest, ReadsVersion2AndDraftsAndGoogleTls) {
  for (const uint32_t version : {0x6b3343cfU, 0xff00001dU, 0xff000017U, 0xff000016U, 0xfaceb00eU}) {
    QuicParser parser{ParserSetup{pool_}};
    RecordingSink sink;
    InitialSpec spec = from_client();
    spec.version = Version{version};
    const std::string datagram = seal_initial(spec, crypto_frame(0, kHello));
    EXPECT_EQ(parser.on_datagram(Initiator, Bytes::of(datagram), {}, sink), ParseStatus::Ok);
    parser.on_end(StreamEnd::Abort, sink);
    ASSERT_EQ(sink.sessions.size(), 1U);
    EXPECT_EQ(sink.sessions[0], session_text(std::string(VersionText(Version{version}).text())));
  }
  InitialSpec google = from_client();
  google.version = Version::GoogleT051;
  feed(Initiator, seal_initial(google, "\x08" + varint(0) + varint(kHello.size()) + kHello));
  end();
  EXPECT_EQ(told(), session_text("T051"));
}

TEST_F(QuicParserTest, OpensAReservedVersionByWhicheverProtectionFits) {
  for (const size_t guess : {0U, 1U}) {
    QuicParser parser{ParserSetup{pool_}};
    RecordingSink sink;
    InitialSpec spec = from_client();
    spec.version = Version{0xbabababa};
    spec.guess = guess;
    const std::string datagram = seal_initial(spec, crypto_frame(0, kHello));
    parser.on_datagram(Initiator, Bytes::of(datagram), {}, sink);
    parser.on_end(StreamEnd::Graceful, sink);
    ASSERT_EQ(sink.sessions.size(), 1U);
    EXPECT_EQ(sink.sessions[0], session_text("babababa"));
  }
}

// However the message is cut, shuffled, repeated and spread over datagrams, the record is the same.
TEST_F(QuicParserTest, TellsTheSameHoweverTheHelloIsCut) {
  std::mt19937_64 random(kSeed);
  const std::string hello = client_message(browser(1216));
  std::string expected;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> frames;
    const size_t piece_max = round == 0 ? hello.size() : 100 + random() % 900;
    for (size_t at = 0; at < hello.size();) {
      const size_t bytes = 1 + random() % piece_max;
      const size_t overlap = random() % (at + 1) % 20;
      const std::string piece = hello.substr(at - overlap, overlap + bytes);
      frames.push_back(crypto_frame(at - overlap, round == 0 ? hello : piece));
      at += round == 0 ? hello.size() : bytes;
    }
    if (round > 0) std::shuffle(frames.begin(), frames.end(), random);
    QuicParser parser{ParserSetup{pool_}};
    RecordingSink sink;
    std::string payload;
    uint32_t number = 0;
    for (size_t i = 0; i < frames.size(); ++i) {
      payload += std::string(random() % 3, '\0') + '\x01' + frames[i];
      if (random() % 2 == 0 && i + 1 < frames.size()) continue;
      InitialSpec spec = from_client();
      spec.number = number++;
      const std::string datagram = seal_initial(spec, payload);
      parser.on_datagram(Initiator, Bytes::of(datagram), {}, sink);
      payload.clear();
    }
    parser.on_end(StreamEnd::Graceful, sink);
    ASSERT_EQ(sink.sessions.size(), 1U) << "seed " << kSeed << ", round " << round;
    ASSERT_TRUE(sink.anomalies.empty());
    if (round == 0) expected = sink.sessions[0];
    EXPECT_NE(expected.find("sni=www.example.org"), std::string::npos);
    ASSERT_EQ(sink.sessions[0], expected) << "seed " << kSeed << ", round " << round;
    ASSERT_EQ(pool_.bytes_in_use(), 0U);
  }
}

TEST_F(QuicParserTest, TakesAHelloByteByByte) {
  std::string frames;
  for (size_t i = kHello.size(); i > 0; --i) frames += crypto_frame(i - 1, kHello.substr(i - 1, 1));
  feed(Initiator, client_initial(frames));
  end();
  EXPECT_EQ(told(), session_text("1"));
}

TEST_F(QuicParserTest, ReadsPacketsCoalescedInOneDatagram) {
  InitialSpec small = from_client();
  small.payload_bytes_min = 0;
  const std::string first = seal_initial(small, crypto_frame(100, kHello.substr(100)));
  small.number = 1;
  EXPECT_EQ(feed(Initiator, first + handshake_packet()
                                + seal_initial(small, crypto_frame(0, kHello.substr(0, 100)))),
            ParseStatus::Ok);
  feed(Responder, server_initial(crypto_frame(0, kAnswer)) + handshake_packet());
  EXPECT_EQ(told(), session_text("1", "tls_version=TLS 1.3"));
}

TEST_F(QuicParserTest, LosesNothingButTheHelloWhenADatagramIsMissing) {
  feed(Initiator, client_initial(crypto_frame(100, kHello.substr(100))));
  feed(Responder, server_initial(crypto_frame(0, kAnswer)));
  end();
  EXPECT_EQ(told(),
            "version=1 ja3s={hash=eb1d94daa7e0344597e756a1fb6e7054 string=771,4865,51-43} "
            "tls_version=TLS 1.3");
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(QuicParserTest, TakesTheHelloFromItsSecondSending) {
  feed(Initiator, client_initial(crypto_frame(100, kHello.substr(100))));
  InitialSpec again = from_client();
  again.number = 9;
  again.destination_id = "server's";
  again.key_id = "12345678";
  feed(Initiator, seal_initial(again, crypto_frame(0, kHello)));
  end();
  EXPECT_EQ(told(), session_text("1")) << "the server's own identifier changes no key";
}

TEST_F(QuicParserTest, FollowsARetryToItsNewKeys) {
  feed(Initiator, client_initial(crypto_frame(0, kHello.substr(0, 50))));
  feed(Responder, retry_packet("src", "retried!"));
  InitialSpec again = from_client();
  again.destination_id = "retried!";
  again.token = std::string(40, 't');
  feed(Initiator, seal_initial(again, crypto_frame(0, kHello)));
  InitialSpec answer = from_server();
  answer.key_id = "retried!";
  EXPECT_EQ(feed(Responder, seal_initial(answer, crypto_frame(0, kAnswer))), ParseStatus::Done);
  EXPECT_EQ(told(), session_text("1", "tls_version=TLS 1.3 retry=true"));
}

TEST_F(QuicParserTest, ReportsTheVersionsThatAServerOffers) {
  InitialSpec forced = from_client();
  forced.version = Version{0x1a2a3a4a};
  feed(Initiator, seal_initial(forced, crypto_frame(0, client_message({.extensions = {}}))));
  feed(Responder, negotiation_packet({1, 0xff00001d, 0x5a6a7a8a}));
  feed(Initiator, client_initial(crypto_frame(0, kHello)));
  feed(Responder, server_initial(crypto_frame(0, kAnswer)));
  EXPECT_EQ(told(), session_text("1",
                                 "tls_version=TLS 1.3 "
                                 "negotiated_versions=[1 ff00001d 5a6a7a8a]"));
}

TEST_F(QuicParserTest, WritesANegotiationAlone) {
  std::vector<uint32_t> many(20, 0xff00001d);
  feed(Responder, negotiation_packet(many));
  end();
  EXPECT_EQ(told(),
            "version=0 negotiated_versions=[ff00001d ff00001d ff00001d ff00001d ff00001d "
            "ff00001d ff00001d ff00001d]");
  EXPECT_EQ(sink_.sides[0], Initiator);
}

TEST_F(QuicParserTest, FollowsAServerToAnotherVersion) {
  feed(Initiator, client_initial(crypto_frame(0, kHello)));
  InitialSpec answer = from_server();
  answer.version = Version::V2;
  EXPECT_EQ(feed(Responder, seal_initial(answer, crypto_frame(0, kAnswer))), ParseStatus::Done);
  EXPECT_EQ(told(), session_text("6b3343cf", "tls_version=TLS 1.3")) << "RFC 9368 2.3";
}

TEST_F(QuicParserTest, StepsOverAHelloRetryRequest) {
  const std::string retry = tls::test::message(
      2, tls::test::server_hello_body({.random = tls::test::retry_random(),
                                       .extensions = {tls::test::selected_version(0x0304)}}));
  feed(Initiator, client_initial(crypto_frame(0, kHello)));
  EXPECT_EQ(feed(Responder, server_initial(crypto_frame(0, retry))), ParseStatus::Ok);
  InitialSpec second = from_server();
  second.number = 1;
  EXPECT_EQ(feed(Responder, seal_initial(second, crypto_frame(retry.size(), kAnswer))),
            ParseStatus::Done);
  EXPECT_EQ(told(), session_text("1", "tls_version=TLS 1.3"));
}

TEST_F(QuicParserTest, EndsWithTheCodeOfAnEndThatGivesUp) {
  feed(Initiator, client_initial(crypto_frame(0, kHello)));
  EXPECT_EQ(feed(Responder, server_initial(close_frame(0x128))), ParseStatus::Done);
  EXPECT_EQ(told(), session_text("1", "close_code=296"));
}

TEST_F(QuicParserTest, TakesAnswersWhoseFixedBitIsCleared) {
  feed(Initiator, client_initial(crypto_frame(0, kHello)));
  InitialSpec answer = from_server();
  answer.first_byte_mask = 0xbf;
  EXPECT_EQ(feed(Responder, seal_initial(answer, crypto_frame(0, kAnswer))), ParseStatus::Done);
  EXPECT_EQ(told(), session_text("1", "tls_version=TLS 1.3")) << "RFC 9287";
}

TEST_F(QuicParserTest, ReportsNothingOfWhatIsNotAuthentic) {
  std::string datagram = client_initial(crypto_frame(0, kHello));
  datagram[300] = static_cast<char>(datagram[300] ^ 1);
  EXPECT_EQ(feed(Initiator, datagram), ParseStatus::Ok);
  EXPECT_EQ(feed(Responder, server_initial(crypto_frame(0, kAnswer))), ParseStatus::Ok);
  end();
  EXPECT_EQ(told(), "anomaly quic_decrypt_failed; ");
}

TEST_F(QuicParserTest, LeavesOutWhatCannotBeTheClientsKeys) {
  feed(Initiator, client_initial(crypto_frame(0, kHello)));
  InitialSpec forged = from_server();
  forged.key_id = "87654321";
  EXPECT_EQ(feed(Responder, seal_initial(forged, crypto_frame(0, "garbage"))), ParseStatus::Ok);
  feed(Responder, server_initial(crypto_frame(0, kAnswer)));
  EXPECT_EQ(told(), session_text("1", "tls_version=TLS 1.3"));
}

struct BadMessage {
  const char* why;
  std::string frames;
  const char* told;
};
TEST_F(QuicParserTest, NamesWhatIsWrong) {
  const BadMessage kCases[] = {
      {"RFC 9000 17.2.2: a frame that is not for Initials", "\x0e", "quic_invalid_frame"},
      {"RFC 9000 19.6: a frame that is cut off", "\x06\x01", "quic_invalid_frame"},
      {"RFC 9001 4.3: no ClientHello", crypto_frame(0, kAnswer), "quic_invalid_handshake"},
      {"RFC 8446 4.1.2: a hello that is too short", crypto_frame(0, tls::test::message(1, "abc")),
       "quic_invalid_handshake"},
      {"more than we keep", crypto_frame(0, std::string("\x01\x00\x40\x00", 4)),
       "quic_handshake_too_long"},
      {"RFC 9000 19.6: beyond what we keep", crypto_frame(16384, "x"), "quic_crypto_limit"},
  };
  for (const BadMessage& entry : kCases) {
    QuicParser parser{ParserSetup{pool_}};
    RecordingSink sink;
    const std::string datagram =
        seal_initial({.payload_bytes_min = 0}, std::string(4, '\1') + entry.frames);
    parser.on_datagram(Initiator, Bytes::of(datagram), {}, sink);
    parser.on_end(StreamEnd::Graceful, sink);
    ASSERT_EQ(sink.anomalies.size(), 1U) << entry.why;
    EXPECT_EQ(sink.anomalies[0], entry.told) << entry.why;
    EXPECT_EQ(sink.sessions.size(), 1U) << entry.why << ": that it is QUIC is known";
  }
}

TEST_F(QuicParserTest, KeepsNamesButNoFingerprintOfAHelloThatIsCutOff) {
  std::string body = tls::test::client_hello_body(browser());
  body.resize(body.size() - 4);
  feed(Initiator, client_initial(crypto_frame(0, tls::test::message(1, body))));
  end();
  ASSERT_EQ(sink_.anomalies, std::vector<std::string>{"quic_invalid_handshake"});
  EXPECT_TRUE(has("sni=www.example.org extensions"));
}

TEST_F(QuicParserTest, MakesNoFingerprintOfAnAnswerThatIsCutOff) {
  std::string body = tls::test::server_hello_body(tls::test::tls13_answer());
  body.resize(body.size() - 4);
  feed(Initiator, client_initial(crypto_frame(0, kHello)));
  feed(Responder, server_initial(crypto_frame(0, tls::test::message(2, body))));
  ASSERT_EQ(sink_.anomalies, std::vector<std::string>{"quic_invalid_handshake"});
  EXPECT_TRUE(has("sni=www.example.org"));
  EXPECT_FALSE(has("ja3s"));
}

TEST_F(QuicParserTest, GivesUpAfterAFixedNumberOfAttempts) {
  std::string garbage = client_initial(crypto_frame(0, kHello));
  garbage.back() = static_cast<char>(garbage.back() ^ 1);
  uint32_t datagrams = 1;
  while (feed(Initiator, garbage) == ParseStatus::Ok) ++datagrams;
  EXPECT_EQ(datagrams, QuicParser::kAttemptsMax);
  EXPECT_EQ(told(), "anomaly quic_decrypt_failed; ");

  QuicParser parser{ParserSetup{pool_}};
  RecordingSink sink;
  datagrams = 1;
  const std::string other = handshake_packet();
  while (parser.on_datagram(Initiator, Bytes::of(other), {}, sink) == ParseStatus::Ok) ++datagrams;
  EXPECT_EQ(datagrams, QuicParser::kDatagramsMax);
  EXPECT_TRUE(sink.sessions.empty() && sink.anomalies.empty());
}

TEST_F(QuicParserTest, LooksForAFixedNumberOfPacketsInADatagram) {
  std::string datagram;
  for (uint32_t i = 0; i < QuicParser::kCoalescedMax; ++i) datagram += handshake_packet();
  feed(Initiator, datagram + client_initial(crypto_frame(0, kHello)));
  end();
  EXPECT_EQ(told(), "");
}

TEST_F(QuicParserTest, SaysSoWhenThePoolIsEmpty) {
  std::vector<std::span<uint8_t>> taken;
  for (;;) {
    const auto block = pool_.take(1);
    if (block.empty()) break;
    taken.push_back(block);
  }
  EXPECT_EQ(feed(Initiator, client_initial(crypto_frame(0, kHello))), ParseStatus::Done);
  EXPECT_EQ(told(), "anomaly quic_memory_full; version=1");
  for (const auto block : taken) pool_.give_back(block);
}

TEST_F(QuicParserTest, CutsLongTextsAndCountsExtensionsThatAreLeftOut) {
  tls::test::ClientHelloSpec spec{.extensions = {tls::test::server_name(std::string(300, 'n'))}};
  for (uint32_t i = 0; i < QuicSession::kExtensionsMax; ++i) spec.extensions.push_back({21, ""});
  feed(Initiator, client_initial(crypto_frame(0, client_message(spec))));
  end();
  EXPECT_TRUE(has("sni=" + std::string(255, 'n') + " "));
  EXPECT_TRUE(has("extensions_omitted=1"));
}

TEST_F(QuicParserTest, ReadsTheHelloOfGoogleInClearAndInCrypto) {
  const std::string hello = google_hello({{"SNI", "g.example"}, {"UAID", "old"}});
  EXPECT_EQ(feed(Initiator, google_packet("Q046", hello)), ParseStatus::Done);
  EXPECT_TRUE(has("version=Q046 sni=g.example ua=old cyu=[{hash="));
  EXPECT_TRUE(has("string=46,SNI-UAID}]"));

  QuicParser parser{ParserSetup{pool_}};
  RecordingSink sink;
  InitialSpec spec = from_client();
  spec.version = Version::GoogleQ050;
  const std::string datagram =
      seal_initial(spec, "\x08" + varint(0) + varint(hello.size()) + hello);
  EXPECT_EQ(parser.on_datagram(Initiator, Bytes::of(datagram), {}, sink), ParseStatus::Done);
  ASSERT_EQ(sink.sessions.size(), 1U);
  EXPECT_NE(sink.sessions[0].find("version=Q050 sni=g.example ua=old cyu=["), std::string::npos);
}

}  // namespace
}  // namespace flowscope::quic::test
