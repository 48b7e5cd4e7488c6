#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "flowcore/packet/decode.h"
#include "flowcore/packet/ethernet.h"
#include "flowcore/packet/vlan.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

constexpr const char* kSource4 = "10.1.2.3";
constexpr const char* kDestination4 = "192.168.200.100";
constexpr const char* kSource6 = "2001:db8::1:2";
constexpr const char* kDestination6 = "fe80::aaaa:bbbb";

Layers decode(const Frame& frame, LinkType link = LinkType::Ethernet) {
  return decode_frame({.frame = {frame.data(), frame.size()},
                       .wire_bytes = static_cast<uint32_t>(frame.size()),
                       .link = link});
}

// Ethernet, `count` VLAN tags with ids 100, 101, ..., IPv4, TCP.
Frame tagged_frame(uint16_t count) {
  PacketBuilder builder;
  builder.ethernet();
  for (uint16_t i = 0; i < count; ++i)
    builder.vlan(static_cast<uint16_t>(100 + i), {.priority = 7});
  return builder.ipv4(kSource4, kDestination4).tcp(1, 2).build();
}

TEST(DecodeLink, PlainEthernetCarriesNoVlan) {
  const Layers layers = decode(tagged_frame(0));
  EXPECT_EQ(layers.status, DecodeStatus::Ip);
  EXPECT_EQ(layers.ether_type, 0x0800);
  EXPECT_EQ(layers.vlan_count, 0);
  EXPECT_EQ(layers.l3_offset, 14);
}

TEST(DecodeLink, PassesVlanTagsUpToTheLimit) {
  for (uint16_t count = 1; count <= kVlanTagsMax; ++count) {
    const Layers layers = decode(tagged_frame(count));
    EXPECT_EQ(layers.status, DecodeStatus::Ip) << count;
    EXPECT_EQ(layers.vlan_count, count);
    EXPECT_EQ(layers.vlan_id, 100) << "the outermost id, without the priority bits";
    EXPECT_EQ(layers.l3_offset, 14 + 4 * count);
    EXPECT_TRUE(layers.has_l4);
  }
}

TEST(DecodeLink, MoreTagsThanTheLimitAreNotIp) {
  const Layers layers = decode(tagged_frame(kVlanTagsMax + 1));
  EXPECT_EQ(layers.status, DecodeStatus::NotIp);
  EXPECT_EQ(layers.ether_type, 0x8100)
      << "the type at which decoding stopped is there to be counted";
}

TEST(DecodeLink, KnowsTheTagTypesOfAllSwitches) {
  for (const uint16_t tag_type : std::array<uint16_t, 5>{0x8100, 0x88a8, 0x9100, 0x9200, 0x9300}) {
    const Layers layers = decode(PacketBuilder()
                                     .ethernet()
                                     .vlan(4095, {.tag_type = tag_type})
                                     .ipv6(kSource6, kDestination6)
                                     .udp(1, 2)
                                     .build());
    EXPECT_EQ(layers.status, DecodeStatus::Ip) << tag_type;
    EXPECT_EQ(layers.vlan_id, 4095);
  }
}

TEST(DecodeLink, OtherEtherTypesAreNotIpAndNamed) {
  const Layers layers =
      decode(PacketBuilder().ethernet({.ether_type = 0x0806}).payload(Frame(28)).build());
  EXPECT_EQ(layers.status, DecodeStatus::NotIp);
  EXPECT_EQ(layers.ether_type, 0x0806);
  EXPECT_EQ(layers.ip_version, 0);
}

TEST(DecodeLink, FollowsTheEtherTypeInSnap) {
  const Layers layers = decode(PacketBuilder()
                                   .ethernet()
                                   .snap()
                                   .ipv4(kSource4, kDestination4)
                                   .udp(7, 8)
                                   .payload("x")
                                   .pad_to(60)
                                   .build());
  EXPECT_EQ(layers.status, DecodeStatus::Ip);
  EXPECT_EQ(layers.l3_offset, 22);
  EXPECT_EQ(layers.destination_port, 8);
  EXPECT_EQ(layers.payload_bytes, 1);
}

TEST(DecodeLink, FollowsSnapBehindAVlanTag) {
  const Frame snap =
      PacketBuilder().snap().ipv4(kSource4, kDestination4).udp(7, 8).payload("x").build();
  const auto length = static_cast<uint16_t>(snap.size());
  const Layers layers =
      decode(PacketBuilder().ethernet().vlan(3, {.ether_type = length}).payload(snap).build());
  EXPECT_EQ(layers.status, DecodeStatus::Ip);
  EXPECT_EQ(layers.destination_port, 8);
}

TEST(DecodeLink, SnapOfAnotherOrganisationIsNotIp) {
  const Layers layers = decode(
      PacketBuilder().ethernet().snap(0x00000c).ipv4(kSource4, kDestination4).udp(7, 8).build());
  EXPECT_EQ(layers.status, DecodeStatus::NotIp);
}

TEST(DecodeLink, LlcWithoutSnapIsNotIp) {
  // A spanning tree frame begins 42 42 03.
  const Layers layers = decode(
      PacketBuilder().ethernet({.ether_type = 38}).payload(Frame{0x42, 0x42, 3, 0, 0}).build());
  EXPECT_EQ(layers.status, DecodeStatus::NotIp);
  EXPECT_EQ(layers.ether_type, 0);
}

TEST(DecodeLink, RawIpTakesTheVersionFromTheFirstNibble) {
  const Frame v4 = PacketBuilder().ipv4(kSource4, kDestination4).tcp(1, 2).build();
  const Frame v6 = PacketBuilder().ipv6(kSource6, kDestination6).tcp(1, 2).build();
  EXPECT_EQ(decode(v4, LinkType::RawIp).ip_version, 4);
  EXPECT_EQ(decode(v6, LinkType::RawIp).ip_version, 6);
  EXPECT_EQ(decode(v6, LinkType::RawIp).ether_type, 0x86dd);
  EXPECT_EQ(decode(v6, LinkType::RawIp).l4_offset, 40);
}

TEST(DecodeLink, RawIpOfAnotherVersionIsMalformed) {
  EXPECT_EQ(decode(Frame(40, 0x50), LinkType::RawIp).status, DecodeStatus::Malformed);
}

TEST(DecodeLink, NullTakesTheFamilyInEitherByteOrder) {
  Frame frame = PacketBuilder().null_link().ipv4(kSource4, kDestination4).tcp(1, 2).build();
  EXPECT_EQ(decode(frame, LinkType::Null).ip_version, 4);
  std::swap(frame[0], frame[3]);
  EXPECT_EQ(decode(frame, LinkType::Null).ip_version, 4);
}

TEST(DecodeLink, NullKnowsTheIpv6FamilyOfEverySystem) {
  Frame frame = PacketBuilder().null_link().ipv6(kSource6, kDestination6).tcp(1, 2).build();
  for (const uint8_t family : std::array<uint8_t, 5>{10, 23, 24, 28, 30}) {
    frame[0] = family;
    EXPECT_EQ(decode(frame, LinkType::Null).ip_version, 6) << int{family};
  }
  frame[0] = 16;
  EXPECT_EQ(decode(frame, LinkType::Null).status, DecodeStatus::NotIp);
}

TEST(DecodeLink, NullMayHoldAnEtherType) {
  Frame frame = PacketBuilder().null_link().ipv4(kSource4, kDestination4).tcp(1, 2).build();
  frame[0] = 0x0f;
  frame[2] = 0x08;
  EXPECT_EQ(decode(frame, LinkType::Null).ip_version, 4);
}

TEST(DecodeLink, LoopIsInNetworkOrderOnly) {
  Frame frame = PacketBuilder().loop_link().ipv6(kSource6, kDestination6).tcp(1, 2).build();
  EXPECT_EQ(decode(frame, LinkType::Loop).ip_version, 6);
  std::swap(frame[0], frame[3]);
  EXPECT_EQ(decode(frame, LinkType::Loop).status, DecodeStatus::NotIp);
}

TEST(DecodeLink, LinuxCookedHeadersAreSteppedOver) {
  const Frame one = PacketBuilder().linux_cooked1().ipv4(kSource4, kDestination4).tcp(1, 2).build();
  const Frame two = PacketBuilder().linux_cooked2().ipv6(kSource6, kDestination6).tcp(1, 2).build();
  EXPECT_EQ(decode(one, LinkType::LinuxCooked1).l3_offset, 16);
  EXPECT_EQ(decode(one, LinkType::LinuxCooked1).destination_port, 2);
  EXPECT_EQ(decode(two, LinkType::LinuxCooked2).l3_offset, 20);
  EXPECT_EQ(decode(two, LinkType::LinuxCooked2).destination_port, 2);
}

TEST(DecodeLink, LinuxCookedMayCarryVlanTags) {
  const Frame frame =
      PacketBuilder().linux_cooked1().vlan(77).ipv4(kSource4, kDestination4).tcp(1, 2).build();
  const Layers layers = decode(frame, LinkType::LinuxCooked1);
  EXPECT_EQ(layers.vlan_id, 77);
  EXPECT_EQ(layers.l3_offset, 20);
}

TEST(DecodeLink, LinuxProtocolNumbersAreNoLengths) {
  Frame frame =
      PacketBuilder().linux_cooked1().snap().ipv4(kSource4, kDestination4).udp(7, 8).build();
  frame[14] = 0;
  frame[15] = 4;  // ETH_P_802_2
  EXPECT_EQ(decode(frame, LinkType::LinuxCooked1).destination_port, 8);
  frame[15] = 12;  // ETH_P_CAN
  EXPECT_EQ(decode(frame, LinkType::LinuxCooked1).status, DecodeStatus::NotIp);
  EXPECT_EQ(decode(frame, LinkType::LinuxCooked1).ether_type, 12);
}

TEST(DecodeLink, LinuxNetlinkProtocolsAreNoEthernetTypes) {
  Frame frame = PacketBuilder().linux_cooked1().ipv4(kSource4, kDestination4).tcp(1, 2).build();
  EXPECT_EQ(decode(frame, LinkType::LinuxCooked1).status, DecodeStatus::Ip);
  frame[2] = 824 >> 8;
  frame[3] = 824 & 0xff;
  EXPECT_EQ(decode(frame, LinkType::LinuxCooked1).status, DecodeStatus::NotIp);
}

TEST(DecodeLink, LinuxTunnelDevicesGiveEthernetTypes) {
  Frame frame = PacketBuilder().linux_cooked2().ipv6(kSource6, kDestination6).tcp(1, 2).build();
  for (const uint16_t device : std::array<uint16_t, 2>{778, 65534}) {  // GRE, none
    frame[8] = static_cast<uint8_t>(device >> 8);
    frame[9] = static_cast<uint8_t>(device);
    EXPECT_EQ(decode(frame, LinkType::LinuxCooked2).status, DecodeStatus::Ip) << device;
  }
}

TEST(DecodeLink, UnknownLinkIsSaidSo) {
  EXPECT_EQ(decode(tagged_frame(0), LinkType::Unknown).status, DecodeStatus::UnknownLink);
}

TEST(DecodeLink, AnEmptyFrameIsTruncated) {
  for (const LinkType link : {LinkType::Ethernet, LinkType::RawIp, LinkType::Null, LinkType::Loop,
                              LinkType::LinuxCooked1, LinkType::LinuxCooked2}) {
    EXPECT_EQ(decode({}, link).status, DecodeStatus::Truncated) << static_cast<int>(link);
  }
}

}  // namespace
}  // namespace flowscope
