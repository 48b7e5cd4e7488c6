#pragma once

#include <atomic>
#include <cstdint>

namespace flowscope {

// A 64-bit count that one thread writes and any thread may read. Plain loads and stores, no locked
// instruction: a reader sees some recent value, never a torn one.
class Counter {
 public:
  // Writer's thread only. Relaxed on both sides: the count orders nothing; its partner is value().
  void add(uint64_t amount) {
    count_.store(count_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  // Any thread. Relaxed, partner of add().
  [[nodiscard]] uint64_t value() const { return count_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> count_{0};
};

}  // namespace flowscope
