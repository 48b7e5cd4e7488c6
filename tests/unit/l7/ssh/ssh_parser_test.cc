#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "l7/ssh/ssh.h"
#include "tests/unit/l7/ssh/recording_sink.h"
#include "tests/unit/l7/ssh/ssh_builder.h"

namespace flowscope::ssh::test {
namespace {

using enum FlowSide;
using Texts = std::vector<std::string>;

static_assert(StreamParser<SshParser, RecordingSink>);
static_assert(FieldVisitor<LineVisitor>);

constexpr size_t kPoolBytes = size_t{4} << 20;

constexpr const char* kSession =
    "client={proto_version=2.0 software_version=OpenSSH_9.2p1 comment=Debian-2 "
    "hassh={hash=e78a9b0507f07e42edcfc2f1d3770b87 "
    "string=sntrup761x25519-sha512,curve25519-sha256,ext-info-c,kex-strict-c-v00@openssh.com;"
    "chacha20-poly1305@openssh.com,aes256-ctr;hmac-sha2-256,hmac-sha1;none,zlib@openssh.com}} "
    "server={proto_version=2.0 software_version=dropbear_2022.83 "
    "hassh={hash=2ebcf633d9005dbd5c8979e875251156 "
    "string=curve25519-sha256,ext-info-s,kex-strict-s-v00@openssh.com;aes128-ctr,aes256-ctr;"
    "hmac-sha2-256,hmac-sha1;none,zlib@openssh.com} "
    "host_key={type=ssh-ed25519 fingerprint=SHA256:sArVyTbDlP2ByuRNM59Xf/iwOUmdy69sxylyNl3iUQQ}} "
    "negotiated={kex=curve25519-sha256 host_key=ssh-ed25519 "
    "cipher_toserver=chacha20-poly1305@openssh.com cipher_toclient=aes256-ctr "
    "mac_toclient=hmac-sha2-256 compression_toserver=none compression_toclient=none "
    "strict_kex=true}";

class SshParserTest : public ::testing::Test {
 protected:
  ParseStatus feed(FlowSide side, const std::string& bytes) {
    return parser_.on_bytes(side, Bytes::of(bytes), {}, sink_);
  }
  void end(StreamEnd how = StreamEnd::Graceful) { parser_.on_end(how, sink_); }
  void start_anew() {
    SshParser fresh{ParserSetup{pool_}};
    std::swap(parser_, fresh);
    sink_ = {};
  }
  [[nodiscard]] bool session_has(const std::string& text) const {
    return sink_.sessions.size() == 1 && sink_.sessions[0].find(text) != std::string::npos;
  }
  [[nodiscard]] std::string session() const {
    return sink_.sessions.size() == 1 ? sink_.sessions[0] : "not one session";
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  SshParser parser_{ParserSetup{pool_}};
  RecordingSink sink_;
};

TEST_F(SshParserTest, WritesOneSessionOnceBothSidesEncrypt) {
  EXPECT_EQ(feed(Responder, server_stream()), ParseStatus::Ok);
  EXPECT_TRUE(sink_.sessions.empty());
  EXPECT_EQ(feed(Initiator, client_stream()), ParseStatus::Done);
  EXPECT_EQ(session(), kSession);
  EXPECT_EQ(sink_.sides, std::vector<FlowSide>{Initiator});
  EXPECT_TRUE(sink_.anomalies.empty());
  EXPECT_EQ(pool_.bytes_in_use(), 0U) << "a finished parser holds no memory";
  end();
  EXPECT_EQ(sink_.sessions.size(), 1U);
}

TEST_F(SshParserTest, GivesTheSameHoweverTheBytesAreCut) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::array<std::string, 2> streams = {client_stream(), "welcome\n" + server_stream()};
  for (int round = 0; round < 200; ++round) {
    start_anew();
    std::array<size_t, 2> at{};
    const size_t piece_bytes_max = round == 0 ? 1 : round % 2 == 0 ? 8 : 900;
    while (at[0] < streams[0].size() || at[1] < streams[1].size()) {
      size_t which = random() % 2;
      if (at[which] == streams[which].size()) which = 1 - which;
      const std::string piece = streams[which].substr(at[which], 1 + random() % piece_bytes_max);
      feed(which == 0 ? Initiator : Responder, piece);
      at[which] += piece.size();
    }
    ASSERT_EQ(session(), kSession) << round;
    ASSERT_TRUE(sink_.anomalies.empty());
  }
}

TEST_F(SshParserTest, HoldsOneSmallBlockForEachSide) {
  feed(Initiator, "SSH-2.0-x\r\n" + kex_init({}));
  feed(Responder, "SSH-2.0-x\r\n" + kex_init({}));
  EXPECT_EQ(pool_.bytes_in_use(), 2 * BufferPool::kBlockBytes[0]);
}

TEST_F(SshParserTest, WritesTheBannersAtTheEndWhenNothingFollowed) {
  feed(Responder, "SSH-2.0-OpenSSH_7.4\r\n");
  feed(Initiator, "SSH-2.0-client\r\n");
  end(StreamEnd::Abort);
  EXPECT_EQ(session(),
            "client={proto_version=2.0 software_version=client} "
            "server={proto_version=2.0 software_version=OpenSSH_7.4}");
}

TEST_F(SshParserTest, WritesOneSideAlone) {
  feed(Responder, "SSH-2.0-OpenSSH_7.4\r\n" + kex_init({}));
  end();
  EXPECT_TRUE(session_has("server={proto_version=2.0 software_version=OpenSSH_7.4 hassh={hash="));
  EXPECT_FALSE(session_has("client="));
  EXPECT_FALSE(session_has("negotiated="));
}

TEST_F(SshParserTest, WritesNothingWithoutAnything) {
  end();
  EXPECT_TRUE(sink_.sessions.empty());
}

// RFC 4253 4.2: a server may send other lines first.
TEST_F(SshParserTest, PassesOverTheLinesBeforeTheServersBanner) {
  feed(Initiator, "SSH-2.0-client\r\n");
  feed(Responder, "Hi stranger\r\nSSH not yet\n\nSSH-2.0-server\r\n");
  end();
  EXPECT_TRUE(session_has("server={proto_version=2.0 software_version=server}"));
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(SshParserTest, LinesBeforeTheClientsBannerAreAnAnomaly) {
  feed(Responder, "SSH-2.0-server\r\n");
  EXPECT_EQ(feed(Initiator, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ParseStatus::Ok);
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_invalid_banner"});
  end();
  EXPECT_EQ(session(), "server={proto_version=2.0 software_version=server}");
}

TEST_F(SshParserTest, BinaryBytesInPlaceOfABannerAreAnAnomaly) {
  feed(Responder, "SSH-2.0-server\r\n");
  feed(Initiator, std::string("\x16\x03\x01\0\x20\x01", 6));
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_invalid_banner"});
  EXPECT_EQ(feed(Responder, new_keys()), ParseStatus::Done);
  EXPECT_EQ(session(), "server={proto_version=2.0 software_version=server}");
}

TEST_F(SshParserTest, ABannerThatSaysNothingPoisonsTheFlow) {
  EXPECT_EQ(feed(Responder, "SSH-wrong\r\n"), ParseStatus::Poisoned);
  EXPECT_EQ(sink_.anomalies, Texts{"< ssh_invalid_banner"});
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  end();
  EXPECT_TRUE(sink_.sessions.empty());
}

TEST_F(SshParserTest, ABannerThatSaysNothingDoesNotLoseTheOther) {
  feed(Responder, "SSH-2.0-server\r\n");
  EXPECT_EQ(feed(Initiator, "SSH-wrong\r\n"), ParseStatus::Ok);
  end();
  EXPECT_EQ(session(), "server={proto_version=2.0 software_version=server}");
}

TEST_F(SshParserTest, ABannerWithoutSoftwareIsKeptAndAnAnomaly) {
  feed(Responder, "SSH-2.0-\r\n" + kex_init({}));
  end();
  EXPECT_EQ(sink_.anomalies, Texts{"< ssh_invalid_banner"});
  EXPECT_TRUE(session_has("server={proto_version=2.0 hassh={"));
}

TEST_F(SshParserTest, ABannerPaddedWithNulsIsKeptAndEndsItsSide) {
  feed(Responder, std::string("SSH-1.99-Cisco-1.24 \0\0\0\0", 24));
  feed(Responder, "no packet at all");
  EXPECT_EQ(feed(Initiator, "SSH-2.0-x\r\n" + new_keys()), ParseStatus::Done);
  EXPECT_TRUE(session_has("server={proto_version=1.99 software_version=Cisco-1.24}"));
  EXPECT_EQ(sink_.anomalies, Texts{"< ssh_invalid_banner"});
}

TEST_F(SshParserTest, ABannerAboveTheLimitIsCut) {
  feed(Responder, "SSH-2.0-" + std::string(300, 'x') + "\r\n");
  end();
  EXPECT_EQ(sink_.anomalies, Texts{"< ssh_long_banner"});
  EXPECT_EQ(session(), "server={proto_version=2.0 software_version="
                           + std::string(kBannerBytesMax - 8, 'x') + "}");
}

TEST_F(SshParserTest, AnEndlessPreambleIsGivenUp) {
  feed(Initiator, "SSH-2.0-victim\r\n");
  for (int i = 0; i < 3000; ++i) feed(Responder, "8a5f\r\n");
  EXPECT_EQ(sink_.anomalies, Texts{"< ssh_long_preamble"});
  end();
  EXPECT_EQ(session(), "client={proto_version=2.0 software_version=victim}");
}

TEST_F(SshParserTest, ABannerWithoutALineEndCountsAtTheEndOfItsStreamOnly) {
  feed(Responder, "SSH-2.0-server");
  end(StreamEnd::Graceful);
  EXPECT_EQ(session(), "server={proto_version=2.0 software_version=server}");
  start_anew();
  feed(Responder, "SSH-2.0-server");
  end(StreamEnd::Abort);
  EXPECT_TRUE(sink_.sessions.empty());
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

// RFC 4253 5.1.
TEST_F(SshParserTest, Version1EndsWithTheBanners) {
  EXPECT_EQ(feed(Responder, "SSH-1.5-server\n"), ParseStatus::Ok);
  EXPECT_EQ(feed(Responder, std::string("\0\0\1\x0b\0\0\0\0\0\2", 10)), ParseStatus::Ok);
  EXPECT_EQ(feed(Initiator, "SSH-1.5-client\n"), ParseStatus::Done);
  EXPECT_EQ(session(),
            "client={proto_version=1.5 software_version=client} "
            "server={proto_version=1.5 software_version=server}");
}

TEST_F(SshParserTest, AClientOfVersion1MakesAServerOfBothSpeakIt) {
  EXPECT_EQ(feed(Responder, "SSH-1.99-server\n"), ParseStatus::Ok);
  EXPECT_EQ(feed(Initiator, "SSH-1.5-client\n"), ParseStatus::Done);
  EXPECT_TRUE(session_has("server={proto_version=1.99"));
  EXPECT_TRUE(sink_.anomalies.empty());
}

// A server that calls its client (RFC 8071 and others) is known by its host key and its marks.
TEST_F(SshParserTest, TheRolesAreToldByContent) {
  const std::string banner = "SSH-2.0-x\r\n";
  KexInitSpec marked;
  marked.kex = "a,ext-info-s";
  for (const auto& [side, bytes, client] : {
           std::tuple{Initiator, banner + ecdh_reply(ed25519_key()), Responder},
           std::tuple{Responder, banner + ecdh_reply(ed25519_key()), Initiator},
           std::tuple{Responder, banner + ecdh_init(), Responder},
           std::tuple{Responder, banner + packet(34, u32(1024)), Responder},
           std::tuple{Initiator, banner + kex_init(marked), Responder},
           std::tuple{Initiator, banner + kex_init({}), Initiator},
       }) {
    start_anew();
    feed(side, bytes);
    end();
    EXPECT_EQ(sink_.sides, std::vector<FlowSide>{client});
  }
}

TEST_F(SshParserTest, TheFirstSignOfARoleCounts) {
  feed(Responder, "SSH-2.0-x\r\n" + kex_init(client_spec()) + ecdh_reply(ed25519_key()));
  end();
  EXPECT_EQ(sink_.sides, std::vector<FlowSide>{Responder});
}

// RFC 4419 3: 31 is a group here, 33 has the key.
TEST_F(SshParserTest, FindsTheHostKeyOfAGroupExchange) {
  feed(Responder, "SSH-2.0-x\r\n" + kex_init({})
                      + packet(31, str(std::string(1, '\0') + std::string(128, '\xf7')) + str("\2"))
                      + packet(33, str(ed25519_key()) + str("f") + str("signature")) + new_keys());
  end();
  EXPECT_TRUE(session_has("host_key={type=ssh-ed25519 fingerprint=SHA256:"));
}

// RFC 4432 4: the server begins.
TEST_F(SshParserTest, FindsTheHostKeyOfAnRsaExchange) {
  feed(Responder, "SSH-2.0-x\r\n" + kex_init({}) + packet(30, str(ed25519_key()) + str("K_T")));
  end();
  EXPECT_TRUE(session_has("host_key={type=ssh-ed25519 fingerprint=SHA256:"));
  EXPECT_EQ(sink_.sides, std::vector<FlowSide>{Initiator});
}

TEST_F(SshParserTest, TellsGuesses) {
  KexInitSpec guessing;
  guessing.first_packet_follows = true;
  feed(Initiator, "SSH-2.0-x\r\n" + kex_init(guessing));
  feed(Responder, "SSH-2.0-x\r\n" + kex_init({}));
  end();
  EXPECT_TRUE(session_has("guessed_kex=true} server="));
  EXPECT_TRUE(session_has("guess_is_right=true}"));
}

TEST_F(SshParserTest, ADisconnectInClearEndsTheFlow) {
  feed(Initiator, "SSH-2.0-x\r\n" + kex_init({}));
  const std::string stream = "SSH-2.0-x\r\n" + disconnect(3, "no matching host key type found");
  EXPECT_EQ(feed(Responder, stream), ParseStatus::Done);
  EXPECT_TRUE(
      session_has("disconnect={by=server reason=key_exchange_failed code=3 "
                  "description=no matching host key type found}"));
  start_anew();
  feed(Initiator, "SSH-2.0-x\r\n" + disconnect(99, std::string(300, 'd')));
  EXPECT_TRUE(session_has("disconnect={by=client reason=unknown code=99 description="
                          + std::string(SshParser::kDescriptionBytesMax, 'd') + "}"));
  start_anew();
  feed(Initiator, "SSH-2.0-x\r\n" + packet(1, u32(11)));
  EXPECT_TRUE(session_has("disconnect={by=client reason=by_application code=11}"));
}

TEST_F(SshParserTest, AKexInitThatContradictsItselfIsAnAnomaly) {
  std::string body = kex_init_body({});
  feed(Initiator, "SSH-2.0-x\r\n" + packet(20, body.substr(0, body.size() - 1)));
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_invalid_kexinit"});
  end();
  EXPECT_TRUE(session_has("hassh={"));
  start_anew();
  feed(Initiator, "SSH-2.0-x\r\n" + packet(20, body.substr(0, 40)));
  end();
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_invalid_kexinit"});
  EXPECT_EQ(session(), "client={proto_version=2.0 software_version=x}");
}

TEST_F(SshParserTest, ASecondKexInitInClearIsAnAnomaly) {
  KexInitSpec other;
  other.kex = "other";
  feed(Initiator, "SSH-2.0-x\r\n" + kex_init({}) + kex_init(other));
  end();
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_unexpected_message"});
  EXPECT_FALSE(session_has("other"));
}

// As attackers do to servers that answer (CVE-2025-32433).
TEST_F(SshParserTest, MessagesOfUpperLayersInClearAreAnAnomaly) {
  feed(Initiator, "SSH-2.0-x\r\n" + kex_init({}) + packet(90, str("session")) + packet(98, ""));
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_unexpected_message"});
}

// OpenSSH PROTOCOL 1.10; what somebody in the middle inserts (CVE-2023-48795).
TEST_F(SshParserTest, AMessageInsideAStrictKeyExchangeIsAnAnomaly) {
  feed(Initiator, client_stream());
  feed(Responder, "SSH-2.0-x\r\n" + kex_init(server_spec()) + packet(2, "") + new_keys());
  EXPECT_EQ(sink_.anomalies, Texts{"< ssh_strict_kex_violation"});
  start_anew();
  feed(Initiator, client_stream());
  feed(Responder, "SSH-2.0-x\r\n" + kex_init({}) + packet(2, "") + new_keys());
  EXPECT_TRUE(sink_.anomalies.empty());
  EXPECT_TRUE(session_has("strict_kex=false"));
}

TEST_F(SshParserTest, PacketsThatAreNoneEndTheirSide) {
  feed(Initiator, client_stream());
  EXPECT_EQ(feed(Responder, "SSH-2.0-x\r\nInvalid SSH identification string.\r\n"),
            ParseStatus::Done);
  EXPECT_EQ(sink_.anomalies, Texts{"< ssh_invalid_packet"});
  EXPECT_TRUE(session_has("server={proto_version=2.0 software_version=x}"));
}

TEST_F(SshParserTest, AnIrregularPacketIsAnAnomalyAndRead) {
  std::string irregular = kex_init({});
  irregular[3] = static_cast<char>(irregular[3] + 1);
  feed(Initiator, "SSH-2.0-x\r\n" + irregular + "p" + new_keys());
  end();
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_invalid_packet"});
  EXPECT_TRUE(session_has("hassh={"));
}

TEST_F(SshParserTest, TooManyPacketsInClearEndTheirSide) {
  feed(Initiator, "SSH-2.0-x\r\n");
  for (int i = 1; i < SshParser::kClearPacketsMax; ++i) feed(Initiator, packet(2, ""));
  EXPECT_TRUE(sink_.anomalies.empty());
  feed(Initiator, packet(2, ""));
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_too_many_packets"});
  feed(Initiator, kex_init({}));
  end();
  EXPECT_EQ(session(), "client={proto_version=2.0 software_version=x}");
}

TEST_F(SshParserTest, LongPacketsAndKexInitsAreToldAndPassedOver) {
  feed(Initiator, "SSH-2.0-x\r\n" + packet(2, std::string(40'000, 'i'))
                      + packet(20, std::string(SideReader::kMessageBytesMax + 1, 'k'))
                      + packet(2, std::string(40'000, 'i')) + kex_init({}));
  end();
  EXPECT_EQ(sink_.anomalies, (Texts{"> ssh_long_packet", "> ssh_long_kexinit"}));
  EXPECT_TRUE(session_has("hassh={"));
}

TEST_F(SshParserTest, TheLargestKexInitIsReadAndFitsItsBlock) {
  KexInitSpec large;
  large.kex +=
      "," + std::string(SideReader::kMessageBytesMax - kex_init_body(large).size() - 1, 'k');
  ASSERT_EQ(kex_init_body(large).size(), SideReader::kMessageBytesMax);
  feed(Initiator, "SSH-2.0-" + std::string(245, 'x') + "\r\n");
  const std::string bytes = kex_init(large);
  for (size_t at = 0; at < bytes.size(); at += 1448) feed(Initiator, bytes.substr(at, 1448));
  EXPECT_EQ(pool_.bytes_in_use(), BufferPool::kBlockBytes[2]);
  end();
  EXPECT_TRUE(session_has("hassh={hash="));
  EXPECT_FALSE(session_has("string="));
}

TEST_F(SshParserTest, AGapInAKexInitLosesThatOnly) {
  const std::string stream = server_stream();
  feed(Initiator, client_stream());
  feed(Responder, stream.substr(0, 100));
  EXPECT_EQ(parser_.on_gap(Responder, 50, sink_), ParseStatus::Ok);
  EXPECT_EQ(feed(Responder, stream.substr(150)), ParseStatus::Done);
  EXPECT_TRUE(session_has("server={proto_version=2.0 software_version=dropbear_2022.83 host_key="));
  EXPECT_FALSE(session_has("negotiated="));
  EXPECT_TRUE(sink_.anomalies.empty());
}

// Wherever a gap is, what is written is true, and nothing is an anomaly.
TEST_F(SshParserTest, AGapAnywhereMakesNothingWrong) {
  const std::string stream = server_stream() + std::string(64, '\xe7');
  for (size_t at = 0; at < stream.size(); ++at) {
    for (const size_t missing : {1, 30, 600}) {
      start_anew();
      feed(Initiator, client_stream());
      if (at != 0) feed(Responder, stream.substr(0, at));
      const size_t next = std::min(at + missing, stream.size());
      parser_.on_gap(Responder, static_cast<uint32_t>(next - at), sink_);
      if (next < stream.size()) feed(Responder, stream.substr(next));
      end();
      ASSERT_EQ(sink_.sessions.size(), 1U) << at;
      ASSERT_TRUE(sink_.anomalies.empty()) << at << " " << missing << " " << sink_.anomalies[0];
      for (const char* field : {"fingerprint=", "software_version=d", "negotiated={kex="}) {
        const size_t found = sink_.sessions[0].find(field);
        if (found == std::string::npos) continue;
        const std::string value = sink_.sessions[0].substr(found, 24);
        ASSERT_NE(std::string(kSession).find(value), std::string::npos) << at << " " << value;
      }
    }
  }
}

TEST_F(SshParserTest, ReadsAFlowJoinedBehindItsBanners) {
  const std::string client = client_stream();
  const std::string server = server_stream();
  feed(Responder, server.substr(server.find('\n') + 1));
  EXPECT_EQ(feed(Initiator, client.substr(client.find('\n') + 1)), ParseStatus::Done);
  EXPECT_TRUE(session_has("client={hassh={hash="));
  EXPECT_TRUE(session_has("server={hassh={hash="));
  EXPECT_TRUE(session_has("negotiated={kex=curve25519-sha256"));
  EXPECT_TRUE(sink_.anomalies.empty());
}

TEST_F(SshParserTest, TheOtherSideOfAFlowJoinedLateMayBeAnything) {
  for (const std::string& bytes :
       {std::string("\x8d\xe3\0\x0e\x18Q", 6), std::string("tail\r\n")}) {
    start_anew();
    feed(Responder, kex_init({}));
    feed(Initiator, bytes);
    end();
    EXPECT_TRUE(sink_.anomalies.empty());
    EXPECT_TRUE(session_has("server={hassh={"));
  }
}

TEST_F(SshParserTest, WithoutMemoryOnlyWhatIsKeptIsLost) {
  while (!pool_.take(1).empty()) {
  }
  feed(Initiator, "SSH-2.0-x\r\n" + kex_init({}));
  EXPECT_EQ(sink_.anomalies, Texts{"> ssh_memory_full"});
  end();
  EXPECT_TRUE(sink_.sessions.empty());
}

TEST_F(SshParserTest, SurvivesRandomBytesAndDamagedStreams) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::array<std::string, 2> good = {client_stream(), server_stream()};
  for (int round = 0; round < 3000; ++round) {
    start_anew();
    for (const FlowSide side : {Initiator, Responder}) {
      std::string bytes = good[index_of(side)];
      for (size_t flips = random() % 6; flips > 0; --flips) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
      bytes.resize(random() % 4 == 0 ? 1 + random() % bytes.size() : bytes.size());
      feed(side, bytes);
    }
    end();
    ASSERT_LE(sink_.sessions.size(), 1U);
  }
  start_anew();
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

}  // namespace
}  // namespace flowscope::ssh::test
