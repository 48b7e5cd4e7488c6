#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstdint>

#include "dataplane/pipeline/pipeline.h"
#include "dataplane/pipeline/port.h"

namespace flowscope {

// The poll loop of one core: the first file to read. A burst comes from the port, goes through the
// eight hops in order, and its frames go back.
//
//   hop 1  port.receive          queue -> frames, where they lie
//   hop 2  decode_layers         frames -> offsets             (hops 2 to 8: Pipeline::run)
//   hop 3  extract_keys          offsets -> flow keys, hashes
//   hop 4  tracker.find          hashes -> likely flows
//   hop 5  tracker.update        flows -> counters, states
//   hop 6  streams.deliver       payload -> bytes in order
//   hop 7  parser.on_bytes       bytes -> messages
//   hop 8  ring.push, publish    records -> exporter
//          port.release          frames back to their owner
//
// Where workers pass packets on to the owners of their flows (resteer.h), those of others leave in
// front of hop 2, and what came from others enters at it.
//
// Thread rule: run() on one thread; stop() from any.
template <Port P>
class Worker {
 public:
  Worker(P& port, Pipeline& pipeline) : port_(port), pipeline_(pipeline) {}

  // Polls until the port has ended or stop() was called, then ends every flow.
  void run() {
    while (!stopped() && !port_.ended()) {
      if (poll_once() == 0) idle();
    }
    if (ResteerEnd* const end = pipeline_.resteer()) take_the_rest(*end);
    if constexpr (requires { port_.finish(); }) port_.finish();
    pipeline_.finish();
  }

  // Returns how many packets were handled; 0: there was nothing to do.
  uint32_t poll_once() {
    if (ResteerEnd* const end = pipeline_.resteer()) return poll_with(*end);
    const uint32_t count = receive();
    if (count == 0) return 0;
    pipeline_.run(burst_);
    release();
    return count;
  }

  // Relaxed: the flag orders nothing, the loop only has to see it soon; partner of stopped().
  void stop() { stop_.store(true, std::memory_order_relaxed); }

 private:
  [[nodiscard]] bool stopped() const { return stop_.load(std::memory_order_relaxed); }

  uint32_t receive() {
    pipeline_.pulse().enter(Stage::Receive);
    burst_.count = 0;
    port_.receive(burst_);
    return burst_.count;
  }
  void release() {
    pipeline_.pulse().enter(Stage::Release);
    port_.release(burst_);
  }

  // Whether a frame may be sent to another worker as it is; a port that says nothing lends none.
  static bool lends(const P& port, const PacketView& packet) {
    if constexpr (requires {
                    { port.lends(packet) } -> std::convertible_to<bool>;
                  }) {
      return port.lends(packet);
    } else {
      (void)port;
      (void)packet;
      return false;
    }
  }

  // What the port brings, of which a part goes to other workers, and what they sent.
  uint32_t poll_with(ResteerEnd& end) {
    const uint32_t taken = poll_rings(end);
    if (end.holds_back()) return std::max(taken, 1U);
    const uint32_t count = receive();
    if (count == 0) return taken;
    burst_.count += pipeline_.run_own(
        burst_, [&port = port_](const PacketView& packet) { return lends(port, packet); });
    release();
    return taken + count;
  }

  uint32_t poll_rings(ResteerEnd& end) {
    pipeline_.pulse().enter(Stage::Receive);
    const uint32_t count = end.take(burst_, rows_);
    if (count == 0) return 0;
    if constexpr (requires { port_.begin(); }) port_.begin();
    pipeline_.run_resteered(burst_, rows_);
    release();
    end.release();
    return count;
  }

  // Others may still send when our port has ended: nobody leaves before everything is taken.
  void take_the_rest(ResteerEnd& end) {
    for (const ResteerEnd::Step step : ResteerEnd::kSteps) {
      end.close(step, pipeline_.clock().ns);
      for (bool is_closed = false; !is_closed;) {
        is_closed = end.is_closed(step);
        while (poll_rings(end) != 0) {
        }
        if (!is_closed) idle();
      }
    }
  }

  void idle() {
    pipeline_.pulse().enter_idle();
    if constexpr (requires { port_.idle(); }) port_.idle();
    if constexpr (requires {
                    { port_.now_ns() } -> std::convertible_to<uint64_t>;
                  }) {
      pipeline_.sweep(port_.now_ns());
    }
    pipeline_.idle();
  }

  P& port_;
  Pipeline& pipeline_;
  Burst burst_;
  ResteerRows rows_;
  std::atomic<bool> stop_{false};
};

}  // namespace flowscope
