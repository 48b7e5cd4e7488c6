#include "l7/quic/packet_header.h"

#include <gtest/gtest.h>

#include <string>

#include "l7/quic/quic.h"
#include "tests/unit/l7/quic/packet_sealer.h"

namespace flowscope::quic::test {
namespace {

std::string full_initial(Version version = Version::V1) {
  return seal_initial({.version = version, .payload_bytes_min = 1200}, crypto_frame(0, "abc"));
}

Probe probe(const std::string& datagram, uint16_t port = 5000) {
  return QuicParser::probe_datagram(Bytes::of(datagram), 40000, port);
}

TEST(QuicHeader, ReadsNumbersOfEveryWidth) {
  // RFC 9000 A.1.
  const auto read = [](const std::string& hex) {
    const std::string bytes = from_hex(hex);
    ByteReader reader(Bytes::of(bytes));
    const uint64_t value = read_varint(reader);
    return reader.ok() && reader.remaining() == 0 ? value : UINT64_MAX;
  };
  EXPECT_EQ(read("c2197c5eff14e88c"), 151288809941952652U);
  EXPECT_EQ(read("9d7f3e7d"), 494878333U);
  EXPECT_EQ(read("7bbd"), 15293U);
  EXPECT_EQ(read("25"), 37U);
  EXPECT_EQ(read("4025"), 37U);
  EXPECT_EQ(read("c2197c5eff14e8"), UINT64_MAX) << "cut off";
}

TEST(QuicHeader, TellsThePartsOfAnInitialAndWhatFollowsIt) {
  const std::string first = seal_initial({.token = "token"}, std::string(40, '\1'));
  const std::string datagram = first + handshake_packet();
  const auto packet = read_long_packet(Bytes::of(datagram), FixedBit::Required);
  ASSERT_TRUE(packet.has_value());
  EXPECT_EQ(packet->type, PacketType::Initial);
  EXPECT_EQ(packet->version, Version::V1);
  EXPECT_EQ(packet->destination_id, Bytes::of("12345678"));
  EXPECT_EQ(packet->source_id, Bytes::of("src"));
  EXPECT_EQ(packet->bytes.size(), first.size());
  const auto second = read_long_packet(packet->rest, FixedBit::Required);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->type, PacketType::Handshake);
  EXPECT_TRUE(second->rest.empty());
}

TEST(QuicHeader, TurnsPacketTypesForVersion2) {
  const auto type_of = [](Version version, uint32_t bits) {
    const std::string packet =
        big_endian(0xc0 | bits << 4, 1) + big_endian(static_cast<uint32_t>(version), 4)
        + std::string(2, '\0') + std::string(1, '\0') + varint(30) + std::string(30, 'p');
    return read_long_packet(Bytes::of(packet), FixedBit::Required)->type;
  };
  constexpr PacketType kV1[] = {PacketType::Initial, PacketType::ZeroRtt, PacketType::Handshake,
                                PacketType::Retry};
  constexpr PacketType kV2[] = {PacketType::Retry, PacketType::Initial, PacketType::ZeroRtt,
                                PacketType::Handshake};
  for (uint32_t bits = 0; bits < 4; ++bits) {
    if (bits == 1 || bits == 2) continue;  // these have no token; the next test has them
    EXPECT_EQ(type_of(Version::V1, bits), kV1[bits]);
  }
  EXPECT_EQ(type_of(Version::V2, 1), kV2[1]);
  EXPECT_EQ(type_of(Version::V2, 0), kV2[0]);
}

struct BadHeader {
  const char* why;
  std::string packet;
};
TEST(QuicHeader, RefusesWhatContradictsTheRfc) {
  const std::string good = full_initial();
  ASSERT_TRUE(read_long_packet(Bytes::of(good), FixedBit::Required).has_value());
  const auto with_byte = [&](size_t at, int byte) {
    std::string changed = good;
    changed[at] = static_cast<char>(byte);
    return changed;
  };
  const BadHeader kCases[] = {
      {"RFC 9000 17.3: a short header", with_byte(0, 0x40)},
      {"RFC 9000 17.2: fixed bit not set", with_byte(0, 0x80)},
      {"RFC 9000 15: a version nobody speaks", with_byte(4, 0x77)},
      {"RFC 9000 17.2: destination of 21 bytes", with_byte(5, 21)},
      {"RFC 9000 17.2: source of 21 bytes", with_byte(14, 21)},
      {"RFC 9000 17.2.2: token beyond the datagram", with_byte(18, 0x7f)},
      {"RFC 9001 5.4.2: too short for a sample",
       good.substr(0, 18) + varint(0) + varint(19) + std::string(19, 'x')},
      {"RFC 8999 5.1: cut off", good.substr(0, 12)},
      {"RFC 9000 17.2.1: no version offered", negotiation_packet({})},
      {"RFC 9000 17.2.1: half a version", negotiation_packet({1}) + "x"},
      {"nothing at all", ""},
  };
  for (const BadHeader& entry : kCases) {
    EXPECT_FALSE(read_long_packet(Bytes::of(entry.packet), FixedBit::Required).has_value())
        << entry.why;
    EXPECT_EQ(probe(entry.packet), Probe::NoMatch) << entry.why;
  }
}

TEST(QuicProbe, KnowsTheVersionsThatCanBeOpened) {
  for (const uint32_t version : {0x00000001U, 0x6b3343cfU, 0xff00001dU, 0xff000017U, 0xff000022U,
                                 0xff000016U, 0xfaceb002U, 0x54303531U, 0x51303530U}) {
    EXPECT_EQ(probe(full_initial(Version{version})), Probe::Match) << std::hex << version;
    EXPECT_FALSE(protections_of(Version{version}).empty());
  }
  EXPECT_TRUE(protections_of(Version{0xff000015}).empty()) << "draft 21";
  EXPECT_TRUE(protections_of(Version{0xff000023}).empty()) << "draft 35 was never";
}

TEST(QuicProbe, AsksMoreOfWhatProvesLess) {
  const std::string reserved = full_initial(Version{0x1a2a3a4a});
  EXPECT_EQ(probe(reserved), Probe::Match);
  EXPECT_EQ(probe(reserved.substr(0, 1000), 443), Probe::NoMatch) << "a client would fill it";
  EXPECT_EQ(probe(full_initial().substr(0, 200)), Probe::NoMatch) << "cut off by nobody";
  EXPECT_EQ(probe(full_initial().substr(0, 200), 443), Probe::Match) << "cut off by the capture";
  EXPECT_EQ(probe(retry_packet("a", "b")), Probe::NoMatch);
  EXPECT_EQ(probe(retry_packet("a", "b"), 443), Probe::Match);
  EXPECT_EQ(probe(handshake_packet()), Probe::Match);
  EXPECT_EQ(probe(negotiation_packet({0x0a0a0a0a, 1})), Probe::Match);
  EXPECT_EQ(probe(negotiation_packet({0x0a0a0a0a, 77})), Probe::NoMatch);
}

TEST(QuicVersions, HaveTheNamesOfEve) {
  const auto name = [](uint32_t version) {
    return std::string(VersionText(Version{version}).text());
  };
  EXPECT_EQ(name(1), "1");
  EXPECT_EQ(name(0x6b3343cf), "6b3343cf");
  EXPECT_EQ(name(0xff00001d), "ff00001d");
  EXPECT_EQ(name(0x51303436), "Q046");
  EXPECT_EQ(name(0x54303531), "T051");
  EXPECT_EQ(name(0), "0");
}

}  // namespace
}  // namespace flowscope::quic::test
