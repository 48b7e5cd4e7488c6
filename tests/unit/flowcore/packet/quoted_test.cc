#include "flowcore/packet/quoted.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <vector>

#include "flowcore/packet/decode.h"
#include "tests/support/exact_frame.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

// What a host sent, as the router that complains about it saw it.
PacketBuilder sent4(const testing::Ipv4Fields& fields = {.ttl = 1}) {
  return PacketBuilder().ipv4("10.0.0.1", "192.0.2.9", fields);
}
PacketBuilder sent6() { return PacketBuilder().ipv6("2001:db8::1", "2001:db8::9"); }

// An error of a router about the first `quoted_bytes` bytes of `about`.
Frame error4(uint8_t type, uint8_t code, Frame about, size_t quoted_bytes = SIZE_MAX) {
  about.resize(std::min(about.size(), quoted_bytes));
  return PacketBuilder()
      .ethernet()
      .vlan(7)
      .ipv4("172.16.0.1", "10.0.0.1")
      .icmp(type, code)
      .payload(about)
      .build();
}
Frame error6(uint8_t type, Frame about, size_t quoted_bytes = SIZE_MAX) {
  about.resize(std::min(about.size(), quoted_bytes));
  return PacketBuilder()
      .ethernet()
      .ipv6("2001:db8:ffff::1", "2001:db8::1")
      .icmp_v6(type, 0)
      .payload(about)
      .build();
}

struct Quoted {
  bool found = false;
  Layers layers;
};

Quoted quoted(const Frame& frame, size_t captured = SIZE_MAX) {
  const testing::ExactFrame exact(Bytes(frame.data(), frame.size()).first(captured));
  const PacketView packet{.frame = exact.bytes(),
                          .wire_bytes = static_cast<uint32_t>(frame.size())};
  Quoted result;
  result.found = quoted_packet(decode_frame(packet), packet, result.layers);
  return result;
}

void expect_ports(const Quoted& quoted, uint16_t source, uint16_t destination) {
  ASSERT_TRUE(quoted.found);
  EXPECT_EQ(quoted.layers.source_port, source);
  EXPECT_EQ(quoted.layers.destination_port, destination);
}

TEST(QuotedPacket, GivesProtocolAndPlaceOfWhatWasSent) {
  const Quoted udp = quoted(error4(3, 3, sent4().udp(5000, 53).payload("query").build()));
  expect_ports(udp, 5000, 53);
  EXPECT_EQ(udp.layers.status, DecodeStatus::Ip);
  EXPECT_EQ(udp.layers.ip_protocol, 17);
  EXPECT_EQ(udp.layers.ip_version, 4);
  EXPECT_EQ(udp.layers.ttl, 1);
  EXPECT_EQ(udp.layers.l3_offset, 14 + 4 + 20 + 8);
  EXPECT_TRUE(udp.layers.has_l4);
}

TEST(QuotedPacket, KeepsTheNetworkOfTheError) {
  const Quoted udp = quoted(error4(3, 3, sent4().udp(5000, 53).build()));
  EXPECT_EQ(udp.layers.vlan_id, 7);
  EXPECT_EQ(udp.layers.vlan_count, 1);
}

TEST(QuotedPacket, EightBytesOfTransportSuffice) {
  expect_ports(quoted(error4(11, 0, sent4().tcp(1234, 80).payload("GET /").build(), 28)), 1234, 80);
  expect_ports(quoted(error4(11, 0, sent4().sctp(36412, 36413).build(), 28)), 36412, 36413);
  expect_ports(quoted(error6(3, sent6().tcp(1234, 80).build(), 48)), 1234, 80);
}

TEST(QuotedPacket, FourBytesOfTransportSuffice) {
  expect_ports(quoted(error4(11, 0, sent4().tcp(1234, 80).build(), 24)), 1234, 80);
}

TEST(QuotedPacket, AQuoteCutInsideThePortsTellsNoFlow) {
  EXPECT_FALSE(quoted(error4(11, 0, sent4().tcp(1234, 80).build(), 23)).found);
  EXPECT_FALSE(quoted(error4(11, 0, sent4().tcp(1234, 80).build(), 20)).found);
}

TEST(QuotedPacket, PaddingOfTheFrameIsNoPartOfTheQuote) {
  Frame about = sent4().tcp(1234, 80).build();
  about.resize(22);
  const Frame frame = PacketBuilder()
                          .ethernet()
                          .ipv4("172.16.0.1", "10.0.0.1")
                          .icmp(11, 0)
                          .payload(about)
                          .pad_to(80)
                          .build();
  EXPECT_FALSE(quoted(frame).found);
}

TEST(QuotedPacket, ReadsAQuotedQuery) {
  const Quoted ping = quoted(error4(3, 1, sent4().icmp(8, 0, 0x12340001).build(), 28));
  ASSERT_TRUE(ping.found);
  EXPECT_EQ(ping.layers.icmp_type, 8);
  EXPECT_FALSE(quoted(error4(3, 1, sent4().icmp(8, 0, 0x12340001).build(), 27)).found);
}

TEST(QuotedPacket, OtherProtocolsNeedTheirAddressesOnly) {
  EXPECT_TRUE(quoted(error4(3, 2, sent4({.protocol = 50}).build())).found);
}

TEST(QuotedPacket, ReadsThePortsOfAFirstFragment) {
  const Frame first =
      sent4({.more_fragments = true}).udp(5000, 53, {.length = 4000}).payload("12345678").build();
  const Quoted udp = quoted(error4(11, 1, first));
  expect_ports(udp, 5000, 53);
  EXPECT_FALSE(udp.layers.is_fragment);
}

TEST(QuotedPacket, ALaterFragmentTellsNoFlow) {
  const Frame later = sent4({.fragment_offset = 1480, .protocol = 17}).payload("12345678").build();
  EXPECT_FALSE(quoted(error4(11, 0, later)).found);
}

TEST(QuotedPacket, OnlyErrorsQuote) {
  const Frame about = sent4().udp(5000, 53).build();
  for (const uint8_t type : std::initializer_list<uint8_t>{3, 4, 5, 11, 12})
    EXPECT_TRUE(quoted(error4(type, 0, about)).found);
  for (const uint8_t type : std::initializer_list<uint8_t>{0, 8, 9, 10, 13, 30})
    EXPECT_FALSE(quoted(error4(type, 0, about)).found);
  const Frame about6 = sent6().udp(5000, 53).build();
  for (const uint8_t type : std::initializer_list<uint8_t>{1, 2, 3, 4})
    EXPECT_TRUE(quoted(error6(type, about6)).found);
  for (const uint8_t type : std::initializer_list<uint8_t>{0, 5, 128, 137})
    EXPECT_FALSE(quoted(error6(type, about6)).found);
  EXPECT_FALSE(
      quoted(PacketBuilder().ethernet().ipv4("1.1.1.1", "2.2.2.2").udp(3, 3).build()).found);
}

TEST(QuotedPacket, ADroppedErrorTellsNoFlow) {
  const Frame frame = error4(3, 3, sent4().udp(5000, 53).build());
  const PacketView packet{.frame = {frame.data(), frame.size()}};
  Layers layers = decode_frame(packet);
  Layers quoted;
  EXPECT_TRUE(quoted_packet(layers, packet, quoted));
  for (const auto status : {DecodeStatus::BadChecksum, DecodeStatus::Duplicate}) {
    layers.status = status;
    EXPECT_FALSE(quoted_packet(layers, packet, quoted));
  }
}

TEST(QuotedPacket, ADamagedQuoteTellsNoFlow) {
  EXPECT_FALSE(quoted(error4(3, 0, sent6().udp(5000, 53).build())).found);
  EXPECT_FALSE(quoted(error6(3, sent4().udp(5000, 53).build())).found);
  EXPECT_FALSE(quoted(error4(3, 0, sent4({.header_words = 4}).udp(1, 2).build())).found);
}

TEST(QuotedPacket, PassesExtensionHeadersInTheQuote) {
  const Frame about = sent6().extension(IpProtocol::HopByHop).udp(5000, 53).build();
  expect_ports(quoted(error6(1, about)), 5000, 53);
}

// Every cut of the frame, and flipped bits: all that is found lies inside the frame.
TEST(QuotedPacket, StaysInsideOnAnyFrame) {
  constexpr uint32_t kSeed = 20261126;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  const std::vector<Frame> stock = {
      error4(3, 3, sent4().udp(5000, 53).payload("query").build()),
      error4(11, 1, sent4({.more_fragments = true}).tcp(1, 2).payload("12345678").build()),
      error4(5, 0, sent4({.options = {1, 1, 1, 0}}).icmp(8, 0).build()),
      error6(1, sent6().extension(IpProtocol::Routing).fragment({}).tcp(1, 2).build())};
  for (int round = 0; round < 20'000 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    Frame frame = stock[random() % stock.size()];
    const size_t cut = round % 2 == 0 ? frame.size() : random() % (frame.size() + 1);
    for (auto left = random() % 3; left > 0; --left)
      frame[random() % frame.size()] ^= static_cast<uint8_t>(1U << random() % 8);
    const Quoted result = quoted(frame, cut);
    if (!result.found) continue;
    EXPECT_EQ(result.layers.status, DecodeStatus::Ip);
    EXPECT_LE(result.layers.l4_offset, cut);
    EXPECT_LE(result.layers.l3_offset + (result.layers.ip_version == 6 ? 40U : 20U), cut);
    EXPECT_LE(result.layers.payload_offset + result.layers.payload_captured, cut);
  }
}

}  // namespace
}  // namespace flowscope
