#include "dataplane/pipeline/steer_hash.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dataplane/pipeline/share.h"
#include "tests/support/packet_builder.h"
#include "tests/support/steer_checks.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

const SteerHash& steer() {
  static const SteerHash hash(1, 2);
  return hash;
}

PacketView view_of(const Frame& frame) {
  return {.frame = {frame.data(), frame.size()}, .wire_bytes = static_cast<uint32_t>(frame.size())};
}

bool is_told(const PacketBuilder& builder, const Decap& decap = kNoDecap) {
  const Frame frame = builder.build();
  return testing::check_glance(steer(), view_of(frame), decap);
}

PacketBuilder v4(const testing::Ipv4Fields& fields = {}) {
  return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2", fields);
}
PacketBuilder v6() { return PacketBuilder().ethernet().ipv6("2001:db8::1", "2001:db8::2"); }
const std::string kText(20, 'x');

TEST(SteerHash, TellsAtAGlanceOfPlainPacketsWhatTheKeyTells) {
  EXPECT_TRUE(is_told(v4().tcp(1234, 80)));
  EXPECT_TRUE(is_told(v4().udp(1234, 53).payload(kText)));
  EXPECT_TRUE(is_told(v6().tcp(1234, 80)));
  EXPECT_TRUE(is_told(v6().udp(1234, 53).payload(kText)));
  EXPECT_TRUE(
      is_told(PacketBuilder().ethernet().vlan(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 80)));
  EXPECT_TRUE(is_told(
      PacketBuilder().ethernet().vlan(5).vlan(6).ipv6("2001:db8::1", "2001:db8::2").tcp(1, 2)));
}

TEST(SteerHash, LooksCloserWhereMoreThanEndpointsDecides) {
  EXPECT_FALSE(is_told(v4({.more_fragments = true}).tcp(1234, 80)));
  EXPECT_FALSE(is_told(v4({.options = {1, 1, 1, 1}}).tcp(1234, 80)));
  EXPECT_FALSE(is_told(v6().extension(IpProtocol::HopByHop).tcp(1234, 80)));
  EXPECT_FALSE(is_told(v4().icmp(8, 0).payload(kText)));
  EXPECT_FALSE(is_told(v4().sctp(1234, 80).payload(kText)));
  EXPECT_FALSE(is_told(
      PacketBuilder().ethernet().vlan(1).vlan(2).vlan(3).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2)));
  const PacketBuilder tunnel = v4().udp(50'000, 4789).payload(std::string(60, 'x'));
  EXPECT_TRUE(is_told(tunnel)) << "nothing is taken off";
  EXPECT_FALSE(is_told(tunnel, Decap::all()));
}

TEST(SteerHash, LooksCloserWhereLengthsLeaveNoPorts) {
  EXPECT_FALSE(is_told(v4({.total_length = 22}).tcp(1234, 80)));
  EXPECT_FALSE(is_told(v4({.total_length = 0}).tcp(1234, 80))) << "a card segments it";
  Frame frame = v6().tcp(1234, 80).build();
  for (size_t size = 0; size < frame.size(); ++size) {
    const Frame cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    testing::check_glance(steer(), view_of(cut), kNoDecap);
  }
  EXPECT_FALSE(
      is_told(PacketBuilder().ethernet().ipv6("::1", "::2", {.payload_length = 3}).tcp(1, 2)));
}

TEST(SteerHash, AgreesWithTheKeyHoweverHeadersAreDamaged) {
  constexpr uint32_t kSeed = 20'261'127;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  const std::vector<Frame> frames = {
      v4().tcp(1234, 80).payload(kText).build(), v4().udp(1234, 53).payload(kText).build(),
      v6().tcp(1234, 80).build(), v6().udp(1234, 53).payload(kText).build(),
      PacketBuilder().ethernet().vlan(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2).build()};
  uint32_t told = 0;
  const Decap all = Decap::all();
  for (uint32_t i = 0; i < 20'000; ++i) {
    Frame frame = frames[i % frames.size()];
    for (uint32_t damaged = random() % 4; damaged != 0; --damaged)
      frame[12 + random() % (frame.size() - 12)] = static_cast<uint8_t>(random());
    if (random() % 8 == 0) frame.resize(random() % frame.size());
    told += testing::check_glance(steer(), view_of(frame), all) ? 1 : 0;
  }
  EXPECT_GT(told, 5'000U);
}

TEST(SteerHash, SpreadsFlowsEvenlyAndOtherwiseUnderAnotherSeed) {
  constexpr uint32_t kFlows = 8192;
  const SteerHash other(1, 3);
  for (const uint32_t workers : {2U, 3U, 8U}) {
    std::vector<uint32_t> owned(workers);
    uint32_t same = 0;
    FlowKey key{.a_port = 443, .protocol = 6, .ip_version = 4};
    for (uint32_t flow = 0; flow < kFlows; ++flow) {
      key.b_address = {10, 0, static_cast<uint8_t>(flow >> 8), static_cast<uint8_t>(flow)};
      const uint32_t owner = owner_of(steer()(key), workers);
      ++owned.at(owner);
      same += owner == owner_of(other(key), workers) ? 1 : 0;
    }
    const double even = static_cast<double>(kFlows) / workers;
    for (const uint32_t each : owned) EXPECT_NEAR(each, even, even / 8);
    EXPECT_NEAR(same, even, even / 4);
  }
}

TEST(SteerHash, TellsEndpointsApartByEachOfTheirParts) {
  FlowKey key{.a_port = 1, .b_port = 2, .protocol = 6, .ip_version = 6};
  const uint64_t hash = steer()(key);
  for (size_t i = 0; i < key.a_address.size(); ++i) {
    FlowKey changed = key;
    changed.a_address.at(i) = 1;
    EXPECT_NE(steer()(changed), hash) << i;
  }
  FlowKey changed = key;
  changed.b_port = 3;
  EXPECT_NE(steer()(changed), hash);
  std::swap(key.a_port, key.b_port);
  std::swap(key.a_address, key.b_address);
  EXPECT_EQ(steer()(key), hash);
}

}  // namespace
}  // namespace flowscope
