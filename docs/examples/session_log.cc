// A parser of one's own and a driver that feeds it: each line of a small text protocol as a
// message, whatever the segments are that carry it. The frames come from code, so that the program
// needs no capture; a reader of your own gives frames and times in their place.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/extract/five_tuple.h"
#include "l7/driver.h"

namespace {

using flowscope::Application;
using flowscope::Bytes;
using flowscope::FiveTuple;
using flowscope::FlowSide;
using flowscope::ParseStatus;
using flowscope::SessionClosed;
using flowscope::SessionParseError;
namespace flag = flowscope::tcp_flag;

struct Line {
  static constexpr const char* kEvent = "line";
  std::string_view text;  // good during the call
};

// One for each flow. A part of a line is kept in a block of the driver's pool.
class LineParser {
 public:
  static constexpr std::string_view kName = "lines";

  explicit LineParser(const flowscope::ParserSetup& setup)
      : kept_{flowscope::Buffer(setup.buffers), flowscope::Buffer(setup.buffers)} {}

  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, flowscope::Timestamp /*time*/, Sink& sink) {
    flowscope::Buffer& kept = kept_[index_of(side)];
    while (!bytes.empty()) {
      const std::string_view text = bytes.as_text();
      const size_t end = text.find('\n');
      const Bytes part = bytes.first(end);  // all, where the line does not end
      if (end == std::string_view::npos || !kept.empty()) {
        // Longer than any line of ours, so it is none.
        if (!kept.append(part)) return ParseStatus::Poisoned;
      }
      if (end == std::string_view::npos) break;
      sink.message(side, Line{kept.empty() ? part.as_text() : kept.bytes().as_text()});
      kept.clear();
      bytes = bytes.after(end + 1);
    }
    return ParseStatus::Ok;
  }
  [[nodiscard]] std::string_view poison_reason() const { return "a line without an end"; }

 private:
  std::array<flowscope::Buffer, 2> kept_;
};

// Ethernet, IPv4 and TCP between a client and port 7000 of a server; checksums are left out.
class Talk {
 public:
  void say(FlowSide side, uint8_t flags, std::string_view text = {}) {
    std::vector<uint8_t> frame(14 + 20 + 20 + text.size());
    const auto put16 = [&frame](size_t offset, uint32_t value) {
      frame[offset] = static_cast<uint8_t>(value >> 8);
      frame[offset + 1] = static_cast<uint8_t>(value);
    };
    uint32_t& seq = next_[index_of(side)];
    const uint32_t ack = next_[1 - index_of(side)];
    const bool is_client = side == FlowSide::Initiator;
    put16(12, 0x0800);
    frame[14] = 0x45;
    put16(16, static_cast<uint32_t>(frame.size() - 14));
    frame[22] = 64;
    frame[23] = 6;
    put16(is_client ? 28 : 32, 1);  // 0.0.0.1
    put16(is_client ? 32 : 28, 2);  // 0.0.0.2
    put16(is_client ? 34 : 36, 50000);
    put16(is_client ? 36 : 34, 7000);
    put16(38, seq >> 16);
    put16(40, seq);
    put16(42, ack >> 16);
    put16(44, ack);
    frame[46] = 0x50;
    frame[47] = flags;
    put16(48, 65535);
    std::copy(text.begin(), text.end(), frame.begin() + 54);
    seq += static_cast<uint32_t>(text.size());
    if ((flags & (flag::kSyn | flag::kFin)) != 0) ++seq;
    frames.push_back(std::move(frame));
  }

  std::vector<std::vector<uint8_t>> frames;

 private:
  std::array<uint32_t, 2> next_ = {100, 900};
};

std::vector<std::vector<uint8_t>> traffic() {
  constexpr auto kClient = FlowSide::Initiator;
  constexpr auto kServer = FlowSide::Responder;
  Talk talk;
  talk.say(kClient, flag::kSyn);
  talk.say(kServer, flag::kSyn | flag::kAck);
  talk.say(kClient, flag::kAck, "hello\nwho ar");
  talk.say(kClient, flag::kAck, "e you\n");
  talk.say(kServer, flag::kAck, "a server\n");
  std::swap(talk.frames[2], talk.frames[3]);  // captured out of order
  talk.say(kClient, flag::kFin | flag::kAck);
  talk.say(kServer, flag::kFin | flag::kAck);
  talk.say(kClient, flag::kAck);
  return talk.frames;
}

}  // namespace

int main() {
  using Driver = flowscope::FlowSessionDriver<FiveTuple, LineParser>;
  Driver::Options options{.tracker = {.flows_max = 1024}};
  options.routing[0] = {.by = flowscope::Routing::By::Ports, .ports = {7000}};
  auto driver = Driver::create(options, FiveTuple::bidirectional());
  if (!driver.ok()) {
    std::fprintf(stderr, "%s\n", driver.error().message.c_str());
    return 1;
  }
  std::vector<std::string> lines;
  bool closed = false;
  const auto sink = flowscope::overloaded(
      [&](const Application<Line>& event) {
        lines.emplace_back(event.message.text);
        std::printf("%s: %s\n", event.side == FlowSide::Initiator ? "client" : "server",
                    lines.back().c_str());
      },
      [](const SessionParseError& event) {
        std::printf("not lines: %s\n", std::string(event.reason).c_str());
      },
      [&](const SessionClosed& event) {
        closed = event.reason == flowscope::EndReason::Fin;
        std::printf("closed after %u bytes of the client\n",
                    static_cast<unsigned>(event.stats.side[0].bytes));
      });

  uint64_t time_ns = 0;
  const auto frames = traffic();
  for (const auto& frame : frames) {
    time_ns += 1'000'000;
    driver.value().track({.frame = {frame.data(), frame.size()},
                          .time = {time_ns},
                          .wire_bytes = static_cast<uint32_t>(frame.size())},
                         sink);
  }
  driver.value().finish(sink);
  return closed && lines == std::vector<std::string>{"hello", "who are you", "a server"} ? 0 : 1;
}
