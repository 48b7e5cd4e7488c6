// Random mixes of packets, in which flows begin, repeat, close, reopen, expire and are evicted.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/track/flow_tracker.h"
#include "tests/support/event_text.h"
#include "tests/support/tracked_frames.h"

namespace flowscope {
namespace {

using testing::EventLog;
using testing::TimedFrame;
using Tracker = FlowTracker<FiveTuple>;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kSeed = 20260101;
constexpr uint32_t kFlowsMax = 8;

TimedFrame any_frame(std::mt19937_64& random, uint64_t time_ns) {
  constexpr std::array<uint8_t, 8> kFlags = {tcp_flag::kSyn,
                                             tcp_flag::kSyn | tcp_flag::kAck,
                                             tcp_flag::kAck,
                                             tcp_flag::kAck,
                                             tcp_flag::kFin | tcp_flag::kAck,
                                             tcp_flag::kRst,
                                             tcp_flag::kSyn | tcp_flag::kFin,
                                             0};
  const auto port = static_cast<uint16_t>(1 + random() % 12);
  if (random() % 4 == 0) return {time_ns, testing::datagram(port)};
  const uint8_t flags = kFlags[random() % kFlags.size()];
  const auto seq = static_cast<uint32_t>(random() % 4);
  const auto ack = static_cast<uint32_t>(random() % 4);
  return {time_ns, random() % 2 == 0 ? testing::client(flags, seq, ack, port)
                                     : testing::server(flags, seq, ack, port)};
}

std::vector<TimedFrame> mix(uint64_t seed, size_t frames) {
  std::mt19937_64 random(seed);
  std::vector<TimedFrame> mix;
  uint64_t time_ns = 100 * kSecond;
  while (mix.size() < frames) {
    time_ns += random() % 50 == 0 ? 70 * kSecond : random() % kSecond;
    if (random() % 10 == 0) time_ns -= kSecond / 2;
    mix.push_back(any_frame(random, time_ns));
    // Packets of one flow often come together.
    while (random() % 2 == 0) mix.push_back({time_ns, mix.back().frame});
  }
  return mix;
}

Tracker tracker_with(const FlowTrackerOptions& options) {
  return std::move(Tracker::create(options, FiveTuple::bidirectional()).value());
}

// Bursts of `size`; of one by track().
std::vector<std::string> run(const FlowTrackerOptions& options,
                             const std::vector<TimedFrame>& frames, size_t size) {
  Tracker tracker = tracker_with(options);
  EventLog log;
  const auto burst = std::make_unique<Burst>();
  for (size_t at = 0; at < frames.size(); at += size) {
    if (size == 1) {
      for (const FlowEvent& event : tracker.track(frames[at].view())) log(event);
      continue;
    }
    burst->count = static_cast<uint32_t>(std::min(size, frames.size() - at));
    for (uint32_t i = 0; i < burst->count; ++i) burst->packet[i] = frames[at + i].view();
    tracker.track_burst(*burst, log);
  }
  tracker.finish(log);
  return log.lines;
}

std::vector<FlowTrackerOptions> option_sets() {
  std::vector<FlowTrackerOptions> sets;
  for (const uint64_t closed_ns : {uint64_t{0}, 10 * kSecond}) {
    for (const auto auto_sweep :
         {FlowTrackerOptions::AutoSweep::Off, FlowTrackerOptions::AutoSweep::On}) {
      sets.push_back({.flows_max = kFlowsMax,
                      .idle = {.tcp_closed_ns = closed_ns},
                      .events = EventMask::all(),
                      .auto_sweep = auto_sweep,
                      .monotonic = sets.size() == 1,
                      .emergency_percent = 90});
    }
  }
  return sets;
}

TEST(FlowTrackerMix, SaysTheSameForEveryBurstSize) {
  RecordProperty("seed", std::to_string(kSeed));
  const std::vector<TimedFrame> frames = mix(kSeed, 4000);
  for (const FlowTrackerOptions& options : option_sets()) {
    const std::vector<std::string> one_by_one = run(options, frames, 1);
    EXPECT_GT(one_by_one.size(), frames.size());
    for (const size_t size : {size_t{2}, size_t{7}, size_t{64}, size_t{kBurstMax}}) {
      EXPECT_EQ(run(options, frames, size), one_by_one) << "seed " << kSeed << " size " << size;
    }
  }
}

// A packet without a flow in between makes the tracker forget which flow came last.
TEST(FlowTrackerMix, SaysTheSameWithoutTheShortWayToTheFlowOfThePacketBefore) {
  const std::vector<TimedFrame> frames = mix(kSeed + 1, 4000);
  std::vector<TimedFrame> spread;
  for (const TimedFrame& frame : frames) {
    spread.push_back(frame);
    spread.push_back({frame.time_ns, testing::no_flow()});
  }
  for (const FlowTrackerOptions& options : option_sets()) {
    EXPECT_EQ(run(options, spread, 1), run(options, frames, 1)) << "seed " << kSeed + 1;
  }
}

// What FlowPacket events add up to, by flow.
class Sums {
 public:
  void operator()(const FlowEvent& event) {
    if (const auto* started = std::get_if<FlowStarted>(&event)) {
      EXPECT_FALSE(live_.contains(name(started->key))) << "one flow of a key at a time";
      live_[name(started->key)] = {};
    } else if (const auto* packet = std::get_if<FlowPacket>(&event)) {
      SideStats& side = live_.at(name(packet->key))[index_of(packet->side)];
      ++side.packets;
      side.bytes += packet->bytes;
    } else if (const auto* ended = std::get_if<FlowEnded>(&event)) {
      const auto& sums = live_.at(name(ended->key));
      for (size_t i = 0; i < sums.size(); ++i) {
        EXPECT_EQ(ended->stats.side[i].packets, sums[i].packets);
        EXPECT_EQ(ended->stats.side[i].bytes, sums[i].bytes);
      }
      live_.erase(name(ended->key));
    }
  }
  [[nodiscard]] size_t live() const { return live_.size(); }

 private:
  static std::string name(const FlowKey& key) {
    return std::to_string(key.protocol) + " " + std::to_string(key.a_port) + " "
           + std::to_string(key.b_port);
  }

  std::map<std::string, std::array<SideStats, 2>> live_;
};

TEST(FlowTrackerMix, EveryFlowStartsOnceEndsOnceAndItsPacketsAddUp) {
  std::mt19937_64 random(kSeed + 2);
  for (FlowTrackerOptions options : option_sets()) {
    Tracker tracker = tracker_with(options);
    Sums sums;
    uint64_t now_ns = 0;
    for (const TimedFrame& frame : mix(kSeed + 2, 4000)) {
      now_ns = std::max(now_ns, frame.time_ns);
      tracker.track(frame.view(), sums);
      if (random() % 100 == 0) tracker.sweep({now_ns}, sums);
      if (random() % 100 == 0 && tracker.flow_count() != 0)
        tracker.forget(FlowKey(tracker.flows().front()->key), sums);
      if (random() % 100 == 0) {
        options.flows_max = static_cast<uint32_t>(1 + random() % kFlowsMax);
        ASSERT_TRUE(tracker.set_options(options, sums).ok());
      }
      const TrackerStats stats = tracker.stats();
      ASSERT_EQ(stats.created, stats.ended + stats.live) << "seed " << kSeed + 2;
      ASSERT_EQ(stats.live, sums.live());
      ASSERT_LE(stats.live, options.flows_max);
    }
    tracker.finish(sums);
    EXPECT_EQ(sums.live(), 0U);
    EXPECT_EQ(tracker.stats().created, tracker.stats().ended);
    EXPECT_GT(tracker.stats().evicted(), 0U);
  }
}

}  // namespace
}  // namespace flowscope
