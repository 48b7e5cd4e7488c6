// Many short sessions through a driver, round after round: the program holds no more after the last
// round than after the first. FS_SESSIONS=1000000 is the number for runs of their own; the suite
// takes fewer.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "l7/driver.h"
#include "tests/support/packet_builder.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;

constexpr int kRounds = 10;
constexpr uint64_t kFrameGap_ns = 10'000;

uint32_t sessions_per_round() {
  const char* text = std::getenv("FS_SESSIONS");  // NOLINT(concurrency-mt-unsafe)
  return text == nullptr ? 5'000 : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

uint64_t resident_bytes() {
  std::ifstream status("/proc/self/statm");
  uint64_t pages = 0;
  status >> pages >> pages;
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

// Keeps what it gets until a full stop comes, so that it holds memory of the pool meanwhile. Done
// with a session that begins with an exclamation mark.
class SentenceParser {
 public:
  static constexpr std::string_view kName = "sentence";

  struct Sentence {
    Bytes text;
  };

  explicit SentenceParser(const ParserSetup& setup) : kept_(setup.buffers) {}

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp /*time*/, Sink& sink) {
    if (side != FlowSide::Initiator) return ParseStatus::Ok;
    if (bytes[0] == '!') return ParseStatus::Done;
    if (!kept_.append(bytes)) return ParseStatus::Poisoned;
    if (bytes[bytes.size() - 1] == '.') {
      sink.message(side, Sentence{kept_.bytes()});
      kept_.drop_front(kept_.size());
    }
    return ParseStatus::Ok;
  }

 private:
  Buffer kept_;
};

// What a session is like: complete; with a hole that stays; the parser is done while bytes wait
// behind a hole.
enum class Kind : uint8_t { Whole, Hole, Done };

// One session with segments out of order; the client's address is to be written into each frame.
std::vector<Frame> session_frames(Kind kind) {
  uint32_t next = 1;
  const auto client = [&](uint8_t flags, const std::string& text) {
    Frame frame = PacketBuilder()
                      .ethernet()
                      .ipv4("10.0.0.1", "192.168.0.1")
                      .tcp(1000, 80, {.seq = next, .ack = 1, .flags = flags})
                      .payload(text)
                      .build();
    next += static_cast<uint32_t>(text.size());
    return frame;
  };
  const auto server = [&](uint8_t flags, uint32_t seq) {
    return PacketBuilder()
        .ethernet()
        .ipv4("192.168.0.1", "10.0.0.1")
        .tcp(80, 1000, {.seq = seq, .ack = next, .flags = flags})
        .build();
  };
  std::vector<Frame> frames;
  next = 0;
  frames.push_back(client(tcp_flag::kSyn, ""));
  next = 1;
  frames.push_back(server(tcp_flag::kSyn | tcp_flag::kAck, 0));
  frames.push_back(client(tcp_flag::kAck, ""));
  frames.push_back(client(tcp_flag::kAck, std::string(300, kind == Kind::Done ? '!' : 'a')));
  frames.push_back(client(tcp_flag::kAck, std::string(700, 'b')));
  frames.push_back(client(tcp_flag::kAck, std::string(1399, 'c') + "."));
  if (kind == Kind::Done) {
    std::swap(frames[3], frames[5]);
    frames.erase(frames.begin() + 4);
  } else {
    std::swap(frames[4], frames[5]);
  }
  if (kind == Kind::Hole) frames.erase(frames.begin() + 5);
  frames.push_back(client(tcp_flag::kFin | tcp_flag::kAck, ""));
  ++next;
  frames.push_back(server(tcp_flag::kFin | tcp_flag::kAck, 1));
  frames.push_back(client(tcp_flag::kAck, ""));
  return frames;
}

TEST(DriverMemory, IsTheSameAfterTenRoundsOfShortSessions) {
  using OneParser = FlowSessionDriver<FiveTuple, SentenceParser>;
  OneParser::Options options;
  options.tracker.flows_max = 4000;
  options.sessions.buffers_bytes = 8U << 20U;
  auto made = OneParser::create(options, FiveTuple::bidirectional());
  ASSERT_TRUE(made.ok());
  OneParser& driver = made.value();
  std::array<std::vector<Frame>, 4> shapes = {
      session_frames(Kind::Whole), session_frames(Kind::Whole), session_frames(Kind::Hole),
      session_frames(Kind::Done)};
  uint64_t sentences = 0;
  const auto sink = [&](const Application<SentenceParser::Sentence>&) { ++sentences; };

  uint64_t time_ns = 1;
  uint64_t after_first_round = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (uint32_t session = 0; session < sessions_per_round(); ++session) {
      for (Frame& frame : shapes[session % shapes.size()]) {
        constexpr size_t kSourceAddress = 26;
        const bool from_client = frame[kSourceAddress] == 10;
        uint8_t* const address = frame.data() + kSourceAddress + (from_client ? 0 : 4);
        address[1] = static_cast<uint8_t>(session >> 16);
        address[2] = static_cast<uint8_t>(session >> 8);
        address[3] = static_cast<uint8_t>(session);
        time_ns += kFrameGap_ns;
        driver.track({.frame = {frame.data(), frame.size()},
                      .time = {time_ns},
                      .wire_bytes = static_cast<uint32_t>(frame.size())},
                     sink);
      }
    }
    driver.finish(sink);
    ASSERT_EQ(driver.flow_count(), 0U);
    ASSERT_EQ(driver.counters().refused.value(), 0U) << "round " << round;
    if (round == 0) after_first_round = resident_bytes();
  }
  // What a round touched for the first time and gave back is no growth: a page here and there.
  EXPECT_LE(resident_bytes(), after_first_round + (uint64_t{1} << 20));
  EXPECT_EQ(driver.counters().sessions.value(), uint64_t{kRounds} * sessions_per_round());
  EXPECT_EQ(sentences, uint64_t{kRounds} * (sessions_per_round() / 4 * 3));
}

}  // namespace
}  // namespace flowscope
