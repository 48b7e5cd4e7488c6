#include "flowcore/track/flow_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "tests/support/event_text.h"
#include "tests/support/tracked_frames.h"

namespace flowscope {
namespace {

using testing::client;
using testing::datagram;
using testing::EventLog;
using testing::EventText;
using testing::Frame;
using testing::no_flow;
using testing::PacketBuilder;
using testing::server;
using testing::TimedFrame;
using Tracker = FlowTracker<FiveTuple>;
using Lines = std::vector<std::string>;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint8_t kSyn = tcp_flag::kSyn;
constexpr uint8_t kAck = tcp_flag::kAck;
constexpr uint8_t kFin = tcp_flag::kFin;
constexpr uint8_t kRst = tcp_flag::kRst;

constexpr IdlePolicy kNoLinger{.tcp_closed_ns = 0};

Tracker tracker_with(const FlowTrackerOptions& options) {
  auto tracker = Tracker::create(options, FiveTuple::bidirectional());
  EXPECT_TRUE(tracker.ok());
  return std::move(tracker.value());
}
FlowKey key_of_udp(uint16_t port) {
  FlowKey key{.a_port = port, .b_port = 9, .protocol = 17, .ip_version = 4};
  key.a_address = {10, 0, 0, 1};
  key.b_address = {10, 0, 0, 2};
  return key;
}
template <class T>
Lines track(T& tracker, uint64_t time_ns, const Frame& frame) {
  Lines lines;
  for (const FlowEvent& event : tracker.track(TimedFrame{time_ns, frame}.view())) {
    lines.push_back(EventText::of(event));
  }
  return lines;
}
template <class T>
Lines sweep(T& tracker, uint64_t now_ns) {
  EventLog log;
  tracker.sweep({now_ns}, log);
  return log.lines;
}
uint64_t ended_by(const Tracker& tracker, EvictionCause cause) {
  return tracker.stats().evicted_by[static_cast<size_t>(cause)];
}

TEST(FlowTracker, DefaultsAreAHundredThousandFlowsAndFiveMinutesOneMinuteHalfAMinute) {
  const FlowTrackerOptions options;
  EXPECT_EQ(options.flows_max, 100'000U);
  EXPECT_EQ(options.idle.tcp_established_ns, 300 * kSecond);
  EXPECT_EQ(options.idle.udp_ns, 60 * kSecond);
  EXPECT_EQ(options.idle.other_ns, 30 * kSecond);
  EXPECT_FALSE(options.monotonic);
  EXPECT_FALSE(options.events.has(EventKind::FlowAnomaly));
  EXPECT_FALSE(options.events.has(EventKind::TrackerAnomaly));
  EXPECT_TRUE(options.events.has(EventKind::Packet));
}

TEST(FlowTracker, RefusesToBeMadeForNoFlows) {
  const auto tracker = Tracker::create({.flows_max = 0}, FiveTuple::bidirectional());
  ASSERT_FALSE(tracker.ok());
  EXPECT_NE(tracker.error().message.find("flows_max"), std::string::npos);
}

TEST(FlowTracker, TellsTheEventsOfEachPacketInOrder) {
  Tracker tracker = tracker_with({.idle = kNoLinger});
  EXPECT_EQ(track(tracker, 1, client(kSyn, 100)),
            (Lines{"1000-80 started initiator at 1", "1000-80 active to syn_sent at 1",
                   "1000-80 packet initiator 54 at 1"}));
  EXPECT_EQ(track(tracker, 2, server(kSyn | kAck, 500, 101)),
            (Lines{"1000-80 syn_sent to syn_received at 2", "1000-80 packet responder 54 at 2"}));
  EXPECT_EQ(track(tracker, 3, client(kAck, 101, 501)),
            (Lines{"1000-80 established at 3", "1000-80 packet initiator 54 at 3"}));
  EXPECT_EQ(track(tracker, 4, server(kAck, 501, 101)), Lines{"1000-80 packet responder 54 at 4"});
  EXPECT_EQ(
      track(tracker, 5, client(kFin | kAck, 101, 501)),
      (Lines{"1000-80 established to initiator_closed at 5", "1000-80 packet initiator 54 at 5"}));
  EXPECT_EQ(
      track(tracker, 6, server(kFin | kAck, 501, 102)),
      (Lines{"1000-80 initiator_closed to closing at 6", "1000-80 packet responder 54 at 6"}));
  EXPECT_EQ(track(tracker, 7, client(kAck, 102, 502)),
            (Lines{"1000-80 closing to closed at 7", "1000-80 packet initiator 54 at 7",
                   "1000-80 ended fin 4/3 from 1 to 7"}));
  EXPECT_EQ(tracker.flow_count(), 0U);
}

TEST(FlowTracker, TellsAllEventsThatOnePacketCanCause) {
  Tracker tracker = tracker_with({.flows_max = 1, .idle = kNoLinger, .events = EventMask::all()});
  track(tracker, 1, datagram(7));
  EXPECT_EQ(track(tracker, 2, client(kRst)),
            (Lines{"7-9 ended evicted 1/0 from 1 to 1", "eviction_pressure 1 at 2",
                   "1000-80 started initiator at 2", "1000-80 active to reset at 2",
                   "1000-80 packet initiator 54 at 2", "1000-80 ended rst 1/0 from 2 to 2"}));
}

TEST(FlowTracker, DropsFramesThatWereCapturedTwice) {
  Tracker tracker = tracker_with({.monotonic = true, .dedup = Dedup::loopback()});
  EXPECT_EQ(track(tracker, kSecond, datagram(7)).size(), 2U);
  EXPECT_EQ(track(tracker, kSecond + 500'000, datagram(7)), Lines{});
  EXPECT_EQ(track(tracker, kSecond + 100, datagram(8)),
            (Lines{"8-9 started initiator at 1000000100", "8-9 packet initiator 43 at 1000000100"}))
      << "the duplicate did not move the clock";
  EXPECT_EQ(track(tracker, 2 * kSecond, datagram(7)),
            Lines{"7-9 packet initiator 43 at 2000000000"});
  EXPECT_EQ(tracker.stats().duplicate_packets, 1U);
  EXPECT_EQ(tracker.stats().unmatched_packets, 0U);
  EXPECT_EQ(tracker.snapshot_stats(key_of_udp(7))->packets(), 2U);
}

TEST(FlowTracker, TellsOfFlowsThatLiveOnWithoutSplittingThem) {
  Tracker tracker = tracker_with({.events = EventMask::of({EventKind::Interim, EventKind::Ended}),
                                  .auto_sweep = FlowTrackerOptions::AutoSweep::On,
                                  .interim_ns = 10 * kSecond});
  Lines lines;
  for (uint64_t second = 1; second <= 45; ++second) {
    for (const std::string& line : track(tracker, second * kSecond, datagram(7))) {
      lines.push_back(line);
    }
  }
  ASSERT_GE(lines.size(), 3U) << "the first of them comes when the flow is older than a period";
  ASSERT_LE(lines.size(), 4U);
  uint64_t told = 0;
  for (const std::string& line : lines) {
    EXPECT_TRUE(line.starts_with("7-9 interim ")) << line;
    told += std::stoull(line.substr(sizeof("7-9 interim ") - 1));
    EXPECT_TRUE(line.ends_with(" of " + std::to_string(told))) << line;
  }
  EventLog log;
  tracker.finish(log);
  ASSERT_EQ(log.lines.size(), 1U);
  EXPECT_TRUE(log.lines[0].starts_with("7-9 ended shutdown 45/0")) << log.lines[0];
}

TEST(FlowTracker, KeepsExtendedCountersWhereAskedTo) {
  Tracker basic = tracker_with({});
  track(basic, 1, datagram(7));
  EXPECT_EQ(basic.meter_of(*basic.get(key_of_udp(7))), nullptr);
  Tracker full = tracker_with({.meters = {.counters = FlowCounters::Full}});
  track(full, 1, datagram(7));
  const FlowMeter* meter = full.meter_of(*full.get(key_of_udp(7)));
  ASSERT_NE(meter, nullptr);
  EXPECT_EQ(meter->side(FlowSide::Initiator).payload_bytes, 1U);
}

TEST(FlowTracker, EndsAFlowInTheCallThatClosesItForEveryBurstSize) {
  const std::vector<TimedFrame> frames = {{1, client(kSyn, 100)},
                                          {2, server(kRst | kAck, 0, 101)},
                                          {3, client(kSyn, 100)},
                                          {4, server(kSyn | kAck, 500, 101)}};
  for (const uint32_t size : {1U, 2U, 3U, 4U}) {
    Tracker tracker = tracker_with({.idle = kNoLinger});
    EventLog log;
    const auto own_burst = std::make_unique<Burst>();
    Burst& burst = *own_burst;
    for (size_t at = 0; at < frames.size(); at += burst.count) {
      burst.count = std::min<uint32_t>(size, static_cast<uint32_t>(frames.size() - at));
      for (uint32_t i = 0; i < burst.count; ++i) burst.packet[i] = frames[at + i].view();
      tracker.track_burst(burst, log);
    }
    EXPECT_EQ(log.lines,
              (Lines{"1000-80 started initiator at 1", "1000-80 active to syn_sent at 1",
                     "1000-80 packet initiator 54 at 1", "1000-80 syn_sent to reset at 2",
                     "1000-80 packet responder 54 at 2", "1000-80 ended rst 1/1 from 1 to 2",
                     "1000-80 started initiator at 3", "1000-80 active to syn_sent at 3",
                     "1000-80 packet initiator 54 at 3", "1000-80 syn_sent to syn_received at 4",
                     "1000-80 packet responder 54 at 4"}))
        << size;
  }
}

TEST(FlowTracker, ClosedFlowLingersForLatePacketsAndEndsAtTheSweep) {
  Tracker tracker = tracker_with({});
  track(tracker, 1, client(kSyn, 100));
  track(tracker, 2, server(kRst | kAck, 0, 101));
  EXPECT_EQ(track(tracker, 3, client(kAck, 101)), Lines{"1000-80 packet initiator 54 at 3"});
  EXPECT_EQ(sweep(tracker, 3 + 10 * kSecond - 1), Lines{});
  EXPECT_EQ(sweep(tracker, 3 + 10 * kSecond), Lines{"1000-80 ended rst 2/1 from 1 to 3"});
}

TEST(FlowTracker, RetransmittedFinDoesNotClose) {
  Tracker tracker = tracker_with({.idle = kNoLinger});
  track(tracker, 1, client(kSyn, 100));
  track(tracker, 2, server(kSyn | kAck, 500, 101));
  track(tracker, 3, client(kAck, 101, 501));
  track(tracker, 4, client(kFin | kAck, 101, 501));
  EXPECT_EQ(track(tracker, 5, client(kFin | kAck, 101, 501)),
            Lines{"1000-80 packet initiator 54 at 5"});
  EXPECT_EQ(track(tracker, 6, server(kAck, 501, 102)), Lines{"1000-80 packet responder 54 at 6"});
  EXPECT_EQ(tracker.flow_count(), 1U);
}

TEST(FlowTracker, SenderOfASynAckSeenFirstIsTheResponder) {
  Tracker tracker = tracker_with({});
  EXPECT_EQ(track(tracker, 1, server(kSyn | kAck, 500, 101)),
            (Lines{"1000-80 started responder at 1", "1000-80 active to syn_received at 1",
                   "1000-80 packet responder 54 at 1"}));
  EXPECT_EQ(track(tracker, 2, client(kAck, 101, 501)),
            (Lines{"1000-80 established at 2", "1000-80 packet initiator 54 at 2"}));
}

TEST(FlowTracker, CountsPacketsOfNoFlowAndTellsNothing) {
  Tracker tracker = tracker_with({});
  EXPECT_EQ(track(tracker, 1, no_flow()), Lines{});
  track(tracker, 2, datagram(7));
  EXPECT_EQ(track(tracker, 3, no_flow()), Lines{});
  EXPECT_EQ(tracker.stats().unmatched_packets, 2U);
  EXPECT_EQ(tracker.stats().created, 1U);
}

TEST(FlowTracker, TellsAnomaliesWhenAskedBeforeThePacket) {
  for (const bool wanted : {false, true}) {
    Tracker tracker = tracker_with({});
    if (wanted) tracker.set_event_mask(EventMask::all());
    track(tracker, 1, client(kSyn, 100));
    Lines expected = {"1000-80 packet initiator 54 at 2"};
    if (wanted) {
      expected.insert(expected.begin(), "1000-80 inconsistent_flags initiator at 2");
    }
    EXPECT_EQ(track(tracker, 2, client(kSyn | kFin, 100)), expected);
    EXPECT_EQ(track(tracker, 2, client(kSyn | kFin, 100)),
              Lines{"1000-80 packet initiator 54 at 2"})
        << "told once";
  }
}

TEST(FlowTracker, TellsOnlyTheKindsThatTheMaskNames) {
  const auto run = [](EventMask mask) {
    Tracker tracker = tracker_with({.events = mask});
    EventLog log;
    tracker.track(TimedFrame{1, client(kSyn, 100)}.view(), log);
    tracker.track(TimedFrame{2, server(kSyn | kAck, 500, 101)}.view(), log);
    tracker.track(TimedFrame{3, client(kAck, 101, 501)}.view(), log);
    tracker.finish(log);
    EXPECT_EQ(tracker.stats().ended, 1U);
    return log.lines;
  };
  EXPECT_EQ(run(EventMask::none()), Lines{});
  EXPECT_EQ(run(EventMask::of({EventKind::Ended})),
            Lines{"1000-80 ended shutdown 2/1 from 1 to 3"});
  EXPECT_EQ(run(EventMask::of({EventKind::Established, EventKind::Started})),
            (Lines{"1000-80 started initiator at 1", "1000-80 established at 3"}));
  EXPECT_EQ(run(EventMask().without(EventKind::Packet).without(EventKind::StateChange)),
            (Lines{"1000-80 started initiator at 1", "1000-80 established at 3",
                   "1000-80 ended shutdown 2/1 from 1 to 3"}));
}

TEST(FlowTracker, KeyOfAnEventIsThatOfItsFlow) {
  EXPECT_EQ(*key_of(FlowPacket{.key = key_of_udp(7)}), key_of_udp(7));
  EXPECT_EQ(key_of(TrackerAnomalyEvent{}), nullptr);
}

TEST(FlowTracker, EvictsTheFlowSilentLongest) {
  Tracker tracker = tracker_with({.flows_max = 2});
  for (const uint64_t second : {1U, 2U}) {
    track(tracker, second * kSecond, datagram(1));
    track(tracker, (second + 2) * kSecond, datagram(2));
  }
  track(tracker, 5 * kSecond, datagram(1));
  const Lines lines = track(tracker, 6 * kSecond, datagram(3));
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0], "2-9 ended evicted 2/0 from 3000000000 to 4000000000");
  EXPECT_NE(tracker.get(key_of_udp(1)), nullptr);
  EXPECT_EQ(tracker.get(key_of_udp(2)), nullptr);
  EXPECT_EQ(tracker.flow_count(), 2U);
  EXPECT_EQ(tracker.stats().evicted(), 1U);
}

TEST(FlowTracker, LookingAtAFlowDoesNotMakeItYounger) {
  FlowTracker<FiveTuple, int> tracker = std::move(
      FlowTracker<FiveTuple, int>::create({.flows_max = 2}, FiveTuple::bidirectional()).value());
  track(tracker, 1 * kSecond, datagram(1));
  track(tracker, 2 * kSecond, datagram(2));
  EXPECT_NE(tracker.get(key_of_udp(1)), nullptr);
  EXPECT_NE(tracker.state(key_of_udp(1)), nullptr);
  EXPECT_EQ(tracker.snapshot_stats(key_of_udp(1))->last_seen, Timestamp{kSecond});
  EXPECT_EQ(tracker.flows().size(), 2U);
  EXPECT_EQ(track(tracker, 3 * kSecond, datagram(3))[0],
            "1-9 ended evicted 1/0 from 1000000000 to 1000000000");
}

TEST(FlowTracker, ExpiresWhenTheIdleTimeReachesTheTimeout) {
  Tracker tracker = tracker_with({});
  track(tracker, kSecond, datagram(7));
  EXPECT_EQ(sweep(tracker, kSecond + 59'999'999'999), Lines{});
  EXPECT_EQ(sweep(tracker, 61 * kSecond),
            Lines{"7-9 ended idle 1/0 from 1000000000 to 1000000000"});
}

TEST(FlowTracker, SweepOfAnEarlierTimeExpiresNothing) {
  Tracker tracker = tracker_with({});
  track(tracker, 100 * kSecond, datagram(7));
  track(tracker, 50 * kSecond, datagram(8));
  EXPECT_EQ(sweep(tracker, kSecond), Lines{});
  EXPECT_EQ(tracker.flow_count(), 2U);
}

TEST(FlowTracker, FlowPastItsTimeoutEndsAtItsNextPacket) {
  Tracker tracker = tracker_with({});
  track(tracker, 1, datagram(7));
  EXPECT_EQ(track(tracker, 1 + 60 * kSecond, datagram(7)),
            (Lines{"7-9 ended idle 1/0 from 1 to 1", "7-9 started initiator at 60000000001",
                   "7-9 packet initiator 43 at 60000000001"}));
}

TEST(FlowTracker, IdleRuleOverridesFallsBackAndCanBeCleared) {
  Tracker tracker = tracker_with({});
  uint16_t short_port = 7;
  tracker.set_idle_timeout(
      [&short_port](const FlowKey& key, uint8_t l4) -> std::optional<uint64_t> {
        EXPECT_EQ(l4, 17);
        if (key.a_port == short_port) return kSecond;
        return std::nullopt;
      });
  track(tracker, 1, datagram(7));
  track(tracker, 1, datagram(8));
  EXPECT_EQ(sweep(tracker, 1 + kSecond), Lines{"7-9 ended idle 1/0 from 1 to 1"});
  short_port = 8;
  tracker.clear_idle_timeout();
  EXPECT_EQ(sweep(tracker, 60 * kSecond), Lines{});
  EXPECT_EQ(sweep(tracker, 1 + 60 * kSecond), Lines{"8-9 ended idle 1/0 from 1 to 1"});
}

TEST(FlowTracker, IdleTimeOfZeroEndsAtTheNextSweepAndNotBefore) {
  Tracker tracker = tracker_with({});
  tracker.set_idle_timeout({.function = [](const void*, const FlowKey&, uint8_t) {
    return std::optional<uint64_t>(0);
  }});
  track(tracker, 1, datagram(7));
  EXPECT_EQ(track(tracker, 2, datagram(7)), Lines{"7-9 packet initiator 43 at 2"});
  EXPECT_EQ(track(tracker, 2 + kSecond, datagram(7)),
            Lines{"7-9 packet initiator 43 at 1000000002"});
  EXPECT_EQ(sweep(tracker, 0), Lines{"7-9 ended idle 3/0 from 1 to 1000000002"});
}

TEST(FlowTracker, MonotonicTimesDoNotGoBack) {
  Tracker tracker = tracker_with({});
  track(tracker, 10, datagram(7));
  EXPECT_EQ(track(tracker, 5, datagram(7)), Lines{"7-9 packet initiator 43 at 5"})
      << "off at first";
  tracker.set_monotonic(true);
  EXPECT_EQ(track(tracker, 8, datagram(7)), Lines{"7-9 packet initiator 43 at 8"})
      << "times before it was on do not count";
  EXPECT_EQ(track(tracker, 5, datagram(7)), Lines{"7-9 packet initiator 43 at 8"});
  EXPECT_EQ(tracker.get(key_of_udp(7))->last_seen_ns, 8U);
  sweep(tracker, 20);
  EXPECT_EQ(track(tracker, 15, datagram(7)), Lines{"7-9 packet initiator 43 at 20"});
  tracker.set_monotonic(false);
  EXPECT_EQ(track(tracker, 15, datagram(7)), Lines{"7-9 packet initiator 43 at 15"});
  tracker.set_monotonic(true);
  EXPECT_EQ(track(tracker, 5, datagram(7)), Lines{"7-9 packet initiator 43 at 5"}) << "forgotten";
}

TEST(FlowTracker, AutoSweepEndsIdleFlowsByThePacketsClock) {
  for (const auto auto_sweep :
       {FlowTrackerOptions::AutoSweep::Off, FlowTrackerOptions::AutoSweep::On}) {
    Tracker tracker = tracker_with({.flows_max = 1000, .auto_sweep = auto_sweep});
    track(tracker, 1, datagram(7));
    const Lines lines = track(tracker, 61 * kSecond, datagram(8));
    const bool swept = auto_sweep == FlowTrackerOptions::AutoSweep::On;
    EXPECT_EQ(lines[0],
              swept ? "7-9 ended idle 1/0 from 1 to 1" : "8-9 started initiator at 61000000000");
    EXPECT_EQ(tracker.flow_count(), swept ? 1U : 2U);
  }
}

TEST(FlowTracker, OneCallCarriesTheEventsOfAWholeSweepStep) {
  Tracker tracker = tracker_with({.auto_sweep = FlowTrackerOptions::AutoSweep::On});
  for (uint16_t port = 1; port <= 2000; ++port) track(tracker, 1, datagram(port));
  uint64_t ended = 0;
  for (uint64_t step = 0; tracker.flow_count() > 1; ++step) {
    ASSERT_LT(step, 1000U);
    const Lines lines = track(tracker, (100 + step) * kSecond, datagram(9999));
    ended += static_cast<uint64_t>(std::count_if(lines.begin(), lines.end(), [](const auto& line) {
      return line.find("ended idle") != std::string::npos;
    }));
  }
  EXPECT_EQ(ended, 2000U);
}

TEST(FlowTracker, ForgettingEndsAFlowAndCountsIt) {
  Tracker tracker = tracker_with({});
  track(tracker, 1, datagram(7));
  EventLog log;
  EXPECT_FALSE(tracker.forget(key_of_udp(8), log));
  EXPECT_TRUE(tracker.forget(key_of_udp(7), log));
  EXPECT_FALSE(tracker.forget(key_of_udp(7), log));
  EXPECT_EQ(log.lines, Lines{"7-9 ended forgotten 1/0 from 1 to 1"});
  EXPECT_EQ(tracker.stats().ended, 1U);
  EXPECT_EQ(tracker.flow_count(), 0U);
  EXPECT_EQ(track(tracker, 2, datagram(7))[0], "7-9 started initiator at 2");
}

TEST(FlowTracker, SnapshotIsWhatEndedTells) {
  Tracker tracker = tracker_with({});
  track(tracker, 1, client(kSyn, 100));
  track(tracker, 2, server(kSyn | kAck, 500, 101));
  const FlowKey key = tracker.flows().front()->key;
  const std::optional<FlowStats> stats = tracker.snapshot_stats(key);
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->side[0], (SideStats{.packets = 1, .bytes = 54, .tcp_flags = kSyn}));
  EXPECT_EQ(stats->side[1], (SideStats{.packets = 1, .bytes = 54, .tcp_flags = kSyn | kAck}));
  EXPECT_EQ(stats->started, Timestamp{1});
  EXPECT_EQ(stats->last_seen, Timestamp{2});
  EXPECT_EQ(stats->state, TcpState::SynReceived);
  EXPECT_EQ(stats->l4, 6);
  EXPECT_EQ(stats->packets(), 2U);
  EXPECT_EQ(stats->bytes(), 108U);
  tracker.finish([&](const FlowEvent& event) {
    EXPECT_EQ(std::get<FlowEnded>(event).stats, *stats);
    EXPECT_EQ(std::get<FlowEnded>(event).key, key);
  });
  EXPECT_EQ(tracker.snapshot_stats(key), std::nullopt);
}

TEST(FlowTracker, ListsTheFlowsSeenLastFirst) {
  Tracker tracker = tracker_with({});
  uint64_t time_ns = 0;
  for (const uint16_t port : std::vector<uint16_t>{1, 2, 3, 1}) {
    track(tracker, time_ns += kSecond, datagram(port));
  }
  std::vector<uint16_t> ports;
  for (const FlowEntry* flow : tracker.flows()) ports.push_back(flow->key.a_port);
  EXPECT_EQ(ports, (std::vector<uint16_t>{1, 3, 2}));
  uint64_t visited = 0;
  tracker.for_each_flow([&](const FlowEntry& flow) { visited += flow.packets(); });
  EXPECT_EQ(visited, 4U);
}

TEST(FlowTracker, ShrinkingEndsTheFlowsThatDoNotFit) {
  Tracker tracker = tracker_with({.flows_max = 4});
  for (uint16_t port = 1; port <= 4; ++port) track(tracker, port * kSecond, datagram(port));
  FlowTrackerOptions options = tracker.options();
  options.flows_max = 2;
  EventLog log;
  EXPECT_TRUE(tracker.set_options(options, log).ok());
  EXPECT_EQ(log.take(), (Lines{"1-9 ended evicted 1/0 from 1000000000 to 1000000000",
                               "2-9 ended evicted 1/0 from 2000000000 to 2000000000"}));
  EXPECT_EQ(ended_by(tracker, EvictionCause::Shrink), 2U);
  EXPECT_EQ(tracker.stats().ended, 2U);
  track(tracker, 5 * kSecond, datagram(5));
  EXPECT_EQ(tracker.flow_count(), 2U);
  options.flows_max = 5;
  EXPECT_FALSE(tracker.set_options(options, log).ok());
  options.flows_max = 0;
  EXPECT_FALSE(tracker.set_options(options, log).ok());
  options.flows_max = 4;
  options.idle.udp_ns = kSecond;
  EXPECT_TRUE(tracker.set_options(options, log).ok());
  EXPECT_EQ(log.lines, Lines{});
  EXPECT_EQ(sweep(tracker, 6 * kSecond).size(), 2U) << "the new time-out holds";
}

TEST(FlowTracker, NotesIcmpErrorsWithTheirFlow) {
  Tracker tracker = tracker_with({});
  const Frame about = datagram(7);
  track(tracker, 1, about);
  track(tracker, 2,
        PacketBuilder()
            .ethernet()
            .ipv4("10.0.0.9", "10.0.0.1")
            .icmp(3, 1)
            .payload(Frame(about.begin() + 14, about.end()))
            .build());
  const FlowDetail* const detail = tracker.detail_of(*tracker.get(key_of_udp(7)));
  ASSERT_NE(detail, nullptr);
  EXPECT_EQ(detail->icmp_errors, 1U);
}

TEST(FlowTracker, CanBeMoved) {
  Tracker first = tracker_with({});
  track(first, 1, datagram(7));
  Tracker second = std::move(first);
  EXPECT_EQ(track(second, 2, datagram(7)), Lines{"7-9 packet initiator 43 at 2"});
}

// Knows whether it was made, moved and destroyed as it should be.
class OwnState {
 public:
  struct Count {
    int made = 0;
    int moved = 0;
    int destroyed = 0;
  };
  OwnState(Count& count, uint16_t port) : count_(&count), port_(port) { ++count.made; }
  OwnState(OwnState&& other) noexcept : count_(other.count_), port_(other.port_) {
    ++count_->moved;
  }
  OwnState& operator=(OwnState&&) = delete;
  ~OwnState() { ++count_->destroyed; }
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  Count* count_;
  uint16_t port_;
};

TEST(FlowTracker, KeepsAStateWithEachFlowFromItsStartToItsEnd) {
  constexpr uint16_t kFlowsMax = 60000;  // so many that some sets fill up
  OwnState::Count count;
  const auto init = [&count](const FlowKey& key) { return OwnState(count, key.a_port); };
  {
    auto made = FlowTracker<FiveTuple, OwnState, decltype(init)>::create(
        {.flows_max = kFlowsMax, .events = EventMask::none()}, FiveTuple::bidirectional(), init);
    ASSERT_TRUE(made.ok());
    auto& tracker = made.value();
    for (uint16_t port = 1; port <= kFlowsMax + 1000; ++port) track(tracker, port, datagram(port));
    EXPECT_EQ(count.made, kFlowsMax + 1000);
    EXPECT_GT(count.moved, 0) << "a table nearly full moves entries";
    EXPECT_EQ(count.destroyed - count.moved, 1000);
    tracker.for_each_flow(
        [&](const FlowEntry& flow) { ASSERT_EQ(tracker.state_of(flow).port(), flow.key.a_port); });
    EventLog log;
    const FlowKey key = tracker.flows().front()->key;
    EXPECT_EQ(tracker.state(key)->port(), key.a_port);
    tracker.forget(key, log);
    EXPECT_EQ(tracker.state(key), nullptr);
    EXPECT_EQ(count.destroyed - count.moved, 1001);
  }
  EXPECT_EQ(count.destroyed, count.made + count.moved) << "those alive die with the tracker";
}

}  // namespace
}  // namespace flowscope
