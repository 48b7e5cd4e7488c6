#include "flowcore/track/burst_tracker.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;
constexpr uint64_t kSecond = 1'000'000'000;

struct TimedFrame {
  uint64_t time_ns;
  Frame frame;
};

// Drives a tracker with frames in bursts of a given size and writes down what it says.
class Rig {
 public:
  explicit Rig(const BurstTracker::Options& options = {.flows_max = 4096})
      : arena_(
          std::move(Arena::create(BurstTracker::cost(options), Arena::Populate::Lazily).value())),
        tracker_(std::make_unique<BurstTracker>(arena_, options)) {}

  void track(const std::vector<TimedFrame>& frames, uint32_t burst_size = 1) {
    for (size_t at = 0; at < frames.size(); at += burst_size) {
      burst_->count = 0;
      for (size_t i = at; i < std::min(frames.size(), at + burst_size); ++i) {
        const Frame& frame = frames[i].frame;
        burst_->packet[burst_->count++] = {.frame = {frame.data(), frame.size()},
                                           .time = {frames[i].time_ns},
                                           .wire_bytes = static_cast<uint32_t>(frame.size())};
      }
      run();
    }
  }
  void sweep(uint64_t now_ns) { tracker_->sweep(now_ns, *this); }
  void finish() { tracker_->finish(clock_ns_, *this); }

  void on_started(FlowEntry& entry) { say(entry, "started"); }
  void on_established(FlowEntry& entry) { say(entry, "established"); }
  void on_ended(FlowEntry& entry, EndReason reason) {
    constexpr std::array<const char*, kEndReasons> kNames = {
        "fin", "rst", "idle", "evicted", "reopened", "forgotten", "shutdown"};
    say(entry, std::string("ended ") + kNames.at(static_cast<size_t>(reason)) + " "
                   + std::to_string(entry.side[0].packets()) + "/"
                   + std::to_string(entry.side[1].packets()) + " "
                   + std::to_string(entry.side[0].bytes()) + "/"
                   + std::to_string(entry.side[1].bytes()) + " at "
                   + std::to_string(entry.started_ns) + "-" + std::to_string(entry.last_seen_ns)
                   + errors_of(entry));
  }

  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  [[nodiscard]] BurstTracker& tracker() { return *tracker_; }
  [[nodiscard]] int count(std::string_view what) const {
    int found = 0;
    for (const std::string& line : log_) found += line.find(what) != std::string::npos ? 1 : 0;
    return found;
  }

 private:
  // ", icmp TYPE.CODE xCOUNT" for flows that ICMP errors were about.
  [[nodiscard]] std::string errors_of(const FlowEntry& entry) const {
    const FlowDetail* detail = tracker_->detail_of(entry);
    if (detail == nullptr || detail->icmp_errors == 0) return {};
    return ", icmp " + std::to_string(detail->icmp_error_type) + "."
           + std::to_string(detail->icmp_error_code) + " x" + std::to_string(detail->icmp_errors);
  }
  void run() {
    decode_layers(*burst_);
    extract_keys(FiveTuple::bidirectional(), tracker_->hash(), *burst_, *keys_);
    extract_quoted(FiveTuple::bidirectional(), tracker_->hash(), *burst_, *quoted_);
    for (uint32_t i = 0; i < burst_->count; ++i) {
      clock_ns_ = std::max(clock_ns_, burst_->packet[i].time.ns);
      flows_->clock_ns[i] = clock_ns_;
    }
    tracker_->find(*burst_, *keys_, *flows_);
    for (uint32_t begin = 0; begin < burst_->count;) {
      tracker_->sweep_step(flows_->clock_ns[begin], *this);
      const uint32_t end =
          tracker_->update(*burst_, *keys_, *flows_, begin, *this, quoted_->rows());
      ASSERT_GT(end, begin) << "every run makes progress";
      begin = end;
    }
    ASSERT_EQ(tracker_->created(), tracker_->ended() + tracker_->live());
  }
  void say(const FlowEntry& entry, const std::string& what) {
    log_.push_back(std::to_string(entry.key.a_port) + "-" + std::to_string(entry.key.b_port) + " "
                   + (entry.initiator == Orientation::Forward ? "a" : "b") + " " + what);
  }

  Arena arena_;
  std::unique_ptr<BurstTracker> tracker_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  std::unique_ptr<FlowKeys> keys_ = std::make_unique<FlowKeys>();
  std::unique_ptr<QuotedFlows> quoted_ = std::make_unique<QuotedFlows>();
  std::unique_ptr<FlowBurst> flows_ = std::make_unique<FlowBurst>();
  uint64_t clock_ns_ = 0;
  std::vector<std::string> log_;
};

Frame client(uint8_t flags, uint32_t seq = 0, uint16_t port = 1000, uint32_t ack = 0) {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2")
      .tcp(port, 80, {.seq = seq, .ack = ack, .flags = flags})
      .build();
}
Frame server(uint8_t flags, uint32_t seq = 0, uint16_t port = 1000, uint32_t ack = 0) {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.2", "10.0.0.1")
      .tcp(80, port, {.seq = seq, .ack = ack, .flags = flags})
      .build();
}
Frame udp(uint16_t port) {
  return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(port, 9).payload("x").build();
}
// The error that a router sends the client about a packet of its own.
Frame error_about(const Frame& packet, uint8_t code) {
  constexpr size_t kEthernetBytes = 14;
  constexpr size_t kQuotedBytes = 28;
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.99", "10.0.0.1")
      .icmp(3, code)
      .payload(
          Frame(packet.begin() + kEthernetBytes, packet.begin() + kEthernetBytes + kQuotedBytes))
      .build();
}
using tcp_flag::kAck;
using tcp_flag::kFin;
using tcp_flag::kRst;
using tcp_flag::kSyn;

TEST(BurstTracker, PacketsOfLongAgoAreNoIdleFlows) {
  constexpr uint64_t kYear = 31'536'000 * kSecond;
  Rig rig;
  rig.track({{56 * kYear, udp(1000)}, {1, udp(2000)}, {2, udp(2000)}, {20 * kYear, udp(2000)}});
  EXPECT_EQ(rig.tracker().live(), 2U);
  EXPECT_EQ(rig.tracker().ended(), 0U) << "the clock stands at 56 years all the while";
}

TEST(BurstTracker, NotesIcmpErrorsWithTheFlowTheyQuote) {
  for (const uint32_t burst_size : {1U, 8U}) {
    SCOPED_TRACE(burst_size);
    Rig rig;
    rig.track({{1, udp(1000)},
               {2, error_about(udp(1000), 1)},
               {3, udp(2000)},
               {4, error_about(udp(1000), 3)},
               {5, error_about(udp(3000), 3)}},
              burst_size);
    EXPECT_EQ(rig.tracker().live(), 4U) << "two flows, and those of the two kinds of error";
    rig.finish();
    EXPECT_EQ(rig.count(", icmp 3.3 x2"), 1);
    EXPECT_EQ(rig.count(", icmp"), 1) << "an unknown flow is not made by an error";
  }
}

TEST(BurstTracker, NotesNothingWhenDetailsAreUsedUp) {
  Rig rig({.flows_max = 4096, .details_max = 1});
  rig.track({{1, udp(1000)},
             {1, udp(2000)},
             {2, error_about(udp(1000), 1)},
             {3, error_about(udp(2000), 1)}});
  rig.finish();
  EXPECT_EQ(rig.count(", icmp"), 1);
  EXPECT_EQ(rig.tracker().details_refused(), 1U);
}

TEST(BurstTracker, TellsTheLifeOfAFlowInOrder) {
  Rig rig;
  rig.track({{1, client(kSyn)},
             {2, server(kSyn | kAck, 0, 1000, 1)},
             {3, client(kAck, 1, 1000, 1)},
             {4, client(kFin | kAck, 1, 1000, 1)},
             {5, server(kFin | kAck, 1, 1000, 2)},
             {6, client(kAck, 2, 1000, 2)}});
  rig.finish();
  ASSERT_EQ(rig.log().size(), 3U);
  EXPECT_EQ(rig.log()[0], "1000-80 a started");
  EXPECT_EQ(rig.log()[1], "1000-80 a established");
  EXPECT_EQ(rig.log()[2], "1000-80 a ended fin 4/2 216/108 at 1-6");
}

TEST(BurstTracker, InitiatorIsTheReceiverOfASynAckSeenFirst) {
  Rig rig;
  rig.track({{1, server(kSyn | kAck)}, {2, client(kAck)}});
  ASSERT_EQ(rig.log().size(), 2U);
  EXPECT_EQ(rig.log()[0], "1000-80 a started");
  EXPECT_EQ(rig.log()[1], "1000-80 a established");
}

TEST(BurstTracker, LatePacketsAfterTheCloseOpenNoGhostFlow) {
  Rig rig;
  rig.track({{1, client(kSyn)},
             {2, server(kSyn | kAck, 0, 1000, 1)},
             {3, client(kAck, 1, 1000, 1)},
             {4, client(kFin | kAck, 1, 1000, 1)},
             {5, server(kFin | kAck, 1, 1000, 2)},
             {6, client(kAck, 2, 1000, 2)},
             {7, client(kAck, 2, 1000, 2)},
             {8, server(kFin | kAck, 1, 1000, 2)}});
  rig.finish();
  EXPECT_EQ(rig.count("started"), 1);
  EXPECT_EQ(rig.count("ended fin 5/3"), 1);
}

TEST(BurstTracker, NewSynAfterTheEndBeginsANewFlow) {
  Rig rig;
  rig.track(
      {{1, client(kSyn, 100)}, {2, server(kRst | kAck, 0, 1000, 101)}, {3, client(kSyn, 900)}}, 3);
  EXPECT_EQ(rig.count("started"), 2);
  EXPECT_EQ(rig.count("ended rst 1/1"), 1);
}

TEST(BurstTracker, FlowThatIsNotToLingerEndsBeforeTheNextPacket) {
  const std::vector<TimedFrame> frames = {
      {1, client(tcp_flag::kSyn, 100)},
      {2, server(tcp_flag::kRst | tcp_flag::kAck, 0, 1000, 101)},
      {3, udp(7)},
      {4, client(tcp_flag::kAck, 101)}};
  for (const uint32_t burst_size : {1U, 2U, 3U, 4U}) {
    Rig rig({.flows_max = 4096, .idle = {.tcp_closed_ns = 0}});
    rig.track(frames, burst_size);
    ASSERT_EQ(rig.log().size(), 4U) << burst_size;
    EXPECT_EQ(rig.log()[1], "1000-80 a ended rst 1/1 54/54 at 1-2");
    EXPECT_EQ(rig.log()[2], "7-9 a started");
    EXPECT_EQ(rig.log()[3], "1000-80 a started");
  }
}

TEST(BurstTracker, NewSynOnALiveFlowWithAnotherNumberBeginsANewFlow) {
  Rig rig;
  rig.track({{1, client(kSyn, 100)},
             {2, server(kSyn | kAck, 0, 1000, 101)},
             {3, client(kAck, 101, 1000, 1)},
             {4, client(kSyn, 5000)}});
  EXPECT_EQ(rig.count("ended reopened 2/1"), 1);
}

TEST(BurstTracker, RetransmittedSynBelongsToItsFlow) {
  Rig rig;
  rig.track({{1, client(kSyn, 100)},
             {2, client(kSyn, 100)},
             {3, server(kSyn | kAck)},
             {4, client(kSyn, 100)}});
  EXPECT_EQ(rig.count("started"), 1);
}

TEST(BurstTracker, ExpiresExactlyWhenTheIdleTimeReachesTheTimeout) {
  Rig rig;
  rig.track({{kSecond, udp(5)}});
  rig.sweep(kSecond + 60 * kSecond - 1);
  EXPECT_EQ(rig.tracker().live(), 1U);
  rig.sweep(kSecond + 60 * kSecond);
  EXPECT_EQ(rig.tracker().live(), 0U);
  EXPECT_EQ(rig.count("ended idle"), 1);
}

TEST(BurstTracker, PacketAfterTheTimeoutBeginsANewFlowWithoutASweep) {
  Rig rig;
  rig.track({{kSecond, udp(5)}, {61 * kSecond, udp(5)}}, 2);
  EXPECT_EQ(rig.count("started"), 2);
  EXPECT_EQ(rig.count("ended idle 1/0"), 1);
}

TEST(BurstTracker, TimeGoingBackwardsExpiresNothing) {
  Rig rig;
  rig.track({{1000 * kSecond, udp(5)}, {kSecond, udp(5)}, {1000 * kSecond, udp(5)}});
  EXPECT_EQ(rig.count("started"), 1);
}

TEST(BurstTracker, HalfOpenFlowExpiresSoonerThanAnEstablishedOne) {
  Rig rig;
  rig.track({{0, client(kSyn)},
             {0, client(kSyn, 0, 2000)},
             {1, server(kSyn | kAck, 0, 2000)},
             {2, client(kAck, 1, 2000)}});
  rig.sweep(100 * kSecond);
  EXPECT_EQ(rig.tracker().live(), 1U);
  EXPECT_EQ(rig.count("1000-80 a ended idle"), 1);
}

TEST(BurstTracker, FullTableEvictsTheFlowThatWasSilentLongest) {
  for (const uint16_t flows_max : {uint16_t{2}, uint16_t{11}}) {
    Rig rig({.flows_max = flows_max});
    std::vector<TimedFrame> frames;
    for (uint16_t i = 0; i < flows_max; ++i)
      frames.push_back({i * kSecond / 4, udp(static_cast<uint16_t>(100 + i))});
    frames.push_back({flows_max * kSecond / 4, udp(100)});  // the oldest is touched again
    frames.push_back({(flows_max + 1) * kSecond / 4, udp(999)});
    rig.track(frames);
    EXPECT_EQ(rig.tracker().evicted(), 1U);
    EXPECT_EQ(rig.tracker().evicted(EvictionCause::OnePacket), 1U);
    EXPECT_EQ(rig.count("101-9 a ended evicted"), 1);
    EXPECT_EQ(rig.tracker().live(), flows_max);
  }
}

TEST(BurstTracker, ANearlyFullTableLetsWhatIsWorthLeastGoSooner) {
  constexpr uint16_t kFlows = 100;
  IdlePolicy idle;
  idle.emergency_ns = 5 * kSecond;
  Rig rig({.flows_max = kFlows, .idle = idle, .emergency_percent = 95});
  std::vector<TimedFrame> frames;
  for (uint16_t port = 1; port <= 94; ++port) frames.push_back({port, udp(port)});
  rig.track(frames);
  rig.track({{kSecond, udp(1)}, {6 * kSecond, udp(2)}});  // two flows of two packets
  EXPECT_FALSE(rig.tracker().in_emergency()) << "94 of 100";
  EXPECT_EQ(rig.tracker().live(), 94U);
  rig.track({{6 * kSecond, udp(500)}, {7 * kSecond, udp(501)}});
  EXPECT_TRUE(rig.tracker().in_emergency());
  EXPECT_EQ(rig.tracker().emergencies(), 1U);
  for (uint64_t second = 8; second < 14; ++second) rig.track({{second * kSecond, udp(1)}});
  EXPECT_EQ(rig.tracker().live(), 4U) << "old flows of one packet have ended";
  EXPECT_EQ(rig.count("ended idle 1/0"), 92);
  EXPECT_EQ(rig.tracker().evicted(), 0U);
  EXPECT_FALSE(rig.tracker().in_emergency()) << "there is room again";
  rig.track({{14 * kSecond, udp(700)}, {25 * kSecond, udp(1)}});
  EXPECT_EQ(rig.tracker().live(), 5U) << "and a minute again for all";
}

TEST(BurstTracker, AnotherIdlePolicyHoldsForFlowsThatLive) {
  // The second policy has ticks of the same length, the third longer and the fourth shorter ones.
  Rig rig({.flows_max = 4096, .idle = {.udp_ns = 60 * kSecond}});
  rig.track({{kSecond, udp(1)}, {2 * kSecond, udp(2)}});
  rig.tracker().set_idle_policy({.udp_ns = 10 * kSecond});
  rig.tracker().set_idle_policy({.udp_ns = 10 * kSecond});
  rig.track({{10 * kSecond, udp(2)}, {11 * kSecond, udp(3)}});
  rig.sweep(11 * kSecond);
  EXPECT_EQ(rig.count("1-9 a ended idle"), 1) << "ten seconds are over";
  EXPECT_EQ(rig.tracker().live(), 2U);
  rig.tracker().set_idle_policy({.udp_ns = 3600 * kSecond, .other_ns = 100'000 * kSecond});
  for (uint64_t second = 12; second < 3000; second += 10) rig.sweep(second * kSecond);
  EXPECT_EQ(rig.tracker().live(), 2U) << "an hour is not over";
  rig.tracker().set_idle_policy({.udp_ns = kSecond});
  rig.sweep(3000 * kSecond);
  EXPECT_EQ(rig.tracker().live(), 0U);
  EXPECT_EQ(rig.count("ended idle"), 3);
}

TEST(BurstTracker, AnEmergencyEndsWhereItIsSwitchedOff) {
  constexpr uint16_t kFlows = 100;
  Rig rig({.flows_max = kFlows, .emergency_percent = 95});
  std::vector<TimedFrame> frames;
  for (uint16_t port = 1; port <= 98; ++port) frames.push_back({port, udp(port)});
  rig.track(frames);
  rig.track({{kSecond, udp(1)}});
  EXPECT_TRUE(rig.tracker().in_emergency());
  rig.tracker().set_emergency_percent(0);
  rig.track({{2 * kSecond, udp(1)}});
  EXPECT_FALSE(rig.tracker().in_emergency());
  rig.tracker().set_emergency_percent(50);
  rig.track({{3 * kSecond, udp(1)}});
  EXPECT_TRUE(rig.tracker().in_emergency());
  EXPECT_EQ(rig.tracker().emergencies(), 2U);
}

TEST(BurstTracker, FinishEndsEveryFlowAndLeavesNone) {
  Rig rig;
  rig.track({{1, udp(1)}, {2, udp(2)}, {3, client(kSyn)}});
  rig.finish();
  EXPECT_EQ(rig.count("ended shutdown"), 3);
  EXPECT_EQ(rig.tracker().live(), 0U);
}

// Random traffic over few endpoints, with closes, port reuse, idle gaps, clock steps and a table
// far too small: however it is cut into bursts, the same things are said in the same order.
TEST(BurstTracker, SaysTheSameForEveryBurstSize) {
  constexpr uint32_t kSeed = 7;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  std::vector<TimedFrame> frames;
  uint64_t time_ns = 1'000 * kSecond;
  for (int i = 0; i < 20'000; ++i) {
    constexpr std::array<uint8_t, 7> kFlags = {kSyn,        kSyn | kAck, kAck, kAck,
                                               kFin | kAck, kRst,        kAck};
    const auto flags = kFlags.at(random() % kFlags.size());
    const auto port = static_cast<uint16_t>(1 + random() % 90);
    const auto seq = static_cast<uint32_t>(random() % 3);
    const auto dice = static_cast<uint32_t>(random() % 1000);
    time_ns = dice == 0   ? time_ns + 200 * kSecond
              : dice == 1 ? time_ns - 50 * kSecond
                          : time_ns + 20'000'000;
    frames.push_back({time_ns, dice % 4 == 0   ? udp(port)
                               : dice % 2 == 0 ? client(flags, seq, port)
                                               : server(flags, seq, port)});
  }
  Rig one({.flows_max = 64});
  one.track(frames, 1);
  one.finish();
  EXPECT_GT(one.count("evicted"), 100);
  EXPECT_GT(one.count("idle"), 10);
  EXPECT_GT(one.count("reopened"), 10);
  for (const uint32_t burst_size : {2U, 7U, 32U, 64U, 256U}) {
    Rig many({.flows_max = 64});
    many.track(frames, burst_size);
    many.finish();
    EXPECT_EQ(many.log(), one.log()) << "burst size " << burst_size;
  }
}

}  // namespace
}  // namespace flowscope
