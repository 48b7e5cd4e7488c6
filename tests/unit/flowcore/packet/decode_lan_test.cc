#include <gtest/gtest.h>

#include "flowcore/packet/nflog.h"
#include "tests/support/link_headers.h"
#include "tests/unit/flowcore/packet/decode_bytes.h"

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
Layers decode_snap_behind(const Frame& header, LinkType link) {
  return decode_bytes(ipv4_behind(PacketBuilder().payload(header).snap()), link);
}

TEST(DecodeLlc, KnowsTheAccessPointOfIp) {
  EXPECT_EQ(decode_behind({6, 6, 3}, LinkType::Llc).l3_offset, 3);
}

TEST(DecodeLlc, KnowsTheIdentifiersBehindTheIsoAccessPoint) {
  EXPECT_EQ(decode_behind({0xfe, 0xfe, 3, 0xcc}, LinkType::Llc).l3_offset, 4);
  EXPECT_EQ(decode_behind({0xfe, 0xfe, 3, 0x83}, LinkType::Llc).status, DecodeStatus::NotIp)
      << "IS-IS";
}

TEST(DecodeLlc, ACutSnapHeaderIsTruncated) {
  EXPECT_EQ(decode_bytes({0xaa, 0xaa, 3, 0, 0}, LinkType::Llc).status, DecodeStatus::Truncated);
}

TEST(DecodeLlc, BridgedEthernetIsAligned) {
  const Frame frame = ipv4_behind(
      PacketBuilder().payload(Frame{0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0}).ethernet().vlan(5));
  EXPECT_EQ(decode_bytes(frame, LinkType::Llc).vlan_id, 5);
}

TEST(DecodeFddi, OnlyLlcFramesAreRead) {
  for (const uint8_t control : Frame{0x50, 0x57, 0xd0}) {
    EXPECT_EQ(decode_snap_behind(zeros_then(0, {control, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}),
                                 LinkType::Fddi)
                  .l3_offset,
              13 + 8);
  }
  EXPECT_EQ(decode_snap_behind({0x41, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, LinkType::Fddi).status,
            DecodeStatus::NotIp)
      << "station management";
}

TEST(DecodeTokenRing, TheRouteIsSteppedOver) {
  EXPECT_EQ(
      decode_snap_behind({0x10, 0x40, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, LinkType::TokenRing)
          .l3_offset,
      14 + 8);
  EXPECT_EQ(decode_snap_behind({0x10, 0x40, 2, 2, 2, 2, 2, 2, 0x82, 2, 2, 2, 2, 2, 0xc4, 0, 0, 1},
                               LinkType::TokenRing)
                .l3_offset,
            18 + 8);
}

TEST(DecodeTokenRing, MacFramesAreNotIp) {
  EXPECT_EQ(
      decode_snap_behind({0x10, 0x00, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, LinkType::TokenRing)
          .status,
      DecodeStatus::NotIp);
}

TEST(DecodeArcnet, OldProtocolsHaveNoFurtherHeader) {
  EXPECT_EQ(decode_behind({1, 2, 240}, LinkType::ArcnetBsd).l3_offset, 3);
  EXPECT_EQ(decode_behind({1, 2, 0, 0, 240}, LinkType::ArcnetLinux).l3_offset, 5);
  EXPECT_EQ(decode_behind({1, 2, 0, 0, 241}, LinkType::ArcnetLinux).status, DecodeStatus::NotIp);
}

TEST(DecodeArcnet, OnlyTheFirstPartOfAPacketIsRead) {
  EXPECT_EQ(decode_behind({1, 2, 212, 0, 0, 1}, LinkType::ArcnetBsd).status, DecodeStatus::Ip);
  EXPECT_EQ(decode_behind({1, 2, 212, 3, 0, 1}, LinkType::ArcnetBsd).status, DecodeStatus::Ip);
  EXPECT_EQ(decode_behind({1, 2, 212, 2, 0, 1}, LinkType::ArcnetBsd).status, DecodeStatus::NotIp);
}

TEST(DecodeIpOverIb, AGlobalRouteHeaderMayStandInFront) {
  EXPECT_EQ(decode_behind({8, 0, 0, 0}, LinkType::IpOverIb).l3_offset, 4);
  Frame route(44);
  route[0] = 0x60;
  route[40] = 0x08;
  EXPECT_EQ(decode_behind(route, LinkType::IpOverIb).l3_offset, 44);
}

TEST(DecodeSwitchTag, MarvellsTagIsTheVlanTagThatItReplaced) {
  const Layers tagged =
      decode_behind(zeros_then(12, {0xe0, 0x10, 0x05, 0x39, 8, 0}), LinkType::MarvellTag);
  EXPECT_EQ(tagged.vlan_id, 0x539);
  EXPECT_EQ(tagged.vlan_count, 1);
  const Layers untagged =
      decode_behind(zeros_then(12, {0xc0, 0x10, 0x05, 0x39, 8, 0}), LinkType::MarvellTag);
  EXPECT_EQ(untagged.l3_offset, 18);
  EXPECT_EQ(untagged.vlan_count, 0) << "the number is the port's own then";
}

TEST(DecodeSwitchTag, ATypeMayStandBeforeMarvellsTag) {
  EXPECT_EQ(decode_behind(zeros_then(12, {0xda, 0xda, 0, 0, 0xc0, 0, 0, 0, 8, 0}),
                          LinkType::MarvellEtherTypeTag)
                .l3_offset,
            22);
}

TEST(DecodeSwitchTag, BroadcomsTagIsSteppedOver) {
  EXPECT_EQ(decode_behind(zeros_then(12, {0, 0, 0x20, 5, 8, 0}), LinkType::BroadcomTag).l3_offset,
            18);
}

TEST(DecodeNflog, ThePacketIsFoundBehindOtherAttributes) {
  const Frame header = {2, 0, 0, 1, 8, 0, 1, 0, 8, 0, 1, 0, 5, 0, 10, 0, 0, 0, 0, 0, 45, 0, 9, 0};
  EXPECT_EQ(decode_behind(header, LinkType::Nflog).l3_offset, 24);
}

TEST(DecodeNflog, OtherFamiliesAreNotIp) {
  EXPECT_EQ(decode_behind({7, 0, 0, 1, 45, 0, 9, 0}, LinkType::Nflog).status, DecodeStatus::NotIp);
}

TEST(DecodeNflog, WithoutAPacketIsNotIp) {
  EXPECT_EQ(decode_bytes({2, 0, 0, 1, 5, 0, 10, 0, 0, 0, 0, 0}, LinkType::Nflog).status,
            DecodeStatus::NotIp);
}

TEST(DecodeNflog, AnAttributeShorterThanItsOwnHeaderEndsTheSearch) {
  EXPECT_EQ(decode_behind({2, 0, 0, 1, 3, 0, 10, 0, 45, 0, 9, 0}, LinkType::Nflog).status,
            DecodeStatus::NotIp);
}

TEST(DecodeNflog, LooksThroughAsManyAttributesAsTheLimit) {
  Frame header = {2, 0, 0, 1};
  for (uint32_t i = 1; i < kNflogAttributesMax; ++i) {
    for (const uint8_t byte : Frame{4, 0, 10, 0}) header.push_back(byte);
  }
  Frame last = header;
  for (const uint8_t byte : Frame{45, 0, 9, 0}) last.push_back(byte);
  EXPECT_EQ(decode_behind(last, LinkType::Nflog).status, DecodeStatus::Ip);
  for (const uint8_t byte : Frame{4, 0, 10, 0, 45, 0, 9, 0}) header.push_back(byte);
  EXPECT_EQ(decode_behind(header, LinkType::Nflog).status, DecodeStatus::NotIp);
}

}  // namespace
}  // namespace flowscope
