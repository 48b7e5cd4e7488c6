// A summary of flows: who talked to whom, how much, and how it ended. The frames come from code, so
// that the program needs no capture; a reader of your own gives frames and times in their place.
#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <variant>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/track/flow_tracker.h"

namespace {

using flowscope::FiveTuple;
using flowscope::FlowEnded;
using flowscope::FlowEvent;
using flowscope::FlowTracker;
namespace flag = flowscope::tcp_flag;

using Ipv4 = std::array<uint8_t, 4>;
struct Endpoint {
  Ipv4 address;
  uint16_t port;
};
struct Segment {
  uint32_t seq;
  uint32_t ack;
  uint8_t flags;
  uint16_t payload_bytes = 0;
};

// Ethernet, IPv4 and TCP; checksums are left out, nobody here asks for them.
std::vector<uint8_t> tcp_frame(const Endpoint& from, const Endpoint& to, const Segment& segment) {
  std::vector<uint8_t> frame(14 + 20 + 20 + segment.payload_bytes);
  const auto put16 = [&frame](size_t offset, uint32_t value) {
    frame[offset] = static_cast<uint8_t>(value >> 8);
    frame[offset + 1] = static_cast<uint8_t>(value);
  };
  put16(12, 0x0800);
  frame[14] = 0x45;
  put16(16, 20U + 20U + segment.payload_bytes);
  frame[22] = 64;
  frame[23] = 6;
  std::copy(from.address.begin(), from.address.end(), frame.begin() + 26);
  std::copy(to.address.begin(), to.address.end(), frame.begin() + 30);
  put16(34, from.port);
  put16(36, to.port);
  put16(38, segment.seq >> 16);
  put16(40, segment.seq);
  put16(42, segment.ack >> 16);
  put16(44, segment.ack);
  frame[46] = 0x50;
  frame[47] = segment.flags;
  put16(48, 65535);
  return frame;
}

// A request and its answer, and a port that nobody listens on.
std::vector<std::vector<uint8_t>> traffic() {
  constexpr Endpoint kClient = {{10, 0, 0, 7}, 50000};
  constexpr Endpoint kServer = {{192, 0, 2, 1}, 80};
  constexpr Endpoint kClosedPort = {{192, 0, 2, 1}, 81};
  constexpr uint8_t kFinAck = flag::kFin | flag::kAck;
  return {
      tcp_frame(kClient, kServer, {100, 0, flag::kSyn}),
      tcp_frame(kServer, kClient, {900, 101, flag::kSyn | flag::kAck}),
      tcp_frame(kClient, kServer, {101, 901, flag::kAck}),
      tcp_frame(kClient, kServer, {101, 901, flag::kAck | flag::kPsh, 300}),
      tcp_frame(kServer, kClient, {901, 401, flag::kAck | flag::kPsh, 1000}),
      tcp_frame(kClient, kClosedPort, {500, 0, flag::kSyn}),
      tcp_frame(kClosedPort, kClient, {0, 501, flag::kRst | flag::kAck}),
      tcp_frame(kServer, kClient, {1901, 401, kFinAck}),
      tcp_frame(kClient, kServer, {401, 1902, kFinAck}),
      tcp_frame(kServer, kClient, {1902, 402, flag::kAck}),
  };
}

void print(const FlowEnded& flow) {
  const flowscope::Address& a = flow.key.a_address;
  const flowscope::Address& b = flow.key.b_address;
  const flowscope::SideStats& initiator = flow.stats.side[0];
  const flowscope::SideStats& responder = flow.stats.side[1];
  const std::string_view reason = name_of(flow.reason);
  std::printf("%d.%d.%d.%d port %d, %d.%d.%d.%d port %d: %" PRIu64 " packets (%" PRIu64
              " bytes) sent, %" PRIu64 " (%" PRIu64 ") got, %.*s\n",
              a[0], a[1], a[2], a[3], flow.key.a_port, b[0], b[1], b[2], b[3], flow.key.b_port,
              initiator.packets, initiator.bytes, responder.packets, responder.bytes,
              static_cast<int>(reason.size()), reason.data());
}

}  // namespace

int main() {
  auto tracker = FlowTracker<FiveTuple>::create({.flows_max = 1024}, FiveTuple::bidirectional());
  if (!tracker.ok()) {
    std::fprintf(stderr, "%s\n", tracker.error().message.c_str());
    return 1;
  }
  uint64_t bytes = 0;
  const auto sink = [&bytes](const FlowEvent& event) {
    if (const auto* ended = std::get_if<FlowEnded>(&event)) {
      print(*ended);
      bytes += ended->stats.bytes();
    }
  };

  uint64_t time_ns = 0;
  uint64_t bytes_sent = 0;
  const auto frames = traffic();
  for (const auto& frame : frames) {
    time_ns += 1'000'000;
    bytes_sent += frame.size();
    tracker.value().track({.frame = {frame.data(), frame.size()},
                           .time = {time_ns},
                           .wire_bytes = static_cast<uint32_t>(frame.size())},
                          sink);
  }
  tracker.value().finish(sink);

  return tracker.value().stats().ended == 2 && bytes == bytes_sent ? 0 : 1;
}
