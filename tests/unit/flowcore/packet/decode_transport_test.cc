#include <gtest/gtest.h>

#include "flowcore/packet/decode.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

Layers decode(const Frame& frame) {
  return decode_frame(
      {.frame = {frame.data(), frame.size()}, .wire_bytes = static_cast<uint32_t>(frame.size())});
}

PacketBuilder ipv4(const testing::Ipv4Fields& fields = {}) {
  return PacketBuilder().ethernet().ipv4("10.1.2.3", "192.168.200.100", fields);
}

// Status Ip, but of the transport header nothing but the ports (1 and 2) is known: the payload is
// all that IP carries.
void expect_ports_only(const Layers& layers, uint16_t ip_payload_bytes) {
  EXPECT_EQ(layers.status, DecodeStatus::Ip);
  EXPECT_FALSE(layers.has_l4);
  EXPECT_EQ(layers.source_port, 1);
  EXPECT_EQ(layers.destination_port, 2);
  EXPECT_EQ(layers.tcp_flags, 0);
  EXPECT_EQ(layers.payload_offset, 34);
  EXPECT_EQ(layers.payload_bytes, ip_payload_bytes);
}

TEST(DecodeTcp, ReadsEveryField) {
  const Layers layers = decode(ipv4()
                                   .tcp(40000, 443,
                                        {.seq = 0xdeadbeef,
                                         .ack = 0x01020304,
                                         .flags = tcp_flag::kSyn | tcp_flag::kCwr,
                                         .window = 512})
                                   .payload("hello")
                                   .build());
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.source_port, 40000);
  EXPECT_EQ(layers.destination_port, 443);
  EXPECT_EQ(layers.tcp_seq, 0xdeadbeefU);
  EXPECT_EQ(layers.tcp_ack, 0x01020304U);
  EXPECT_EQ(layers.tcp_flags, tcp_flag::kSyn | tcp_flag::kCwr);
  EXPECT_EQ(layers.tcp_window, 512);
  EXPECT_EQ(layers.payload_offset, 54);
  EXPECT_EQ(layers.payload_bytes, 5);
}

TEST(DecodeTcp, OptionsAreNoPayload) {
  const Layers layers = decode(ipv4().tcp(1, 2, {.options = Frame(40, 1)}).payload("abc").build());
  EXPECT_EQ(layers.payload_offset, 34 + 60);
  EXPECT_EQ(layers.payload_bytes, 3);
}

TEST(DecodeTcp, CutOptionsLeaveThePorts) {
  Frame frame = ipv4().tcp(1, 2, {.options = Frame(12, 1)}).payload("abc").build();
  frame.resize(60);
  const Layers layers = decode(frame);
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.destination_port, 2);
  EXPECT_EQ(layers.payload_bytes, 3);
  EXPECT_EQ(layers.payload_captured, 0);
  EXPECT_EQ(layers.payload_offset, 60) << "never outside the frame";
}

TEST(DecodeTcp, ACutFixedHeaderLeavesThePorts) {
  Frame frame = ipv4().tcp(1, 2).payload("abc").build();
  frame.resize(34 + 19);
  expect_ports_only(decode(frame), 23);
}

TEST(DecodeTcp, AnImpossibleDataOffsetLeavesThePorts) {
  expect_ports_only(decode(ipv4().tcp(1, 2, {.header_words = 4}).payload("abcd").build()), 24);
  expect_ports_only(decode(ipv4().tcp(1, 2, {.header_words = 7}).payload("abcd").build()), 24);
}

TEST(DecodeTcp, APacketTooShortForTheHeaderLeavesThePorts) {
  // The frame has the bytes, but IP says that they are padding.
  expect_ports_only(decode(ipv4({.total_length = 39}).tcp(1, 2).pad_to(60).build()), 19);
}

TEST(DecodeUdp, PayloadIsTheSmallerOfBothLengths) {
  EXPECT_EQ(decode(ipv4().udp(1, 2, {.length = 10}).payload("abcd").build()).payload_bytes, 2);
  EXPECT_EQ(decode(ipv4().udp(1, 2, {.length = 900}).payload("abcd").build()).payload_bytes, 4);
}

TEST(DecodeUdp, LengthZeroStandsForTheIpPayload) {
  EXPECT_EQ(decode(ipv4().udp(1, 2, {.length = 0}).payload("abcd").build()).payload_bytes, 4);
}

TEST(DecodeUdp, ALengthBelowTheHeaderLeavesThePorts) {
  expect_ports_only(decode(ipv4().udp(1, 2, {.length = 7}).payload("abcd").build()), 12);
}

TEST(DecodeUdp, ACutHeaderLeavesThePorts) {
  Frame frame = ipv4().udp(1, 2).payload("abcd").build();
  frame.resize(34 + 7);
  expect_ports_only(decode(frame), 12);
}

TEST(DecodeSctp, ReadsThePorts) {
  const Layers layers = decode(ipv4().sctp(36412, 36413).payload("chunk").build());
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.source_port, 36412);
  EXPECT_EQ(layers.destination_port, 36413);
  EXPECT_EQ(layers.payload_offset, 34 + 12);
  EXPECT_EQ(layers.payload_bytes, 5);
}

TEST(DecodeSctp, ACutHeaderLeavesThePorts) {
  Frame frame = ipv4().sctp(1, 2).payload("chunk").build();
  frame.resize(34 + 11);
  expect_ports_only(decode(frame), 17);
}

TEST(DecodeTransport, PortsAreKnownFromFourBytesOn) {
  for (const Frame& whole :
       {ipv4().tcp(1, 2).build(), ipv4().udp(1, 2).build(), ipv4().sctp(1, 2).build()}) {
    Frame frame = whole;
    frame.resize(34 + 4);
    EXPECT_EQ(decode(frame).destination_port, 2);
    frame.resize(34 + 3);
    EXPECT_EQ(decode(frame).source_port, 0);
    EXPECT_EQ(decode(frame).destination_port, 0);
  }
}

TEST(DecodeTransport, NoCapturedByteMeansNoOffset) {
  Frame frame = ipv4().tcp(1, 2).build();
  frame.resize(34);
  const Layers layers = decode(frame);
  EXPECT_EQ(layers.status, DecodeStatus::Ip);
  EXPECT_EQ(layers.l4_offset, 0);
  EXPECT_EQ(layers.payload_bytes, 20);
  EXPECT_EQ(layers.payload_captured, 0);
}

}  // namespace
}  // namespace flowscope
