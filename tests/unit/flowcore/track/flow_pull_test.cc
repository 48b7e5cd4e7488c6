#include "flowcore/track/flow_pull.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

// A tracker with live flows; the flow of port p has sent p % 97 + 1 datagrams.
class PullRig {
 public:
  PullRig()
      : arena_(
          std::move(Arena::create(BurstTracker::cost(kOptions), Arena::Populate::Lazily).value())),
        tracker(std::make_unique<BurstTracker>(arena_, kOptions)) {}

  void fill(uint16_t first_port, uint16_t flows) {
    for (uint16_t port = first_port; port < first_port + flows; ++port) {
      for (int i = 0; i < port % 97 + 1; ++i) datagram(port);
    }
  }
  void datagram(uint16_t port) {
    const Frame frame =
        PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(port, 53).payload("a").build();
    burst_->count = 1;
    burst_->packet[0] = {.frame = {frame.data(), frame.size()},
                         .time = {kTime},
                         .wire_bytes = static_cast<uint32_t>(frame.size())};
    decode_layers(*burst_);
    extract_keys(FiveTuple::bidirectional(), tracker->hash(), *burst_, keys_);
    flows_.clock_ns[0] = kTime;
    tracker->find(*burst_, keys_, flows_);
    tracker->update(*burst_, keys_, flows_, 0, *this);
  }
  void on_started(FlowEntry&) {}
  void on_established(FlowEntry&) {}
  void on_ended(FlowEntry&, EndReason) {}

 private:
  static constexpr uint64_t kTime = 1'000'000'000;
  static constexpr BurstTracker::Options kOptions{.flows_max = 8192, .details_max = 1};
  Arena arena_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  FlowKeys keys_;
  FlowBurst flows_;

 public:
  std::unique_ptr<BurstTracker> tracker;
};

constexpr uint32_t kAllSets = UINT32_MAX;

TEST(FlowPull, GivesCopiesOfTheLargestFlowsInOrder) {
  PullRig rig;
  rig.fill(1000, 500);
  std::vector<FlowEntry> room(20);
  FlowPull pull;
  ASSERT_TRUE(pull.ask({.room = room, .filter = {}, .order = FlowOrder::MostBytes}));
  EXPECT_EQ(pull.answer(), std::nullopt);
  pull.serve(*rig.tracker, kAllSets);
  ASSERT_EQ(pull.answer(), 20U);
  for (size_t i = 0; i < room.size(); ++i) EXPECT_EQ(room[i].packets(), 97 - i / 5) << i;
}

TEST(FlowPull, TakesNoMoreThanTheRoomHolds) {
  PullRig rig;
  rig.fill(1000, 100);
  std::vector<FlowEntry> room(7);
  FlowPull pull;
  ASSERT_TRUE(pull.ask({.room = room, .filter = {}}));
  pull.serve(*rig.tracker, kAllSets);
  EXPECT_EQ(pull.answer(), 7U);
  ASSERT_TRUE(pull.ask({.room = {}, .filter = {}, .order = FlowOrder::MostBytes}));
  pull.serve(*rig.tracker, kAllSets);
  EXPECT_EQ(pull.answer(), 0U);
}

TEST(FlowPull, FiltersByPortAndAddress) {
  PullRig rig;
  rig.fill(1000, 100);
  std::vector<FlowEntry> room(200);
  FlowPull pull;
  const auto count = [&](const FlowFilter& filter) {
    EXPECT_TRUE(pull.ask({.room = room, .filter = filter}));
    pull.serve(*rig.tracker, kAllSets);
    return pull.answer().value_or(999);
  };
  EXPECT_EQ(count({.port = 1042}), 1U);
  EXPECT_EQ(count({.port = 53}), 100U);
  EXPECT_EQ(count({.port = 5}), 0U);
  EXPECT_EQ(count({.address = Address{10, 0, 0, 2}}), 100U);
  EXPECT_EQ(count({.port = 1042, .address = Address{10, 0, 0, 9}}), 0U);
  EXPECT_EQ(count({.address = Address{10, 0, 0, 2}, .ip_version = 6}), 0U);
}

TEST(FlowPull, LooksThroughAFewSetsACall) {
  PullRig rig;
  rig.fill(1000, 100);
  std::vector<FlowEntry> room(200);
  FlowPull pull;
  ASSERT_TRUE(pull.ask({.room = room, .filter = {}}));
  const uint32_t calls = (rig.tracker->set_count() + 9) / 10;
  for (uint32_t i = 0; i + 1 < calls; ++i) pull.serve(*rig.tracker, 10);
  EXPECT_EQ(pull.answer(), std::nullopt);
  pull.serve(*rig.tracker, 10);
  EXPECT_EQ(pull.answer(), 100U);
}

TEST(FlowPull, RefusesASecondRequestWhileOneIsUnderWay) {
  PullRig rig;
  FlowPull pull;
  ASSERT_TRUE(pull.ask({}));
  EXPECT_FALSE(pull.ask({}));
  pull.serve(*rig.tracker, kAllSets);
  EXPECT_FALSE(pull.ask({})) << "the answer is not taken yet";
  EXPECT_EQ(pull.answer(), 0U);
  EXPECT_TRUE(pull.ask({}));
}

TEST(FlowPull, AnswersWhoWaitsWhenItsWorkerCloses) {
  FlowPull pull;
  ASSERT_TRUE(pull.ask({}));
  pull.close();
  EXPECT_EQ(pull.answer(), 0U);
  EXPECT_FALSE(pull.ask({}));
}

TEST(FlowPull, GivesWholeCopiesWhileTheWorkerGoesOn) {
  PullRig rig;
  FlowPull pull;
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    for (uint16_t i = 0; !stop.load(std::memory_order_relaxed); ++i) {
      rig.datagram(static_cast<uint16_t>(1000 + i % 50));
      pull.serve(*rig.tracker, 64);
    }
    pull.close();
  });
  uint64_t packets_before = 0;
  for (int asked = 0; asked < 50; ++asked) {
    std::vector<FlowEntry> room(50);
    ASSERT_TRUE(pull.ask({.room = room, .filter = {}, .order = FlowOrder::MostBytes}));
    std::optional<size_t> flows;
    while (!(flows = pull.answer()).has_value()) std::this_thread::yield();
    uint64_t packets = 0;
    for (size_t i = 0; i < *flows; ++i) {
      packets += room[i].packets();
      EXPECT_EQ(room[i].side[0].bytes() + room[i].side[1].bytes(), room[i].packets() * 43);
    }
    EXPECT_GE(packets, packets_before);
    packets_before = packets;
  }
  stop.store(true, std::memory_order_relaxed);
  worker.join();
  EXPECT_FALSE(pull.ask({}));
}

}  // namespace
}  // namespace flowscope
