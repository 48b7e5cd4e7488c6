#include <gtest/gtest.h>

#include "flowcore/packet/read_link.h"
#include "tests/unit/flowcore/packet/decode_bytes.h"

namespace flowscope {
namespace {

using testing::decode_bytes;
using testing::Frame;
using testing::ipv4_behind;
using testing::PacketBuilder;

Layers decode_behind(const Frame& header, LinkType link) {
  return decode_bytes(ipv4_behind(PacketBuilder().payload(header)), link);
}

uint16_t ppp_type(const Frame& header) {
  ByteReader reader({header.data(), header.size()});
  const uint16_t type = read_ppp(reader);
  EXPECT_EQ(reader.position(), header.size());
  return type;
}

TEST(ReadPpp, NamesTheEthernetTypeOfTheProtocol) {
  EXPECT_EQ(ppp_type({0x00, 0x21}), 0x0800);
  EXPECT_EQ(ppp_type({0x00, 0x57}), 0x86dd);
  EXPECT_EQ(ppp_type({0x02, 0x81}), 0x8847);
  EXPECT_EQ(ppp_type({0x02, 0x83}), 0x8848);
}

TEST(ReadPpp, CompressedHeadersAndControlProtocolsAreNone) {
  EXPECT_EQ(ppp_type({0x00, 0x2d}), 0);
  EXPECT_EQ(ppp_type({0x00, 0x2f}), 0);
  EXPECT_EQ(ppp_type({0xc0, 0x21}), 0);
}

TEST(ReadPpp, AddressAndControlMayBeThere) {
  EXPECT_EQ(ppp_type({0xff, 0x03, 0x00, 0x57}), 0x86dd);
  EXPECT_EQ(ppp_type({0xff, 0x03, 0x57}), 0x86dd);
}

TEST(ReadPpp, AProtocolBelow256MayHaveOneByte) { EXPECT_EQ(ppp_type({0x21}), 0x0800); }

TEST(ReadPpp, AnEmptyFrameIsTruncated) {
  ByteReader reader{Bytes()};
  EXPECT_EQ(read_ppp(reader), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(DecodePpp, CiscoFramingIsToldByItsAddress) {
  EXPECT_EQ(decode_behind({0x0f, 0, 0x08, 0}, LinkType::Ppp).l3_offset, 4);
  EXPECT_EQ(decode_behind({0x8f, 0, 0x08, 0}, LinkType::Ppp).l3_offset, 4);
}

TEST(DecodePppEther, OnlySessionsCarryPackets) {
  EXPECT_EQ(decode_behind({0x11, 0, 0, 1, 0, 9, 0, 0x21}, LinkType::PppEther).l3_offset, 8);
  EXPECT_EQ(decode_behind({0x11, 9, 0, 0, 0, 9, 0, 0x21}, LinkType::PppEther).status,
            DecodeStatus::NotIp);
}

TEST(DecodeCiscoHdlc, ControlProtocolsAreNotIp) {
  const Layers layers = decode_behind({0x8f, 0, 0x80, 0x35}, LinkType::CiscoHdlc);
  EXPECT_EQ(layers.status, DecodeStatus::NotIp);
  EXPECT_EQ(layers.ether_type, 0x8035);
}

TEST(DecodeFrameRelay, AddressesHaveTwoToFourBytes) {
  EXPECT_EQ(decode_behind({0x18, 0x61, 3, 0xcc}, LinkType::FrameRelay).l3_offset, 4);
  EXPECT_EQ(decode_behind({0x18, 0x60, 0x61, 3, 0xcc}, LinkType::FrameRelay).l3_offset, 5);
  EXPECT_EQ(decode_behind({0x18, 0x60, 0x60, 0x61, 3, 0xcc}, LinkType::FrameRelay).l3_offset, 6);
}

TEST(DecodeFrameRelay, OtherAddressesAreNotIp) {
  EXPECT_EQ(decode_behind({0x19, 3, 0xcc}, LinkType::FrameRelay).status, DecodeStatus::NotIp);
  EXPECT_EQ(decode_behind({0x18, 0x60, 0x60, 0x60, 0x61, 3, 0xcc}, LinkType::FrameRelay).status,
            DecodeStatus::NotIp);
}

TEST(DecodeFrameRelay, PaddingMayAlignTheIdentifier) {
  EXPECT_EQ(decode_behind({0x18, 0x61, 3, 0, 0xcc}, LinkType::FrameRelay).status, DecodeStatus::Ip);
}

TEST(DecodeFrameRelay, OtherIdentifiersAreNotIp) {
  for (const uint8_t nlpid : Frame{0x08, 0x81, 0xb1}) {  // Q.933, CLNP, fragments
    EXPECT_EQ(decode_behind({0x18, 0x61, 3, nlpid}, LinkType::FrameRelay).status,
              DecodeStatus::NotIp);
  }
}

TEST(DecodeFrameRelay, SnapCarriesEthernetTypesAndFrames) {
  EXPECT_EQ(decode_behind({0x18, 0x61, 3, 0, 0x80, 0, 0, 0, 8, 0}, LinkType::FrameRelay).l3_offset,
            10);
  EXPECT_EQ(decode_behind({0x18, 0x61, 3, 0, 0x80, 0, 0, 0x0c, 8, 0}, LinkType::FrameRelay).status,
            DecodeStatus::NotIp)
      << "an organisation's own number";
  const Frame bridged = ipv4_behind(
      PacketBuilder().payload(Frame{0x18, 0x61, 3, 0, 0x80, 0, 0x80, 0xc2, 0, 1}).ethernet());
  EXPECT_EQ(decode_bytes(bridged, LinkType::FrameRelay).l3_offset, 24);
}

TEST(DecodeFrameRelay, CarriesPpp) {
  EXPECT_EQ(decode_behind({0x18, 0x61, 3, 0xcf, 0, 0x21}, LinkType::FrameRelay).l3_offset, 6);
}

TEST(DecodeMultilinkFrameRelay, OnlyWholeFramesAreRead) {
  const LinkType link = LinkType::MultilinkFrameRelay;
  EXPECT_EQ(decode_behind({0xc0, 0, 0x18, 0x61, 3, 0xcc}, link).status, DecodeStatus::Ip);
  EXPECT_EQ(decode_behind({0x80, 0, 0x18, 0x61, 3, 0xcc}, link).status, DecodeStatus::NotIp);
  EXPECT_EQ(decode_behind({0xe0, 0, 0x18, 0x61, 3, 0xcc}, link).status, DecodeStatus::NotIp)
      << "control of the bundle";
}

}  // namespace
}  // namespace flowscope
