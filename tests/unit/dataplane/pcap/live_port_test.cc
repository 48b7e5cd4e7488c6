#include "dataplane/pcap/live_port.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace flowscope {
namespace {

TEST(LivePort, NamesTheInterfacesThereAreWhenOneIsMissing) {
  const Result<LivePort> port = LivePort::open({.interface = "nosuch0"});
  ASSERT_FALSE(port.ok());
  // Without permission libpcap may answer that before it looks for the interface.
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_TRUE(port.error().message.starts_with("nosuch0: no such interface; there are: "))
      << port.error().message;
  EXPECT_NE(port.error().message.find("lo"), std::string::npos);
}

class LivePortOnLoopback : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs CAP_NET_RAW";
  }

  // Sends one datagram to the discard port of this host.
  static void send_datagram(const std::string& text) {
    const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)sendto(descriptor, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                 sizeof to);
    close(descriptor);
  }
};

TEST_F(LivePortOnLoopback, ReceivesWhatWasSent) {
  Result<LivePort> port = LivePort::open({.interface = "lo", .filter = "udp dst port 9"});
  ASSERT_TRUE(port.ok()) << port.error().message;
  const std::string text = "flowscope live port test";
  send_datagram(text);
  Burst burst;
  for (int i = 0; i < 50 && port.value().receive(burst) == 0; ++i) port.value().wait(100);
  ASSERT_GE(burst.count, 1U);
  const PacketView& packet = burst.packet[0];
  EXPECT_EQ(packet.link, LinkType::Ethernet);
  EXPECT_EQ(packet.wire_bytes, packet.frame.size());
  EXPECT_EQ(packet.frame.after(42).as_text(), text) << "behind Ethernet, IPv4 and UDP headers";
  EXPECT_GT(packet.time.seconds(), 1'700'000'000U);
  const PortCounters counters = port.value().counters();
  EXPECT_EQ(counters.received, burst.count);
  EXPECT_TRUE(counters.drops_known);
}

TEST_F(LivePortOnLoopback, ReturnsFromAWaitWithoutPackets) {
  Result<LivePort> port = LivePort::open({.interface = "lo", .filter = "udp dst port 1"});
  ASSERT_TRUE(port.ok()) << port.error().message;
  Burst burst;
  port.value().wait(1);
  EXPECT_EQ(port.value().receive(burst), 0U);
  EXPECT_FALSE(port.value().ended());
}

TEST_F(LivePortOnLoopback, RefusesABadFilter) {
  const Result<LivePort> port = LivePort::open({.interface = "lo", .filter = "tcp and and"});
  ASSERT_FALSE(port.ok());
  EXPECT_TRUE(port.error().message.starts_with("filter \"tcp and and\": ")) << port.error().message;
}

}  // namespace
}  // namespace flowscope
