#include <gtest/gtest.h>

#include "flowcore/packet/decode.h"
#include "tests/support/exact_frame.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

PacketBuilder ipv4(const testing::Ipv4Fields& fields = {}) {
  return PacketBuilder().ethernet().ipv4("10.1.2.3", "192.168.200.100", fields);
}

// Decodes the first `captured` bytes of the frame.
Layers decode(const Frame& frame, size_t captured = SIZE_MAX) {
  const testing::ExactFrame exact(Bytes(frame.data(), frame.size()).first(captured));
  return decode_frame({.frame = exact.bytes(), .wire_bytes = static_cast<uint32_t>(frame.size())});
}

TEST(DecodeIcmp, ReadsTypeAndCode) {
  const Layers layers = decode(ipv4().icmp(3, 13, 7).payload("abc").build());
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.icmp_type, 3);
  EXPECT_EQ(layers.icmp_code, 13);
}

TEST(DecodeIcmp, ReadsTypeAndCodeOfVersion6) {
  const Frame frame =
      PacketBuilder().ethernet().ipv6("fe80::1", "ff02::1").icmp_v6(134, 9).payload("x").build();
  const Layers layers = decode(frame);
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.icmp_type, 134);
  EXPECT_EQ(layers.icmp_code, 9);
}

TEST(DecodeIcmp, ThePayloadFollowsEightBytes) {
  const Layers layers = decode(ipv4().icmp(8, 0, 1).payload("ping").build());
  EXPECT_EQ(layers.payload_offset, 34 + 8);
  EXPECT_EQ(layers.payload_bytes, 4);
  EXPECT_EQ(layers.payload_captured, 4);
}

TEST(DecodeIcmp, HasNoPorts) {
  const Layers layers = decode(ipv4().icmp(8, 0, 0x00010002).payload("ping").build());
  EXPECT_EQ(layers.source_port, 0);
  EXPECT_EQ(layers.destination_port, 0);
}

TEST(DecodeIcmp, TheFirstFourBytesAreEnough) {
  const Layers layers = decode(ipv4().icmp(8, 3, 1).payload("ping").build(), 34 + 4);
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.icmp_code, 3);
  EXPECT_EQ(layers.payload_offset, 34 + 4);
  EXPECT_EQ(layers.payload_bytes, 4);
  EXPECT_EQ(layers.payload_captured, 0);
}

TEST(DecodeIcmp, FewerBytesAreNoTransport) {
  const Layers layers = decode(ipv4().icmp(8, 3, 1).payload("ping").build(), 34 + 3);
  EXPECT_EQ(layers.status, DecodeStatus::Ip);
  EXPECT_FALSE(layers.has_l4);
  EXPECT_EQ(layers.icmp_type, 0);
  EXPECT_EQ(layers.payload_offset, 34);
}

TEST(DecodeIcmp, AMessageOfFourBytesHasNoPayload) {
  const Layers layers = decode(ipv4({.total_length = 24}).icmp(8, 0).pad_to(60).build());
  EXPECT_TRUE(layers.has_l4);
  EXPECT_EQ(layers.payload_offset, 34 + 4);
  EXPECT_EQ(layers.payload_bytes, 0);
}

TEST(DecodeIcmp, FragmentsHaveNoType) {
  const Layers layers = decode(ipv4({.more_fragments = true}).icmp(8, 0).payload("ping").build());
  EXPECT_FALSE(layers.has_l4);
  EXPECT_EQ(layers.icmp_type, 0);
}

}  // namespace
}  // namespace flowscope
