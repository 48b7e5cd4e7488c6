#include "dataplane/dpdk/checksum_verdict.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

using enum ChecksumVerdict;

constexpr uint32_t kPlain = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_TCP;

TEST(ChecksumVerdict, OfIpFollowsTheIpFlags) {
  EXPECT_EQ(ip_verdict(RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN, kPlain), Unknown);
  EXPECT_EQ(ip_verdict(RTE_MBUF_F_RX_IP_CKSUM_GOOD, kPlain), Good);
  EXPECT_EQ(ip_verdict(RTE_MBUF_F_RX_IP_CKSUM_BAD, kPlain), Bad);
  EXPECT_EQ(ip_verdict(RTE_MBUF_F_RX_IP_CKSUM_NONE, kPlain), Good);
  EXPECT_EQ(ip_verdict(RTE_MBUF_F_RX_L4_CKSUM_BAD | RTE_MBUF_F_RX_RSS_HASH, kPlain), Unknown);
}

TEST(ChecksumVerdict, OfTransportFollowsTheL4Flags) {
  EXPECT_EQ(l4_verdict(RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, kPlain), Unknown);
  EXPECT_EQ(l4_verdict(RTE_MBUF_F_RX_L4_CKSUM_GOOD, kPlain), Good);
  EXPECT_EQ(l4_verdict(RTE_MBUF_F_RX_L4_CKSUM_BAD, kPlain), Bad);
  EXPECT_EQ(l4_verdict(RTE_MBUF_F_RX_L4_CKSUM_NONE, kPlain), Good);
  EXPECT_EQ(l4_verdict(RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_RSS_HASH, kPlain), Unknown);
}

TEST(ChecksumVerdict, IsUnknownWhereTheDeviceReadATunnel) {
  constexpr uint64_t kBad = RTE_MBUF_F_RX_IP_CKSUM_BAD | RTE_MBUF_F_RX_L4_CKSUM_BAD;
  EXPECT_EQ(ip_verdict(kBad, kPlain | RTE_PTYPE_TUNNEL_VXLAN), Unknown);
  EXPECT_EQ(l4_verdict(kBad, kPlain | RTE_PTYPE_TUNNEL_VXLAN), Unknown);
  EXPECT_EQ(ip_verdict(kBad | RTE_MBUF_F_RX_OUTER_IP_CKSUM_BAD, kPlain), Unknown);
  EXPECT_EQ(l4_verdict(kBad | RTE_MBUF_F_RX_OUTER_L4_CKSUM_GOOD, kPlain), Unknown);
}

}  // namespace
}  // namespace flowscope
