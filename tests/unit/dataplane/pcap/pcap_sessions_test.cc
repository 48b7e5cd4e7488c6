#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dataplane/pcap/pcap_flow_source.h"
#include "flowcore/extract/five_tuple.h"
#include "l7/owned_session_event.h"
#include "tests/support/capture_writer.h"
#include "tests/support/length_prefixed_capture.h"
#include "tests/unit/l7/driver_rig.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::LengthPrefixedFrame;
using testing::LengthPrefixedParser;
using testing::ScriptedDatagrams;
using testing::ScriptedParser;
using testing::TalkTcp;
using Lines = std::vector<std::string>;

constexpr uint64_t kSecond = 1'000'000'000;

// One frame a second.
PcapWriter capture_of(const std::vector<Frame>& frames) {
  PcapWriter writer;
  uint64_t time_ns = 0;
  for (const Frame& frame : frames) writer.packet(time_ns += kSecond, {frame.data(), frame.size()});
  return writer;
}
PcapFlowSource source_over(const PcapWriter& capture, const CaptureOptions& options = {}) {
  return PcapFlowSource::over(ByteSource::of(capture.bytes()), "test.pcap", options);
}

// What a message of each kind says.
struct KeptFrame {
  std::string body;
  explicit KeptFrame(const LengthPrefixedFrame& frame) : body(frame.body.as_text()) {}
};
std::string text_of(const KeptFrame& frame) { return frame.body; }
std::string text_of(const OwnedMessage& message) {
  const std::string name = message.kind() == "text" ? "text" : "body";
  return std::string(message.text(name).value_or("no such field"));
}

// An event as a line: seconds, who, what.
struct EventLine {
  std::string operator()(const OwnedStarted& event) const {
    return at(event) + side(event.side) + " started, port " + port(event, FlowSide::Initiator)
           + " to " + port(event, FlowSide::Responder);
  }
  template <class M>
  std::string operator()(const OwnedApplication<M>& event) const {
    return at(event) + side(event.side) + " " + std::string(event.parser) + " "
           + text_of(event.message);
  }
  std::string operator()(const OwnedParseError& event) const {
    return at(event) + side(event.side) + " parse error of " + std::string(event.parser) + ": "
           + event.reason;
  }
  std::string operator()(const OwnedAnomaly& event) const {
    return at(event) + (event.has_flow ? side(event.side) : "tracker") + " anomaly "
           + std::string(event.kind);
  }
  std::string operator()(const OwnedClosed& event) const {
    return at(event) + "closed " + std::string(name_of(event.reason)) + " "
           + std::to_string(event.stats.side[0].bytes) + "/"
           + std::to_string(event.stats.side[1].bytes) + (event.parse_error ? " poisoned" : "");
  }

 private:
  template <class E>
  static std::string at(const E& event) {
    return std::to_string(event.time.seconds()) + " ";
  }
  static std::string side(FlowSide side) {
    return side == FlowSide::Initiator ? "client" : "server";
  }
  template <class E>
  static std::string port(const E& event, FlowSide side) {
    return std::to_string(event.flow.port_of(side));
  }
};

// The lines of a range's events, made when the range is gone.
template <class Range>
Lines lines_of(Range range) {
  using Event = typename Range::Iterator::value_type;
  std::vector<Event> kept;
  {
    Range gone = std::move(range);
    for (const Event& event : gone) kept.push_back(event);
    EXPECT_FALSE(gone.fault());
  }
  Lines lines;
  for (const Event& event : kept) lines.push_back(std::visit(EventLine(), event));
  return lines;
}

const Lines kSampleLines = {
    "1 client started, port 4321 to 5678",
    "4 client length_prefixed init-0",
    "4 client length_prefixed init-1",
    "4 client length_prefixed init-2",
    "4 client length_prefixed init-3",
    "4 client length_prefixed init-4",
    "5 server length_prefixed resp-0",
    "5 server length_prefixed resp-1",
    "5 server length_prefixed resp-2",
    "5 server length_prefixed resp-3",
    "5 server length_prefixed " + std::string(700, 'X'),
    "8 closed fin 65/761",
};

TEST(PcapSessions, AreEventsThatOutliveTheRange) {
  const PcapWriter capture = capture_of(testing::length_prefixed_session());
  EXPECT_EQ(
      lines_of(source_over(capture).sessions<LengthPrefixedParser>(FiveTuple::bidirectional())),
      kSampleLines);
}

TEST(PcapSessions, KeepMessagesAsATypeOfTheUsers) {
  const PcapWriter capture = capture_of(testing::length_prefixed_session());
  EXPECT_EQ(lines_of(source_over(capture).sessions<LengthPrefixedParser, KeptFrame>(
                FiveTuple::bidirectional())),
            kSampleLines);
}

TEST(PcapSessions, AreTheSameInBurstsOfEverySize) {
  const PcapWriter capture = capture_of(testing::length_prefixed_session());
  for (const uint32_t packets_max : {1U, 2U, 3U}) {
    EXPECT_EQ(lines_of(source_over(capture, {.packets_max = packets_max})
                           .sessions<LengthPrefixedParser>(FiveTuple::bidirectional())),
              kSampleLines);
  }
}

// Whichever end the key has first.
TEST(PcapSessions, NameTheEndsByWhoBegan) {
  const PcapWriter capture = capture_of({testing::server(tcp_flag::kSyn, 1)});
  auto events = source_over(capture).sessions<ScriptedParser>(FiveTuple::bidirectional());
  const OwnedFlow flow = std::get<OwnedStarted>(*events.begin()).flow;
  EXPECT_EQ(flow.initiator, Orientation::Reverse);
  EXPECT_EQ(flow.port_of(FlowSide::Initiator), 80);
  EXPECT_EQ(flow.port_of(FlowSide::Responder), 1000);
  EXPECT_EQ(flow.address_of(FlowSide::Initiator)[3], 2);
  EXPECT_EQ(flow.address_of(FlowSide::Responder)[3], 1);
}

TEST(PcapSessions, TellErrorsAndAnomalies) {
  TalkTcp talk;
  std::vector<Frame> frames = talk.handshake();
  frames.push_back(talk.client("a?b!"));
  const PcapWriter capture = capture_of(frames);
  FlowSessionDriver<FiveTuple, ScriptedParser>::Options options;
  options.tracker.events = EventMask::all();
  EXPECT_EQ(
      lines_of(source_over(capture).sessions<ScriptedParser>(FiveTuple::bidirectional(), options)),
      (Lines{"1 client started, port 1000 to 80", "4 client scripted a", "4 client anomaly strange",
             "4 client scripted b", "4 client parse error of scripted: said so",
             "4 closed shutdown 4/0 poisoned"}));
}

TEST(PcapSessions, SayWhichOptionsNoDriverCanBeMadeWith) {
  const PcapWriter capture = capture_of(testing::length_prefixed_session());
  auto events = source_over(capture).sessions<ScriptedParser>(FiveTuple::bidirectional(),
                                                              {.tracker = {.flows_max = 0}});
  EXPECT_EQ(events.begin(), events.end());
  ASSERT_TRUE(events.fault());
  EXPECT_TRUE(events.fault()->message.starts_with("flows_max: 0 is not within"));
}

TEST(PcapDatagrams, AreEventsThatOutliveTheRange) {
  const PcapWriter capture =
      capture_of({testing::datagram(1000), testing::client(tcp_flag::kSyn, 1, 0, 2000),
                  testing::datagram(1000)});
  EXPECT_EQ(lines_of(source_over(capture).datagrams<ScriptedDatagrams>(FiveTuple::bidirectional())),
            (Lines{"1 client started, port 1000 to 9", "1 client scripted_datagrams x",
                   "2 client started, port 2000 to 80", "3 client scripted_datagrams x",
                   "3 client scripted_datagrams graceful", "3 closed shutdown 2/0",
                   "2 closed shutdown 0/0"}));
}

}  // namespace
}  // namespace flowscope
