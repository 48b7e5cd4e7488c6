// Flows of a live interface on Asio: the capture and the wait for Ctrl-C share one thread. Prints
// each flow when it has ended. Needs root, or the capability to capture.
//
//   example_async_flows eth0
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <variant>

#include "dataplane/pcap/async_capture.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/track/flow_tracker.h"

namespace {

using flowscope::AsyncCapture;
using flowscope::FiveTuple;
using flowscope::FlowEnded;
using flowscope::FlowEvent;
using flowscope::FlowTracker;

void print(const FlowEvent& event) {
  const auto& flow = std::get<FlowEnded>(event);
  const std::string_view reason = name_of(flow.reason);
  std::printf("protocol %d ports %d and %d: %" PRIu64 " packets, %" PRIu64 " bytes, %.*s\n",
              flow.key.protocol, flow.key.a_port, flow.key.b_port, flow.stats.packets(),
              flow.stats.bytes(), static_cast<int>(reason.size()), reason.data());
  (void)std::fflush(stdout);
}

// Until the capture is cancelled or fails; then every flow ends, and is printed.
asio::awaitable<void> watch(AsyncCapture& capture, FlowTracker<FiveTuple>& tracker) {
  co_await capture.for_each_event(tracker, print);
}

asio::awaitable<void> cancel_at_signal(AsyncCapture& capture) {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM);
  co_await signals.async_wait(asio::use_awaitable);
  capture.cancel();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s INTERFACE\n", argv[0]);
    return 1;
  }
  asio::io_context loop(1);
  auto capture = AsyncCapture::open(loop.get_executor(), {.interface = argv[1]});
  if (!capture.ok()) {
    std::fprintf(stderr, "%s\n", capture.error().message.c_str());
    return 1;
  }
  // Only ends are wanted. A closed flow ends at once, a silent one when the time comes for it.
  auto tracker = FlowTracker<FiveTuple>::create(
      {.idle = {.tcp_closed_ns = 0},
       .events = flowscope::EventMask::of({flowscope::EventKind::Ended})},
      FiveTuple::bidirectional());
  if (!tracker.ok()) {
    std::fprintf(stderr, "%s\n", tracker.error().message.c_str());
    return 1;
  }
  asio::co_spawn(loop, cancel_at_signal(capture.value()), asio::detached);
  // Whoever watches last stops the loop, which the wait for a signal would keep going.
  asio::co_spawn(loop, watch(capture.value(), tracker.value()),
                 [&loop](const std::exception_ptr& /*thrown*/) { loop.stop(); });
  std::fprintf(stderr, "capturing on %s\n", argv[1]);
  loop.run();

  const flowscope::PortCounters counters = capture.value().counters();
  std::fprintf(stderr, "%" PRIu64 " packets, %" PRIu64 " missed\n", counters.received,
               counters.dropped_by_port);
  if (capture.value().fault().message.empty()) return 0;
  std::fprintf(stderr, "%s\n", capture.value().fault().message.c_str());
  return 1;
}
