#include "dataplane/dpdk/ethdev.h"

#include <gtest/gtest.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/dpdk/dpdk_port.h"
#include "dataplane/dpdk/eal.h"

namespace flowscope {
namespace {

// Virtual devices of one EAL, which a program can start only once. Each test takes ports of its
// own.
class EthdevsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = Eal::start("test", {"--no-huge",   "--no-shconf",
                                       "--no-pci",    "--no-telemetry",
                                       "-m",          "64",
                                       "-l",          "0",
                                       "--log-level", "error",
                                       "--vdev",      "net_null0",
                                       "--vdev",      "net_null1,size=3000",
                                       "--vdev",      "net_null2",
                                       "--vdev",      "net_null3",
                                       "--vdev",      "net_ring0"});
    if (started.ok()) eal_.emplace(std::move(started.value()));
  }
  static void TearDownTestSuite() { eal_.reset(); }

  void SetUp() override {
    if (!eal_.has_value()) GTEST_SKIP() << "the EAL does not start here";
  }

  std::unique_ptr<Ethdevs> start(std::vector<std::string> names, uint32_t rxq = 1) {
    const EthdevOptions options{
        .ports = std::move(names), .rxq = rxq, .mbcache = 0, .total_num_mbufs = 2'048};
    auto started = Ethdevs::start(options, [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      told_ += line + '\n';
    });
    if (started.ok()) return std::move(started.value());
    told_ += started.error().message;
    return nullptr;
  }
  std::string told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  bool told_in_time(std::string_view words) {
    for (int i = 0; i < 500 && told().find(words) == std::string::npos; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return told().find(words) != std::string::npos;
  }

  static std::optional<Eal> eal_;
  std::mutex mutex_;
  std::string told_;
};
std::optional<Eal> EthdevsTest::eal_;

TEST_F(EthdevsTest, NamesTheQueuesOfAPortThatHasMoreThanOne) {
  const auto ethdevs = start({"net_null0"}, 3);
  ASSERT_NE(ethdevs, nullptr) << told();
  ASSERT_EQ(ethdevs->queues().size(), 3U);
  EXPECT_EQ(ethdevs->name(ethdevs->queues()[2].port), "net_null0");
  EXPECT_FALSE(ethdevs->is_symmetric(ethdevs->queues()[0].port));
  EXPECT_NE(told().find("net_null0: 3 queues x 1,024 descriptors, 2,048 mbufs"), std::string::npos)
      << told();
}

TEST_F(EthdevsTest, RefusesMoreQueuesThanThereAre) {
  EXPECT_EQ(start({"net_null1"}, 30'000), nullptr);
  EXPECT_NE(told().find("port net_null1: --rxq 30000 asked for, it has"), std::string::npos)
      << told();
}

// A frame of random bytes in as many mbufs as it takes when each holds at most `piece_bytes`.
rte_mbuf* chain_of(rte_mempool* pool, const std::vector<uint8_t>& frame, size_t piece_bytes) {
  rte_mbuf* const first = rte_pktmbuf_alloc(pool);
  rte_mbuf* last = first;
  for (size_t done = 0; last != nullptr && done < frame.size();) {
    const auto bytes = static_cast<uint16_t>(std::min(piece_bytes, frame.size() - done));
    std::memcpy(rte_pktmbuf_append(last, bytes), frame.data() + done, bytes);
    done += bytes;
    if (last != first && rte_pktmbuf_chain(first, last) != 0) return nullptr;
    if (done < frame.size()) last = rte_pktmbuf_alloc(pool);
  }
  return last == nullptr ? nullptr : first;
}

TEST_F(EthdevsTest, ReadsFramesOfSeveralMbufsToTheLastByteFromARing) {
  const auto ethdevs = start({"net_ring0"});
  ASSERT_NE(ethdevs, nullptr) << told();
  const RxQueue queue = ethdevs->queues()[0];
  rte_mempool* const pool = rte_mempool_lookup(("fs_rx_" + std::to_string(queue.port)).c_str());
  ASSERT_NE(pool, nullptr);
  DpdkPort port({queue}, ethdevs->clock(), {});
  constexpr unsigned kSeed = 8;
  std::mt19937 random(kSeed);
  Burst burst;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<uint8_t>> frames;
    for (int i = 0; i < 8; ++i) {
      std::vector<uint8_t>& frame = frames.emplace_back(60 + random() % 12'000);
      for (uint8_t& byte : frame) byte = static_cast<uint8_t>(random());
      // What the port sends comes back to it: the device is one ring.
      rte_mbuf* sent = chain_of(pool, frame, 64 + random() % 1'900);
      ASSERT_NE(sent, nullptr);
      ASSERT_EQ(rte_eth_tx_burst(queue.port, 0, &sent, 1), 1U);
    }
    burst.count = 0;
    port.receive(burst);
    ASSERT_EQ(burst.count, frames.size());
    for (uint32_t i = 0; i < burst.count; ++i) {
      EXPECT_EQ(burst.packet[i].wire_bytes, frames[i].size()) << "seed " << kSeed;
      EXPECT_TRUE(std::ranges::equal(burst.packet[i].frame, frames[i]))
          << "frame " << i << " of round " << round << ", seed " << kSeed;
    }
    port.release(burst);
  }
  EXPECT_EQ(rte_mempool_in_use_count(pool), 0U) << "every mbuf of every chain is back";
}

TEST(BondedMembers, AreReadFromTheArgumentsOfTheDevice) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(bonded_members("mode=1,slave=net_null0,slave=2,primary=net_null0"),
            (Names{"net_null0", "2"}));
  EXPECT_EQ(bonded_members("slave=0000:3b:00.0"), (Names{"0000:3b:00.0"}));
  EXPECT_EQ(bonded_members("mode=0"), Names{});
  EXPECT_EQ(bonded_members(""), Names{});
}

TEST_F(EthdevsTest, KeepsTheTimeOfTheSystem) {
  const auto ethdevs = start({"net_null1"});
  ASSERT_NE(ethdevs, nullptr) << told();
  ethdevs->watch();
  std::this_thread::sleep_for(std::chrono::milliseconds(700));  // looked at a few times meanwhile
  // However long this thread waits for a processor in between.
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  const auto ours = std::chrono::nanoseconds(ethdevs->clock().now_ns());
  const auto after = std::chrono::system_clock::now().time_since_epoch();
  EXPECT_GT(ours, before - std::chrono::microseconds(500));
  EXPECT_LT(ours, after + std::chrono::microseconds(500));
}

TEST_F(EthdevsTest, LeavesARemovedPortAloneAndKeepsItsCounters) {
  const auto ethdevs = start({"net_null2", "net_null3"});
  ASSERT_NE(ethdevs, nullptr) << told();
  ethdevs->watch();
  DpdkPort one({ethdevs->queues()[0]}, ethdevs->clock(), {});
  DpdkPort both(ethdevs->queues(), ethdevs->clock(), {});
  Burst burst;
  const auto poll = [&burst](DpdkPort& port) {
    burst.count = 0;
    port.receive(burst);
    const uint32_t count = burst.count;
    port.release(burst);
    return count;
  };
  EXPECT_EQ(poll(one), 64U);
  const uint64_t received = ethdevs->counters()[0].received;
  EXPECT_EQ(received, 64U);

  ASSERT_EQ(rte_eal_hotplug_remove("vdev", "net_null2"), 0);
  EXPECT_TRUE(told_in_time("port net_null2 was removed: it is not polled any more")) << told();
  EXPECT_EQ(poll(one), 0U);
  one.idle();
  EXPECT_TRUE(one.ended());
  EXPECT_EQ(poll(both), 64U) << "the other port goes on";
  both.idle();
  EXPECT_FALSE(both.ended());
  EXPECT_FALSE(ethdevs->all_gone());
  const auto counters = ethdevs->counters();
  EXPECT_EQ(counters[0].received, received);
  EXPECT_TRUE(counters[0].gone);
  EXPECT_FALSE(counters[1].gone);

  ASSERT_EQ(rte_eal_hotplug_remove("vdev", "net_null3"), 0);
  EXPECT_TRUE(told_in_time("port net_null3 was removed"));
  EXPECT_TRUE(ethdevs->all_gone());
}

}  // namespace
}  // namespace flowscope
