#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace flowscope {

// A line that turns ticks of a clock into nanoseconds since the epoch: drawn anew now and then by
// one thread, used by any other without waiting. Cost of at(): some loads and a multiplication.
class SharedScale {
 public:
  // Thread rule: one thread, not more often than every some milliseconds.
  void publish(uint64_t base_ticks, uint64_t base_ns, double ns_per_tick) {
    const size_t next = (newest_.load(std::memory_order_relaxed) + 1) % lines_.size();
    Line& line = lines_.at(next);
    line.base_ticks.store(base_ticks, std::memory_order_relaxed);
    line.base_ns.store(base_ns, std::memory_order_relaxed);
    line.ns_per_tick.store(ns_per_tick, std::memory_order_relaxed);
    newest_.store(next, std::memory_order_release);
  }

  // The time of `ticks`, which may lie before the base as well. Requires: publish() was called.
  [[nodiscard]] uint64_t at(uint64_t ticks) const {
    const Line& line = lines_[newest_.load(std::memory_order_acquire)];
    const auto since =
        static_cast<int64_t>(ticks - line.base_ticks.load(std::memory_order_relaxed));
    const double since_ns =
        static_cast<double>(since) * line.ns_per_tick.load(std::memory_order_relaxed);
    return line.base_ns.load(std::memory_order_relaxed)
           + static_cast<uint64_t>(static_cast<int64_t>(since_ns));
  }

 private:
  // Relaxed: the release of newest_ orders them.
  struct Line {
    std::atomic<uint64_t> base_ticks{0};
    std::atomic<uint64_t> base_ns{0};
    std::atomic<double> ns_per_tick{0};
  };
  // Written in turn, so that a reader is long done with a line before it is written again.
  std::array<Line, 4> lines_;
  std::atomic<size_t> newest_{0};  // release in publish(), acquire in at()
};

}  // namespace flowscope
