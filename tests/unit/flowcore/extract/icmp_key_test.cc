#include "flowcore/extract/icmp_key.h"

#include <gtest/gtest.h>

#include <memory>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/quoted_flows.h"
#include "flowcore/packet/quoted.h"
#include "tests/unit/flowcore/extract/extracted.h"

namespace flowscope {
namespace {

using testing::Extracted;
using testing::Frame;
using testing::PacketBuilder;

constexpr const char* kLow = "10.0.0.1";
constexpr const char* kHigh = "10.0.0.2";

Frame icmp4(const char* source, const char* destination, uint8_t type, uint8_t code,
            uint16_t identifier) {
  return PacketBuilder()
      .ethernet()
      .ipv4(source, destination)
      .icmp(type, code, uint32_t{identifier} << 16 | 1)
      .build();
}
Frame icmp6(const char* source, const char* destination, uint8_t type, uint16_t identifier) {
  return PacketBuilder()
      .ethernet()
      .ipv6(source, destination)
      .icmp_v6(type, 0, uint32_t{identifier} << 16 | 1)
      .build();
}
Extracted sorted(const Frame& frame) { return testing::extract(FiveTuple::bidirectional(), frame); }
Extracted directional(const Frame& frame) {
  return testing::extract(FiveTuple::directional(), frame);
}

void expect_one_exchange(const Frame& request, const Frame& reply) {
  const Extracted there = sorted(request);
  const Extracted back = sorted(reply);
  EXPECT_EQ(there.key, back.key);
  EXPECT_NE(there.orientation, back.orientation);
}

TEST(IcmpKey, HoldsTheRequestsTypeAndTheIdentifier) {
  const Extracted ping = sorted(icmp4(kHigh, kLow, 8, 0, 0x1234));
  EXPECT_EQ(ping.key.a_port, icmp_a_port(8, 0));
  EXPECT_EQ(ping.key.b_port, 0x1234);
  EXPECT_EQ(ping.key.protocol, 1);
  EXPECT_EQ(ping.key.a_address, (Address{10, 0, 0, 1}));
  EXPECT_EQ(ping.orientation, Orientation::Reverse);
}

TEST(IcmpKey, RequestAndAnswerAreOneFlow) {
  for (const IcmpPair& pair : kIcmpPairs) {
    SCOPED_TRACE(static_cast<int>(pair.request));
    expect_one_exchange(icmp4(kLow, kHigh, pair.request, 0, 7),
                        icmp4(kHigh, kLow, pair.reply, 0, 7));
    expect_one_exchange(icmp4(kHigh, kLow, pair.request, 0, 7),
                        icmp4(kLow, kHigh, pair.reply, 0, 7));
  }
  for (const IcmpPair& pair : kIcmpV6Pairs) {
    SCOPED_TRACE(static_cast<int>(pair.request));
    expect_one_exchange(icmp6("::1", "::2", pair.request, 7), icmp6("::2", "::1", pair.reply, 7));
    expect_one_exchange(icmp6("::2", "::1", pair.request, 7), icmp6("::1", "::2", pair.reply, 7));
  }
}

TEST(IcmpKey, AnAnswerNeedNotRepeatTheCode) {
  expect_one_exchange(icmp4(kLow, kHigh, 8, 9, 7), icmp4(kHigh, kLow, 0, 0, 7));
}

TEST(IcmpKey, EachIdentifierIsAFlow) {
  EXPECT_FALSE(sorted(icmp4(kLow, kHigh, 8, 0, 7)).key == sorted(icmp4(kLow, kHigh, 8, 0, 8)).key);
  EXPECT_FALSE(sorted(icmp6("::1", "::2", 128, 7)).key == sorted(icmp6("::1", "::2", 128, 8)).key);
}

TEST(IcmpKey, TypesWithoutAnIdentifierIgnoreThoseBytes) {
  EXPECT_EQ(sorted(icmp6("::1", "::2", 135, 7)).key, sorted(icmp6("::1", "::2", 135, 8)).key);
  EXPECT_EQ(sorted(icmp4(kLow, kHigh, 10, 0, 7)).key.b_port, 0);
}

TEST(IcmpKey, BetweenEqualAddressesTheRequestIsForward) {
  expect_one_exchange(icmp4(kLow, kLow, 8, 0, 7), icmp4(kLow, kLow, 0, 0, 7));
  EXPECT_EQ(sorted(icmp4(kLow, kLow, 8, 0, 7)).orientation, Orientation::Forward);
}

TEST(IcmpKey, OtherMessagesHaveTypeAndCode) {
  const Extracted unreachable = sorted(icmp4(kLow, kHigh, 3, 13, 7));
  EXPECT_EQ(unreachable.key.a_port, icmp_a_port(3, 13));
  EXPECT_EQ(unreachable.key.b_port, 0);
  EXPECT_FALSE(unreachable.key == sorted(icmp4(kLow, kHigh, 3, 1, 7)).key);
}

TEST(IcmpKey, DirectionalKeysTellRequestFromAnswer) {
  EXPECT_FALSE(directional(icmp4(kLow, kLow, 8, 0, 7)).key
               == directional(icmp4(kLow, kLow, 0, 0, 7)).key);
  const Extracted back = directional(icmp4(kHigh, kLow, 0, 0, 7));
  EXPECT_EQ(back.key.a_address, (Address{10, 0, 0, 2}));
  EXPECT_EQ(back.key.b_port, 7);
  EXPECT_EQ(back.orientation, Orientation::Forward);
}

TEST(IcmpKey, ACutIdentifierIsZero) {
  Frame frame = icmp4(kLow, kHigh, 8, 0, 7);
  frame.resize(34 + 7);
  const Extracted cut = sorted(frame);
  EXPECT_EQ(cut.key.a_port, icmp_a_port(8, 0));
  EXPECT_EQ(cut.key.b_port, 0);
}

TEST(IcmpKey, ACutTypeLeavesBothPortsZero) {
  Frame frame = icmp4(kLow, kHigh, 8, 0, 7);
  frame.resize(34 + 3);
  EXPECT_EQ(sorted(frame).key.a_port, 0);
}

TEST(IcmpKey, AllFragmentsShareAKey) {
  const auto fragment = [](const testing::Ipv4Fields& fields) {
    return PacketBuilder().ethernet().ipv4(kLow, kHigh, fields).icmp(8, 0, 1).build();
  };
  EXPECT_EQ(sorted(fragment({.more_fragments = true})).key,
            sorted(fragment({.fragment_offset = 8})).key);
}

TEST(IcmpKey, NoPortIsTakenForOneOfIts) {
  const FlowKey key = sorted(icmp4(kLow, kHigh, 8, 0, 53)).key;
  EXPECT_FALSE(either_port(key, 53));
  EXPECT_FALSE(either_port(key, icmp_a_port(8, 0)));
  EXPECT_FALSE(either_port(sorted(icmp6("::1", "::2", 128, 53)).key, 53));
}

// The key of the flow that an error is about: what `sent` gave when it passed by itself.
void expect_error_finds(const PacketBuilder& sent, const char* router, Orientation orientation) {
  const Frame raw = sent.build();
  const Extracted flow = testing::extract(FiveTuple(), raw, LinkType::RawIp);
  const Frame error = PacketBuilder()
                          .ethernet()
                          .ipv4(router, kLow)
                          .icmp(11, 0)
                          .payload(Frame(raw.begin(), raw.begin() + 28))
                          .build();
  const testing::ExactFrame exact({error.data(), error.size()});
  const PacketView packet{.frame = exact.bytes(),
                          .wire_bytes = static_cast<uint32_t>(error.size())};
  Layers quoted;
  ASSERT_TRUE(quoted_packet(decode_frame(packet), packet, quoted));
  Extracted found;
  ASSERT_TRUE(FiveTuple().extract(quoted, packet, found.key, found.orientation));
  EXPECT_EQ(found.key, flow.key);
  EXPECT_EQ(found.orientation, orientation);
}

TEST(QuotedPacket, GivesTheKeyOfTheFlowTheErrorIsAbout) {
  const auto ip = [](const char* a, const char* b) { return PacketBuilder().ipv4(a, b); };
  expect_error_finds(ip(kLow, kHigh).tcp(1234, 80), "172.16.0.1", Orientation::Forward);
  expect_error_finds(ip(kHigh, kLow).tcp(80, 1234), "172.16.0.1", Orientation::Reverse);
  expect_error_finds(ip(kLow, kHigh).udp(1234, 53), "172.16.0.1", Orientation::Forward);
  expect_error_finds(ip(kLow, kHigh).icmp(8, 0, 0x12340001), "172.16.0.1", Orientation::Forward);
}

TEST(QuotedFlows, ABurstMayHoldIcmpWhereAnyPacketIsOne) {
  const auto burst = std::make_unique<Burst>();
  burst->count = 64;
  for (uint32_t i = 0; i < burst->count; ++i) {
    burst->layers[i].ip_protocol =
        static_cast<uint8_t>(i % 2 == 0 ? IpProtocol::Tcp : IpProtocol::Udp);
  }
  EXPECT_FALSE(may_hold_icmp(*burst));
  for (const IpProtocol icmp : {IpProtocol::Icmp, IpProtocol::IcmpV6}) {
    const uint8_t before = burst->layers[63].ip_protocol;
    burst->layers[63].ip_protocol = static_cast<uint8_t>(icmp);
    EXPECT_TRUE(may_hold_icmp(*burst));
    burst->layers[63].ip_protocol = before;
  }
}

}  // namespace
}  // namespace flowscope
