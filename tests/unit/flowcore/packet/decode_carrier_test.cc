#include <gtest/gtest.h>

#include <set>

#include "flowcore/packet/carrier_header.h"
#include "tests/support/link_headers.h"
#include "tests/unit/flowcore/packet/decode_bytes.h"
#include "tests/unit/flowcore/packet/golden_frames.h"

namespace flowscope {
namespace {

using testing::decode_bytes;
using testing::Frame;
using testing::ipv4_behind;
using testing::PacketBuilder;
using testing::zeros_then;

Layers decode_behind(const Frame& header, LinkType link) {
  return decode_bytes(ipv4_behind(PacketBuilder().payload(header)), link);
}
Layers decode_ethernet_behind(const Frame& header, LinkType link) {
  return decode_bytes(ipv4_behind(PacketBuilder().payload(header).ethernet()), link);
}

TEST(DecodeLinks, EveryLinkTypeThatMayHoldIpIsFollowedToIt) {
  std::set<LinkType> missing;
  for (uint8_t i = 0; i < static_cast<uint8_t>(LinkType::Unknown); ++i) {
    missing.insert(static_cast<LinkType>(i));
  }
  missing.erase(LinkType::Mpls);  // an encapsulation follows, no IP
  for (const testing::GoldenFrame& golden : testing::golden_frames()) {
    missing.erase(golden.link);
    EXPECT_EQ(decode_bytes(golden.bytes, golden.link).status, DecodeStatus::Ip) << golden.name;
  }
  EXPECT_TRUE(missing.empty()) << "the first without a golden frame is number "
                               << static_cast<int>(*missing.begin());
}

TEST(DecodeLinks, EveryLinkTypeWantsBytes) {
  for (uint8_t i = 0; i < static_cast<uint8_t>(LinkType::Unknown); ++i) {
    const auto link = static_cast<LinkType>(i);
    const DecodeStatus expected = link == LinkType::Llc || link == LinkType::Mpls
                                      ? DecodeStatus::NotIp  // an LLC frame may be of any length
                                      : DecodeStatus::Truncated;
    EXPECT_EQ(decode_bytes({}, link).status, expected) << int{i};
  }
}

TEST(DecodeMpls, TheStackIsNamed) {
  EXPECT_EQ(decode_bytes(Frame(8), LinkType::Mpls).ether_type, 0x8847);
}

TEST(DecodeCarrier, PpiNamesTheLinkTypeBehindIt) {
  EXPECT_EQ(decode_ethernet_behind({0, 0, 8, 0, 1, 0, 0, 0}, LinkType::Ppi).l3_offset, 8 + 14);
  EXPECT_EQ(decode_ethernet_behind({0, 0, 8, 0, 147, 0, 0, 0}, LinkType::Ppi).status,
            DecodeStatus::NotIp);
  EXPECT_EQ(decode_ethernet_behind({0, 0, 7, 0, 1, 0, 0, 0}, LinkType::Ppi).status,
            DecodeStatus::NotIp)
      << "shorter than itself";
}

TEST(DecodeCarrier, ACarrierMayNameAnotherOneOnce) {
  const Frame direction = {0, 0, 8, 0, 204, 0, 0, 0, 1, 0x00, 0x21};
  EXPECT_EQ(decode_behind(direction, LinkType::Ppi).status, DecodeStatus::Ip);
  const Frame twice = {0, 0, 8, 0, 192, 0, 0, 0, 0, 0, 8, 0, 204, 0, 0, 0, 1, 0x00, 0x21};
  EXPECT_EQ(decode_behind(twice, LinkType::Ppi).status, DecodeStatus::NotIp);
}

TEST(DecodeCarrier, PktapRecordsWithoutAPacketAreNotIp) {
  Frame header(108);
  header[0] = 108;
  header[4] = 1;
  header[8] = 1;
  EXPECT_EQ(decode_ethernet_behind(header, LinkType::Pktap).l3_offset, 108 + 14);
  header[4] = 0;
  EXPECT_EQ(decode_ethernet_behind(header, LinkType::Pktap).status, DecodeStatus::NotIp);
}

TEST(DecodeCarrier, PrismIsToldFromAvsByItsCookie) {
  Frame avs = {0x80, 0x21, 0x10, 2, 0, 0, 0, 12, 0, 0, 0, 0};
  const Frame wlan = testing::ieee80211();
  avs.insert(avs.end(), wlan.begin(), wlan.end());
  EXPECT_EQ(
      decode_bytes(ipv4_behind(PacketBuilder().payload(avs).snap()), LinkType::Prism).l3_offset,
      12 + 24 + 8);
  avs[7] = 7;
  EXPECT_EQ(decode_bytes(ipv4_behind(PacketBuilder().payload(avs).snap()), LinkType::Prism).status,
            DecodeStatus::NotIp)
      << "shorter than what was read of it";
}

TEST(DecodeCarrier, ErfRecordsNameTheirFrame) {
  const auto record = [](uint8_t type) { return zeros_then(8, {type, 4, 0, 80, 0, 0, 0, 60}); };
  for (const uint8_t type : Frame{22, 23}) {
    EXPECT_EQ(decode_behind(record(type), LinkType::Erf).l3_offset, 16);
  }
  for (const uint8_t type : Frame{1, 10, 15, 19}) {
    Frame header = record(type);
    for (const uint8_t byte : Frame{0x0f, 0x00, 0x08, 0x00}) header.push_back(byte);
    EXPECT_EQ(decode_behind(header, LinkType::Erf).l3_offset, 20) << int{type};
  }
  for (const uint8_t type : Frame{2, 11, 16, 20}) {
    Frame header = record(type);
    header.resize(18);
    EXPECT_EQ(decode_ethernet_behind(header, LinkType::Erf).l3_offset, 18 + 14) << int{type};
  }
  EXPECT_EQ(decode_ethernet_behind(record(27), LinkType::Erf).status, DecodeStatus::NotIp);
}

TEST(DecodeCarrier, ErfExtensionsAreSteppedOverUpToTheLimit) {
  Frame header = zeros_then(8, {0x80 | 22, 4, 0, 80, 0, 0, 0, 60});
  for (uint32_t i = 1; i < ErfHeader::kExtensionsMax; ++i) {
    for (const uint8_t byte : Frame{0x83, 0, 0, 0, 0, 0, 0, 0}) header.push_back(byte);
  }
  Frame whole = header;
  for (const uint8_t byte : Frame{0x03, 0, 0, 0, 0, 0, 0, 0}) whole.push_back(byte);
  EXPECT_EQ(decode_behind(whole, LinkType::Erf).l3_offset, whole.size());
  for (const uint8_t byte : Frame{0x83, 0, 0, 0, 0, 0, 0, 0}) header.push_back(byte);
  EXPECT_EQ(decode_behind(header, LinkType::Erf).status, DecodeStatus::NotIp);
}

TEST(DecodeCarrier, JuniperFramesWithoutALinkHeaderAreNotIp) {
  EXPECT_EQ(decode_ethernet_behind({0x4d, 0x47, 0x43, 0x01}, LinkType::JuniperEthernet).l3_offset,
            4 + 14);
  EXPECT_EQ(decode_ethernet_behind({0x4d, 0x47, 0x43, 0x02}, LinkType::JuniperEthernet).status,
            DecodeStatus::NotIp);
  EXPECT_EQ(decode_ethernet_behind({0x4d, 0x47, 0x44, 0x01}, LinkType::JuniperEthernet).status,
            DecodeStatus::NotIp)
      << "another magic number";
}

TEST(DecodeCarrier, SunAtmCellsThatAreNoFrameAreNotIp) {
  EXPECT_EQ(decode_ethernet_behind({1, 0, 0, 9, 0xff, 0x00}, LinkType::SunAtm).status,
            DecodeStatus::NotIp)
      << "control of the emulated LAN";
  EXPECT_EQ(decode_ethernet_behind({5, 0, 0, 9}, LinkType::SunAtm).status, DecodeStatus::NotIp);
}

TEST(DecodeCarrier, DocsisExtendedHeadersAreSteppedOver) {
  EXPECT_EQ(decode_ethernet_behind({0, 0, 0, 60, 0, 0}, LinkType::Docsis).l3_offset, 6 + 14);
  EXPECT_EQ(decode_ethernet_behind({1, 3, 0, 60, 1, 2, 3, 0, 0}, LinkType::Docsis).l3_offset,
            9 + 14);
  EXPECT_EQ(decode_ethernet_behind({0xc2, 0, 0, 60, 0, 0}, LinkType::Docsis).status,
            DecodeStatus::NotIp)
      << "management";
}

TEST(DecodeCarrier, OnlyTheFirstPieceOfAnEthernetFrameIsRead) {
  for (const uint8_t delimiter : Frame{0xd5, 0xe6, 0x4c, 0x7f, 0xb3}) {
    EXPECT_EQ(decode_ethernet_behind({0x55, 0x55, 0x55, delimiter}, LinkType::Mpacket).l3_offset,
              4 + 14);
  }
  EXPECT_EQ(decode_ethernet_behind({0x55, 0x55, 0x55, 0x61, 0xe6}, LinkType::Mpacket).status,
            DecodeStatus::NotIp);
  EXPECT_EQ(decode_ethernet_behind(Frame(20, 0x55), LinkType::Mpacket).status, DecodeStatus::NotIp)
      << "a preamble without end";
}

TEST(DecodeCarrier, PflogHeadersArePaddedToWords) {
  EXPECT_EQ(decode_behind(zeros_then(0, Frame(64, 61)), LinkType::OpenBsdPflog).l3_offset, 64);
}

}  // namespace
}  // namespace flowscope
