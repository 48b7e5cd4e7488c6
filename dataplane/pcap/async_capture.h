#pragma once

#include <unistd.h>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/cancellation_state.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "dataplane/pcap/live_port.h"
#include "flowcore/base/result.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/packet/burst.h"

#ifndef ASIO_HAS_CO_AWAIT
#error "dataplane/pcap/async_capture.h needs coroutines: C++20 with GCC 11, Clang 15 or later"
#endif

namespace flowscope {

// A live interface for programs that run on Asio (standalone, https://think-async.com): its packets
// are awaited by C++20 coroutines, beside whatever else the same thread awaits.
//
//   asio::awaitable<void> watch(AsyncCapture& capture, FlowTracker<FiveTuple>& tracker) {
//     co_await capture.for_each_event(tracker, [](const FlowEvent& event) { ... });
//   }
//
// The only part of flowscope that knows Asio, a header and no more: who does not include it needs
// neither Asio nor exceptions, which Asio itself may throw when memory is short.
// Ends: cancel(), or the cancellation of the coroutine that awaits (both leave no fault()), or the
// interface's failure, which fault() tells. A capture that has ended gives null for ever.
// Thread rule: one at a time, the executor's; a strand where several threads run it. One coroutine
// awaits at a time. Lifetime: outlives the coroutines that await it; movable while none does.
class AsyncCapture {
 public:
  // Opens the interface as LivePort does; the error names it and the mend.
  static Result<AsyncCapture> open(const asio::any_io_executor& executor,
                                   const LivePort::Options& options) {
    Result<LivePort> port = LivePort::open(options);
    if (!port.ok()) return port.error();
    // Closing is Asio's with its own, libpcap's with the other; both are the same open socket.
    const int descriptor = dup(port.value().descriptor());
    if (descriptor < 0) return Error{options.interface + ": cannot be waited for"};
    asio::posix::stream_descriptor ready(executor);
    asio::error_code failed;
    ready.assign(descriptor, failed);
    if (failed) {
      close(descriptor);
      return Error{options.interface + ": " + failed.message()};
    }
    return AsyncCapture(std::move(port.value()), std::move(ready));
  }

  // The next packets, as soon as there are some: good until the next call. Null once the capture
  // has ended.
  [[nodiscard]] asio::awaitable<Burst*> next_burst() {
    Burst* burst = co_await next_burst_within(std::chrono::hours(1));
    while (burst != nullptr && burst->count == 0) {
      burst = co_await next_burst_within(std::chrono::hours(1));
    }
    co_return burst;
  }

  // The same, or an empty burst when none have come for `quiet`. Where packets are there already,
  // whatever else waits for the executor has its turn first, so that a busy interface cannot keep a
  // signal or a timer from being heard.
  [[nodiscard]] asio::awaitable<Burst*> next_burst_within(std::chrono::milliseconds quiet) {
    heed(co_await asio::this_coro::cancellation_state);
    if (!has_ended()) {
      co_await asio::post(ready_.get_executor(), asio::use_awaitable);
      heed(co_await asio::this_coro::cancellation_state);
    }
    if (!has_ended() && port_.receive(*burst_) == 0 && !has_ended()) {
      co_await ready_within(quiet);
      heed(co_await asio::this_coro::cancellation_state);
      if (!has_ended()) port_.receive(*burst_);
    }
    co_return has_ended() ? nullptr : burst_.get();
  }

  // Gives every packet to a driver, e.g. a FlowTracker, and what it tells to `sink`; when the
  // capture ends, the driver is told to finish. While no packet comes, a driver that has
  // sweep(Timestamp, sink) hears ten times a second what time it is, so that silent flows end.
  template <class Driver, class Sink>
  [[nodiscard]] asio::awaitable<void> for_each_event(Driver& driver, Sink sink) {
    constexpr std::chrono::milliseconds kQuiet(100);
    while (Burst* burst = co_await next_burst_within(kQuiet)) {
      if (burst->count == 0) {
        sweep(driver, sink);
      } else {
        track(driver, *burst, sink);
      }
    }
    driver.finish(sink);
  }

  // Ends the capture; what awaits it goes on at once.
  void cancel() {
    cancelled_ = true;
    asio::error_code ignored;
    ready_.cancel(ignored);
    timer_.cancel();
  }

  [[nodiscard]] const Error& fault() const { return port_.fault(); }
  // Asks the kernel for its drop counters; not for every burst.
  [[nodiscard]] PortCounters counters() { return port_.counters(); }

 private:
  AsyncCapture(LivePort port, asio::posix::stream_descriptor ready)
      : port_(std::move(port)), ready_(std::move(ready)), timer_(ready_.get_executor()) {}

  [[nodiscard]] bool has_ended() const { return cancelled_ || port_.ended(); }

  // Ends the capture where the coroutine that awaits it was cancelled: its next wait would throw.
  void heed(const asio::cancellation_state& coroutine) {
    if (coroutine.cancelled() != asio::cancellation_type::none) cancelled_ = true;
  }

  // Waits until packets may be there, for at most `quiet`, or until the wait is cancelled.
  [[nodiscard]] asio::awaitable<void> ready_within(std::chrono::milliseconds quiet) {
    using asio::experimental::awaitable_operators::operator||;
    asio::error_code woken;
    asio::error_code expired;
    timer_.expires_after(quiet);
    co_await (ready_.async_wait(asio::posix::descriptor_base::wait_read,
                                asio::redirect_error(asio::use_awaitable, woken))
              || timer_.async_wait(asio::redirect_error(asio::use_awaitable, expired)));
  }

  template <class Driver, class Sink>
  static void track(Driver& driver, Burst& burst, Sink& sink) {
    if constexpr (requires { driver.track_burst(burst, sink); }) {
      driver.track_burst(burst, sink);
    } else {
      for (uint32_t i = 0; i < burst.count; ++i) driver.track(burst.packet[i], sink);
    }
  }
  template <class Driver, class Sink>
  static void sweep(Driver& driver, Sink& sink) {
    if constexpr (requires { driver.sweep(Timestamp{}, sink); }) {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      const auto now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
      driver.sweep(Timestamp{static_cast<uint64_t>(now_ns)}, sink);
    }
  }

  LivePort port_;
  asio::posix::stream_descriptor ready_;
  asio::steady_timer timer_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  bool cancelled_ = false;
};

}  // namespace flowscope
