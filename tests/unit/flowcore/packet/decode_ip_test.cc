#include <gtest/gtest.h>

#include <algorithm>

#include "flowcore/packet/decode.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/read_ip.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

constexpr const char* kSource4 = "10.1.2.3";
constexpr const char* kDestination4 = "192.168.200.100";
constexpr const char* kSource6 = "2001:db8::1:2";
constexpr const char* kDestination6 = "fe80::aaaa:bbbb";

Layers decode(const Frame& frame) {
  return decode_frame(
      {.frame = {frame.data(), frame.size()}, .wire_bytes = static_cast<uint32_t>(frame.size())});
}

PacketBuilder ipv4(const testing::Ipv4Fields& fields = {}) {
  return PacketBuilder().ethernet().ipv4(kSource4, kDestination4, fields);
}
PacketBuilder ipv6(const testing::Ipv6Fields& fields = {}) {
  return PacketBuilder().ethernet().ipv6(kSource6, kDestination6, fields);
}

TEST(DecodeIpv4, ReadsTtlAndProtocol) {
  const Layers layers = decode(ipv4({.ttl = 17}).tcp(1, 2).build());
  EXPECT_EQ(layers.ip_version, 4);
  EXPECT_EQ(layers.ip_protocol, 6);
  EXPECT_EQ(layers.ttl, 17);
  EXPECT_EQ(layers.l4_offset, 34);
}

TEST(DecodeIpv4, OptionsMoveTheTransportHeader) {
  const Layers layers = decode(ipv4({.options = Frame(40, 1)}).tcp(1, 2).payload("abc").build());
  EXPECT_EQ(layers.l4_offset, 14 + 60);
  EXPECT_EQ(layers.payload_bytes, 3);
}

TEST(DecodeIpv4, LinkPaddingIsNoPayload) {
  const Layers layers = decode(ipv4().tcp(1, 2).pad_to(60).build());
  EXPECT_EQ(layers.payload_bytes, 0);
  EXPECT_EQ(layers.payload_captured, 0);
  EXPECT_EQ(layers.payload_offset, 54);
}

TEST(DecodeIpv4, ACutCaptureIsDecodedAsFarAsItGoes) {
  Frame frame = ipv4().tcp(1, 2).payload("0123456789").build();
  frame.resize(frame.size() - 4);
  const Layers layers = decode(frame);
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.payload_bytes, 10);
  EXPECT_EQ(layers.payload_captured, 6);
}

TEST(DecodeIpv4, TotalLengthZeroStandsForTheFrameOnTheWire) {
  const Frame frame = ipv4({.total_length = 0}).tcp(1, 2).payload("0123456789").build();
  const Layers layers = decode_frame({.frame = {frame.data(), frame.size()},
                                      .wire_bytes = static_cast<uint32_t>(frame.size() + 500)});
  EXPECT_EQ(layers.payload_bytes, 510);
  EXPECT_EQ(layers.payload_captured, 10);
}

TEST(DecodeIpv4, EveryFragmentIsFlaggedAndHasNoPorts) {
  const Layers first = decode(ipv4({.more_fragments = true}).udp(1, 2).payload("12345678").build());
  const Layers later =
      decode(ipv4({.fragment_offset = 1480, .protocol = 17}).payload("12345678").build());
  for (const Layers& layers : {first, later}) {
    EXPECT_EQ(layers.status, DecodeStatus::Ip);
    EXPECT_TRUE(layers.is_fragment);
    EXPECT_FALSE(layers.has_l4);
    EXPECT_EQ(layers.source_port, 0);
    EXPECT_EQ(layers.ip_protocol, 17);
    EXPECT_EQ(layers.payload_offset, 34) << "the fragment's bytes, for whoever puts them together";
  }
  EXPECT_EQ(first.l4_offset, 34);
  EXPECT_EQ(first.payload_bytes, 16);
  EXPECT_EQ(later.l4_offset, 0) << "the upper-layer header is in another packet";
  EXPECT_EQ(later.payload_bytes, 8);
}

TEST(DecodeIpv4, DontFragmentIsNoFragment) {
  EXPECT_TRUE(decode(ipv4({.dont_fragment = true}).tcp(1, 2).build()).has_l4);
}

TEST(DecodeIpv4, FollowsAnAuthenticationHeader) {
  const Layers layers = decode(ipv4().authentication().tcp(1, 2).payload("x").build());
  EXPECT_EQ(layers.ip_protocol, 6);
  EXPECT_EQ(layers.destination_port, 2);
}

TEST(DecodeIpv4, ContradictionsAreMalformed) {
  EXPECT_EQ(decode(ipv4({.version = 5}).tcp(1, 2).build()).status, DecodeStatus::Malformed);
  EXPECT_EQ(decode(ipv4({.header_words = 4}).tcp(1, 2).build()).status, DecodeStatus::Malformed);
  EXPECT_EQ(decode(ipv4({.total_length = 19}).tcp(1, 2).build()).status, DecodeStatus::Malformed);
  EXPECT_EQ(decode(ipv4({.total_length = 40, .header_words = 15}).tcp(1, 2).build()).status,
            DecodeStatus::Malformed);
}

TEST(DecodeIpv4, OtherProtocolsHaveAnL4OffsetAndNoPorts) {
  const Layers igmp = decode(ipv4({.protocol = 2}).payload("eight...").build());
  EXPECT_EQ(igmp.status, DecodeStatus::Ip);
  EXPECT_EQ(igmp.ip_protocol, 2);
  EXPECT_EQ(igmp.l4_offset, 34);
  EXPECT_FALSE(igmp.has_l4);
  EXPECT_EQ(igmp.source_port, 0);
  EXPECT_EQ(igmp.payload_bytes, 8);
}

TEST(DecodeIpv4, APayloadMayReachBeyond65535BytesOfTheFrame) {
  Frame frame = ipv4({.total_length = 65535}).udp(1, 2, {.length = 65515}).build();
  frame.resize(100'000);
  const Layers layers = decode(frame);
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.payload_offset, 42);
  EXPECT_EQ(layers.payload_bytes, 65507);
  EXPECT_EQ(layers.payload_captured, 65507);
}

// What reading gives of a raw packet at `l3_offset` of a frame with much room before and behind.
Layers read_far_out(const Frame& packet, uint16_t l3_offset) {
  Frame frame(100'000);
  std::copy(packet.begin(), packet.end(), frame.begin() + l3_offset);
  Layers layers;
  layers.l3_offset = l3_offset;
  read_ip({frame.data(), frame.size()}, 4, static_cast<uint32_t>(packet.size()), layers);
  return layers;
}

TEST(DecodeIpv4, AnIpHeaderAcross65535BytesOfTheFrameIsTruncated) {
  const Frame packet = PacketBuilder().ipv4(kSource4, kDestination4).tcp(1, 2).build();
  EXPECT_EQ(read_far_out(packet, 65535 - 20).status, DecodeStatus::Ip);
  EXPECT_EQ(read_far_out(packet, 65535 - 19).status, DecodeStatus::Truncated);
}

TEST(DecodeIpv4, BehindATransportHeaderAcross65535BytesOfTheFrameNoPayloadIsFound) {
  const Frame packet =
      PacketBuilder().ipv4(kSource4, kDestination4).tcp(1, 2).payload("abc").build();
  EXPECT_EQ(read_far_out(packet, 65535 - 40).payload_captured, 3);
  const Layers layers = read_far_out(packet, 65535 - 39);
  EXPECT_EQ(layers.payload_offset, 65535);
  EXPECT_EQ(layers.payload_bytes, 3);
  EXPECT_EQ(layers.payload_captured, 0);
}

TEST(DecodeIpv6, ReadsHopLimitAndNextHeader) {
  const Layers layers = decode(ipv6({.hop_limit = 3}).udp(5, 6).payload("abc").build());
  EXPECT_EQ(layers.ip_version, 6);
  EXPECT_EQ(layers.ip_protocol, 17);
  EXPECT_EQ(layers.ttl, 3);
  EXPECT_EQ(layers.l4_offset, 54);
  EXPECT_EQ(layers.payload_bytes, 3);
}

TEST(DecodeIpv6, AnotherVersionIsMalformed) {
  EXPECT_EQ(decode(ipv6({.version = 4}).udp(5, 6).build()).status, DecodeStatus::Malformed);
}

TEST(DecodeIpv6, PassesEveryExtensionHeader) {
  for (const IpProtocol kind :
       {IpProtocol::HopByHop, IpProtocol::Routing, IpProtocol::DestinationOptions,
        IpProtocol::Mobility, IpProtocol::Hip, IpProtocol::Shim6}) {
    const Layers layers = decode(ipv6().extension(kind, 3).udp(5, 6).payload("abc").build());
    EXPECT_EQ(layers.ip_protocol, 17) << static_cast<int>(kind);
    EXPECT_EQ(layers.l4_offset, 54 + 24);
    EXPECT_EQ(layers.destination_port, 6);
    EXPECT_EQ(layers.payload_bytes, 3);
  }
}

TEST(DecodeIpv6, AuthenticationHeaderCountsWords) {
  const Layers layers = decode(ipv6().authentication(20).udp(5, 6).build());
  EXPECT_EQ(layers.l4_offset, 54 + 32);
  EXPECT_EQ(layers.destination_port, 6);
}

TEST(DecodeIpv6, StopsAtEspAndAtNoNextHeader) {
  const Layers esp = decode(ipv6({.next_header = 50}).payload(Frame(40, 6)).build());
  EXPECT_EQ(esp.status, DecodeStatus::Ip);
  EXPECT_EQ(esp.ip_protocol, 50);
  EXPECT_FALSE(esp.has_l4);
  const Layers nothing = decode(ipv6({.next_header = 59}).build());
  EXPECT_EQ(nothing.status, DecodeStatus::Ip);
  EXPECT_EQ(nothing.ip_protocol, 59);
  EXPECT_EQ(nothing.payload_bytes, 0);
}

TEST(DecodeIpv6, EveryFragmentIsFlaggedAndHasNoPorts) {
  const Layers first =
      decode(ipv6().fragment({.more_fragments = true}).udp(5, 6).payload("12345678").build());
  const Layers later = decode(
      ipv6().fragment({.fragment_offset = 16, .next_header = 17}).payload("12345678").build());
  for (const Layers& layers : {first, later}) {
    EXPECT_TRUE(layers.is_fragment);
    EXPECT_FALSE(layers.has_l4);
    EXPECT_EQ(layers.ip_protocol, 17);
    EXPECT_EQ(layers.destination_port, 0);
    EXPECT_EQ(layers.payload_offset, 62);
  }
  EXPECT_EQ(first.l4_offset, 62);
  EXPECT_EQ(later.l4_offset, 0);
}

TEST(DecodeIpv6, AnAtomicFragmentIsAWholePacket) {
  const Layers layers = decode(ipv6().fragment({}).udp(5, 6).payload("abc").build());
  EXPECT_FALSE(layers.is_fragment);
  EXPECT_EQ(layers.destination_port, 6);
}

TEST(DecodeIpv6, PassesAsManyExtensionHeadersAsTheLimit) {
  PacketBuilder builder = ipv6();
  for (uint32_t i = 0; i < kIpv6ExtensionsMax; ++i)
    builder.extension(IpProtocol::DestinationOptions);
  EXPECT_EQ(decode(PacketBuilder(builder).udp(5, 6).build()).destination_port, 6);
  builder.extension(IpProtocol::DestinationOptions);
  EXPECT_EQ(decode(PacketBuilder(builder).udp(5, 6).build()).status, DecodeStatus::Malformed);
}

TEST(DecodeIpv6, AnExtensionHeaderLongerThanThePacketIsMalformed) {
  Frame frame = ipv6().extension(IpProtocol::DestinationOptions).udp(5, 6).build();
  frame[55] = 2;  // 24 bytes, of 16
  frame.resize(200);
  EXPECT_EQ(decode(frame).status, DecodeStatus::Malformed);
}

TEST(DecodeIpv6, ACutInsideTheExtensionChainIsTruncated) {
  Frame frame = ipv6().extension(IpProtocol::Routing, 4).udp(5, 6).build();
  frame.resize(14 + 40 + 20);
  EXPECT_EQ(decode(frame).status, DecodeStatus::Truncated);
}

TEST(DecodeIpv6, PayloadLengthZeroStandsForTheRestOfTheFrame) {
  const Layers layers = decode(
      ipv6({.payload_length = 0}).extension(IpProtocol::HopByHop).tcp(1, 2).payload("abc").build());
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.payload_bytes, 3);
}

}  // namespace
}  // namespace flowscope
