#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "l7/openvpn/openvpn.h"
#include "tests/unit/l7/openvpn/openvpn_builder.h"
#include "tests/unit/l7/tls/recording_sink.h"

namespace flowscope::openvpn {
namespace {

using test::framed;
using test::packet;
using test::Sent;
using Sink = tls::test::RecordingSink;
static_assert(StreamParser<OpenVpnStreamParser, Sink>);
static_assert(DatagramParser<OpenVpnDatagramParser, Sink>);

constexpr Timestamp kTime = Timestamp::from_parts(1'700'000'000, 0);

class OpenVpnTest : public ::testing::Test {
 protected:
  static constexpr size_t kPoolBytes = size_t{4} << 20;

  // All that a parser says of these packets, with the status of the last call.
  Sink over_udp(const std::vector<Sent>& sent) {
    Sink sink;
    OpenVpnDatagramParser parser{ParserSetup{pool_}};
    status_ = ParseStatus::Ok;
    for (const Sent& one : sent) {
      if (status_ != ParseStatus::Ok) break;
      status_ = parser.on_datagram(one.side, Bytes::of(one.bytes), kTime, sink);
    }
    if (status_ == ParseStatus::Ok) parser.on_end(StreamEnd::Graceful, sink);
    return sink;
  }
  Sink over_tcp(const std::vector<Sent>& runs, size_t piece_bytes = SIZE_MAX) {
    Sink sink;
    OpenVpnStreamParser parser{ParserSetup{pool_}};
    status_ = ParseStatus::Ok;
    for (const Sent& run : runs) {
      for (Bytes rest = Bytes::of(run.bytes); !rest.empty() && status_ == ParseStatus::Ok;) {
        const Bytes piece = rest.first(piece_bytes);
        status_ = parser.on_bytes(run.side, piece, kTime, sink);
        rest = rest.after(piece.size());
      }
    }
    if (status_ == ParseStatus::Ok) parser.on_end(StreamEnd::Graceful, sink);
    return sink;
  }
  static std::vector<Sent> in_frames(std::vector<Sent> sent) {
    for (Sent& one : sent) one.bytes = framed(one.bytes);
    return sent;
  }
  // The same bytes given to TLS alone.
  Sink of_tls() {
    Sink sink;
    tls::TlsParser parser{ParserSetup{pool_}};
    parser.on_bytes(FlowSide::Initiator,
                    Bytes::of(tls::test::client_hello(tls::test::browser_hello())), kTime, sink);
    parser.on_bytes(FlowSide::Responder,
                    Bytes::of(tls::test::server_hello(tls::test::tls13_answer())), kTime, sink);
    return sink;
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  ParseStatus status_ = ParseStatus::Ok;
};

TEST_F(OpenVpnTest, WritesTheHandshakeInsideAsTlsDoes) {
  const std::vector<std::string> expected = of_tls().sessions;
  ASSERT_EQ(expected.size(), 1U);
  for (const uint8_t digest_bytes : kDigestBytes) {
    EXPECT_EQ(over_udp(test::session(digest_bytes)).sessions, expected) << int{digest_bytes};
    EXPECT_EQ(status_, ParseStatus::Done);
    EXPECT_EQ(over_tcp(in_frames(test::session(digest_bytes))).sessions, expected);
    EXPECT_EQ(status_, ParseStatus::Done);
  }
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(OpenVpnTest, OrderAndRepetitionOfDatagramsDoNotMatter) {
  const std::vector<std::string> expected = of_tls().sessions;
  constexpr uint64_t kSeed = 5;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 100; ++round) {
    std::vector<Sent> sent = test::session(20, 120);
    // Behind the resets, which say what a digest is.
    for (size_t i = 2; i + 3 < sent.size(); ++i) {
      std::swap(sent[i], sent[i + random() % 3]);
      if (random() % 4 == 0) sent.insert(sent.begin() + static_cast<long>(i), sent[i]);
    }
    EXPECT_EQ(over_udp(sent).sessions, expected) << "seed " << kSeed << ", round " << round;
  }
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(OpenVpnTest, SplitsOfAStreamDoNotMatter) {
  const std::vector<Sent> sent = in_frames(test::session(20));
  const std::vector<std::string> expected = over_tcp(sent).sessions;
  ASSERT_EQ(expected.size(), 1U);
  for (const size_t piece_bytes : {1, 2, 3, 7, 50, 101}) {
    EXPECT_EQ(over_tcp(sent, piece_bytes).sessions, expected) << piece_bytes;
    EXPECT_EQ(pool_.bytes_in_use(), 0U);
  }
}

TEST_F(OpenVpnTest, FollowsAClientThatBeginsAnew) {
  std::vector<Sent> sent = test::session();
  const std::string other_session = "client:0";
  sent.insert(sent.begin(), {FlowSide::Initiator, packet({.opcode = Opcode::HardResetClientV2,
                                                          .session = other_session})});
  EXPECT_EQ(over_udp(sent).sessions, of_tls().sessions);
}

TEST_F(OpenVpnTest, PassesOverPacketsOfOtherSessionsAndKeys) {
  std::vector<Sent> sent = test::session();
  const std::string foreign = packet({.session = "somebody", .number = 1, .payload = "wrong"});
  const std::string later_key = packet({.number = 1, .payload = "wrong", .key = 1});
  for (const std::string& bytes : {foreign, later_key, std::string(1, '\x30'), std::string()})
    sent.insert(sent.begin() + 3, {FlowSide::Initiator, bytes});
  const Sink sink = over_udp(sent);
  EXPECT_EQ(sink.sessions, of_tls().sessions);
  EXPECT_TRUE(sink.anomalies.empty());
}

TEST_F(OpenVpnTest, WritesTheClientsHelloWhenTheServerSaysNothing) {
  std::vector<Sent> sent = test::session();
  sent.erase(std::remove_if(sent.begin(), sent.end(),
                            [](const Sent& one) { return one.side == FlowSide::Responder; }),
             sent.end());
  const Sink sink = over_udp(sent);
  ASSERT_EQ(sink.sessions.size(), 1U);
  EXPECT_NE(sink.sessions[0].find("www.example.org"), std::string::npos);
}

TEST_F(OpenVpnTest, LeavesAnEncryptedControlChannelAlone) {
  const std::string reset = "\x38" + test::kClientSession + test::u32(1) + test::u32(1'600'000'000)
                            + std::string(37, '\xa5');
  const Sink sink = over_udp({{FlowSide::Initiator, reset}});
  EXPECT_EQ(status_, ParseStatus::Done);
  EXPECT_TRUE(sink.sessions.empty());
  EXPECT_TRUE(sink.anomalies.empty());
}

TEST_F(OpenVpnTest, AGapOfAStreamEndsItWithWhatIsThere) {
  Sink sink;
  OpenVpnStreamParser parser{ParserSetup{pool_}};
  for (const Sent& one : in_frames(test::session())) {
    if (one.side == FlowSide::Responder) continue;
    ASSERT_EQ(parser.on_bytes(one.side, Bytes::of(one.bytes), kTime, sink), ParseStatus::Ok);
  }
  EXPECT_EQ(parser.on_gap(FlowSide::Responder, 100, sink), ParseStatus::Done);
  EXPECT_EQ(sink.sessions.size(), 1U);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(OpenVpnTest, GivesUpASessionThatSendsNoHello) {
  std::vector<Sent> sent = {{FlowSide::Initiator, packet({.opcode = Opcode::HardResetClientV2})}};
  for (uint32_t i = 0; i < ControlChannel::kPacketsMax; ++i)
    sent.push_back({FlowSide::Initiator, packet({.opcode = Opcode::Ack, .acknowledged = {i}})});
  EXPECT_TRUE(over_udp(sent).sessions.empty());
  EXPECT_EQ(status_, ParseStatus::Done);
}

TEST_F(OpenVpnTest, RefusesAFrameThatNoLinkHas) {
  const std::vector<Sent> sent = {
      {FlowSide::Initiator, framed(packet({.opcode = Opcode::HardResetClientV2}))},
      {FlowSide::Initiator, test::u16(PacketReader::kPacketBytesMax + 1) + "x"}};
  EXPECT_TRUE(over_tcp(sent).sessions.empty());
  EXPECT_EQ(status_, ParseStatus::Done);
}

TEST_F(OpenVpnTest, EmptyFramesSayNothing) {
  std::vector<Sent> sent = in_frames(test::session());
  for (Sent& one : sent) one.bytes = std::string(2, '\0') + one.bytes + std::string(2, '\0');
  const std::vector<std::string> expected = of_tls().sessions;
  EXPECT_EQ(over_tcp(sent).sessions, expected);
  EXPECT_EQ(over_tcp(sent, 1).sessions, expected);
}

TEST(OpenVpnProbe, KnowsAClientsHardReset) {
  for (const uint8_t digest_bytes : kDigestBytes) {
    const std::string reset =
        packet({.opcode = Opcode::HardResetClientV2, .digest_bytes = digest_bytes});
    EXPECT_EQ(OpenVpnDatagramParser::probe_datagram(Bytes::of(reset), 0, 0), Probe::Match);
    EXPECT_EQ(OpenVpnStreamParser::probe(FlowSide::Initiator,
                                         Bytes::of(framed(reset)).first(kProbeBytes)),
              Probe::Match);
    EXPECT_EQ(OpenVpnDatagramParser::probe_datagram(Bytes::of(reset + "x"), 0, 0), Probe::NoMatch);
    EXPECT_EQ(OpenVpnStreamParser::probe(FlowSide::Initiator, Bytes::of(framed(reset + "x"))),
              Probe::NoMatch);
  }
}

TEST(OpenVpnProbe, AsksForMoreWhileTheResetIsCut) {
  const std::string reset = framed(packet({.opcode = Opcode::HardResetClientV2}));
  for (size_t size = 0; size < reset.size(); ++size) {
    EXPECT_EQ(OpenVpnStreamParser::probe(FlowSide::Initiator, Bytes::of(reset).first(size)),
              Probe::NeedMore)
        << size;
  }
}

TEST(OpenVpnProbe, RefusesResetsThatAcknowledgeOrAreNumbered) {
  const std::string numbered = packet({.opcode = Opcode::HardResetClientV2, .number = 1});
  EXPECT_EQ(OpenVpnDatagramParser::probe_datagram(Bytes::of(numbered), 1194, 1194), Probe::NoMatch);
  EXPECT_EQ(OpenVpnStreamParser::probe(FlowSide::Initiator, Bytes::of(framed(numbered))),
            Probe::NoMatch);
}

}  // namespace
}  // namespace flowscope::openvpn
