#include "dataplane/dpdk/port_limits.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

constexpr uint32_t kPlainMbuf = 2'176;
constexpr uint32_t kHeadroom = 128;

TEST(RingSize, IsWhatTheDriverAdvisesButNeverTooSmall) {
  EXPECT_EQ(ring_size({}, 0), 1'024);
  EXPECT_EQ(ring_size({.ring_advised = 256}, 0), 1'024);
  EXPECT_EQ(ring_size({.ring_advised = 4'096}, 0), 4'096);
}

TEST(RingSize, StaysWithinTheLimitsOfTheDevice) {
  EXPECT_EQ(ring_size({.ring_max = 512}, 0), 512);
  EXPECT_EQ(ring_size({.ring_min = 2'048}, 64), 2'048);
  EXPECT_EQ(ring_size({.ring_max = 4'096}, 32'768), 4'096);
  EXPECT_EQ(ring_size({}, 70'000), UINT16_MAX);
}

TEST(RingSize, IsAMultipleOfTheAlignment) {
  EXPECT_EQ(ring_size({.ring_align = 32}, 1'000), 1'024);
  EXPECT_EQ(ring_size({.ring_max = 1'000, .ring_align = 32}, 2'000), 992);
  EXPECT_EQ(ring_size({.ring_align = 0}, 33), 33) << "a driver that says no alignment";
}

class SelectPorts : public ::testing::Test {
 protected:
  Result<std::vector<uint16_t>> select(uint64_t mask, std::vector<std::string> names) {
    return select_ports(ports_, mask, names);
  }
  std::vector<NamedPort> ports_ = {
      {.id = 0, .name = "0000:3b:00.0"}, {.id = 1, .name = "net_pcap0"}, {.id = 70, .name = "far"}};
};

TEST_F(SelectPorts, TakesAllWhereNothingIsSaid) {
  EXPECT_EQ(select(0, {}).value(), (std::vector<uint16_t>{0, 1, 70}));
}

TEST_F(SelectPorts, TakesThoseOfTheMask) {
  EXPECT_EQ(select(0x2, {}).value(), (std::vector<uint16_t>{1}));
  EXPECT_EQ(select(UINT64_MAX, {}).value(), (std::vector<uint16_t>{0, 1})) << "70 has no bit";
}

TEST_F(SelectPorts, TakesThoseThatAreNamed) {
  EXPECT_EQ(select(0, {"far", "0000:3b:00.0"}).value(), (std::vector<uint16_t>{0, 70}));
}

TEST_F(SelectPorts, ListsThePortsThereAreWhenANameIsWrong) {
  EXPECT_EQ(select(0, {"net_pcap0", "net_pcap1"}).error().message,
            "--ports: there is no port net_pcap1; there are 0000:3b:00.0 (0), net_pcap0 (1), far "
            "(70)");
}

TEST_F(SelectPorts, ListsThePortsThereAreWhenTheMaskIsEmpty) {
  EXPECT_EQ(select(0xf0, {}).error().message,
            "--portmask 0xf0 selects no port; there are 0000:3b:00.0 (0), net_pcap0 (1), far (70)");
}

TEST(PoolSize, HasRoomForEverybodyAtOnce) {
  const PoolSize size = pool_size(
      {.queues = 2, .ring = 1'024, .workers = 2, .burst = 64, .cache = 256, .elsewhere = 100});
  EXPECT_EQ(size.in_rings, 2'048U);
  EXPECT_EQ(size.in_bursts, 256U);
  EXPECT_EQ(size.in_caches, 3U * 384);
  EXPECT_EQ(size.total(), 2'048U + 256 + 1'152 + 100 + 512);
}

TEST(PoolText, ShowsTheSum) {
  PoolText pool{.port = "net_pcap0",
                .users = {.queues = 1, .ring = 1'024, .workers = 1, .burst = 64, .cache = 256},
                .mbuf_bytes = kPlainMbuf,
                .object_bytes = 2'432};
  pool.size = pool_size(pool.users);
  EXPECT_EQ(
      text_of(pool),
      "net_pcap0: 1 queue x 1,024 descriptors, 2,432 mbufs of 2,176 bytes (5.6 MiB) on socket "
      "0: 1,024 in rings + 128 in bursts + 768 in caches + 512 spare");
  pool.asked = 1'000;
  pool.users.queues = 2;
  pool.socket = -1;
  EXPECT_EQ(text_of(pool),
            "net_pcap0: 2 queues x 1,024 descriptors, 1,000 mbufs of 2,176 bytes (2.3 MiB) on "
            "any socket: as --total-num-mbufs says; 2,432 would never run out");
}

TEST(MemoryAdvice, SaysHowMuch) {
  EXPECT_EQ(memory_advice(100 << 20),
            "raise -m to 164 or more, reserve 82 huge pages of 2 MiB or more (dpdk-hugepages.py -p "
            "2M --setup 164M), or lower --total-num-mbufs or --rxd");
}

TEST(FrameRoom, LeavesTheDeviceAsItIsUnlessAsked) {
  const FrameRoom room = frame_room({.scatter = true}, 0, kPlainMbuf, kHeadroom);
  EXPECT_EQ(room.mbuf_bytes, kPlainMbuf);
  EXPECT_EQ(room.mtu, 0);
  EXPECT_TRUE(room.scatter);
  EXPECT_EQ(room.notice, "");
}

TEST(FrameRoom, ScattersLongFramesWhereTheDeviceCan) {
  const FrameRoom room =
      frame_room({.frame_bytes_max = 9'728, .scatter = true}, 9'018, kPlainMbuf, kHeadroom);
  EXPECT_EQ(room.mbuf_bytes, kPlainMbuf);
  EXPECT_EQ(room.mtu, 9'000);
  EXPECT_EQ(room.notice, "");
}

TEST(FrameRoom, MakesMbufsLongerWhereItCannot) {
  const FrameRoom room = frame_room({.frame_bytes_max = 9'728}, 9'018, kPlainMbuf, kHeadroom);
  EXPECT_EQ(room.mbuf_bytes, 9'146U);
  EXPECT_EQ(room.mtu, 9'000);
  EXPECT_EQ(frame_room({}, 64, kPlainMbuf, kHeadroom).mbuf_bytes, kPlainMbuf);
  EXPECT_EQ(frame_room({}, 65'535, kPlainMbuf, kHeadroom).mbuf_bytes, UINT16_MAX);
}

TEST(FrameRoom, SaysWhenTheDeviceTakesShorterFrames) {
  const FrameRoom room = frame_room({.frame_bytes_max = 1'518}, 9'018, kPlainMbuf, kHeadroom);
  EXPECT_EQ(room.mtu, 0);
  EXPECT_EQ(room.mbuf_bytes, 9'146U);
  EXPECT_EQ(room.notice,
            "the device takes frames of at most 1,518 bytes; --max-pkt-len 9018 sizes its packet "
            "buffers only");
  EXPECT_NE(
      frame_room({.frame_bytes_max = 9'728, .mtu_max = 1'500}, 9'018, kPlainMbuf, kHeadroom).notice,
      "");
}

TEST(NumaWarning, IsGivenOnlyBetweenKnownNodes) {
  EXPECT_EQ(numa_warning("0000:3b:00.0", 0, 3, 1),
            "port 0000:3b:00.0 is on NUMA node 0, but lcore 3 that polls it is on node 1: choose "
            "lcores of node 0 (-l)");
  EXPECT_EQ(numa_warning("net_null0", -1, 3, 1), "");
  EXPECT_EQ(numa_warning("net_null0", 1, 3, 1), "");
}

}  // namespace
}  // namespace flowscope
