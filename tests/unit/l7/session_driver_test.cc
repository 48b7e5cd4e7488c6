#include <gtest/gtest.h>

#include "tests/unit/l7/driver_rig.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::ScriptedParser;
using testing::SessionLog;
using testing::TalkTcp;
using Lines = std::vector<std::string>;

constexpr uint64_t kSecond = 1'000'000'000;

// A driver of scripted sessions, its log, and a clock that goes on by a millisecond a frame.
class SessionDriverTest : public ::testing::Test {
 protected:
  using ScriptedDriver = FlowSessionDriver<FiveTuple, ScriptedParser, uint32_t>;

  explicit SessionDriverTest() : driver_(make({})) {}

  static std::unique_ptr<ScriptedDriver> make(const ScriptedDriver::Options& options) {
    ScriptedDriver::Options small = options;
    if (small.tracker.flows_max == FlowTrackerOptions().flows_max) small.tracker.flows_max = 1000;
    small.sessions.buffers_bytes = 1 << 20;
    small.sessions.segments.segments_max = 1000;
    auto made = ScriptedDriver::create(small, FiveTuple::bidirectional());
    EXPECT_TRUE(made.ok());
    return std::make_unique<ScriptedDriver>(std::move(made.value()));
  }
  void give(const Frame& frame) {
    time_ns_ += 1'000'000;
    driver_->track({.frame = {frame.data(), frame.size()},
                    .time = {time_ns_},
                    .wire_bytes = static_cast<uint32_t>(frame.size())},
                   log_);
  }
  void give(const std::vector<Frame>& frames) {
    for (const Frame& frame : frames) give(frame);
  }
  void wait(uint64_t seconds) {
    time_ns_ += seconds * kSecond;
    driver_->sweep({time_ns_}, log_);
  }
  // Bytes, and so many missing in one place.
  static void expect_came_to(const StreamStats& side, uint64_t bytes, uint64_t gap_bytes) {
    EXPECT_EQ(side.bytes, bytes);
    EXPECT_EQ(side.gap_bytes, gap_bytes);
    EXPECT_EQ(side.gaps, 1U);
  }
  void expect_balance() {
    const TrackerStats stats = driver_->stats();
    EXPECT_EQ(stats.created, stats.ended + stats.live);
  }

  std::unique_ptr<ScriptedDriver> driver_;
  SessionLog log_;
  uint64_t time_ns_ = kSecond;
};

TEST_F(SessionDriverTest, TellsASessionFromItsStartToItsEnd) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("ab"));
  give(talk.server("c"));
  give(talk.close());
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client b", "server c", "client graceful"}));
  wait(20);
  EXPECT_EQ(log_.take(), (Lines{"closed fin 2/1"}));
  expect_balance();
}

TEST_F(SessionDriverTest, DeliversTheBytesOfAFinBeforeTheEnd) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("x", tcp_flag::kAck | tcp_flag::kFin));
  give(talk.server("y", tcp_flag::kAck | tcp_flag::kFin));
  give(talk.client(""));
  wait(20);
  EXPECT_EQ(log_.take(),
            (Lines{"started", "client x", "server y", "client graceful", "closed fin 1/1"}));
}

TEST_F(SessionDriverTest, EndsWithThePacketWhereNoFlowLingers) {
  driver_ = make({.tracker = {.idle = {.tcp_closed_ns = 0}}});
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("x"));
  give(talk.close());
  EXPECT_EQ(log_.take(), (Lines{"started", "client x", "client graceful", "closed fin 1/0"}));
}

TEST_F(SessionDriverTest, AbortsAtAReset) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a"));
  give(talk.server("", tcp_flag::kRst | tcp_flag::kAck));
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client abort"}));
  wait(20);
  EXPECT_EQ(log_.take(), (Lines{"closed rst 1/0"}));
}

TEST_F(SessionDriverTest, ParsesNoBytesOfAReset) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a"));
  give(talk.client("b", tcp_flag::kRst | tcp_flag::kAck));
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client abort"}));
}

TEST_F(SessionDriverTest, EndsGracefullyWhenTheFlowFallsSilent) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a"));
  wait(299);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a"}));
  wait(1);
  EXPECT_EQ(log_.take(), (Lines{"client graceful", "closed idle 1/0"}));
}

TEST_F(SessionDriverTest, FinishEndsEveryFlowOnce) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a"));
  driver_->finish(log_);
  driver_->finish(log_);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client graceful", "closed shutdown 1/0"}));
  expect_balance();
}

TEST_F(SessionDriverTest, AbortsWhenTheTableIsFull) {
  driver_ = make({.tracker = {.flows_max = 1}});
  TalkTcp first;
  TalkTcp second(1001);
  give(first.handshake());
  give(first.client("a"));
  give(second.handshake());
  EXPECT_EQ(log_.take(),
            (Lines{"started", "client a", "client abort", "closed evicted 1/0", "1001 started"}));
}

TEST_F(SessionDriverTest, PoisonIsToldOnceAndParsesNoMore) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("ab!c"));
  give(talk.client("d!"));
  give(talk.server("e"));
  give(talk.close());
  wait(20);
  EXPECT_EQ(log_.take(),
            (Lines{"started", "client a", "client b", "client parse error of scripted: said so",
                   "closed fin 4/0 poisoned"}));
  EXPECT_EQ(driver_->counters_of<ScriptedParser>().poisoned.value(), 1U);
  EXPECT_EQ(driver_->stats().created, 1U);
  expect_balance();
}

TEST_F(SessionDriverTest, OnePacketThatPoisonsAndEndsGivesOneClose) {
  driver_ = make({.tracker = {.idle = {.tcp_closed_ns = 0}}});
  TalkTcp talk;
  give(talk.handshake());
  give(talk.server("", tcp_flag::kAck | tcp_flag::kFin));
  give(talk.client("a!", tcp_flag::kAck | tcp_flag::kFin));
  give(talk.server(""));
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client parse error of scripted: said so",
                                "closed fin 2/0 poisoned"}));
}

TEST_F(SessionDriverTest, AParserThatIsDoneHearsNothingMore) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a."));
  give(talk.client("b"));
  give(talk.close());
  wait(20);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "closed fin 2/0"}));
}

TEST_F(SessionDriverTest, HandsOverToAParserOfItsOwn) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a>b"));
  give(talk.client("c"));
  driver_->finish(log_);
  EXPECT_EQ(log_.take(),
            (Lines{"started", "client a", "client c", "client graceful", "closed shutdown 4/0"}));
  EXPECT_EQ(driver_->counters_of<ScriptedParser>().flows.value(), 2U);
}

TEST_F(SessionDriverTest, ForceCloseEndsOneFlow) {
  TalkTcp talk;
  TalkTcp other(1001);
  give(talk.handshake());
  give(other.handshake());
  give(talk.client("a"));
  EXPECT_TRUE(driver_->force_close(talk.key(), log_));
  EXPECT_FALSE(driver_->force_close(talk.key(), log_));
  EXPECT_EQ(log_.take(),
            (Lines{"started", "1001 started", "client a", "client abort", "closed forgotten 1/0"}));
  expect_balance();
}

TEST_F(SessionDriverTest, ForceCloseHandsOnWhatWasHeld) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a"));
  talk.lose(FlowSide::Initiator, 3);
  give(talk.client("b"));
  log_.take();
  driver_->force_close(talk.key(), log_);
  EXPECT_EQ(log_.take(),
            (Lines{"client gap of 3", "client b", "client abort", "closed forgotten 2/0"}));
}

TEST_F(SessionDriverTest, GoesOnBehindAGap) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a"));
  talk.lose(FlowSide::Initiator, 5);
  give(talk.client("b"));
  give(talk.server(""));  // has the bytes that we miss
  time_ns_ += kSecond;
  give(talk.server("c"));
  give(talk.client("d"));
  EXPECT_EQ(log_.take(),
            (Lines{"started", "client a", "client gap of 5", "client b", "server c", "client d"}));
  const auto stats = driver_->snapshot_stats(talk.key());
  ASSERT_TRUE(stats.has_value());
  expect_came_to(stats->side[0], 3, 5);
}

TEST_F(SessionDriverTest, ClosedTellsWhatReassemblyCameTo) {
  TalkTcp talk;
  give(talk.handshake());
  talk.lose(FlowSide::Responder, 7);
  give(talk.server("b"));
  give(talk.client("a"));
  const auto before = driver_->snapshot_stats(talk.key());
  std::optional<SessionStats> closed;
  driver_->finish([&](const SessionClosed& event) { closed = event.stats; });
  ASSERT_TRUE(closed.has_value() && before.has_value());
  EXPECT_EQ(before->side[1].gaps, 0U);
  expect_came_to(closed->side[1], 1, 7);
  EXPECT_EQ(closed->flow, before->flow);
  EXPECT_EQ(closed->flow.packets(), 5U);
}

TEST_F(SessionDriverTest, PutsSegmentsInOrderAndTakesEachByteOnce) {
  TalkTcp talk;
  give(talk.handshake());
  const std::vector<Frame> frames = {talk.client("a"), talk.client("bc"), talk.client("d")};
  for (const size_t i : {2U, 1U, 1U, 0U, 2U}) give(frames[i]);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client b", "client c", "client d"}));
}

TEST_F(SessionDriverTest, LatePacketsOpenNoFlow) {
  TalkTcp talk;
  give(talk.handshake());
  const Frame late = talk.client("a");
  give(late);
  give(talk.close());
  log_.take();
  give(late);
  give(talk.server("z"));
  give(talk.client(""));
  EXPECT_TRUE(log_.take().empty());
  EXPECT_EQ(driver_->stats().created, 1U);
  wait(20);
  EXPECT_EQ(log_.take(), (Lines{"closed fin 1/0"}));
}

TEST_F(SessionDriverTest, LatePayloadOfASilentSessionIsNotParsed) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.close());
  give(talk.client("a"));
  wait(20);
  EXPECT_EQ(log_.take(), (Lines{"started", "closed fin 0/0"}));
}

TEST_F(SessionDriverTest, BytesThatAFinOvertookAreParsed) {
  TalkTcp talk;
  give(talk.handshake());
  const Frame late = talk.client("a");
  give(talk.close());
  give(late);
  wait(20);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client graceful", "closed fin 1/0"}));
}

// Somebody between the two forged it.
TEST_F(SessionDriverTest, BytesBehindAResetThatNobodyHeededAreParsed) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("", tcp_flag::kRst | tcp_flag::kAck));
  give(talk.client("a"));
  give(talk.server("b"));
  wait(20);
  EXPECT_EQ(log_.take(),
            (Lines{"started", "client a", "server b", "client abort", "closed rst 1/1"}));
}

TEST_F(SessionDriverTest, AReusedPortIsANewSession) {
  TalkTcp first;
  give(first.handshake());
  give(first.client("a"));
  TalkTcp second(1000, 1'000'000'000, 2'000'000'000);
  give(second.handshake());
  give(second.client("b"));
  driver_->finish(log_);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client abort", "closed reopened 1/0",
                                "started", "client b", "client graceful", "closed shutdown 1/0"}));
}

TEST_F(SessionDriverTest, TakesBytesThatComeWithTheSyn) {
  TalkTcp talk;
  give(talk.client("ab", tcp_flag::kSyn));
  const Frame answer = talk.server("", tcp_flag::kSyn | tcp_flag::kAck);
  give(answer);
  const std::vector<Frame> frames = {talk.server("x"), talk.server("y")};
  give(frames[1]);
  give(frames[0]);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client b", "server x", "server y"}));
}

TEST_F(SessionDriverTest, TakesASessionUpInItsMiddle) {
  TalkTcp talk;
  give(talk.client("a"));
  give(talk.server("b"));
  give(talk.close());
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "server b", "client graceful"}));
}

TEST_F(SessionDriverTest, KeepsSessionsApart) {
  TalkTcp first;
  TalkTcp second(1001);
  give(first.handshake());
  give(second.handshake());
  give(first.client("a"));
  give(second.client("b!"));
  give(first.client("c"));
  EXPECT_EQ(log_.take(), (Lines{"started", "1001 started", "client a", "1001 client b",
                                "1001 client parse error of scripted: said so", "client c"}));
}

TEST_F(SessionDriverTest, TellsAnomaliesOnlyWhenAsked) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("?"));
  EXPECT_EQ(log_.take(), (Lines{"started"}));
  TalkTcp other(1001);
  give(other.handshake());
  give(testing::client(tcp_flag::kRst, 0x7000'0000, 0, 1001));
  EXPECT_EQ(log_.take(), (Lines{"1001 started"}));
  FlowTrackerOptions options = driver_->options();
  options.events = EventMask::all();
  ASSERT_TRUE(driver_->set_options(options, log_).ok());
  give(talk.client("?"));
  give(testing::client(tcp_flag::kRst, 0x7000'0000));  // outside the window
  EXPECT_EQ(log_.take(), (Lines{"anomaly strange", "anomaly reset_out_of_window"}));
}

TEST_F(SessionDriverTest, TakesNoBytesOfAFinOutsideTheWindow) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a"));
  log_.take();
  give(testing::PacketBuilder()
           .ethernet()
           .ipv4("10.0.0.1", "10.0.0.2")
           .tcp(1000, 80, {.seq = 1'000'000, .ack = 7, .flags = tcp_flag::kFin | tcp_flag::kAck})
           .payload("x")
           .build());
  driver_->finish(log_);
  EXPECT_EQ(log_.take(), (Lines{"client graceful", "closed shutdown 1/0"}));
  EXPECT_EQ(driver_->counters().strays.value(), 1U);
}

TEST_F(SessionDriverTest, TellsOnceOfASideWhoseCopiesDiffer) {
  driver_ = make({.tracker = {.events = EventMask::all()}});
  TalkTcp talk;
  give(talk.handshake());
  TalkTcp forged = talk;
  talk.lose(FlowSide::Initiator, 1);
  forged.lose(FlowSide::Initiator, 1);
  const Frame first = talk.client("bc");
  const Frame other = forged.client("xy");
  give({first, other, other});
  log_.take();
  give(other);
  EXPECT_EQ(log_.take(), Lines{}) << "told before";
  TalkTcp again(1001);
  give(again.handshake());
  TalkTcp also_forged = again;
  again.lose(FlowSide::Initiator, 1);
  also_forged.lose(FlowSide::Initiator, 1);
  log_.take();
  give(again.client("bc"));
  give(also_forged.client("xy"));
  EXPECT_EQ(log_.take(), (Lines{"1001 anomaly reassembly_overlap_different_data"}));
}

TEST_F(SessionDriverTest, LeavesAFlowAloneThatWouldHoldTooMuch) {
  ScriptedDriver::Options options{.tracker = {.events = EventMask::all()}};
  options.sessions.segments.bytes_per_side_max = 1024;
  options.sessions.segments.overflow = OverflowPolicy::DropFlow;
  driver_ = make(options);
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("a"));
  log_.take();
  const std::string much(400, 'm');
  Lines told;
  for (int i = 0; i < 6; ++i) {
    talk.lose(FlowSide::Initiator, 1000);
    give(talk.client(much));
    for (const std::string& line : log_.take()) told.push_back(line);
  }
  EXPECT_EQ(told, (Lines{"anomaly reassembly_overflow", "client abort"}));
  EXPECT_EQ(driver_->counters().overflows.value(), 1U);
  give(talk.server("x"));
  EXPECT_EQ(log_.take(), Lines{}) << "parsed no more";
  driver_->finish(log_);
  EXPECT_EQ(log_.take(), (Lines{"closed shutdown 1/0"}));
  expect_balance();
}

TEST_F(SessionDriverTest, FewerFlowsAreEvictionsWithEvents) {
  TalkTcp first;
  TalkTcp second(1001);
  give(first.handshake());
  give(first.client("a"));
  give(second.handshake());
  log_.take();
  FlowTrackerOptions options = driver_->options();
  options.flows_max = 1;
  options.events = EventMask::all();
  ASSERT_TRUE(driver_->set_options(options, log_).ok());
  EXPECT_EQ(driver_->flow_count(), 1U);
  const Lines lines = log_.take();
  EXPECT_EQ(lines.back(), "eviction_pressure 1");
  expect_balance();
  options.flows_max = 1'000'000;
  EXPECT_FALSE(driver_->set_options(options, log_).ok());
}

TEST_F(SessionDriverTest, DropsFramesThatWereCapturedTwice) {
  driver_ = make({.tracker = {.dedup = Dedup::loopback()}});
  TalkTcp talk;
  give(talk.handshake());
  const Frame frame = talk.client("a");
  give(frame);
  time_ns_ -= 1'000'000;
  give(frame);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a"}));
  EXPECT_EQ(driver_->stats().duplicate_packets, 1U);
}

TEST_F(SessionDriverTest, MonotonicTimeNeverGoesBack) {
  driver_->set_monotonic(true);
  std::vector<uint64_t> times;
  const auto sink = [&](const Application<testing::TextMessage>& event) {
    times.push_back(event.time.ns);
  };
  TalkTcp talk;
  for (const uint64_t time_ns : {10 * kSecond, 5 * kSecond, 11 * kSecond}) {
    const Frame frame = talk.client("a");
    driver_->track({.frame = {frame.data(), frame.size()}, .time = {time_ns}, .wire_bytes = 60},
                   sink);
  }
  EXPECT_EQ(times, (std::vector<uint64_t>{10 * kSecond, 10 * kSecond, 11 * kSecond}));
}

TEST_F(SessionDriverTest, TheUsersRuleDecidesWhenAFlowIsIdle) {
  driver_->set_idle_timeout([](const FlowKey& key, uint8_t) -> std::optional<uint64_t> {
    if (either_port(key, 80)) return 5 * kSecond;
    return std::nullopt;
  });
  TalkTcp talk;
  give(talk.client("a"));
  wait(5);
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "client graceful", "closed idle 1/0"}));
  driver_->clear_idle_timeout();
  TalkTcp other(1001);
  give(other.client("a"));
  wait(5);
  EXPECT_EQ(driver_->flow_count(), 1U);
}

TEST_F(SessionDriverTest, KeepsAStateOfTheUsersWithEachFlow) {
  TalkTcp talk;
  TalkTcp other(1001);
  const auto count = [&](const Application<testing::TextMessage>& event) {
    ++driver_->state_of(event.flow);
  };
  for (const Frame& frame : {talk.client("ab"), other.client("c"), talk.server("d")}) {
    driver_->track({.frame = {frame.data(), frame.size()}, .time = {kSecond}, .wire_bytes = 60},
                   count);
  }
  ASSERT_NE(driver_->get(talk.key()), nullptr);
  EXPECT_EQ(driver_->state_of(*driver_->get(talk.key())), 3U);
  EXPECT_EQ(driver_->state_of(*driver_->get(other.key())), 1U);
}

TEST_F(SessionDriverTest, ShowsTheFlowsThatLive) {
  TalkTcp talk;
  give(talk.handshake());
  give(talk.client("abc"));
  size_t flows = 0;
  driver_->snapshot_flow_stats([&](const FlowEntry& entry, const SessionStats& stats) {
    ++flows;
    EXPECT_EQ(entry.key, talk.key());
    EXPECT_EQ(stats.side[0].bytes, 3U);
    EXPECT_EQ(stats.flow.packets(), 4U);
  });
  EXPECT_EQ(flows, 1U);
}

TEST_F(SessionDriverTest, CountsFlowsForWhichThereIsNoPlace) {
  driver_ = make({.sessions = {.streams_max = 1}});
  TalkTcp first;
  TalkTcp second(1001);
  give(first.client("a"));
  give(second.client("b"));
  give(second.client("c"));
  EXPECT_EQ(log_.take(), (Lines{"started", "client a", "1001 started"}));
  EXPECT_EQ(driver_->counters().refused.value(), 1U);
  EXPECT_EQ(driver_->counters().sessions.value(), 1U);
}

TEST_F(SessionDriverTest, RefusesOptionsThatCannotBe) {
  const auto no_flows =
      ScriptedDriver::create({.tracker = {.flows_max = 0}}, FiveTuple::bidirectional());
  EXPECT_FALSE(no_flows.ok());
  const auto too_many = ScriptedDriver::create({.sessions = {.streams_max = FlowEntry::kStreamOff}},
                                               FiveTuple::bidirectional());
  EXPECT_FALSE(too_many.ok());
}

TEST_F(SessionDriverTest, ADriverThatGoesTellsNothing) {
  TalkTcp talk;
  give(talk.client("a"));
  log_.take();
  driver_.reset();
  EXPECT_TRUE(log_.take().empty());
}

}  // namespace
}  // namespace flowscope
