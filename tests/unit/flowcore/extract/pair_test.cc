#include <gtest/gtest.h>

#include "flowcore/extract/ip_pair.h"
#include "flowcore/extract/mac_pair.h"
#include "tests/unit/flowcore/extract/extracted.h"

namespace flowscope {
namespace {

using testing::extract;
using testing::Extracted;
using testing::Frame;
using testing::PacketBuilder;

Frame udp4(const char* source, const char* destination) {
  return PacketBuilder().ethernet().ipv4(source, destination).udp(9, 53).build();
}

TEST(IpPair, HoldsBothAddressesTheLowerOneFirst) {
  const Extracted there = extract(IpPair(), udp4("10.0.0.2", "10.0.0.1"));
  EXPECT_TRUE(there.has_key);
  EXPECT_EQ(there.orientation, Orientation::Reverse);
  EXPECT_EQ(there.key,
            (FlowKey{.a_address = {10, 0, 0, 1}, .b_address = {10, 0, 0, 2}, .ip_version = 4}));
}

TEST(IpPair, TakesAllBytesOfVersion6) {
  const Frame frame =
      PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2").tcp(1, 2).build();
  const Extracted there = extract(IpPair(), frame);
  EXPECT_EQ(there.orientation, Orientation::Forward);
  EXPECT_EQ(there.key.b_address,
            (Address{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}));
  EXPECT_EQ(there.key.ip_version, 6);
}

TEST(IpPair, AllThatTwoHostsSayIsOneFlow) {
  const Extracted there = extract(IpPair(), udp4("10.0.0.2", "10.0.0.1"));
  const Extracted back = extract(
      IpPair(), PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").icmp(8, 0, 77).build());
  EXPECT_EQ(there.key, back.key);
  EXPECT_NE(there.orientation, back.orientation);
}

TEST(IpPair, EqualAddressesAreForward) {
  EXPECT_EQ(extract(IpPair(), udp4("10.0.0.1", "10.0.0.1")).orientation, Orientation::Forward);
}

TEST(IpPair, WhatIsNotIpHasNoKey) {
  EXPECT_FALSE(extract(IpPair(), PacketBuilder().ethernet({.ether_type = 0x0806}).build()).has_key);
}

TEST(IpPair, ReadsNothingPastAHeaderAtTheEndOfTheFrame) {
  EXPECT_TRUE(
      extract(IpPair(), PacketBuilder().ethernet().ipv4("1.0.0.0", "2.0.0.0").build()).has_key);
  EXPECT_TRUE(
      extract(IpPair(), PacketBuilder().ethernet().ipv6("::1", "::2", {.next_header = 59}).build())
          .has_key);
}

// Destination and source as they lie in the frame.
Frame between(uint8_t destination, uint8_t source, size_t frame_bytes = 14) {
  Frame frame(frame_bytes);
  frame[5] = destination;
  frame[11] = source;
  frame[12] = 0x88;  // LLDP
  frame[13] = 0xcc;
  return frame;
}

TEST(MacPair, HoldsBothStationsTheLowerOneFirst) {
  const Extracted there = extract(MacPair(), between(1, 2));
  EXPECT_TRUE(there.has_key);
  EXPECT_EQ(there.orientation, Orientation::Reverse);
  EXPECT_EQ(there.key, (FlowKey{.a_address = {0, 0, 0, 0, 0, 1}, .b_address = {0, 0, 0, 0, 0, 2}}));
}

TEST(MacPair, BothDirectionsAreOneFlow) {
  const Extracted there = extract(MacPair(), between(2, 1));
  const Extracted back = extract(MacPair(), between(1, 2));
  EXPECT_EQ(there.key, back.key);
  EXPECT_EQ(there.orientation, Orientation::Forward);
  EXPECT_EQ(back.orientation, Orientation::Reverse);
}

TEST(MacPair, EqualStationsAreForward) {
  EXPECT_EQ(extract(MacPair(), between(1, 1)).orientation, Orientation::Forward);
}

TEST(MacPair, IpAndOtherFramesOfTwoStationsAreOneFlow) {
  Frame udp = udp4("10.0.0.1", "10.0.0.2");
  const Frame lldp = between(1, 2);
  std::copy(lldp.begin(), lldp.begin() + 12, udp.begin());
  EXPECT_EQ(extract(MacPair(), udp).key, extract(MacPair(), lldp).key);
}

TEST(MacPair, AFrameNeedsAWholeEthernetHeader) {
  EXPECT_FALSE(extract(MacPair(), between(1, 2, 14), LinkType::RawIp).has_key);
  Frame cut = between(1, 2);
  cut.resize(13);
  EXPECT_FALSE(extract(MacPair(), cut).has_key);
}

TEST(MacPair, AFrameThatIsCutInsideIpStillHasAKey) {
  Frame cut = udp4("10.0.0.1", "10.0.0.2");
  cut.resize(20);
  EXPECT_TRUE(extract(MacPair(), cut).has_key);
}

}  // namespace
}  // namespace flowscope
