#include "tests/support/packet_builder.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

// RFC 1071: over bytes with a right checksum among them the folded sum is all ones.
uint32_t folded_sum(const Frame& bytes, size_t first, size_t last) {
  uint32_t sum = 0;
  for (size_t i = first; i < last; ++i) sum += (i - first) % 2 == 0 ? bytes[i] * 256U : bytes[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

TEST(PacketBuilder, WritesTheIpv4HeaderOfRfc791) {
  const Frame frame = PacketBuilder()
                          .ipv4("10.0.0.1", "10.0.0.2", {.ttl = 9, .identification = 0x1234})
                          .udp(1, 2)
                          .build();
  ASSERT_EQ(frame.size(), 28U);
  EXPECT_EQ(Frame(frame.begin(), frame.begin() + 10),
            (Frame{0x45, 0, 0, 28, 0x12, 0x34, 0, 0, 9, 17}));
  EXPECT_EQ(Frame(frame.begin() + 12, frame.begin() + 20), (Frame{10, 0, 0, 1, 10, 0, 0, 2}));
  EXPECT_EQ(folded_sum(frame, 0, 20), 0xffffU);
}

TEST(PacketBuilder, ChecksumsTcpWithThePseudoHeader) {
  const Frame frame =
      PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").tcp(1, 2).payload("odd").build();
  Frame covered(frame.begin() + 8, frame.end());
  covered.insert(covered.begin(), {0, 23, 0, 6});  // length and protocol
  EXPECT_EQ(folded_sum(covered, 0, covered.size()), 0xffffU);
}

TEST(PacketBuilder, ChecksumsSctpWithCrc32c) {
  // The known CRC32c of 32 zero bytes is 0x8a9136aa, stored least significant byte first.
  const Frame frame = PacketBuilder().sctp(0, 0, 0).payload(Frame(20)).build();
  EXPECT_EQ(Frame(frame.begin() + 8, frame.begin() + 12), (Frame{0xaa, 0x36, 0x91, 0x8a}));
}

TEST(PacketBuilder, NamesEachHeaderInTheOneBefore) {
  const Frame frame = PacketBuilder()
                          .ethernet()
                          .vlan(5, {.tag_type = 0x88a8})
                          .vlan(6)
                          .ipv6("::1", "::2")
                          .extension(IpProtocol::HopByHop)
                          .tcp(1, 2)
                          .build();
  EXPECT_EQ(Frame(frame.begin() + 12, frame.begin() + 22),
            (Frame{0x88, 0xa8, 0, 5, 0x81, 0x00, 0, 6, 0x86, 0xdd}));
  EXPECT_EQ(frame[22 + 6], 0);
  EXPECT_EQ(frame[22 + 40], 6);
}

TEST(PacketBuilder, GivesATunnelItsPortNamesAndLengths) {
  const Frame frame = PacketBuilder()
                          .udp(50000, 0)
                          .tunnel(testing::l2tp2(7, 9, {.length = true}))
                          .tunnel(testing::ppp())
                          .ipv4("10.0.0.1", "10.0.0.2")
                          .build();
  EXPECT_EQ(Frame(frame.begin() + 2, frame.begin() + 6), (Frame{0x06, 0xa5, 0, 38}));
  EXPECT_EQ(Frame(frame.begin() + 8, frame.begin() + 18),
            (Frame{0x40, 0x02, 0, 30, 0, 7, 0, 9, 0x00, 0x21}));
}

TEST(PacketBuilder, ChecksumsGreWithWhatItCarries) {
  const Frame frame = PacketBuilder()
                          .tunnel(testing::gre({.checksum = true, .key = 5}))
                          .tunnel(testing::nsh(1))
                          .ipv6("::1", "::2")
                          .build();
  EXPECT_EQ(Frame(frame.begin(), frame.begin() + 4), (Frame{0xa0, 0, 0x89, 0x4f}));
  EXPECT_EQ(frame[12 + 3], 2) << "IPv6 behind NSH";
  EXPECT_EQ(folded_sum(frame, 0, frame.size()), 0xffffU);
}

}  // namespace
}  // namespace flowscope
