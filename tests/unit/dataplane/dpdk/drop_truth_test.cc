#include "dataplane/dpdk/drop_truth.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/dpdk/link_events.h"

namespace flowscope {
namespace {

TEST(DropSource, KnowsWhoseCountersMeanNothing) {
  EXPECT_EQ(drop_source("net_af_packet"), DropSource::KernelSocket);
  EXPECT_EQ(drop_source("net_tap"), DropSource::KernelInterface);
  EXPECT_EQ(drop_source("net_memif"), DropSource::Nobody);
  EXPECT_EQ(drop_source("net_ice"), DropSource::Device);
}

TEST(TransmitDrops, AreReadFromTheRightColumn) {
  constexpr std::string_view kText =
      "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
      "drop "
      "fifo colls carrier compressed\n"
      "    lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
      "dtap0:  1 2 3 4 5 6 7 8 9 10 11 4711 13 14 15 16\n"
      "  cut: 1 2 3\n";
  EXPECT_EQ(transmit_drops(kText, "dtap0"), 4711U);
  EXPECT_EQ(transmit_drops(kText, "lo"), 12U);
  EXPECT_EQ(transmit_drops(kText, "dtap"), 0U) << "another name that begins alike";
  EXPECT_EQ(transmit_drops(kText, "cut"), 0U);
  EXPECT_EQ(transmit_drops("", "lo"), 0U);
}

TEST(KernelDrops, KnowNothingWithoutAnInterface) {
  EXPECT_FALSE(KernelDrops(DropSource::KernelSocket, 0).known());
  EXPECT_FALSE(KernelDrops(DropSource::Device, if_nametoindex("lo")).known());
}

// A packet socket on the loopback interface with room for a few frames only.
class SmallPacketSocket : public ::testing::Test {
 protected:
  void SetUp() override {
    index_ = if_nametoindex("lo");
    capture_ = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    if (index_ == 0 || capture_ < 0) GTEST_SKIP() << "packet sockets need root";
    sockaddr_ll place{};
    place.sll_family = AF_PACKET;
    place.sll_protocol = htons(ETH_P_ALL);
    place.sll_ifindex = static_cast<int>(index_);
    ASSERT_EQ(bind(capture_, reinterpret_cast<sockaddr*>(&place), sizeof(place)), 0);
    const int small = 4096;
    ASSERT_EQ(setsockopt(capture_, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    if (interface_state(index_) != InterfaceState::Up) GTEST_SKIP() << "lo is down";
  }
  void TearDown() override {
    if (capture_ >= 0) close(capture_);
  }
  static void send_frames(int count) {
    const int from = socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; ++i)
      (void)sendto(from, "x", 1, 0, reinterpret_cast<sockaddr*>(&to), sizeof(to));
    close(from);
  }
  unsigned index_ = 0;
  int capture_ = -1;
};

TEST_F(SmallPacketSocket, IsFoundAndItsDropsAreSummed) {
  send_frames(100);  // lost before anybody asked
  KernelDrops drops(DropSource::KernelSocket, index_);
  ASSERT_TRUE(drops.known());
  EXPECT_EQ(drops.sample(), 0U);
  send_frames(500);
  const uint64_t first = drops.sample();
  EXPECT_GE(first, 500U) << "each goes out and comes in, and there was no room left";
  send_frames(500);
  EXPECT_GE(drops.sample(), first + 500);
}

TEST(InterfaceState, TellsWhatIsThere) {
  EXPECT_EQ(interface_state(0x7ffffffe), InterfaceState::Gone);
}

}  // namespace
}  // namespace flowscope
