// Counts what the program allocates, so it is a program of its own.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/track/flow_tracker.h"
#include "tests/support/tracked_frames.h"

namespace {

// Calls of any form of operator new since the program began.
std::atomic<uint64_t>& allocations() {
  static constinit std::atomic<uint64_t> count{0};
  return count;
}

void* counted(size_t bytes, size_t alignment) {
  allocations().fetch_add(1, std::memory_order_relaxed);
  void* place = nullptr;
  if (posix_memalign(&place, std::max(alignment, sizeof(void*)), bytes) != 0) std::abort();
  return place;
}

}  // namespace

// The library's other forms call these. A sanitizer's do not, so that the nothrow form, whose
// memory comes back by the same delete, is here as well.
void* operator new(size_t bytes) { return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<size_t>(alignment));
}
void* operator new(size_t bytes, const std::nothrow_t& /*tag*/) noexcept {
  return counted(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, size_t) noexcept { std::free(place); }
void operator delete(void* place, std::align_val_t) noexcept { std::free(place); }
void operator delete(void* place, size_t, std::align_val_t) noexcept { std::free(place); }

namespace flowscope {
namespace {

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
