#include "flowcore/track/flow_meter.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"
#include "flowcore/track/burst_tracker.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using tcp_flag::kAck;
using tcp_flag::kFin;
using tcp_flag::kRst;
using tcp_flag::kSyn;
using testing::Frame;
using testing::Ipv4Fields;
using testing::PacketBuilder;
constexpr FlowSide kClient = FlowSide::Initiator;
constexpr FlowSide kServer = FlowSide::Responder;
constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kStart = 1'700'000'000'000'000'000;
// mss 1460, sack permitted, time stamps, nop, window scale 7: as Linux sends them.
const std::vector<uint8_t> kLinuxOptions = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0,
                                            0, 1, 0, 0,    0, 0, 1, 3,  3, 7};

// What one side sends at a time.
struct Segment {
  uint64_t at_ms = 0;
  FlowSide from = kClient;
  uint8_t flags = kAck;
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint32_t payload = 0;
  uint16_t window = 65535;
  std::vector<uint8_t> options{};
  uint8_t ttl = 64;
};

Frame frame_of(const Segment& segment) {
  PacketBuilder builder;
  const bool up = segment.from == kClient;
  builder.ethernet()
      .ipv4(up ? "10.0.0.1" : "10.0.0.2", up ? "10.0.0.2" : "10.0.0.1", {.ttl = segment.ttl})
      .tcp(up ? 1000 : 80, up ? 80 : 1000,
           {.seq = segment.seq,
            .ack = segment.ack,
            .flags = segment.flags,
            .window = segment.window,
            .options = segment.options});
  if (segment.payload != 0) builder.payload(std::string(segment.payload, 'x'));
  return builder.build();
}

struct TimedFrame {
  uint64_t time_ns;
  Frame frame;
};

std::vector<TimedFrame> frames_of(const std::vector<Segment>& segments) {
  std::vector<TimedFrame> frames;
  for (const Segment& segment : segments)
    frames.push_back({kStart + segment.at_ms * kMs, frame_of(segment)});
  return frames;
}

// Drives a tracker with full counters and keeps the meters of the flows that end.
class Rig {
 public:
  struct Ended {
    FlowEntry entry;
    FlowMeter meter;
    std::vector<FirstPacket> first_packets;
  };

  explicit Rig(uint32_t first_packets = 0, uint32_t flows_max = 4096)
      : Rig(BurstTracker::Options{
          .flows_max = flows_max,
          .meters = {.counters = FlowCounters::Full, .first_packets = first_packets}}) {}
  explicit Rig(const BurstTracker::Options& options)
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
  // The only flow of these segments.
  Ended flow_of(const std::vector<Segment>& segments) {
    track(frames_of(segments));
    finish();
    EXPECT_EQ(ended_.size(), 1U);
    return ended_.back();
  }
  void finish() { tracker_->finish(clock_ns_, *this); }

  void on_started(FlowEntry&) {}
  void on_established(FlowEntry&) {}
  void on_ended(FlowEntry& entry, EndReason /*reason*/) {
    const FlowMeter* const meter = tracker_->meter_of(entry);
    if (meter == nullptr) return;
    const auto first = tracker_->first_packets_of(entry);
    ended_.push_back({entry, *meter, {first.begin(), first.end()}});
  }

  void on_moved(uint32_t, uint32_t) { ++moved_; }

  [[nodiscard]] int moved() const { return moved_; }
  [[nodiscard]] const std::vector<Ended>& ended() const { return ended_; }
  [[nodiscard]] BurstTracker& tracker() { return *tracker_; }

 private:
  void run() {
    decode_layers(*burst_);
    extract_keys(FiveTuple::bidirectional(), tracker_->hash(), *burst_, *keys_);
    for (uint32_t i = 0; i < burst_->count; ++i) {
      clock_ns_ = std::max(clock_ns_, burst_->packet[i].time.ns);
      flows_->clock_ns[i] = clock_ns_;
    }
    tracker_->find(*burst_, *keys_, *flows_);
    for (uint32_t begin = 0; begin < burst_->count;) {
      tracker_->sweep_step(flows_->clock_ns[begin], *this);
      begin = tracker_->update(*burst_, *keys_, *flows_, begin, *this);
    }
  }

  Arena arena_;
  std::unique_ptr<BurstTracker> tracker_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  std::unique_ptr<FlowKeys> keys_ = std::make_unique<FlowKeys>();
  std::unique_ptr<FlowBurst> flows_ = std::make_unique<FlowBurst>();
  uint64_t clock_ns_ = 0;
  int moved_ = 0;
  std::vector<Ended> ended_;
};

// SYN at 0 ms, SYN-ACK at 30 ms, ACK at 40 ms; the client's payload begins at 101, the server's at
// 501. `more` follows.
std::vector<Segment> opened(const std::vector<Segment>& more = {}) {
  std::vector<Segment> all = {
      {.at_ms = 0, .flags = kSyn, .seq = 100, .window = 64240, .options = kLinuxOptions},
      {.at_ms = 30,
       .from = kServer,
       .flags = kSyn | kAck,
       .seq = 500,
       .ack = 101,
       .window = 28960,
       .options = {2, 4, 5, 0x78, 1, 1, 4, 2},
       .ttl = 57},
      {.at_ms = 40, .seq = 101, .ack = 501}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::string history_of(const std::vector<Segment>& segments) {
  return std::string(Rig().flow_of(segments).meter.history().text().text());
}

TEST(FlowMeter, CountsPayloadAndTimesOfEachSide) {
  const Rig::Ended flow =
      Rig().flow_of(opened({{.at_ms = 50, .seq = 101, .ack = 501, .payload = 100},
                            {.at_ms = 60, .from = kServer, .seq = 501, .ack = 201, .payload = 700},
                            {.at_ms = 70, .from = kServer, .seq = 1201, .ack = 201, .payload = 300},
                            {.at_ms = 80, .seq = 201, .ack = 1501}}));
  EXPECT_EQ(flow.meter.side(kClient).payload_bytes, 100U);
  EXPECT_EQ(flow.meter.side(kServer).payload_bytes, 1000U);
  EXPECT_EQ(flow.meter.first_ns(flow.entry, kClient), kStart);
  EXPECT_EQ(flow.meter.last_ns(flow.entry, kClient), kStart + 80 * kMs);
  EXPECT_EQ(flow.meter.first_ns(flow.entry, kServer), kStart + 30 * kMs);
  EXPECT_EQ(flow.meter.last_ns(flow.entry, kServer), kStart + 70 * kMs);
}

TEST(FlowMeter, TimesOfTheSideThatBeganAreRightWhenTheSynAckComesFirst) {
  const Rig::Ended flow =
      Rig().flow_of({{.at_ms = 5, .from = kServer, .flags = kSyn | kAck, .seq = 500, .ack = 101},
                     {.at_ms = 9, .seq = 101, .ack = 501}});
  EXPECT_EQ(flow.meter.first_ns(flow.entry, kServer), kStart + 5 * kMs);
  EXPECT_EQ(flow.meter.last_ns(flow.entry, kServer), kStart + 5 * kMs);
  EXPECT_EQ(flow.meter.first_ns(flow.entry, kClient), kStart + 9 * kMs);
  EXPECT_EQ(flow.meter.last_ns(flow.entry, kClient), kStart + 9 * kMs);
}

TEST(FlowMeter, PayloadIsWhatIpSaysAndStaysAtItsMaximum) {
  SideMeter side;
  side.payload_bytes = UINT64_MAX - 5;
  side.add_payload(3);
  EXPECT_EQ(side.payload_bytes, UINT64_MAX - 2);
  side.add_payload(3);
  EXPECT_EQ(side.payload_bytes, UINT64_MAX);
  uint16_t counter = UINT16_MAX - 1;
  count_one(counter);
  count_one(counter);
  EXPECT_EQ(counter, UINT16_MAX);
}

TEST(FlowMeter, KeepsLowestAndHighestTtl) {
  const Rig::Ended flow =
      Rig().flow_of(opened({{.at_ms = 41, .seq = 101, .ack = 501, .payload = 1, .ttl = 3},
                            {.at_ms = 42, .seq = 102, .ack = 501, .payload = 1, .ttl = 200}}));
  EXPECT_EQ(flow.meter.side(kClient).ttl_lowest, 3);
  EXPECT_EQ(flow.meter.side(kClient).ttl_highest, 200);
  EXPECT_EQ(flow.meter.side(kServer).ttl_lowest, 57);
  EXPECT_EQ(flow.meter.side(kServer).ttl_highest, 57);
}

TEST(FlowMeter, ReadsTheFirstSynOfEachSide) {
  std::vector<Segment> segments = opened();
  segments.insert(segments.begin() + 1, {.at_ms = 1, .flags = kSyn, .seq = 100, .window = 1});
  const Rig::Ended flow = Rig().flow_of(segments);
  const SideEvents& client = flow.meter.events(kClient);
  EXPECT_EQ(client.syn_window, 64240);
  EXPECT_EQ(client.segment_size_max, 1460);
  EXPECT_EQ(flow.meter.side(kClient).window_scale, 7);
  EXPECT_EQ(client.syn_kinds.text().text(), "mss,sack,ts,nop,ws");
  const SideEvents& server = flow.meter.events(kServer);
  EXPECT_EQ(server.syn_window, 28960);
  EXPECT_EQ(server.segment_size_max, 1400);
  EXPECT_EQ(server.syn_kinds.text().text(), "mss,nop,nop,sack");
  EXPECT_TRUE(server.syn_kinds.has(TcpOptions::kSackPermitted));
  EXPECT_FALSE(server.syn_kinds.has(TcpOptions::kTimestamps));
}

TEST(SynKinds, HoldsSixteenOfAnyKind) {
  std::vector<uint8_t> bytes;
  for (int i = 0; i < 19; ++i) bytes.insert(bytes.end(), {static_cast<uint8_t>(200 + i), 2});
  SynKinds kinds;
  kinds.read(TcpOptions::read({bytes.data(), bytes.size()}));
  EXPECT_EQ(kinds.count(), 16U);
  EXPECT_EQ(kinds.kind(15), SynKinds::kOtherKind);
  EXPECT_EQ(kinds.text().text().substr(0, 12), "other,other,");
  EXPECT_EQ(kinds.text().text().size(), 16 * 6 - 1);
  const std::vector<uint8_t> fast_open = {34, 2, 30, 2, 0};
  kinds.read(TcpOptions::read({fast_open.data(), fast_open.size()}));
  EXPECT_EQ(kinds.text().text(), "tfo,mptcp,eol");
}

TEST(FlowMeter, HandshakeGivesTheRoundTripOfEachSide) {
  const Rig::Ended flow = Rig().flow_of(opened());
  EXPECT_EQ(flow.meter.rtt(kClient).handshake_us, 30'000U) << "to the server and back";
  EXPECT_EQ(flow.meter.rtt(kServer).handshake_us, 10'000U) << "to the client and back";
  EXPECT_EQ(flow.meter.rtt(kClient).samples, 0);
  EXPECT_EQ(flow.meter.rtt(kServer).samples, 0);
}

TEST(FlowMeter, RepeatedSynGivesNoRoundTrip) {
  std::vector<Segment> segments = opened();
  segments.insert(segments.begin() + 1, {.at_ms = 20, .flags = kSyn, .seq = 100});
  const Rig::Ended flow = Rig().flow_of(segments);
  EXPECT_EQ(flow.meter.rtt(kClient).handshake_us, 0U);
  EXPECT_EQ(flow.meter.rtt(kServer).handshake_us, 10'000U);
  EXPECT_EQ(flow.meter.events(kClient).retransmitted, 1U);
}

TEST(FlowMeter, TimesOneSegmentOfEachSideAtATime) {
  const Rig::Ended flow =
      Rig().flow_of(opened({{.at_ms = 100, .seq = 101, .ack = 501, .payload = 100},
                            {.at_ms = 110, .seq = 201, .ack = 501, .payload = 100},
                            {.at_ms = 120, .from = kServer, .seq = 501, .ack = 200},
                            {.at_ms = 124, .from = kServer, .seq = 501, .ack = 301},
                            {.at_ms = 200, .seq = 301, .ack = 501, .payload = 1},
                            {.at_ms = 264, .from = kServer, .seq = 501, .ack = 302}}));
  const SideRtt& rtt = flow.meter.rtt(kClient);
  EXPECT_EQ(rtt.samples, 2);
  EXPECT_EQ(rtt.lowest_us, 24'000U) << "an acknowledgment of less than the segment is none";
  EXPECT_EQ(rtt.highest_us, 64'000U);
  EXPECT_EQ(rtt.smoothed_us, 29'000U) << "7/8 of 24 ms and 1/8 of 64 ms";
  EXPECT_EQ(flow.meter.rtt(kServer).samples, 0);
}

TEST(FlowMeter, RetransmittedSegmentGivesNoSample) {
  const Rig::Ended flow =
      Rig().flow_of(opened({{.at_ms = 100, .seq = 101, .ack = 501, .payload = 100},
                            {.at_ms = 300, .seq = 101, .ack = 501, .payload = 100},
                            {.at_ms = 330, .from = kServer, .seq = 501, .ack = 201},
                            {.at_ms = 400, .seq = 201, .ack = 501, .payload = 5},
                            {.at_ms = 431, .from = kServer, .seq = 501, .ack = 206}}));
  EXPECT_EQ(flow.meter.rtt(kClient).samples, 1);
  EXPECT_EQ(flow.meter.rtt(kClient).highest_us, 31'000U);
  EXPECT_EQ(flow.meter.events(kClient).retransmitted, 1U);
  EXPECT_EQ(flow.meter.events(kClient).out_of_order, 0U);
}

TEST(FlowMeter, TimeGoingBackwardsGivesNoSample) {
  const Rig::Ended flow =
      Rig().flow_of(opened({{.at_ms = 100, .seq = 101, .ack = 501, .payload = 100},
                            {.at_ms = 90, .from = kServer, .seq = 501, .ack = 201}}));
  EXPECT_EQ(flow.meter.rtt(kClient).samples, 0);
}

TEST(FlowMeter, ZeroPassedTimeIsASampleOfOneMicrosecond) {
  const Rig::Ended flow =
      Rig().flow_of(opened({{.at_ms = 100, .seq = 101, .ack = 501, .payload = 100},
                            {.at_ms = 100, .from = kServer, .seq = 501, .ack = 201}}));
  EXPECT_EQ(flow.meter.rtt(kClient).lowest_us, 1U);
}

TEST(FlowMeter, LateFillOfAHoleIsARetransmissionAndAPromptOneIsOutOfOrder) {
  for (const uint64_t late_ms : {uint64_t{20}, uint64_t{60}}) {
    const Rig::Ended flow =
        Rig().flow_of(opened({{.at_ms = 100, .seq = 101, .ack = 501, .payload = 10},
                              {.at_ms = 101, .seq = 121, .ack = 501, .payload = 10},
                              {.at_ms = 101 + late_ms, .seq = 111, .ack = 501, .payload = 10},
                              {.at_ms = 200, .seq = 111, .ack = 501, .payload = 10}}));
    const bool reordered = late_ms == 20;  // the handshake took 40 ms
    EXPECT_EQ(flow.meter.events(kClient).out_of_order, reordered ? 1U : 0U);
    EXPECT_EQ(flow.meter.events(kClient).retransmitted, reordered ? 1U : 2U)
        << "the hole is filled when the segment comes again";
  }
}

TEST(FlowMeter, WithoutAHandshakeReorderingIsWithinThreeMilliseconds) {
  for (const uint64_t late_ms : {uint64_t{2}, uint64_t{6}}) {
    const Rig::Ended flow =
        Rig().flow_of({{.at_ms = 100, .seq = 101, .ack = 501, .payload = 10},
                       {.at_ms = 101, .seq = 121, .ack = 501, .payload = 10},
                       {.at_ms = 101 + late_ms, .seq = 111, .ack = 501, .payload = 10}});
    EXPECT_EQ(flow.meter.events(kClient).out_of_order, late_ms == 2 ? 1U : 0U);
  }
}

TEST(FlowMeter, HoleIsFilledPieceByPiece) {
  const Rig::Ended flow = Rig().flow_of(opened({{.at_ms = 100, .seq = 101, .payload = 10},
                                                {.at_ms = 101, .seq = 151, .payload = 10},
                                                {.at_ms = 102, .seq = 111, .payload = 10},
                                                {.at_ms = 103, .seq = 141, .payload = 10},
                                                {.at_ms = 104, .seq = 121, .payload = 20},
                                                {.at_ms = 105, .seq = 141, .payload = 10}}));
  EXPECT_EQ(flow.meter.events(kClient).out_of_order, 3U);
  EXPECT_EQ(flow.meter.events(kClient).retransmitted, 1U) << "nothing is missing any more";
}

TEST(FlowMeter, CountsZeroWindowsAndKeepAlives) {
  const Rig::Ended flow =
      Rig().flow_of(opened({{.at_ms = 50, .from = kServer, .seq = 501, .ack = 101, .window = 0},
                            {.at_ms = 60, .from = kServer, .seq = 501, .ack = 101, .window = 0},
                            {.at_ms = 70, .from = kServer, .seq = 501, .ack = 101, .window = 100},
                            {.at_ms = 80, .seq = 100, .ack = 501},
                            {.at_ms = 90, .seq = 100, .ack = 501, .payload = 1}}));
  EXPECT_EQ(flow.meter.events(kServer).zero_windows, 2);
  EXPECT_EQ(flow.meter.events(kClient).zero_windows, 0);
  EXPECT_EQ(flow.meter.events(kClient).keep_alives, 2);
  EXPECT_EQ(flow.meter.events(kClient).retransmitted, 0U);
}

TEST(FlowMeter, BytesAcknowledgedButNotSeenAreAGap) {
  const Rig::Ended flow =
      Rig().flow_of(opened({{.at_ms = 50, .seq = 101, .ack = 501, .payload = 10},
                            {.at_ms = 51, .seq = 121, .ack = 501, .payload = 10},
                            {.at_ms = 52, .from = kServer, .seq = 501, .ack = 111},
                            {.at_ms = 60, .from = kServer, .seq = 501, .ack = 131},
                            {.at_ms = 61, .from = kServer, .seq = 501, .ack = 131},
                            {.at_ms = 70, .from = kServer, .seq = 501, .ack = 200}}));
  EXPECT_EQ(flow.meter.gaps(kClient), 2) << "in a hole, and beyond the last byte seen";
  EXPECT_EQ(flow.meter.history().text().text(), "ShADaG");
}

TEST(FlowHistory, NormalClose) {
  EXPECT_EQ(history_of(opened(
                {{.at_ms = 50, .seq = 101, .ack = 501, .payload = 10},
                 {.at_ms = 60, .from = kServer, .seq = 501, .ack = 111},
                 {.at_ms = 61, .from = kServer, .seq = 501, .ack = 111, .payload = 10},
                 {.at_ms = 70, .flags = kFin | kAck, .seq = 111, .ack = 511},
                 {.at_ms = 80, .from = kServer, .flags = kFin | kAck, .seq = 511, .ack = 112},
                 {.at_ms = 81, .seq = 112, .ack = 512}})),
            "ShADadFf");
}

TEST(FlowHistory, FlaggedSegmentsAreToldAgainWithAnotherNumberOnly) {
  EXPECT_EQ(history_of({{.at_ms = 0, .flags = kSyn, .seq = 100},
                        {.at_ms = 1, .flags = kSyn, .seq = 100},
                        {.at_ms = 2, .from = kServer, .flags = kRst | kAck, .seq = 0, .ack = 101},
                        {.at_ms = 3, .from = kServer, .flags = kRst | kAck, .seq = 0, .ack = 101},
                        {.at_ms = 4, .from = kServer, .flags = kRst | kAck, .seq = 7, .ack = 101}}),
            "Srr");
  EXPECT_EQ(history_of({{.at_ms = 0, .flags = kFin | kAck, .seq = 100, .ack = 1},
                        {.at_ms = 1, .flags = kFin | kAck, .seq = 90, .ack = 1, .payload = 10}}),
            "FT")
      << "a FIN's number is that behind its payload";
}

TEST(FlowHistory, MidStreamReset) {
  EXPECT_EQ(history_of({{.at_ms = 0, .seq = 100, .ack = 7, .payload = 10},
                        {.at_ms = 1, .from = kServer, .flags = kRst, .seq = 7}}),
            "Dr");
}

TEST(FlowHistory, SynAckFirstIsFlipped) {
  EXPECT_EQ(history_of({{.at_ms = 0, .from = kServer, .flags = kSyn | kAck, .seq = 1, .ack = 9},
                        {.at_ms = 1, .seq = 9, .ack = 2},
                        {.at_ms = 2, .seq = 9, .ack = 2, .payload = 5}}),
            "^hAD");
}

TEST(FlowHistory, OddFlagsAreToldOnceForEachSide) {
  EXPECT_EQ(history_of(opened({{.at_ms = 50, .flags = kSyn | kFin | kAck, .seq = 101},
                               {.at_ms = 51, .flags = kSyn | kRst, .seq = 101},
                               {.at_ms = 52, .from = kServer, .flags = kFin | kRst, .seq = 9},
                               {.at_ms = 53, .from = kServer, .flags = kFin | kRst, .seq = 9}})),
            "ShAQi");
}

TEST(FlowHistory, RetransmissionsAndZeroWindowsAreToldAtPowersOfTen) {
  for (const auto& [times, letters] :
       std::vector<std::pair<int, std::string>>{{1, "T"}, {9, "T"}, {10, "TT"}, {100, "TTT"}}) {
    std::vector<Segment> more = {{.at_ms = 50, .seq = 101, .ack = 501, .payload = 10}};
    for (int i = 0; i < times; ++i) more.push_back(more.front());
    EXPECT_EQ(history_of(opened(more)), "ShAD" + letters);
    more.clear();
    for (int i = 0; i < times; ++i)
      more.push_back({.at_ms = 50, .seq = 101, .ack = 501, .window = 0});
    EXPECT_EQ(history_of(opened(more)), "ShA" + std::string(letters.size(), 'W'));
  }
}

TEST(FlowHistory, UdpTellsWhoSent) {
  Rig rig;
  const auto udp = [](bool up) {
    return PacketBuilder()
        .ethernet()
        .ipv4(up ? "10.0.0.1" : "10.0.0.2", up ? "10.0.0.2" : "10.0.0.1")
        .udp(up ? 1000 : 53, up ? 53 : 1000)
        .payload("x")
        .build();
  };
  rig.track({{kStart, udp(true)}, {kStart + 1, udp(true)}, {kStart + 2, udp(false)}});
  rig.finish();
  EXPECT_EQ(rig.ended().front().meter.history().text().text(), "Dd");
  EXPECT_EQ(rig.ended().front().meter.compact_history().text().text(), "DDd");
}

TEST(FlowHistory, HoldsTwentyFourLetters) {
  History history;
  std::string expected;
  for (uint32_t i = 0; i < 30; ++i) {
    history.add(i % 2 == 0 ? kClient : kServer, static_cast<HistoryLetter>(i % 12));
    const char letter = kHistoryLetters[i % 12];
    expected += i % 2 == 0 ? static_cast<char>(std::toupper(letter)) : letter;
  }
  EXPECT_EQ(history.text().text(), expected.substr(0, 24));
}

TEST(CompactFlowHistory, TellsEveryPacketAndHoldsSixteenLetters) {
  const Rig::Ended closed = Rig().flow_of(
      opened({{.at_ms = 50, .seq = 101, .ack = 501, .payload = 10},
              {.at_ms = 60, .from = kServer, .seq = 501, .ack = 111, .payload = 10},
              {.at_ms = 70, .flags = kFin | kAck, .seq = 111, .ack = 511},
              {.at_ms = 80, .from = kServer, .flags = kFin | kAck, .seq = 511, .ack = 112}}));
  EXPECT_EQ(closed.meter.compact_history().text().text(), "SsDdFf");
  std::vector<Segment> more;
  for (uint32_t i = 0; i < 20; ++i)
    more.push_back({.at_ms = 50 + i, .seq = 101 + i, .ack = 501, .payload = 1});
  more.push_back({.at_ms = 90, .flags = kRst, .seq = 121});
  EXPECT_EQ(Rig().flow_of(opened(more)).meter.compact_history().text().text(),
            "Ss" + std::string(14, 'D'));
}

TEST(FirstPackets, KeepsSizeSideAndTimeOfPacketsWithPayload) {
  const Rig::Ended flow =
      Rig(3).flow_of(opened({{.at_ms = 50, .seq = 101, .ack = 501, .payload = 10},
                             {.at_ms = 60, .from = kServer, .seq = 501, .ack = 111},
                             {.at_ms = 65, .from = kServer, .seq = 501, .ack = 111, .payload = 700},
                             {.at_ms = 70, .seq = 111, .ack = 511, .payload = 1},
                             {.at_ms = 80, .seq = 112, .ack = 511, .payload = 2}}));
  ASSERT_EQ(flow.first_packets.size(), 3U);
  EXPECT_EQ(flow.first_packets[0].bytes(), 10);
  EXPECT_EQ(flow.first_packets[0].side(), kClient);
  EXPECT_EQ(flow.first_packets[0].after_us(), 50'000U);
  EXPECT_EQ(flow.first_packets[1].bytes(), 700);
  EXPECT_EQ(flow.first_packets[1].side(), kServer);
  EXPECT_EQ(flow.first_packets[2].after_us(), 70'000U);
}

TEST(FirstPackets, StaysWithinItsFields) {
  const FirstPacket most = FirstPacket::of(kServer, UINT16_MAX, UINT64_MAX);
  EXPECT_EQ(most.bytes(), FirstPacket::kBytesMax);
  EXPECT_EQ(most.side(), kServer);
  EXPECT_EQ(most.after_us(), UINT32_MAX);
}

TEST(FlowMeters, CostNothingWhenOffAndAreCountedWhenOn) {
  const BurstTracker::Options off{.flows_max = 1000};
  BurstTracker::Options on = off;
  on.meters.counters = FlowCounters::Full;
  const uint32_t slots = FlowTable<FlowEntry>::slots_for(1000);
  EXPECT_EQ(BurstTracker::meters_cost(off), 0U);
  EXPECT_EQ(BurstTracker::cost(on) - BurstTracker::cost(off), slots * sizeof(FlowMeter));
  on.meters.first_packets = 32;
  EXPECT_EQ(BurstTracker::meters_cost(on), slots * (sizeof(FlowMeter) + 32 * 6));
  Rig rig(off);
  rig.track(frames_of(opened()));
  rig.finish();
  EXPECT_TRUE(rig.ended().empty()) << "no meter where they are off";
}

// A reopened flow shares its slot with the old one.
TEST(FlowMeters, EveryFlowStartsAnew) {
  Rig rig(2);
  rig.track(frames_of(opened({{.at_ms = 50, .seq = 101, .ack = 501, .payload = 10},
                              {.at_ms = 51, .flags = kRst, .seq = 111},
                              {.at_ms = 60, .flags = kSyn, .seq = 9000}})));
  rig.finish();
  ASSERT_EQ(rig.ended().size(), 2U);
  EXPECT_EQ(rig.ended()[0].meter.history().text().text(), "ShADR");
  EXPECT_EQ(rig.ended()[0].first_packets.size(), 1U);
  EXPECT_EQ(rig.ended()[1].meter.history().text().text(), "S");
  EXPECT_EQ(rig.ended()[1].meter.side(kClient).payload_bytes, 0U);
  EXPECT_TRUE(rig.ended()[1].first_packets.empty());
}

// A table that is nearly full makes way by moving entries.
TEST(FlowMeters, MoveWithTheirFlows) {
  constexpr uint32_t kFlows = 60'000;
  Rig rig(1, kFlows);
  std::vector<TimedFrame> frames;
  for (uint32_t port = 1; port <= kFlows; ++port) {
    frames.push_back({kStart + port, PacketBuilder()
                                         .ethernet()
                                         .ipv4("10.0.0.1", "10.0.0.2")
                                         .udp(static_cast<uint16_t>(port), 9)
                                         .payload(std::string(1 + port % 50, 'x'))
                                         .build()});
  }
  rig.track(frames, 64);
  rig.finish();
  ASSERT_GT(rig.moved(), 0);
  ASSERT_EQ(rig.ended().size(), kFlows);
  for (const Rig::Ended& flow : rig.ended()) {
    const uint32_t bytes = 1U + flow.entry.key.a_port % 50U;  // keys begin with the lower address
    ASSERT_EQ(flow.meter.side(kClient).payload_bytes, bytes);
    ASSERT_EQ(flow.first_packets.at(0).bytes(), bytes);
  }
}

// Random segments of many flows, in a table so full that entries are evicted: however they are cut
// into bursts, each flow ends with the same bytes in its meter.
TEST(FlowMeters, AreTheSameForEveryBurstSize) {
  constexpr uint32_t kSeed = 11;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  constexpr std::array<uint8_t, 8> kFlags = {kAck, kAck,        kAck,        kAck,
                                             kSyn, kSyn | kAck, kFin | kAck, kRst};
  std::vector<TimedFrame> frames;
  for (int i = 0; i < 20'000; ++i) {
    const bool up = random() % 2 == 0;
    const auto port = static_cast<uint16_t>(1 + random() % 700);
    frames.push_back(
        {kStart + static_cast<uint64_t>(i) * kMs - random() % 3 * kMs,
         PacketBuilder()
             .ethernet()
             .ipv4(up ? "10.0.0.1" : "10.0.0.2", up ? "10.0.0.2" : "10.0.0.1")
             .tcp(up ? port : 80, up ? 80 : port,
                  {.seq = static_cast<uint32_t>(random() % 40),
                   .ack = static_cast<uint32_t>(random() % 40),
                   .flags = kFlags.at(random() % kFlags.size()),
                   .window = static_cast<uint16_t>(random() % 3),
                   .options = random() % 2 == 0 ? kLinuxOptions : std::vector<uint8_t>{}})
             .payload(std::string(random() % 20, 'x'))
             .build()});
  }
  Rig one(5, 600);
  one.track(frames, 1);
  one.finish();
  EXPECT_GT(one.tracker().evicted(), 10U);
  Rig many(5, 600);
  many.track(frames, 64);
  many.finish();
  ASSERT_EQ(many.ended().size(), one.ended().size());
  for (size_t i = 0; i < one.ended().size(); ++i) {
    const Rig::Ended& a = one.ended()[i];
    const Rig::Ended& b = many.ended()[i];
    ASSERT_EQ(a.entry.key, b.entry.key);
    ASSERT_EQ(std::memcmp(&a.meter, &b.meter, sizeof(FlowMeter)), 0) << "flow " << i;
    ASSERT_EQ(a.first_packets.size(), b.first_packets.size());
    for (size_t k = 0; k < a.first_packets.size(); ++k) {
      ASSERT_EQ(a.first_packets[k].after_us(), b.first_packets[k].after_us());
      ASSERT_EQ(a.first_packets[k].bytes_and_side, b.first_packets[k].bytes_and_side);
    }
  }
}

}  // namespace
}  // namespace flowscope
