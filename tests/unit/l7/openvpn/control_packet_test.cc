#include "l7/openvpn/control_packet.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/l7/openvpn/openvpn_builder.h"

namespace flowscope::openvpn {
namespace {

using test::packet;
using test::PacketSpec;

class EachDigest : public ::testing::TestWithParam<uint8_t> {};
INSTANTIATE_TEST_SUITE_P(Sizes, EachDigest, ::testing::ValuesIn(kDigestBytes));

TEST_P(EachDigest, IsToldByAClientsHardReset) {
  const std::string reset =
      packet({.opcode = Opcode::HardResetClientV2, .digest_bytes = GetParam()});
  EXPECT_EQ(digest_bytes_of(Bytes::of(reset)), GetParam());
}

TEST_P(EachDigest, IsToldByAServersHardReset) {
  const std::string reset = packet({.opcode = Opcode::HardResetServerV2,
                                    .session = test::kServerSession,
                                    .acknowledged = {0},
                                    .peer = test::kClientSession,
                                    .digest_bytes = GetParam()});
  EXPECT_EQ(digest_bytes_of(Bytes::of(reset)), GetParam());
}

TEST_P(EachDigest, IsSteppedOverToWhatThePacketBrings) {
  const std::string bytes = packet(
      {.number = 7, .payload = "of TLS", .acknowledged = {3, 4, 5}, .digest_bytes = GetParam()});
  const auto control = read_control(Bytes::of(bytes), GetParam());
  ASSERT_TRUE(control);
  EXPECT_EQ(control->number, 7U);
  EXPECT_EQ(control->session, load_be64(Bytes::of(test::kClientSession), 0));
  EXPECT_EQ(control->payload.as_text(), "of TLS");
}

TEST_P(EachDigest, CutShortAnywhereIsNoPacket) {
  const std::string bytes = packet({.acknowledged = {0}, .digest_bytes = GetParam()});
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(read_control(Bytes::of(bytes).first(size), GetParam())) << size;
  EXPECT_TRUE(read_control(Bytes::of(bytes), GetParam()));
}

TEST(ControlPacketRead, GivesAnAcknowledgementNoNumber) {
  const std::string bytes = packet({.opcode = Opcode::Ack, .acknowledged = {9}});
  const auto control = read_control(Bytes::of(bytes), 0);
  ASSERT_TRUE(control);
  EXPECT_FALSE(control->number);
}

TEST(ControlPacketRead, RefusesMoreAcknowledgementsThanAPeerSends) {
  EXPECT_TRUE(read_control(Bytes::of(packet({.acknowledged = std::vector<uint32_t>(8)})), 0));
  EXPECT_FALSE(read_control(Bytes::of(packet({.acknowledged = std::vector<uint32_t>(9)})), 0));
}

TEST(ControlPacketRead, RefusesPacketsOfTheTunnel) {
  for (const Opcode opcode : {Opcode::TunnelV1, Opcode::TunnelV2, Opcode{0}, Opcode{31}})
    EXPECT_FALSE(read_control(Bytes::of(packet({.opcode = opcode})), 0));
}

// With --tls-crypt what follows the session is a number, a time, a tag and then encrypted.
TEST(DigestSize, IsNotToldByAnEncryptedReset) {
  const std::string reset = "\x38" + test::kClientSession + test::u32(1) + test::u32(1'600'000'000)
                            + std::string(32, '\xa5') + "\x91\x02\xf3\x44\x75";
  ASSERT_EQ(reset.size(), 54U) << "as long as with a digest of 32 bytes";
  EXPECT_FALSE(digest_bytes_of(Bytes::of(reset)));
}

TEST(DigestSize, IsNotToldByOtherPackets) {
  EXPECT_FALSE(digest_bytes_of(Bytes::of(packet({.opcode = Opcode::Control}))));
  EXPECT_FALSE(digest_bytes_of(Bytes{}));
}

}  // namespace
}  // namespace flowscope::openvpn
