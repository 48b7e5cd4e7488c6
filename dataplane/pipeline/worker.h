#pragma once

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
    if constexpr (requires { port_.finish(); }) port_.finish();
    pipeline_.finish();
  }

  uint32_t poll_once() {
    burst_.count = 0;
    port_.receive(burst_);
    const uint32_t count = burst_.count;
    if (count == 0) return 0;
    pipeline_.run(burst_);
    port_.release(burst_);
    return count;
  }

  // Relaxed: the flag orders nothing, the loop only has to see it soon; partner of stopped().
  void stop() { stop_.store(true, std::memory_order_relaxed); }

 private:
  [[nodiscard]] bool stopped() const { return stop_.load(std::memory_order_relaxed); }

  void idle() {
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
  std::atomic<bool> stop_{false};
};

}  // namespace flowscope
