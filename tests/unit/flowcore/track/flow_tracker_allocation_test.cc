// Counts what the program allocates, so it is a program of its own.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/track/flow_tracker.h"
#include "tests/support/counted_allocation.h"
#include "tests/support/tracked_frames.h"

namespace flowscope {
namespace {

using testing::allocations;

TEST(FlowTrackerAllocation, NothingIsAllocatedOnceTheTrackerIsMade) {
  std::vector<testing::TimedFrame> frames;
  for (uint16_t port = 1; port <= 300; ++port) {
    frames.push_back({port * uint64_t{1'000'000'000}, testing::datagram(port)});
    frames.push_back({frames.back().time_ns, testing::client(tcp_flag::kSyn, port, 0, port)});
    frames.push_back({frames.back().time_ns, testing::server(tcp_flag::kRst, port, 0, port)});
  }
  auto made = FlowTracker<FiveTuple, uint64_t>::create(
      {.flows_max = 100, .events = EventMask::all()}, FiveTuple::bidirectional());
  ASSERT_TRUE(made.ok());
  auto& tracker = made.value();
  const auto burst = std::make_unique<Burst>();
  uint64_t events = 0;
  const auto sink = [&events](const FlowEvent& /*event*/) { ++events; };

  const uint64_t before = allocations().load();
  for (const testing::TimedFrame& frame : frames) events += tracker.track(frame.view()).size();
  for (const testing::TimedFrame& frame : frames) {
    burst->packet[burst->count++] = frame.view();
    if (burst->count < 64) continue;
    tracker.track_burst(*burst, sink);
    burst->count = 0;
  }
  tracker.sweep({1'000'000'000'000}, sink);
  tracker.forget({}, sink);
  tracker.for_each_flow([](const FlowEntry&) {});
  tracker.finish(sink);
  EXPECT_EQ(allocations().load(), before);
  EXPECT_GT(tracker.stats().evicted(), 0U);
  EXPECT_GT(events, frames.size());
}

}  // namespace
}  // namespace flowscope
