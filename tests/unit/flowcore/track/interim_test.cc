#include "flowcore/track/interim.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kStart = 1'000 * kSecond;
constexpr uint64_t kPeriod = 10 * kSecond;

// Drives a tracker that tells of flows in between, and adds up what it says by initiator's port.
class InterimRig {
 public:
  explicit InterimRig(uint32_t flows_max = 4096, uint64_t period_ns = kPeriod,
                      uint64_t timeout_ns = 1'000 * kSecond)
      : options_{.flows_max = flows_max, .idle = {.udp_ns = timeout_ns}, .interim_ns = period_ns},
        arena_(std::move(
            Arena::create(BurstTracker::cost(options_), Arena::Populate::Lazily).value())),
        tracker_(std::make_unique<BurstTracker>(arena_, options_)) {}

  // A datagram of the flow with this port, as a burst of its own.
  void datagram(uint64_t time_ns, uint16_t port) {
    const Frame frame = PacketBuilder()
                            .ethernet()
                            .ipv4("10.0.0.1", "10.0.0.2")
                            .udp(port, 53)
                            .payload("abcd")
                            .build();
    burst_->count = 1;
    burst_->packet[0] = {.frame = {frame.data(), frame.size()},
                         .time = {time_ns},
                         .wire_bytes = static_cast<uint32_t>(frame.size())};
    decode_layers(*burst_);
    extract_keys(FiveTuple::bidirectional(), tracker_->hash(), *burst_, keys_);
    flows_.clock_ns[0] = time_ns;
    tracker_->find(*burst_, keys_, flows_);
    tracker_->sweep_step(time_ns, *this);
    tracker_->update(*burst_, keys_, flows_, 0, *this);
    clock_ns_ = time_ns;
  }
  // Lets the clock go on without packets.
  void pass(uint64_t until_ns) {
    for (; clock_ns_ < until_ns; clock_ns_ += 1'000'000) tracker_->sweep_step(clock_ns_, *this);
  }
  void finish() { tracker_->finish(clock_ns_, *this); }
  BurstTracker& tracker() { return *tracker_; }

  void on_started(FlowEntry&) {}
  void on_established(FlowEntry&) {}
  void on_ended(FlowEntry& entry, EndReason) {
    ended[entry.key.b_port != 53 ? entry.key.b_port : entry.key.a_port] = entry.packets();
  }
  void on_interim(FlowEntry& entry, const FlowDelta& delta) {
    const uint16_t port = entry.key.b_port != 53 ? entry.key.b_port : entry.key.a_port;
    times[port].push_back(clock_ns_);
    told[port] += delta.packets[0] + delta.packets[1];
    EXPECT_EQ(told[port], entry.packets()) << "the deltas so far are what the entry counts";
  }

  std::map<uint16_t, std::vector<uint64_t>> times;
  std::map<uint16_t, uint64_t> told;
  std::map<uint16_t, uint64_t> ended;

 private:
  BurstTracker::Options options_;
  Arena arena_;
  std::unique_ptr<BurstTracker> tracker_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  FlowKeys keys_;
  FlowBurst flows_;
  uint64_t clock_ns_ = kStart;
};

TEST(Interim, TellsOfABusyFlowOnceAPeriod) {
  InterimRig rig;
  for (uint64_t i = 0; i < 100; ++i) rig.datagram(kStart + i * kSecond, 1000);
  const std::vector<uint64_t>& times = rig.times[1000];
  ASSERT_GE(times.size(), 8U);
  EXPECT_LE(times.size(), 10U);
  for (size_t i = 1; i < times.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(times[i] - times[i - 1]), static_cast<double>(kPeriod),
                static_cast<double>(kSecond));
  }
}

TEST(Interim, TakesAnotherPeriodWhileFlowsLive) {
  InterimRig rig;
  uint64_t second = 0;
  for (; second < 60; ++second) rig.datagram(kStart + second * kSecond, 1000);
  const size_t slow = rig.times[1000].size();
  rig.tracker().set_interim_ns(2 * kSecond);
  for (; second < 120; ++second) rig.datagram(kStart + second * kSecond, 1000);
  const size_t fast = rig.times[1000].size() - slow;
  rig.tracker().set_interim_ns(kPeriod);
  for (; second < 180; ++second) rig.datagram(kStart + second * kSecond, 1000);
  EXPECT_NEAR(static_cast<double>(slow), 6, 1);
  EXPECT_NEAR(static_cast<double>(fast), 30, 2);
  EXPECT_NEAR(static_cast<double>(rig.times[1000].size() - slow - fast), 6, 1);
}

TEST(Interim, SaysNothingOfAYoungFlow) {
  InterimRig rig;
  for (uint64_t i = 0; i < 9; ++i) rig.datagram(kStart + i * kSecond, 1000);
  EXPECT_TRUE(rig.times.empty());
}

TEST(Interim, SaysNothingMoreOfASilentFlow) {
  InterimRig rig;
  rig.datagram(kStart, 1000);
  rig.pass(kStart + 5 * kPeriod);
  EXPECT_EQ(rig.times[1000].size(), 1U);
}

TEST(Interim, IsOffByItself) {
  InterimRig rig(4096, 0);
  for (uint64_t i = 0; i < 100; ++i) rig.datagram(kStart + i * kSecond, 1000);
  EXPECT_TRUE(rig.times.empty());
}

TEST(Interim, BeginsAnewForTheNextFlowInTheSameSlot) {
  // A table of one set, which every flow passes through; on_interim compares each sum.
  InterimRig rig(8, kPeriod, 5 * kSecond);
  for (uint64_t i = 0; i < 400; ++i) {
    rig.datagram(kStart + i * kSecond, static_cast<uint16_t>(1000 + i / 20));
    rig.datagram(kStart + i * kSecond + 1, static_cast<uint16_t>(3000 + i));
  }
  EXPECT_GT(rig.told.size(), 15U);
}

TEST(Interim, FollowsFlowsThatMoveInACrowdedTable) {
  InterimRig rig(256);
  for (uint64_t round = 0; round < 8; ++round) {
    for (uint16_t port = 0; port < 256; ++port) {
      rig.datagram(kStart + round * 4 * kSecond + port * 1'000'000,
                   static_cast<uint16_t>(1000 + port + (port % 3 == 0 ? 256 * round : 0)));
    }
  }
  EXPECT_GT(rig.told.size(), 100U);
}

TEST(Interim, SpreadsFlowsOverThePeriod) {
  InterimRig rig(65'536);
  for (uint16_t port = 0; port < 2'000; ++port) {
    rig.datagram(kStart, static_cast<uint16_t>(1000 + port));
  }
  rig.pass(kStart + kPeriod);
  rig.times.clear();
  rig.pass(kStart + 3 * kPeriod);
  // By tenth of a period.
  std::map<uint64_t, uint32_t> told_in;
  for (const auto& [port, times] : rig.times) {
    for (const uint64_t time : times) ++told_in[time % kPeriod / (kPeriod / 10)];
  }
  ASSERT_EQ(told_in.size(), 10U);
  for (const auto& [tenth, flows] : told_in) {
    EXPECT_GT(flows, 100U) << tenth;
    EXPECT_LT(flows, 300U) << tenth;
  }
}

TEST(Interim, TakesNoLongStepAfterAPause) {
  InterimRig rig(65'536);
  for (uint16_t port = 0; port < 4'000; ++port) {
    rig.datagram(kStart, static_cast<uint16_t>(1000 + port));
  }
  rig.datagram(kStart + 50 * kPeriod, 9000);
  EXPECT_LE(rig.told.size(), Interim::kFlowsPerStep + 16);
  rig.pass(kStart + 51 * kPeriod);
  EXPECT_EQ(rig.told.size(), 4'000U);
}

TEST(Interim, EndsWithWhatTheDeltasLeave) {
  InterimRig rig;
  for (uint64_t i = 0; i < 95; ++i) rig.datagram(kStart + i * kSecond, 1000);
  rig.finish();
  EXPECT_EQ(rig.ended[1000], 95U);
  EXPECT_LT(rig.told[1000], 95U);
  EXPECT_GT(rig.told[1000], 80U);
}

}  // namespace
}  // namespace flowscope
