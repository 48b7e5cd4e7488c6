#include "flowcore/extract/five_tuple.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <tuple>

#include "tests/unit/flowcore/extract/extracted.h"

namespace flowscope {
namespace {

using testing::Extracted;
using testing::Frame;
using testing::PacketBuilder;

Extracted extract(const Frame& frame, const FiveTuple& five_tuple = FiveTuple::bidirectional()) {
  return testing::extract(five_tuple, frame);
}

Frame tcp4(const char* source, uint16_t source_port, const char* destination, uint16_t port) {
  return PacketBuilder().ethernet().ipv4(source, destination).tcp(source_port, port).build();
}
Frame tcp6(const char* source, uint16_t source_port, const char* destination, uint16_t port) {
  return PacketBuilder().ethernet().ipv6(source, destination).tcp(source_port, port).build();
}

TEST(FiveTuple, Ipv4AddressesFillTheFirstFourBytes) {
  const Extracted forward = extract(tcp4("10.0.0.1", 1000, "10.0.0.2", 80));
  EXPECT_TRUE(forward.has_key);
  EXPECT_EQ(forward.orientation, Orientation::Forward);
  EXPECT_EQ(forward.key.a_address, (Address{10, 0, 0, 1}));
  EXPECT_EQ(forward.key.b_address, (Address{10, 0, 0, 2}));
  EXPECT_EQ(forward.key.a_port, 1000);
  EXPECT_EQ(forward.key.b_port, 80);
  EXPECT_EQ(forward.key.protocol, 6);
  EXPECT_EQ(forward.key.ip_version, 4);
  EXPECT_EQ(forward.key.vlan_id, 0);
  EXPECT_EQ(forward.key.tunnel_id, 0U);
  EXPECT_EQ(forward.key.label, 0U);
}

TEST(FiveTuple, Ipv6AddressesFillAllBytes) {
  const Extracted reverse = extract(tcp6("fe80::0102:0304", 1000, "2001:db8::9", 80));
  EXPECT_EQ(reverse.orientation, Orientation::Reverse);
  EXPECT_EQ(reverse.key.a_address,
            (Address{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}));
  EXPECT_EQ(reverse.key.b_address, (Address{0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}));
  EXPECT_EQ(reverse.key.a_port, 80);
  EXPECT_EQ(reverse.key.b_port, 1000);
  EXPECT_EQ(reverse.key.ip_version, 6);
}

TEST(FiveTuple, AddressBytesDecideBeforePorts) {
  EXPECT_EQ(extract(tcp4("1.0.0.255", 9, "2.0.0.0", 1)).orientation, Orientation::Forward);
  EXPECT_EQ(extract(tcp4("2.0.0.0", 1, "1.0.0.255", 9)).orientation, Orientation::Reverse);
}

TEST(FiveTuple, TheLastAddressByteDecides) {
  EXPECT_EQ(extract(tcp6("2001:db8::2", 1, "2001:db8::1", 9)).orientation, Orientation::Reverse);
  EXPECT_EQ(extract(tcp6("2001:db8::1", 9, "2001:db8::2", 1)).orientation, Orientation::Forward);
}

TEST(FiveTuple, PortsDecideBetweenEqualAddresses) {
  EXPECT_EQ(extract(tcp4("1.1.1.1", 256, "1.1.1.1", 255)).orientation, Orientation::Reverse);
  EXPECT_EQ(extract(tcp6("::1", 255, "::1", 256)).orientation, Orientation::Forward);
}

TEST(FiveTuple, EqualEndpointsAreForward) {
  EXPECT_EQ(extract(tcp4("1.1.1.1", 7, "1.1.1.1", 7)).orientation, Orientation::Forward);
}

TEST(FiveTuple, DirectionalKeepsSourceFirst) {
  const Extracted packet = extract(tcp4("2.0.0.0", 1, "1.0.0.0", 9), FiveTuple::directional());
  EXPECT_EQ(packet.orientation, Orientation::Forward);
  EXPECT_EQ(packet.key.a_address, (Address{2}));
  EXPECT_EQ(packet.key.a_port, 1);
  EXPECT_FALSE(FiveTuple::directional().is_bidirectional());
}

TEST(FiveTuple, IsBidirectionalByDefault) { EXPECT_TRUE(FiveTuple().is_bidirectional()); }

TEST(FiveTuple, PortsAreZeroWhereThereAreNone) {
  const Extracted igmp =
      extract(PacketBuilder().ethernet().ipv4("1.0.0.0", "2.0.0.0", {.protocol = 2}).build());
  EXPECT_TRUE(igmp.has_key);
  EXPECT_EQ(igmp.key.protocol, 2);
  EXPECT_EQ(igmp.key.a_port, 0);
  EXPECT_EQ(igmp.key.b_port, 0);
}

TEST(FiveTuple, APacketThatTheCaptureCutBehindThePortsJoinsItsFlow) {
  const Frame whole = tcp4("10.0.0.1", 1000, "10.0.0.2", 80);
  const Frame cut(whole.begin(), whole.begin() + 34 + 4);
  EXPECT_EQ(extract(cut).key, extract(whole).key);
}

TEST(FiveTuple, AllFragmentsOfADatagramShareAKey) {
  const Extracted first = extract(PacketBuilder()
                                      .ethernet()
                                      .ipv4("1.0.0.0", "2.0.0.0", {.more_fragments = true})
                                      .udp(1, 2)
                                      .payload("12345678")
                                      .build());
  const Extracted later =
      extract(PacketBuilder()
                  .ethernet()
                  .ipv4("1.0.0.0", "2.0.0.0", {.fragment_offset = 16, .protocol = 17})
                  .payload("12345678")
                  .build());
  EXPECT_EQ(first.key, later.key);
}

TEST(FiveTuple, ReadsNothingPastAHeaderAtTheEndOfTheFrame) {
  EXPECT_TRUE(extract(PacketBuilder().ethernet().ipv4("1.0.0.0", "2.0.0.0").build()).has_key);
  EXPECT_TRUE(
      extract(PacketBuilder().ethernet().ipv6("::1", "::2", {.next_header = 59}).build()).has_key);
}

TEST(FiveTuple, WhatIsNotIpHasNoKey) {
  EXPECT_FALSE(extract(PacketBuilder().ethernet({.ether_type = 0x0806}).build()).has_key);
  EXPECT_FALSE(extract(Frame(5)).has_key);
}

TEST(FiveTuple, VersionsDoNotMix) {
  EXPECT_FALSE(extract(tcp4("32.1.13.184", 1, "255.0.0.0", 2)).key
               == extract(tcp6("2001:db8::", 1, "ff00::", 2)).key);
}

TEST(FlowKey, EitherPortFindsBothEnds) {
  const FlowKey key{.a_port = 53, .b_port = 40000};
  EXPECT_TRUE(either_port(key, 53));
  EXPECT_TRUE(either_port(key, 40000));
  EXPECT_FALSE(either_port(key, 80));
}

// A plain model of the canonical order, against which random packets are compared.
TEST(FiveTuple, BothDirectionsGiveOneKeyInModelOrder) {
  constexpr uint32_t kSeed = 7;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20'000 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const bool is_ipv6 = random() % 2 == 0;
    Frame there = is_ipv6 ? tcp6("::", 0, "::", 0) : tcp4("0.0.0.0", 0, "0.0.0.0", 0);
    const size_t address_bytes = is_ipv6 ? 16 : 4;
    const size_t source = is_ipv6 ? 14 + 8 : 14 + 12;
    const size_t ports = is_ipv6 ? 14 + 40 : 14 + 20;
    // Few bytes differ, so that ties and late differences are frequent.
    for (int left = 0; left < 3; ++left) {
      there[source + random() % (2 * address_bytes)] = static_cast<uint8_t>(random());
      there[ports + random() % 4] = static_cast<uint8_t>(random());
    }
    Frame back = there;
    std::swap_ranges(back.begin() + static_cast<std::ptrdiff_t>(source),
                     back.begin() + static_cast<std::ptrdiff_t>(source + address_bytes),
                     back.begin() + static_cast<std::ptrdiff_t>(source + address_bytes));
    std::swap(back[ports], back[ports + 2]);
    std::swap(back[ports + 1], back[ports + 3]);

    const Extracted one = extract(there);
    const Extracted other = extract(back);
    ASSERT_EQ(one.key, other.key);
    const auto a = std::tie(one.key.a_address, one.key.a_port);
    const auto b = std::tie(one.key.b_address, one.key.b_port);
    EXPECT_LE(a, b);
    EXPECT_EQ(one.orientation == other.orientation, a == b);
    const FlowKey directional = extract(there, FiveTuple::directional()).key;
    const bool is_forward = one.orientation == Orientation::Forward;
    EXPECT_EQ(directional.a_address, is_forward ? one.key.a_address : one.key.b_address);
    EXPECT_EQ(directional.a_port, is_forward ? one.key.a_port : one.key.b_port);
  }
}

}  // namespace
}  // namespace flowscope
