#include "dataplane/pcap/pcap_flow_source.h"

#include <gtest/gtest.h>

#include <iterator>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decap.h"
#include "tests/support/capture_writer.h"
#include "tests/support/event_text.h"
#include "tests/support/tracked_frames.h"

namespace flowscope {
namespace {

using testing::EventText;
using testing::Frame;
using Lines = std::vector<std::string>;
using FlowEvents = CaptureEvents<FlowEvent, FlowTracker<FiveTuple>>;

static_assert(std::ranges::input_range<CapturePackets>);
static_assert(std::ranges::input_range<FlowEvents>);

constexpr uint64_t kSecond = 1'000'000'000;

Bytes bytes_of(const Frame& frame) { return {frame.data(), frame.size()}; }

// A handshake, a reset, and a datagram long after them.
PcapWriter short_capture(PcapWriter::Format format = {}) {
  PcapWriter writer(format);
  writer.packet(1 * kSecond, bytes_of(testing::client(tcp_flag::kSyn, 100)));
  writer.packet(2 * kSecond, bytes_of(testing::server(tcp_flag::kSyn | tcp_flag::kAck, 900, 101)));
  writer.packet(3 * kSecond, bytes_of(testing::client(tcp_flag::kAck, 101, 901)));
  writer.packet(4 * kSecond, bytes_of(testing::client(tcp_flag::kRst, 101, 901)));
  writer.packet(500 * kSecond, bytes_of(testing::datagram(5000)));
  return writer;
}
const Lines kShortCaptureEvents = {
    "1000-80 started initiator at 1000000000",
    "1000-80 active to syn_sent at 1000000000",
    "1000-80 packet initiator 54 at 1000000000",
    "1000-80 syn_sent to syn_received at 2000000000",
    "1000-80 packet responder 54 at 2000000000",
    "1000-80 established at 3000000000",
    "1000-80 packet initiator 54 at 3000000000",
    "1000-80 established to reset at 4000000000",
    "1000-80 packet initiator 54 at 4000000000",
    "1000-80 ended rst 3/1 from 1000000000 to 4000000000",
    "5000-9 started initiator at 500000000000",
    "5000-9 packet initiator 43 at 500000000000",
    "5000-9 ended shutdown 1/0 from 500000000000 to 500000000000",
};

// The capture must outlive what is read from it.
PcapFlowSource source_over(const PcapWriter& capture, const CaptureOptions& options = {}) {
  return PcapFlowSource::over(ByteSource::of(capture.bytes()), "test.pcap", options);
}
Lines lines_of(FlowEvents& events) {
  Lines lines;
  for (const FlowEvent& event : events) lines.push_back(EventText::of(event));
  return lines;
}
Lines lines_of(PcapFlowSource source) {
  auto events = source.with_extractor(FiveTuple::bidirectional());
  const Lines lines = lines_of(events);
  EXPECT_FALSE(events.fault()) << events.fault()->message;
  return lines;
}

TEST(PcapFlowSource, TellsTheEventsOfAFileAndEndsEveryFlow) {
  const TemporaryFile file(short_capture().bytes());
  Lines lines;
  for (const FlowEvent& event :
       PcapFlowSource::open(file.path()).value().with_extractor(FiveTuple::bidirectional())) {
    lines.push_back(EventText::of(event));
  }
  EXPECT_EQ(lines, kShortCaptureEvents);
}

TEST(PcapFlowSource, ReadsNanosecondsAndEitherByteOrder) {
  for (const FileOrder order : {FileOrder::Little, FileOrder::Big}) {
    for (const auto kind : {PcapWriter::Kind::Microseconds, PcapWriter::Kind::Nanoseconds}) {
      EXPECT_EQ(lines_of(source_over(short_capture({.order = order, .kind = kind}))),
                kShortCaptureEvents);
    }
  }
}

TEST(PcapFlowSource, ReadsPcapngAndItsLinkTypes) {
  const Frame on_ethernet = testing::datagram(7);
  const Frame raw(on_ethernet.begin() + 14, on_ethernet.end());
  PcapngWriter capture;
  capture.interface({.link_number = 1}).interface({.link_number = 101, .resolution = 9});
  capture.enhanced_packet(0, 5'000'000, bytes_of(on_ethernet));
  capture.enhanced_packet(1, 6 * kSecond, bytes_of(raw));
  EXPECT_EQ(lines_of(PcapFlowSource::over(ByteSource::of(capture.bytes()), "test.pcapng")),
            (Lines{"7-9 started initiator at 5000000000", "7-9 packet initiator 43 at 5000000000",
                   "7-9 packet initiator 29 at 6000000000",
                   "7-9 ended shutdown 2/0 from 5000000000 to 6000000000"}));
}

TEST(PcapFlowSource, TellsTheSameInBurstsOfEverySize) {
  for (const uint32_t packets_max : {0U, 1U, 2U, 3U, 64U, kBurstMax, UINT32_MAX}) {
    EXPECT_EQ(lines_of(source_over(short_capture(), {.packets_max = packets_max})),
              kShortCaptureEvents)
        << packets_max;
  }
}

TEST(PcapFlowSource, TakesTheTrackersOptions) {
  const PcapWriter capture = short_capture();
  auto source = source_over(capture);
  FlowTrackerOptions options = PcapFlowSource::kTrackerOptions;
  options.events = EventMask::of({EventKind::Ended});
  auto events = source.with_extractor(FiveTuple::bidirectional(), options);
  EXPECT_EQ(lines_of(events), (Lines{kShortCaptureEvents[9], kShortCaptureEvents[12]}));
  ASSERT_NE(events.driver(), nullptr);
  EXPECT_EQ(events.driver()->stats().created, 2U);
  EXPECT_EQ(events.packets_read(), 5U);
}

TEST(PcapFlowSource, TakesEncapsulationsOffWhereToldTo) {
  const Frame frame = testing::PacketBuilder()
                          .ethernet()
                          .ipv4("192.0.2.1", "192.0.2.2")
                          .ipv4("10.0.0.1", "10.0.0.2")
                          .udp(7, 9)
                          .payload("x")
                          .build();
  PcapWriter capture;
  capture.packet(kSecond, bytes_of(frame));
  auto source = source_over(capture);
  const Decap decap = Decap::all();
  FlowTrackerOptions options = PcapFlowSource::kTrackerOptions;
  options.decap = &decap;
  auto events = source.with_extractor(FiveTuple::bidirectional(), options);
  const Lines lines = lines_of(events);
  ASSERT_FALSE(lines.empty());
  EXPECT_EQ(lines[0], "7-9 started initiator at 1000000000");
}

TEST(PcapFlowSource, SaysWhichOptionsNoTrackerCanBeMadeWith) {
  const PcapWriter capture = short_capture();
  auto source = source_over(capture);
  auto events = source.with_extractor(FiveTuple::bidirectional(), {.flows_max = 0});
  EXPECT_EQ(lines_of(events), Lines{});
  ASSERT_TRUE(events.fault());
  EXPECT_TRUE(events.fault()->message.starts_with("flows_max: 0 is not within"))
      << events.fault()->message;
  EXPECT_EQ(events.driver(), nullptr);
}

TEST(PcapFlowSource, TimesGoForwardWhereAskedTo) {
  PcapWriter capture;
  for (const uint64_t time_ns : {5 * kSecond, 3 * kSecond, 6 * kSecond}) {
    capture.packet(time_ns, bytes_of(testing::datagram(1)));
  }
  for (const auto& [monotonic, expected] :
       {std::pair{false, std::vector{5, 3, 6}}, std::pair{true, std::vector{5, 5, 6}}}) {
    // In bursts of one as well: the latest time is remembered across them.
    for (const uint32_t packets_max : {1U, 64U}) {
      std::vector<int> seconds;
      for (const PacketView& packet :
           source_over(capture, {.monotonic = monotonic, .packets_max = packets_max}).packets()) {
        seconds.push_back(static_cast<int>(packet.time.seconds()));
      }
      EXPECT_EQ(seconds, expected);
    }
  }
}

TEST(PcapFlowSource, GivesPacketsAsTheyAre) {
  PcapWriter capture;
  capture.packet(kSecond, Bytes::of("abc"), 60);
  capture.packet(2 * kSecond, Bytes::of("de"));
  auto packets = source_over(capture, {.packets_max = 1}).packets();
  std::string text;
  uint32_t wire_bytes = 0;
  for (const PacketView& packet : packets) {
    text.append(packet.frame.as_text()).push_back('|');
    wire_bytes += packet.wire_bytes;
  }
  EXPECT_EQ(text, "abc|de|");
  EXPECT_EQ(wire_bytes, 62U);
  EXPECT_FALSE(packets.fault());
  EXPECT_EQ(packets.packets_read(), 2U);
  EXPECT_EQ(packets.bytes_read(), capture.bytes().size());
}

TEST(PcapFlowSource, GoesOnWhereALoopWasLeft) {
  const PcapWriter capture = short_capture();
  auto packets = source_over(capture).packets();
  EXPECT_EQ(packets.begin()->time.seconds(), 1U);
  ++packets.begin();
  EXPECT_EQ(packets.begin()->time.seconds(), 2U);

  auto source = source_over(capture);
  auto events = source.with_extractor(FiveTuple::bidirectional());
  EXPECT_EQ(EventText::of(*events.begin()), kShortCaptureEvents[0]);
  ++events.begin();
  EXPECT_EQ(EventText::of(*events.begin()), kShortCaptureEvents[1]);
}

TEST(PcapFlowSource, AnEmptyCaptureIsAnEmptyRange) {
  const PcapWriter capture;
  EXPECT_EQ(lines_of(source_over(capture)), Lines{});
  auto packets = source_over(capture).packets();
  EXPECT_EQ(packets.begin(), packets.end());
  EXPECT_FALSE(packets.fault());
}

TEST(PcapFlowSource, NamesAFileThatIsNotThere) {
  const auto source = PcapFlowSource::open("/nowhere.pcap");
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().message, "/nowhere.pcap: no such file");
}

TEST(PcapFlowSource, NamesAFileThatIsNoCapture) {
  const TemporaryFile file(Bytes::of("GIF89a is what this file begins with"));
  const auto source = PcapFlowSource::open(file.path());
  ASSERT_FALSE(source.ok());
  EXPECT_TRUE(source.error().message.starts_with(file.path() + ": "));
  EXPECT_NE(source.error().message.find("capture"), std::string::npos) << source.error().message;
}

TEST(PcapFlowSource, TellsWhatCameBeforeTheCutAndThenWhereItIs) {
  PcapWriter capture = short_capture();
  capture.record_header(501 * kSecond, 60, 60);
  auto source = source_over(capture);
  auto events = source.with_extractor(FiveTuple::bidirectional());
  EXPECT_EQ(lines_of(events), kShortCaptureEvents);
  ASSERT_TRUE(events.fault());
  EXPECT_NE(events.fault()->message.find("test.pcap: truncated inside packet 6"), std::string::npos)
      << events.fault()->message;

  auto packets = source_over(capture).packets();
  EXPECT_EQ(std::ranges::distance(packets), 5);
  EXPECT_TRUE(packets.fault());
}

// A driver of another kind: knows no bursts, and tells of things that borrow.
class LengthDriver {
 public:
  struct Said {
    std::string_view text;
  };
  template <class S>
  void track(const PacketView& packet, S&& sink) {
    const std::string text = std::to_string(packet.frame.size());
    if (packet.frame.size() > 1) sink(Said{text});
  }
  template <class S>
  void finish(S&& sink) {
    sink(Said{"end"});
  }
};
struct KeptText {
  explicit KeptText(const LengthDriver::Said& said) : text(said.text) {}
  std::string text;
};

TEST(PcapFlowSource, DrivesWhateverTracksAndFinishes) {
  PcapWriter capture;
  for (const char* frame : {"a", "bcd", "e", "fg"}) capture.packet(0, Bytes::of(frame));
  std::string texts;
  auto source = source_over(capture);
  for (const KeptText& kept : source.events<KeptText>(LengthDriver())) texts += kept.text + "|";
  EXPECT_EQ(texts, "3|2|end|");
}

using PcapFlowSourceDeathTest = ::testing::Test;
TEST(PcapFlowSourceDeathTest, ACaptureIsTakenOnce) {
  const PcapWriter capture = short_capture();
  auto source = source_over(capture);
  auto packets = source.packets();
  EXPECT_DEATH((void)source.packets(), "taken_");
}

}  // namespace
}  // namespace flowscope
