// Drivers of datagrams, and of many parsers over one table.
#include "l7/driver.h"

#include <gtest/gtest.h>

#include "tests/support/length_prefixed_capture.h"
#include "tests/unit/l7/driver_rig.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;
using testing::ScriptedDatagrams;
using testing::ScriptedParser;
using testing::SessionLog;
using testing::TalkTcp;
using Lines = std::vector<std::string>;
using Framed = testing::LengthPrefixedParser;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr std::string_view kHello{"PFX2,\0\5hello", 12};

Frame from_client(std::string_view payload, uint16_t port = 1000) {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2")
      .udp(port, 9)
      .payload(payload)
      .build();
}
Frame from_server(std::string_view payload, uint16_t port = 1000) {
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.2", "10.0.0.1")
      .udp(9, port)
      .payload(payload)
      .build();
}

template <class D>
class Rig {
 public:
  explicit Rig(typename D::Options options = {}) : driver(make(options)) {}
  static D make(typename D::Options options) {
    options.tracker.flows_max = 1000;
    options.sessions.buffers_bytes = 1 << 20;
    options.sessions.segments.segments_max = 1000;
    return std::move(D::create(options, FiveTuple::bidirectional()).value());
  }
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
  void wait(uint64_t seconds) {
    time_ns += seconds * kSecond;
    driver.sweep({time_ns}, log);
  }
  Lines take() { return log.take(); }

  D driver;
  SessionLog log;
  uint64_t time_ns = 0;
};

using DatagramDriver = FlowDatagramDriver<FiveTuple, ScriptedDatagrams>;

TEST(DatagramDriver, TellsEachDatagramUntilTheFlowIsSilent) {
  Rig<DatagramDriver> rig;
  rig.give(from_client("ab"));
  rig.give(from_server("c"));
  rig.wait(60);
  EXPECT_EQ(rig.take(),
            (Lines{"started", "client ab", "server c", "client graceful", "closed idle 2/1"}));
}

TEST(DatagramDriver, OtherFlowsBeginAndEndAndNoMore) {
  Rig<DatagramDriver> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  rig.give(talk.client("abc"));
  rig.driver.finish(rig.log);
  EXPECT_EQ(rig.take(), (Lines{"started", "closed shutdown 0/0"}));
}

TEST(DatagramDriver, PoisonIsToldOnceAndParsesNoMore) {
  Rig<DatagramDriver> rig;
  rig.give(from_client("a"));
  rig.give(from_client("!"));
  rig.give(from_client("!"));
  rig.give(from_server("b"));
  rig.driver.finish(rig.log);
  EXPECT_EQ(rig.take(), (Lines{"started", "client a", "client parse error of scripted_datagrams: ",
                               "closed shutdown 3/1 poisoned"}));
  EXPECT_EQ(rig.driver.stats().created, 1U);
}

TEST(DatagramDriver, AParserThatIsDoneHearsNothingMore) {
  Rig<DatagramDriver> rig;
  rig.give(from_client("a"));
  rig.give(from_client("."));
  rig.give(from_client("b"));
  rig.driver.finish(rig.log);
  EXPECT_EQ(rig.take(), (Lines{"started", "client a", "closed shutdown 3/0"}));
}

TEST(DatagramDriver, GivesTheInnerPayloadOfTunnels) {
  const Decap all = Decap::all();
  Rig<DatagramDriver> rig({.tracker = {.decap = &all}});
  rig.give(PacketBuilder()
               .ethernet()
               .ipv4("192.0.2.1", "192.0.2.2")
               .udp(5555, 0)
               .tunnel(testing::vxlan(7))
               .ethernet()
               .ipv4("10.0.0.1", "10.0.0.2")
               .udp(1000, 9)
               .payload("inside")
               .build());
  EXPECT_EQ(rig.take(), (Lines{"started", "client inside"}));
}

// Reads the time.
struct TickParser {
  static constexpr std::string_view kName = "tick";
  template <class Sink>
  ParseStatus on_bytes(FlowSide, Bytes, Timestamp, Sink&) {
    return ParseStatus::Ok;
  }
  template <class Sink>
  ParseStatus on_datagram(FlowSide, Bytes, Timestamp, Sink&) {
    return ParseStatus::Ok;
  }
  template <class Sink>
  void on_tick(Timestamp now, Sink& sink) {
    sink.message(FlowSide::Responder, testing::TextMessage{std::to_string(now.ns / kSecond)});
  }
};

TEST(Driver, ASweepTellsLiveParsersTheTime) {
  Rig<Driver<FiveTuple, TickParser>> rig;
  TalkTcp talk;
  rig.give(talk.handshake());
  rig.wait(1);
  EXPECT_EQ(rig.take(), (Lines{"started"}));
  rig.give(talk.client("a"));
  rig.give(from_client("b", 1001));
  rig.take();
  rig.wait(2);
  Lines ticks = rig.take();
  std::sort(ticks.begin(), ticks.end());
  EXPECT_EQ(ticks, (Lines{"1001 server 3", "server 3"}));
  rig.give(talk.close());
  rig.wait(60);  // one is closed, the other ends with this sweep
  for (const std::string& line : rig.take()) EXPECT_EQ(line.find("server"), std::string::npos);
}

using Many = Driver<FiveTuple, Framed, ScriptedParser, ScriptedDatagrams>;

TEST(Driver, GivesEachFlowToTheFirstParserThatKnowsItsBytes) {
  Rig<Many> rig;
  TalkTcp framed;
  TalkTcp other(1001);
  rig.give(framed.client("PF"));
  rig.give(framed.client("X2,"));
  rig.give(framed.client(std::string_view("\0\1x", 3)));
  rig.give(other.client("y"));
  rig.give(from_client("z", 1002));
  rig.driver.finish(rig.log);
  Lines lines = rig.take();
  lines.resize(6);  // flows end in no order
  EXPECT_EQ(lines, (Lines{"started", "client frame x", "1001 started", "1001 client y",
                          "1002 started", "1002 client z"}));
  EXPECT_EQ(rig.driver.counters_of<Framed>().flows.value(), 1U);
  EXPECT_EQ(rig.driver.counters_of<Framed>().messages.value(), 1U);
  EXPECT_EQ(rig.driver.counters_of<ScriptedParser>().flows.value(), 1U);
  EXPECT_EQ(rig.driver.counters_of<ScriptedDatagrams>().messages.value(), 2U);
}

// Knows the bytes "S" and tells each run.
struct EssParser {
  static constexpr std::string_view kName = "ess";
  static Probe probe(FlowSide, Bytes first_bytes) {
    return first_bytes.starts_with("S") ? Probe::Match : Probe::NoMatch;
  }
  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp, Sink& sink) {
    sink.message(side, testing::TextMessage{bytes.as_text()});
    return ParseStatus::Ok;
  }
  template <class Sink>
  void on_end(StreamEnd, Sink& sink) {
    sink.message(FlowSide::Initiator, testing::TextMessage{"ess ends"});
  }
};
using Disagreeing = Driver<FiveTuple, EssParser, Framed>;

TEST(Driver, TheSideThatSpeaksAnotherProtocolIsHeard) {
  Rig<Disagreeing> rig({.tracker = {.events = EventMask::all()}});
  TalkTcp talk;
  rig.give(talk.client("S1"));
  rig.give(talk.server(kHello));
  EXPECT_EQ(rig.take(),
            (Lines{"started", "client S1", "anomaly applayer_mismatch_protocol_both_directions",
                   "client ess ends", "server frame hello"}));
}

TEST(Driver, AnAnswerThatNoOtherParserKnowsIsTheFirstOnes) {
  Rig<Disagreeing> rig;
  TalkTcp talk;
  rig.give(talk.client("S1"));
  rig.give(talk.server("what"));
  rig.give(talk.server(kHello));  // no first bytes
  EXPECT_EQ(rig.take(),
            (Lines{"started", "client S1", "server what", "server " + std::string(kHello)}));
}

TEST(Driver, PortsHoldAgainstWhatTheOtherSideSays) {
  Rig<Disagreeing> rig({.routing = {Routing{.by = Routing::By::Ports, .ports = {80}}, Routing{}}});
  TalkTcp talk;
  rig.give(talk.client("S1"));
  rig.give(talk.server(kHello));
  EXPECT_EQ(rig.take(), (Lines{"started", "client S1", "server " + std::string(kHello)}));
}

TEST(Driver, PortsDecideWithoutALookAtTheBytes) {
  Rig<Many> rig(
      {.routing = {Routing{}, Routing{.by = Routing::By::Ports, .ports = {80}}, Routing{}}});
  TalkTcp talk;
  rig.give(talk.client("PFX"));
  EXPECT_EQ(rig.take(), (Lines{"started", "client P", "client F", "client X"}));
}

TEST(Driver, AFlowWithoutAParserCostsTrackingOnly) {
  Rig<Driver<FiveTuple, Framed>> rig(
      {.routing = {Routing{.by = Routing::By::Both, .ports = {443}}}});
  TalkTcp talk;
  rig.give(talk.client(kHello));
  EXPECT_EQ(rig.take(), (Lines{"started"}));
  EXPECT_EQ(rig.driver.counters().sessions.value(), 0U);
  EXPECT_EQ(rig.driver.get(talk.key())->stream, FlowEntry::kStreamOff);
}

TEST(Driver, BothAsksForPortAndBytes) {
  Rig<Driver<FiveTuple, Framed>> rig(
      {.routing = {Routing{.by = Routing::By::Both, .ports = {80}}}});
  TalkTcp known;
  TalkTcp strange(1001);
  rig.give(known.client(kHello));
  rig.give(strange.client("strange"));
  EXPECT_EQ(rig.take(), (Lines{"started", "client frame hello", "1001 started"}));
}

TEST(Driver, EitherTakesAFlowOfItsPortThatNobodyKnows) {
  const Routing either{.by = Routing::By::Either, .ports = {80, 9}};
  Rig<Driver<FiveTuple, Framed, ScriptedDatagrams>> rig({.routing = {either, either}});
  TalkTcp strange;
  rig.give(strange.client("PFX3"));  // stalls
  rig.give(strange.client(kHello));
  EXPECT_EQ(rig.driver.counters_of<Framed>().flows.value(), 1U);
  TalkTcp short_one(1001);
  rig.give(short_one.client("PFX"));  // could still be one of its
  EXPECT_EQ(rig.driver.counters_of<Framed>().flows.value(), 1U);
  rig.give(short_one.close());
  EXPECT_EQ(rig.driver.counters_of<Framed>().flows.value(), 2U);
}

TEST(Driver, TellsOneLambdaWhatItAsksFor) {
  Rig<Many> rig;
  TalkTcp talk;
  std::string seen;
  const Frame frame = talk.client(kHello);
  rig.driver.track({.frame = {frame.data(), frame.size()}, .time = {0}, .wire_bytes = 60},
                   [&](const Application<testing::LengthPrefixedFrame>& event) {
                     seen = std::string(event.message.body.as_text()) + " by "
                            + std::string(event.parser);
                   });
  EXPECT_EQ(seen, "hello by length_prefixed");
}

TEST(Driver, TellsSeveralLambdasEachItsOwn) {
  Rig<Many> rig;
  TalkTcp talk;
  uint32_t frames = 0;
  uint32_t closed = 0;
  const auto sink = overloaded([&](const Application<testing::LengthPrefixedFrame>&) { ++frames; },
                               [&](const SessionClosed&) { ++closed; });
  const Frame frame = talk.client(kHello);
  rig.driver.track({.frame = {frame.data(), frame.size()}, .time = {0}, .wire_bytes = 60}, sink);
  rig.driver.finish(sink);
  EXPECT_EQ(frames, 1U);
  EXPECT_EQ(closed, 1U);
}

// Gives a reason that is too long: 255 letters, then one of two bytes.
struct WordyParser {
  static constexpr std::string_view kName = "wordy";
  std::string reason = std::string(255, 'a') + "\xc3\xa4" + "more";
  template <class Sink>
  ParseStatus on_bytes(FlowSide, Bytes, Timestamp, Sink&) {
    return ParseStatus::Poisoned;
  }
  [[nodiscard]] std::string_view poison_reason() const { return reason; }
};

TEST(Driver, CutsAReasonBetweenCharacters) {
  struct Sink {
    std::string reason;
    void operator()(const SessionParseError& event) { reason = event.reason; }
  };
  Rig<Driver<FiveTuple, WordyParser>> rig;
  Sink sink;
  TalkTcp talk;
  const Frame frame = talk.client("x");
  rig.driver.track({.frame = {frame.data(), frame.size()}, .time = {0}, .wire_bytes = 60}, sink);
  EXPECT_EQ(sink.reason, std::string(255, 'a'));
}

// Says how many bytes it has seen in all.
struct Adder {
  static constexpr std::string_view kName = "adder";
  struct Sum {
    uint64_t bytes;
  };
  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp, Sink& sink) {
    sum.bytes += bytes.size();
    sink.message(side, sum);
    return ParseStatus::Ok;
  }
  Sum sum{};
};

// A table that is nearly full makes way by moving entries.
TEST(Driver, SessionsAndStatesMoveWithTheirFlows) {
  constexpr uint32_t kFlows = 60'000;
  struct PortOf {
    uint16_t operator()(const FlowKey& key) const { return key.a_port; }
  };
  auto made = FlowSessionDriver<FiveTuple, Adder, uint16_t, PortOf>::create(
      {.tracker = {.flows_max = kFlows}}, FiveTuple::bidirectional());
  ASSERT_TRUE(made.ok());
  auto& driver = made.value();
  uint32_t wrong = 0;
  uint32_t heard = 0;
  uint32_t round = 0;
  const auto sink = overloaded(
      [&](const Application<Adder::Sum>& event) {
        const uint32_t bytes = 1 + event.key().a_port % 50U;
        ++heard;
        wrong += event.message.bytes != bytes * round ? 1 : 0;
        wrong += driver.state_of(event.flow) != event.key().a_port ? 1 : 0;
      },
      [&](const SessionClosed& event) {
        wrong += event.stats.side[0].bytes != 2 * (1 + event.key().a_port % 50U) ? 1 : 0;
      });
  const auto burst = std::make_unique<Burst>();
  std::vector<Frame> frames(64);
  for (round = 1; round <= 2; ++round) {
    for (uint32_t port = 1; port <= kFlows; ++port) {
      const uint32_t bytes = 1 + port % 50;
      frames[burst->count] = PacketBuilder()
                                 .ethernet()
                                 .ipv4("10.0.0.1", "10.0.0.2")
                                 .tcp(static_cast<uint16_t>(port), 80, {.seq = round * bytes})
                                 .payload(std::string(bytes, 'x'))
                                 .build();
      const Frame& frame = frames[burst->count];
      burst->packet[burst->count++] = {.frame = {frame.data(), frame.size()},
                                       .time = {port},
                                       .wire_bytes = static_cast<uint32_t>(frame.size())};
      if (burst->count < frames.size() && port != kFlows) continue;
      driver.track_burst(*burst, sink);
      burst->count = 0;
    }
  }
  EXPECT_EQ(driver.stats().evicted(), 0U);
  driver.finish(sink);
  EXPECT_EQ(heard, 2 * kFlows);
  EXPECT_EQ(wrong, 0U);
}

// An extractor of one's own: web traffic alone, whoever the client's port is.
struct WebOnly {
  bool extract(const Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    const FiveTuple ends = FiveTuple::bidirectional();
    return ends.extract(layers, packet, key, orientation) && either_port(key, 80);
  }
};

TEST(Driver, FollowsTheFlowsOfAnExtractorOfOnesOwn) {
  auto made =
      FlowSessionDriver<WebOnly, ScriptedParser>::create({.tracker = {.flows_max = 10}}, {});
  ASSERT_TRUE(made.ok());
  SessionLog log;
  TalkTcp talk;
  for (const Frame& frame : {talk.client("a"), from_client("b"), talk.server("c")}) {
    made.value().track({.frame = {frame.data(), frame.size()}, .time = {0}, .wire_bytes = 60}, log);
  }
  EXPECT_EQ(log.take(), (Lines{"started", "client a", "server c"}));
  EXPECT_EQ(made.value().stats().unmatched_packets, 1U);
}

// What the example's parser says of its sample session, in segments of at most `segment_bytes`.
Lines frames_of_sample(size_t segment_bytes) {
  SessionLog log;
  auto driver = FlowSessionDriver<FiveTuple, Framed>::create({.tracker = {.flows_max = 10}},
                                                             FiveTuple::bidirectional());
  for (const Frame& frame : testing::length_prefixed_session(segment_bytes)) {
    driver.value().track({.frame = {frame.data(), frame.size()}, .time = {0}, .wire_bytes = 60},
                         log);
  }
  Lines frames = log.take();
  for (std::string& line : frames) line.erase(0, line.starts_with("4321 ") ? 5 : 0);
  return frames;
}

TEST(LengthPrefixed, GivesTheSameFramesHoweverTheBytesAreCut) {
  const Lines whole = frames_of_sample(2000);
  ASSERT_EQ(whole.size(), 11U);
  EXPECT_EQ(whole[1], "client frame init-0");
  EXPECT_EQ(whole[9], "server frame resp-3");
  EXPECT_EQ(whole[10], "server frame " + std::string(700, 'X'));
  for (const size_t run : {1U, 2U, 7U, 64U}) EXPECT_EQ(frames_of_sample(run), whole);
}

// More than a block of the pool holds, though each frame fits into one.
TEST(LengthPrefixed, TakesALargeRunBehindAPartOfAFrame) {
  Rig<FlowSessionDriver<FiveTuple, Framed>> rig;
  TalkTcp talk;
  const std::string frame = std::string("PFX4,\0\0\xc3\x50", 9) + std::string(50'000, 'x');
  rig.give(talk.client(frame.substr(0, 40'000)));
  rig.give(talk.client(frame.substr(40'000) + frame + std::string(kHello)));
  rig.driver.finish(rig.log);
  const Lines lines = rig.take();
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[1], "client frame " + std::string(50'000, 'x'));
  EXPECT_EQ(lines[2], lines[1]);
  EXPECT_EQ(lines[3], "client frame hello");
}

TEST(LengthPrefixed, AnUnknownMarkerStallsForEver) {
  Rig<FlowSessionDriver<FiveTuple, Framed>> rig;
  TalkTcp talk;
  rig.give(talk.client(kHello));
  rig.give(talk.client("PFX3,"));
  rig.give(talk.client(kHello));
  rig.give(talk.server(kHello));
  rig.driver.finish(rig.log);
  EXPECT_EQ(rig.take(), (Lines{"started", "client frame hello", "server frame hello",
                               "closed shutdown 29/12"}));
}

TEST(LengthPrefixed, AFrameLongerThanAnyIsAParseError) {
  Rig<FlowSessionDriver<FiveTuple, Framed>> rig;
  TalkTcp talk;
  rig.give(talk.client("PFX4,\xff\xff\xff\xff"));
  EXPECT_EQ(rig.take(), (Lines{"started",
                               "client parse error of length_prefixed: "
                               "a frame longer than any"}));
}

}  // namespace
}  // namespace flowscope
