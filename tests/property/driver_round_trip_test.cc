// Random sessions as frames that are lost, repeated, sent again, out of order and in fragments, in
// tunnels or not, give the bytes that were sent, and gaps where none of the frames held any; and
// what drivers tell does not depend on how packets are cut into bursts.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "flowcore/extract/five_tuple.h"
#include "l7/driver.h"
#include "l7/flow_driver.h"
#include "tests/property/driver_sessions.h"

namespace flowscope {
namespace {

using testing::Mishaps;
using testing::RandomSession;
using testing::SessionFrame;

constexpr size_t kSessions = 150;
constexpr uint64_t kFrameGap_ns = 5'000;  // all of a session within the grace of a hole

uint16_t client_port(const FlowKey& key) { return key.a_port == 80 ? key.b_port : key.a_port; }

// What the sessions' sides were heard to say: bytes as they are, a lost one as '_'.
struct Heard {
  std::map<uint16_t, std::array<std::string, 2>> text;

  void operator()(const StreamBytes& event) { at(event.flow, event.side) += event.bytes.as_text(); }
  void operator()(const StreamGap& event) {
    at(event.flow, event.side).append(event.missing_bytes, '_');
  }
  std::string& at(const FlowEntry& flow, FlowSide side) {
    return text[client_port(flow.key)][index_of(side)];
  }
};

// The same by way of a parser.
struct Recording {
  std::string_view bytes;
};
struct Recorder {
  static constexpr std::string_view kName = "recorder";
  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp, Sink& sink) {
    EXPECT_FALSE(bytes.empty());
    EXPECT_FALSE(ended);
    sink.message(side, Recording{bytes.as_text()});
    return ParseStatus::Ok;
  }
  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t missing_bytes, Sink& sink) {
    EXPECT_FALSE(ended);
    sink.message(side, Recording{std::string(missing_bytes, '_')});
    return ParseStatus::Ok;
  }
  template <class Sink>
  void on_end(StreamEnd, Sink&) {
    EXPECT_FALSE(ended);
    ended = true;
  }
  bool ended = false;
};

// What the captured frames allow to be heard of one side.
std::string expected(const RandomSession& session, size_t side) {
  std::string text = session.sent[side];
  for (size_t i = 0; i < text.size(); ++i) {
    if (!session.captured[side][i]) text[i] = '_';
  }
  return text;
}

// Bytes that are missing at the very end may be told of or not.
std::string without_tail(std::string text) {
  while (!text.empty() && text.back() == '_') text.pop_back();
  return text;
}

// Gives frames to a driver, in bursts of `burst_size`, or of chance where that is 0.
template <class D, class S>
void give(D& driver, const std::vector<SessionFrame>& frames, size_t burst_size, S& sink) {
  std::mt19937 random(1);
  const auto burst = std::make_unique<Burst>();
  uint64_t time_ns = 1'000'000'000;
  for (size_t at = 0; at < frames.size();) {
    const size_t wanted = burst_size != 0 ? burst_size : 1 + random() % kBurstMax;
    burst->count = 0;
    while (burst->count < wanted && at < frames.size()) {
      const testing::Frame& frame = *frames[at++].frame;
      burst->packet[burst->count++] = {.frame = {frame.data(), frame.size()},
                                       .time = {time_ns += kFrameGap_ns},
                                       .wire_bytes = static_cast<uint32_t>(frame.size())};
    }
    driver.track_burst(*burst, sink);
  }
}

class DriverRoundTrip : public ::testing::TestWithParam<Mishaps> {
 protected:
  DriverRoundTrip() : seed_(testing::property_seed()), random_(seed_) {
    std::printf("FS_PROPERTY_SEED=%u\n", seed_);
    sessions_.reserve(kSessions);
    for (uint32_t i = 0; i < kSessions; ++i) sessions_.emplace_back(i, GetParam(), random_);
    frames_ = testing::mixed(sessions_, 6, random_);
  }
  template <class Text>
  void check(const Text& heard) {
    for (const RandomSession& session : sessions_) {
      for (size_t side = 0; side < 2; ++side) {
        SCOPED_TRACE("session of port " + std::to_string(session.port()) + ", side "
                     + std::to_string(side) + ", in " + session.tunnels());
        const auto found = heard.find(session.port());
        const std::string text = found != heard.end() ? found->second[side] : "";
        ASSERT_EQ(without_tail(text), without_tail(expected(session, side)));
        ASSERT_LE(text.size(), session.sent[side].size());
      }
    }
  }

  const Decap decap_ = Decap::all();
  uint32_t seed_;
  std::mt19937 random_;
  std::vector<RandomSession> sessions_;
  std::vector<SessionFrame> frames_;
};

TEST_P(DriverRoundTrip, FlowDriverGivesTheBytesThatWereSent) {
  auto made = FlowDriver<FiveTuple>::create({.tracker = {.flows_max = 1000, .decap = &decap_},
                                             .buffers_bytes = 4 << 20,
                                             .fragments = FragmentTable::Options{}},
                                            FiveTuple::bidirectional());
  ASSERT_TRUE(made.ok());
  Heard heard;
  give(made.value(), frames_, 0, heard);
  made.value().finish(heard);
  check(heard.text);
  EXPECT_EQ(made.value().stats().created, kSessions);
  EXPECT_EQ(made.value().stats().ended, kSessions);
}

TEST_P(DriverRoundTrip, AParserIsFedTheBytesThatWereSent) {
  auto made = FlowSessionDriver<FiveTuple, Recorder>::create(
      {.tracker = {.flows_max = 1000, .decap = &decap_},
       .sessions = {.buffers_bytes = 4 << 20},
       .fragments = FragmentTable::Options{}},
      FiveTuple::bidirectional());
  ASSERT_TRUE(made.ok());
  std::map<uint16_t, std::array<std::string, 2>> heard;
  const auto sink = overloaded(
      [&](const Application<Recording>& event) {
        heard[client_port(event.key())][index_of(event.side)] += event.message.bytes;
      },
      [&](const SessionClosed& event) {
        for (size_t side = 0; side < 2; ++side) {
          const std::string& text = heard[client_port(event.key())][side];
          const auto lost = static_cast<uint64_t>(std::count(text.begin(), text.end(), '_'));
          EXPECT_EQ(event.stats.side[side].gap_bytes, lost);
          EXPECT_EQ(event.stats.side[side].bytes, text.size() - lost);
        }
      });
  give(made.value(), frames_, 0, sink);
  made.value().finish(sink);
  check(heard);
}

INSTANTIATE_TEST_SUITE_P(
    Mishaps, DriverRoundTrip,
    ::testing::Values(Mishaps{}, Mishaps{.lost_percent = 10},
                      Mishaps{.swapped_percent = 20, .repeated_percent = 10},
                      Mishaps{.lost_percent = 5,
                              .swapped_percent = 15,
                              .repeated_percent = 5,
                              .resent_percent = 10},
                      Mishaps{.swapped_percent = 10, .depth_max = 3},
                      Mishaps{.lost_percent = 5, .resent_percent = 20, .depth_max = 2},
                      Mishaps{.swapped_percent = 10, .fragmented_percent = 50},
                      Mishaps{.lost_percent = 5,
                              .swapped_percent = 10,
                              .repeated_percent = 5,
                              .resent_percent = 10,
                              .fragmented_percent = 30,
                              .depth_max = 3}));

// Everything that a session driver tells, in one text.
struct Transcript {
  std::string text;
  std::map<uint16_t, int> open;  // sessions that began and did not close

  void operator()(const SessionStarted& event) {
    add(event.key(), "started", event.time);
    EXPECT_EQ(++open[client_port(event.key())], 1);
  }
  void operator()(const Application<Recording>& event) {
    add(event.key(), event.message.bytes, event.time);
  }
  void operator()(const SessionParseError& event) { add(event.key(), "parse error", event.time); }
  void operator()(const SessionAnomaly& event) {
    add(event.flow != nullptr ? event.flow->key : FlowKey(), event.kind, event.time);
  }
  void operator()(const SessionClosed& event) {
    add(event.key(), name_of(event.reason), event.time);
    add(event.key(), std::to_string(event.stats.side[0].bytes), {event.stats.flow.packets()});
    EXPECT_EQ(--open[client_port(event.key())], 0);
  }

 private:
  void add(const FlowKey& key, std::string_view what, Timestamp time) {
    text += std::to_string(client_port(key)) + " " + std::string(what) + " "
            + std::to_string(time.ns) + "\n";
  }
};

// Poisoned by one letter of the alphabet at the beginning of a run.
struct Choosy : Recorder {
  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp time, Sink& sink) {
    if (bytes[0] == 'q') return ParseStatus::Poisoned;
    if (bytes[0] == 'z') return ParseStatus::Done;
    return Recorder::on_bytes(side, bytes, time, sink);
  }
};

// A flow's state, by which to see that it stays with its flow wherever the table puts it.
struct PortOf {
  uint16_t operator()(const FlowKey& key) const { return client_port(key); }
};

std::string transcript(const std::vector<SessionFrame>& frames, size_t burst_size,
                       const FlowTrackerOptions& options) {
  auto made = FlowSessionDriver<FiveTuple, Choosy, uint16_t, PortOf>::create(
      {.tracker = options, .sessions = {.buffers_bytes = 4 << 20}}, FiveTuple::bidirectional());
  EXPECT_TRUE(made.ok());
  auto& driver = made.value();
  Transcript told;
  const auto sink = [&](const auto& event) {
    if constexpr (requires { event.flow.key; }) {
      EXPECT_EQ(driver.state_of(event.flow), client_port(event.flow.key));
    }
    told(event);
  };
  give(driver, frames, burst_size, sink);
  const TrackerStats before = driver.stats();
  EXPECT_EQ(before.created, before.ended + before.live);
  driver.finish(sink);
  EXPECT_EQ(driver.stats().live, 0U);
  for (const auto& [port, count] : told.open) EXPECT_EQ(count, 0) << port;
  return told.text;
}

TEST(DriverBursts, WhatIsToldDoesNotDependOnHowPacketsAreCut) {
  const uint32_t seed = testing::property_seed();
  std::printf("FS_PROPERTY_SEED=%u\n", seed);
  std::mt19937 random(seed);
  std::vector<RandomSession> sessions;
  sessions.reserve(kSessions);
  const Mishaps mishaps{.lost_percent = 3, .swapped_percent = 10, .repeated_percent = 5};
  for (uint32_t i = 0; i < kSessions; ++i) sessions.emplace_back(i, mishaps, random);
  const std::vector<SessionFrame> frames = testing::mixed(sessions, 40, random);
  const auto compare = [&](const FlowTrackerOptions& options) {
    const std::string one_by_one = transcript(frames, 1, options);
    EXPECT_NE(one_by_one.find("parse error"), std::string::npos);
    for (const size_t burst_size : {2U, 7U, 64U, 256U, 0U})
      EXPECT_TRUE(transcript(frames, burst_size, options) == one_by_one) << burst_size;
  };
  compare({.flows_max = 1000, .events = EventMask::all()});
  // A full table, sweeps by the packets' clock, and flows that end with their packet.
  compare({.flows_max = 24, .events = EventMask::all()});
  // Nearly full, where flows move in the table.
  compare({.flows_max = 140, .events = EventMask::all()});
  compare({.flows_max = 24,
           .idle = {.tcp_established_ns = 2'000'000, .tcp_closed_ns = 0},
           .events = EventMask::all(),
           .auto_sweep = FlowTrackerOptions::AutoSweep::On});
}

}  // namespace
}  // namespace flowscope
