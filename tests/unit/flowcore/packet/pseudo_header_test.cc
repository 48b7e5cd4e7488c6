#include "flowcore/packet/pseudo_header.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "flowcore/packet/checksum.h"
#include "flowcore/packet/decode.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

constexpr const char* kHost = "2001:db8::1";
constexpr const char* kRouter = "2001:db8::aaaa";
constexpr const char* kFinal = "2001:db8::2";
constexpr size_t kIpv6Source = 14 + 8;
constexpr size_t kIpv6Destination = 14 + 24;
constexpr size_t kExtension = 14 + 40;

void put(Frame& frame, size_t offset, int family, const char* text) {
  std::array<uint8_t, 16> address{};
  ASSERT_EQ(inet_pton(family, text, address.data()), 1);
  std::copy_n(address.begin(), family == AF_INET ? 4 : 16,
              frame.begin() + static_cast<std::ptrdiff_t>(offset));
}

std::string destination_of(const Frame& frame) {
  const PacketView packet{.frame = {frame.data(), frame.size()}};
  const Bytes address = pseudo_addresses(packet.frame, decode_frame(packet)).destination;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.empty()) return "";
  return inet_ntop(address.size() == 4 ? AF_INET : AF_INET6, address.begin(), text.data(),
                   text.size());
}

ChecksumFault fault_of(const Frame& frame) {
  const PacketView packet{.frame = {frame.data(), frame.size()}};
  return verify_checksums(packet, decode_frame(packet));
}

// A segment whose checksum is for kFinal, on its way to kRouter; `place` is where the routing
// header has kFinal.
Frame routed(uint8_t type, uint8_t segments_left, size_t place) {
  Frame frame = PacketBuilder()
                    .ethernet()
                    .ipv6(kHost, kFinal)
                    .extension(IpProtocol::Routing, 5)
                    .tcp(1, 2)
                    .payload("x")
                    .build();
  frame[kExtension + 2] = type;
  frame[kExtension + 3] = segments_left;
  put(frame, kIpv6Destination, AF_INET6, kRouter);
  put(frame, kExtension + place, AF_INET6, kFinal);
  return frame;
}

TEST(PseudoHeader, HasTheLastAddressOfARoutingHeader) {
  EXPECT_EQ(destination_of(routed(0, 1, 24)), kFinal);
  EXPECT_EQ(fault_of(routed(0, 1, 24)), ChecksumFault::None);
  EXPECT_EQ(fault_of(routed(2, 1, 24)), ChecksumFault::None);
}

TEST(PseudoHeader, HasTheFirstAddressOfASegmentList) {
  EXPECT_EQ(destination_of(routed(4, 1, 8)), kFinal);
  EXPECT_EQ(fault_of(routed(4, 1, 8)), ChecksumFault::None);
}

TEST(PseudoHeader, HasTheHeadersAddressAtTheEndOfTheRoute) {
  EXPECT_EQ(destination_of(routed(0, 0, 24)), kRouter);
  EXPECT_EQ(fault_of(routed(0, 0, 24)), ChecksumFault::Transport);
}

TEST(PseudoHeader, IsUnknownOfOtherRoutingTypes) {
  EXPECT_EQ(destination_of(routed(3, 1, 24)), "");
  EXPECT_EQ(fault_of(routed(3, 1, 24)), ChecksumFault::None);
}

TEST(PseudoHeader, IsUnknownOfARouteWithoutRoomForAnAddress) {
  Frame frame = PacketBuilder()
                    .ethernet()
                    .ipv6(kHost, kFinal)
                    .extension(IpProtocol::Routing)
                    .tcp(1, 2)
                    .build();
  frame[kExtension + 3] = 1;
  EXPECT_EQ(destination_of(frame), "");
}

TEST(PseudoHeader, HasTheHomeAddressForTheSource) {
  Frame frame = PacketBuilder()
                    .ethernet()
                    .ipv6(kHost, kFinal)
                    .extension(IpProtocol::HopByHop)
                    .extension(IpProtocol::DestinationOptions, 3)
                    .tcp(1, 2)
                    .build();
  const size_t options = kExtension + 8 + 2;
  frame[options] = 1;  // PadN of 4 bytes, then the home address option
  frame[options + 1] = 2;
  frame[options + 4] = 201;
  frame[options + 5] = 16;
  put(frame, options + 6, AF_INET6, kHost);
  put(frame, kIpv6Source, AF_INET6, kRouter);
  EXPECT_EQ(fault_of(frame), ChecksumFault::None);
  frame[options + 4] = 202;
  EXPECT_EQ(fault_of(frame), ChecksumFault::Transport);
}

// A datagram whose checksum is for 10.0.0.9, on its way to 10.0.0.2.
Frame source_routed(uint8_t type, uint8_t pointer) {
  Frame frame = PacketBuilder()
                    .ethernet()
                    .ipv4("10.0.0.1", "10.0.0.9",
                          {.options = {1, type, 11, pointer, 10, 0, 0, 8, 10, 0, 0, 9}})
                    .udp(1, 2)
                    .build();
  put(frame, 14 + 16, AF_INET, "10.0.0.2");
  return frame;
}

TEST(PseudoHeader, HasTheLastAddressOfASourceRoute) {
  EXPECT_EQ(destination_of(source_routed(131, 4)), "10.0.0.9");
  EXPECT_EQ(destination_of(source_routed(137, 8)), "10.0.0.9");
}

TEST(PseudoHeader, HasTheHeadersAddressWithoutASourceRouteThatGoesOn) {
  EXPECT_EQ(destination_of(source_routed(131, 12)), "10.0.0.2");  // it has ended
  EXPECT_EQ(destination_of(source_routed(7, 4)), "10.0.0.2");     // a record of the route
}

TEST(PseudoHeader, LiesInsideTheHeaderWhateverTheOptionsClaim) {
  for (uint32_t length = 0; length < 256; ++length) {
    for (uint32_t pointer = 0; pointer < 256; ++pointer) {
      Frame frame = source_routed(131, static_cast<uint8_t>(pointer));
      frame[14 + 20 + 2] = static_cast<uint8_t>(length);
      const PacketView packet{.frame = {frame.data(), frame.size()}};
      const Bytes address = pseudo_addresses(packet.frame, decode_frame(packet)).destination;
      ASSERT_EQ(address.size(), 4U) << length << ", " << pointer;
      ASSERT_GE(address.begin(), packet.frame.begin() + 14 + 16) << length << ", " << pointer;
      ASSERT_LE(address.end(), packet.frame.begin() + 14 + 32) << length << ", " << pointer;
    }
  }
}

}  // namespace
}  // namespace flowscope
