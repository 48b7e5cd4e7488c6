// Counts what the program allocates, so it is a program of its own.
#include <gtest/gtest.h>

#include <memory>

#include "l7/flow_driver.h"
#include "tests/support/counted_allocation.h"
#include "tests/unit/l7/driver_rig.h"

namespace flowscope {
namespace {

using testing::allocations;
using testing::Frame;
using testing::ScriptedDatagrams;
using testing::TalkTcp;

// Sessions with frames in and out of order, cut and whole, and datagrams.
std::vector<Frame> traffic() {
  std::vector<Frame> frames;
  const auto add = [&](const std::vector<Frame>& more) {
    frames.insert(frames.end(), more.begin(), more.end());
  };
  const std::string_view hello{"PFX2,\0\5hello", 12};
  for (uint16_t port = 1; port <= 200; ++port) {
    TalkTcp talk(port);
    add(talk.handshake());
    frames.push_back(talk.client(hello));
    frames.push_back(talk.client(hello.substr(0, 6)));
    const Frame late = talk.client(hello.substr(6));
    frames.push_back(talk.client(hello));
    frames.push_back(late);
    talk.lose(FlowSide::Responder, 5);
    frames.push_back(talk.server(hello));
    if (port % 2 == 0) add(talk.close());
    frames.push_back(testing::datagram(port));
  }
  return frames;
}

template <class D>
void expect_no_allocation(D& driver, const std::vector<Frame>& frames) {
  const auto burst = std::make_unique<Burst>();
  uint64_t events = 0;
  const auto sink = [&events](const auto& /*event*/) { ++events; };
  uint64_t time_ns = 0;
  const uint64_t before = allocations().load();
  const auto view = [&time_ns](const Frame& frame) -> PacketView {
    return {.frame = {frame.data(), frame.size()},
            .time = {time_ns += 1'000'000},
            .wire_bytes = static_cast<uint32_t>(frame.size())};
  };
  for (const Frame& frame : frames) driver.track(view(frame), sink);
  for (const Frame& frame : frames) {
    burst->packet[burst->count++] = view(frame);
    if (burst->count < 64) continue;
    driver.track_burst(*burst, sink);
    burst->count = 0;
  }
  driver.sweep({1'000'000'000'000}, sink);
  driver.force_close({}, sink);
  driver.for_each_flow([](const FlowEntry&) {});
  for (const Frame& frame : frames) driver.track(view(frame), sink);
  driver.finish(sink);
  EXPECT_EQ(allocations().load(), before);
  EXPECT_GT(events, frames.size());
  EXPECT_GT(driver.stats().evicted(), 0U);
}

TEST(DriverAllocation, NothingIsAllocatedOnceASessionDriverIsMade) {
  auto made = Driver<FiveTuple, testing::LengthPrefixedParser, ScriptedDatagrams>::create(
      {.tracker = {.flows_max = 100, .events = EventMask::all()},
       .sessions = {.buffers_bytes = 1 << 20, .segments = {.segments_max = 1000}}},
      FiveTuple::bidirectional());
  ASSERT_TRUE(made.ok());
  expect_no_allocation(made.value(), traffic());
  EXPECT_GT(made.value().counters_of<testing::LengthPrefixedParser>().messages.value(), 800U);
}

TEST(DriverAllocation, NothingIsAllocatedOnceAFlowDriverIsMade) {
  auto made =
      FlowDriver<FiveTuple>::create({.tracker = {.flows_max = 100, .events = EventMask::all()},
                                     .buffers_bytes = 1 << 20,
                                     .segments = {.segments_max = 1000}},
                                    FiveTuple::bidirectional());
  ASSERT_TRUE(made.ok());
  expect_no_allocation(made.value(), traffic());
}

}  // namespace
}  // namespace flowscope
