#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace flowscope {

// What the control thread sees of the workers: how they share the packets, as the last period had
// it, and how often they stalled. Written by the control thread, read by any.
class LoadFigures {
 public:
  explicit LoadFigures(size_t workers) : busy_percent_(workers), stalls_(workers) {}

  // Relaxed, as all here: each figure stands for itself; the partners are the getters.
  void show_busy(size_t worker, uint32_t percent) {
    busy_percent_[worker].store(percent, std::memory_order_relaxed);
  }
  void show_imbalance(uint32_t percent) { imbalance_.store(percent, std::memory_order_relaxed); }
  void show_stalls(size_t worker, uint64_t stalls) {
    stalls_[worker].store(stalls, std::memory_order_relaxed);
  }

  // Of the time, in which the worker had packets.
  [[nodiscard]] uint32_t busy_percent(size_t worker) const {
    return busy_percent_[worker].load(std::memory_order_relaxed);
  }
  // What the busiest worker got of its fair share of packets; 100 is fair, 0: there were none.
  [[nodiscard]] uint32_t imbalance_percent() const {
    return imbalance_.load(std::memory_order_relaxed);
  }
  // Since the start, see Watchdog.
  [[nodiscard]] uint64_t stalls(size_t worker) const {
    return stalls_[worker].load(std::memory_order_relaxed);
  }

 private:
  std::vector<std::atomic<uint32_t>> busy_percent_;
  std::vector<std::atomic<uint64_t>> stalls_;
  std::atomic<uint32_t> imbalance_{0};
};

}  // namespace flowscope
