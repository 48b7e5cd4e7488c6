#include "flowcore/extract/inner_extractors.h"

#include <gtest/gtest.h>

#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/flow_label.h"
#include "flowcore/packet/decode.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

const FiveTuple kTuple = FiveTuple::bidirectional();

struct Extracted {
  bool has_key = false;
  FlowKey key;
  Orientation orientation = Orientation::Forward;
  Layers layers;
};

template <class E>
Extracted extract(const E& extractor, const Frame& frame) {
  const PacketView packet{.frame = {frame.data(), frame.size()},
                          .wire_bytes = static_cast<uint32_t>(frame.size())};
  Extracted result;
  result.layers = decode_frame(packet);
  result.has_key = extractor.extract(result.layers, packet, result.key, result.orientation);
  return result;
}

PacketBuilder outer() { return PacketBuilder().ethernet().ipv4("192.0.2.1", "192.0.2.2"); }

// A header as it is on the wire, then an inner packet.
Frame with_inner(PacketBuilder around, const Frame& header, const PacketBuilder& inner) {
  Frame payload = header;
  const Frame packet = inner.build();
  payload.insert(payload.end(), packet.begin(), packet.end());
  return around.payload(payload).build();
}

const Frame kVxlan = {0x08, 0, 0, 0, 0, 0, 5, 0};
const Frame kGtpU = {0x30, 0xff, 0, 0, 0, 0, 0, 9};

PacketBuilder inner_ip() {
  return PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").tcp(1000, 80, {.seq = 77}).payload("inner");
}
PacketBuilder inner_ethernet() {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(1000, 80, {.seq = 77})
      .payload("inner");
}
const FlowKey kInnerKey = [] {
  return extract(kTuple,
                 PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").tcp(1000, 80).build())
      .key;
}();

void expect_inner(const Extracted& result, const Frame& frame) {
  ASSERT_TRUE(result.has_key);
  EXPECT_EQ(result.key, kInnerKey);
  EXPECT_EQ(result.layers.tcp_seq, 77U);
  EXPECT_EQ(Bytes(frame.data(), frame.size())
                .sub(result.layers.payload_offset, result.layers.payload_captured)
                .as_text(),
            "inner")
      << "offsets are absolute in the frame";
}

TEST(InnerExtractors, VxlanTakesEitherPort) {
  const Frame there = with_inner(outer().udp(50000, 4789), kVxlan, inner_ethernet());
  const Frame back = with_inner(outer().udp(4789, 50000), kVxlan, inner_ethernet());
  expect_inner(extract(InnerVxlan(kTuple), there), there);
  expect_inner(extract(InnerVxlan(kTuple), back), back);
}

TEST(InnerExtractors, VxlanOnAPortOfTheUsersIsNotOnTheUsualOne) {
  const Frame usual = with_inner(outer().udp(50000, 4789), kVxlan, inner_ethernet());
  const Frame users = with_inner(outer().udp(50000, 14789), kVxlan, inner_ethernet());
  expect_inner(extract(InnerVxlan(kTuple, 14789), users), users);
  EXPECT_FALSE(extract(InnerVxlan(kTuple, 14789), usual).has_key);
  EXPECT_FALSE(extract(InnerVxlan(kTuple), users).has_key);
}

TEST(InnerExtractors, WithoutTheEncapsulationThereIsNoKeyAndLayersStay) {
  const Frame plain = outer().udp(50000, 53).payload("dns").build();
  const Extracted result = extract(InnerVxlan(kTuple), plain);
  EXPECT_FALSE(result.has_key);
  EXPECT_EQ(result.layers.destination_port, 53);
}

TEST(InnerExtractors, GtpUGivesTheUsersFlow) {
  const Frame frame = with_inner(outer().udp(2152, 2152), kGtpU, inner_ip());
  expect_inner(extract(InnerGtpU(kTuple), frame), frame);
}

TEST(InnerExtractors, IpInIpGivesTheInnerFlow) {
  const Frame frame =
      outer().ipv4("10.0.0.1", "10.0.0.2").tcp(1000, 80, {.seq = 77}).payload("inner").build();
  expect_inner(extract(InnerIp(kTuple), frame), frame);
  EXPECT_EQ(extract(kTuple, frame).key.protocol, 4) << "without it: the outer packet";
}

TEST(InnerExtractors, MplsStacksOfOneToSixteenLabelsAreTakenOff) {
  for (size_t labels = 1; labels <= 16; ++labels) {
    SCOPED_TRACE(labels);
    Frame stack;
    for (size_t i = 1; i <= labels; ++i) {
      stack.insert(stack.end(), {0, 1, static_cast<uint8_t>(i == labels ? 1 : 0), 64});
    }
    for (const uint16_t type : {uint16_t{0x8847}, uint16_t{0x8848}}) {
      const Frame frame =
          with_inner(PacketBuilder().ethernet({.ether_type = type}), stack, inner_ip());
      expect_inner(extract(StripMpls(kTuple), frame), frame);
    }
  }
}

TEST(InnerExtractors, MplsStackWithoutABottomHasNoKey) {
  const Frame stack(400);
  EXPECT_FALSE(
      extract(StripMpls(kTuple),
              with_inner(PacketBuilder().ethernet({.ether_type = 0x8847}), stack, inner_ip()))
          .has_key);
}

TEST(InnerExtractors, NestAsTheHeadersDo) {
  // Tagged frame, VXLAN, in it GRE (protocol type IPv4).
  const Frame gre = {0, 0, 0x08, 0};
  const Frame within =
      with_inner(PacketBuilder().ethernet().ipv4("172.16.0.1", "172.16.0.2", {.protocol = 47}), gre,
                 inner_ip());
  Frame payload = kVxlan;
  payload.insert(payload.end(), within.begin(), within.end());
  const Frame frame = PacketBuilder()
                          .ethernet()
                          .vlan(7)
                          .ipv4("192.0.2.1", "192.0.2.2")
                          .udp(50000, 4789)
                          .payload(payload)
                          .build();
  expect_inner(extract(StripVlan(InnerVxlan(InnerGre(kTuple))), frame), frame);
  EXPECT_FALSE(extract(InnerGre(InnerVxlan(kTuple)), frame).has_key) << "in the other order";
}

TEST(InnerExtractors, AutoDetectEncapTakesPlainAndTunnelledPackets) {
  const Frame plain = PacketBuilder()
                          .ethernet()
                          .ipv4("10.0.0.1", "10.0.0.2")
                          .tcp(1000, 80, {.seq = 77})
                          .payload("inner")
                          .build();
  const Frame vxlan = with_inner(outer().udp(50000, 4789), kVxlan, inner_ethernet());
  const Frame gtp_u = with_inner(outer().udp(2152, 2152), kGtpU, inner_ip());
  for (const Frame& frame : {plain, vxlan, gtp_u}) {
    expect_inner(extract(AutoDetectEncap(kTuple), frame), frame);
  }
}

TEST(InnerExtractors, AutoDetectEncapLeavesOnWhatItsMaskLacks) {
  const Frame vxlan = with_inner(outer().udp(50000, 4789), kVxlan, inner_ethernet());
  const Extracted result = extract(AutoDetectEncap(kTuple, Decap::of({EncapKind::GtpU})), vxlan);
  ASSERT_TRUE(result.has_key);
  EXPECT_EQ(result.key.protocol, 17);
}

TEST(InnerExtractors, LabelsOfInnerPacketsTellDirectionalFlowsApart) {
  const auto labelled = [](uint32_t label) {
    return with_inner(outer().udp(50000, 4789), kVxlan,
                      PacketBuilder()
                          .ethernet()
                          .ipv6("2001:db8::1", "2001:db8::2", {.flow_label = label})
                          .tcp(1000, 80));
  };
  const FlowLabel directional{InnerVxlan(FiveTuple::directional())};
  const FlowLabel bidirectional{InnerVxlan(kTuple)};
  EXPECT_NE(extract(directional, labelled(1)).key, extract(directional, labelled(2)).key);
  EXPECT_EQ(extract(bidirectional, labelled(1)).key, extract(bidirectional, labelled(2)).key);
}

}  // namespace
}  // namespace flowscope
