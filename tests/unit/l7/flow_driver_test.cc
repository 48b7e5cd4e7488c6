#include "l7/flow_driver.h"

#include <gtest/gtest.h>

#include "tests/support/event_text.h"
#include "tests/unit/l7/driver_rig.h"

namespace flowscope {
namespace {

using testing::EventText;
using testing::Frame;
using testing::TalkTcp;
using Lines = std::vector<std::string>;

constexpr uint64_t kSecond = 1'000'000'000;

// A sink that keeps a line for each event.
struct FlowLog {
  Lines lines;

  void operator()(const FlowEvent& event) {
    if (!is_quiet) lines.push_back(EventText::of(event));
  }
  void operator()(const StreamBytes& event) {
    add(event.side, "bytes " + std::string(event.bytes.as_text()));
  }
  void operator()(const StreamGap& event) {
    add(event.side, "gap " + std::to_string(event.missing_bytes));
  }
  void operator()(const StreamPoisoned& event) { add(event.side, "poisoned"); }
  void operator()(const StreamsEnded& event) {
    lines.push_back("streams " + std::to_string(event.stats.side[0].bytes) + "/"
                    + std::to_string(event.stats.side[1].bytes));
  }
  Lines take() { return std::exchange(lines, {}); }

  bool is_quiet = true;

 private:
  void add(FlowSide side, const std::string& text) {
    lines.push_back((side == FlowSide::Initiator ? "client " : "server ") + text);
  }
};

// Collects what comes in order, up to a cap: the shape of a reassembler of one's own.
class Collector {
 public:
  void segment(uint32_t seq, Bytes payload) {
    if (expected_.has_value() && seq != *expected_) {
      ++dropped_;
      return;
    }
    expected_ = seq + static_cast<uint32_t>(payload.size());
    text_ += payload.as_text();
  }
  void fin() { ended_ += "fin"; }
  void rst() { ended_ += "rst"; }
  [[nodiscard]] bool is_poisoned() const { return text_.size() > 8; }
  [[nodiscard]] uint64_t dropped_segments() const { return dropped_; }
  [[nodiscard]] uint64_t high_watermark() const { return text_.size(); }
  std::string take() { return std::exchange(text_, {}); }
  ~Collector() { last_end() += ended_ + ";"; }
  // How those that are gone ended.
  static std::string& last_end() {
    static std::string ends;
    return ends;
  }

 private:
  std::optional<uint32_t> expected_;
  std::string text_;
  std::string ended_;
  uint64_t dropped_ = 0;
};

// Hands every segment on at once.
struct Passing {
  template <class S>
  void segment(uint32_t /*seq*/, Bytes payload, S& sink) {
    sink.on_bytes(payload);
  }
};

template <class R>
class Rig {
 public:
  explicit Rig(const FlowTrackerOptions& options = {.flows_max = 100})
      : driver(std::move(
          FlowDriver<FiveTuple, R>::create(
              {.tracker = options, .buffers_bytes = 1 << 20, .segments = {.segments_max = 100}},
              FiveTuple::bidirectional())
              .value())) {}
  void give(const Frame& frame) {
    time_ns += 1'000'000;
    driver.track({.frame = {frame.data(), frame.size()},
                  .time = {time_ns},
                  .wire_bytes = static_cast<uint32_t>(frame.size())},
                 log);
  }
  void give(const std::vector<Frame>& frames) {
    for (const Frame& frame : frames) give(frame);
  }

  FlowDriver<FiveTuple, R> driver;
  FlowLog log;
  uint64_t time_ns = 0;
};

TEST(FlowDriver, PassesTheTrackersEventsOnWithTheBytesInTheirPlace) {
  Rig<TcpStream> rig({.flows_max = 100, .idle = {.tcp_closed_ns = 0}});
  rig.log.is_quiet = false;
  TalkTcp talk;
  rig.give(talk.client("ab"));
  rig.give(talk.server("", tcp_flag::kRst | tcp_flag::kAck));
  EXPECT_EQ(rig.log.take(),
            (Lines{"1000-80 started initiator at 1000000", "1000-80 packet initiator 56 at 1000000",
                   "client bytes ab", "1000-80 active to reset at 2000000",
                   "1000-80 packet responder 54 at 2000000", "streams 2/0",
                   "1000-80 ended rst 1/1 from 1000000 to 2000000"}));
}

TEST(FlowDriver, PutsBothSidesInOrder) {
  Rig<TcpStream> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  const Frame first = talk.client("a");
  rig.give(talk.client("b"));
  rig.give(first);
  rig.give(first);
  rig.give(talk.server("c", tcp_flag::kAck | tcp_flag::kFin));
  EXPECT_EQ(rig.log.take(), (Lines{"client bytes a", "client bytes b", "server bytes c"}));
  rig.driver.finish(rig.log);
  EXPECT_EQ(rig.log.take(), (Lines{"streams 2/1"}));
}

TEST(FlowDriver, TellsGapsWhereBytesAreMissing) {
  Rig<TcpStream> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  talk.lose(FlowSide::Responder, 4);
  rig.give(talk.server("x"));
  rig.driver.finish(rig.log);
  EXPECT_EQ(rig.log.take(), (Lines{"server gap 4", "server bytes x", "streams 0/1"}));
  EXPECT_EQ(rig.driver.counters().gap_bytes.value(), 4U);
}

TEST(FlowDriver, TellsNothingOfAFlowThatIsOver) {
  Rig<TcpStream> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  rig.give(talk.client("a"));
  rig.give(talk.close());
  rig.give(talk.client("late"));
  EXPECT_EQ(rig.log.take(), (Lines{"client bytes a"}));
  EXPECT_EQ(rig.driver.reassembler(talk.key(), FlowSide::Initiator), nullptr);
}

TEST(FlowDriver, TellsBytesBehindAResetThatNobodyHeeded) {
  Rig<TcpStream> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  rig.give(talk.client("", tcp_flag::kRst | tcp_flag::kAck));
  rig.give(talk.client("a"));
  EXPECT_EQ(rig.log.take(), (Lines{"client bytes a"}));
}

TEST(FlowDriver, ShowsWhatStreamsCameToWhileTheyLive) {
  Rig<TcpStream> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  rig.give(talk.client("abc"));
  const auto stats = rig.driver.snapshot_stats(talk.key());
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->side[0].bytes, 3U);
  EXPECT_EQ(stats->flow.packets(), 4U);
}

TEST(FlowDriver, MakesAReassemblerOfOnesOwnAtASidesFirstPayload) {
  Rig<Collector> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  EXPECT_EQ(rig.driver.reassembler(talk.key(), FlowSide::Initiator), nullptr);
  rig.give(talk.client("ab"));
  rig.give(talk.client("c"));
  ASSERT_NE(rig.driver.reassembler(talk.key(), FlowSide::Initiator), nullptr);
  EXPECT_EQ(rig.driver.reassembler(talk.key(), FlowSide::Responder), nullptr);
  EXPECT_EQ(rig.driver.reassembler(talk.key(), FlowSide::Initiator)->take(), "abc");
}

TEST(FlowDriver, TellsAReassemblerOfOnesOwnHowItsFlowEnded) {
  Collector::last_end().clear();
  {
    Rig<Collector> rig({.flows_max = 100, .idle = {.tcp_closed_ns = 0}});
    TalkTcp closed;
    rig.give(closed.handshake());
    rig.give(closed.client("a"));
    rig.give(closed.close());
    TalkTcp reset(1001);
    rig.give(reset.client("a"));
    rig.give(reset.server("", tcp_flag::kRst | tcp_flag::kAck));
    TalkTcp silent(1002);
    rig.give(silent.client("a"));
    rig.driver.sweep({1000 * kSecond}, rig.log);
    EXPECT_EQ(Collector::last_end(), "fin;rst;fin;");
    TalkTcp alive(1003);
    rig.give(alive.client("a"));
  }
  EXPECT_EQ(Collector::last_end(), "fin;rst;fin;;");
}

TEST(FlowDriver, APoisonedReassemblerGetsNoMoreAndItsFlowLivesOn) {
  Rig<Collector> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  rig.give(talk.client("123456789"));
  rig.give(talk.client("abc"));
  rig.give(talk.server("d"));
  EXPECT_EQ(rig.log.take(), (Lines{"client poisoned"}));
  EXPECT_EQ(rig.driver.reassembler(talk.key(), FlowSide::Initiator)->take(), "123456789");
  EXPECT_EQ(rig.driver.reassembler(talk.key(), FlowSide::Responder)->take(), "d");
  EXPECT_EQ(rig.driver.stats().created, 1U);
}

TEST(FlowDriver, TakesTheCountsOfAReassemblerOfOnesOwn) {
  Rig<Collector> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  rig.give(talk.client("ab"));
  talk.lose(FlowSide::Initiator, 1);
  rig.give(talk.client("c"));
  std::optional<SessionStats> ended;
  rig.driver.finish([&](const StreamsEnded& event) { ended = event.stats; });
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->side[0], (StreamStats{.segments_dropped = 1, .held_bytes_max = 2}));
}

TEST(FlowDriver, LetsAReassemblerOfOnesOwnHandBytesOn) {
  Rig<Passing> rig;
  TalkTcp talk;
  rig.give(talk.client("a"));
  rig.give(talk.server("b"));
  EXPECT_EQ(rig.log.take(), (Lines{"client bytes a", "server bytes b"}));
}

TEST(FlowDriver, TakesBytesThatComeWithTheSyn) {
  Rig<TcpStream> rig;
  TalkTcp talk;
  rig.give(talk.client("ab", tcp_flag::kSyn));
  rig.give(talk.server("", tcp_flag::kSyn | tcp_flag::kAck));
  const Frame first = talk.server("x");
  rig.give(talk.server("y"));
  rig.give(first);
  EXPECT_EQ(rig.log.take(), (Lines{"client bytes ab", "server bytes x", "server bytes y"}));
}

TEST(FlowDriver, TakesNoBytesFromOutsideTheWindow) {
  Rig<TcpStream> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  rig.give(talk.client("a"));
  TalkTcp forged(1000, 0x5000'0000, 0x6000'0000);
  rig.give(forged.client("forged"));
  rig.give(talk.client("b"));
  rig.driver.finish(rig.log);
  EXPECT_EQ(rig.log.take(), (Lines{"client bytes a", "client bytes b", "streams 2/0"}));
  EXPECT_EQ(rig.driver.counters().strays.value(), 1U);
}

// Puts segments in order itself, in the driver's store, and keeps the bytes.
class Keeper {
 public:
  explicit Keeper(SegmentStore& store) : store_(store) {}
  ~Keeper() { stream_.drop(store_); }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void syn(uint32_t seq) { stream_.anchor(seq + 1); }
  void segment(uint32_t seq, Bytes payload, uint64_t clock_ns) {
    stream_.segment({.seq = seq, .payload = payload, .missing_tail = 0, .clock_ns = clock_ns},
                    store_, *this);
  }
  void peer_acknowledged(uint32_t ack, uint64_t clock_ns) {
    stream_.peer_acknowledged(ack, clock_ns, store_, *this);
  }
  void on_bytes(Bytes bytes) { text += bytes.as_text(); }
  void on_gap(uint32_t missing_bytes) { text.append(missing_bytes, '_'); }

  std::string text;

 private:
  SegmentStore& store_;
  TcpStream stream_;
};

TEST(FlowDriver, LendsItsStoreToAReassemblerOfOnesOwn) {
  Rig<Keeper> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  talk.lose(FlowSide::Initiator, 2);
  const Frame first = talk.client("c");
  rig.give(talk.client("d"));
  rig.give(first);
  rig.give(talk.server("x"));
  rig.time_ns += kSecond;
  rig.give(talk.server("y"));
  rig.give(talk.client("e"));
  EXPECT_EQ(rig.driver.reassembler(talk.key(), FlowSide::Initiator)->text, "__cde");
  EXPECT_EQ(rig.driver.reassembler(talk.key(), FlowSide::Responder)->text, "xy");
}

TEST(FlowDriver, OneLambdaIsASink) {
  Rig<TcpStream> rig;
  std::string text;
  TalkTcp talk;
  for (const Frame& frame : {talk.client("ab"), talk.client("c")}) {
    rig.driver.track({.frame = {frame.data(), frame.size()}, .time = {0}, .wire_bytes = 60},
                     [&](const StreamBytes& event) { text += event.bytes.as_text(); });
  }
  EXPECT_EQ(text, "abc");
}

}  // namespace
}  // namespace flowscope
