#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace flowscope {

// What a worker does when it asked for packets and got none.
enum class IdleWay : uint8_t {
  Spin,   // asks again at once
  Pause,  // tells the processor that it waits, and asks again: a core at 100 %
  Sleep,  // pauses while packets may be near, then sleeps for longer and longer
};

// Decides what an idle worker does next. Sleeps begin after kPauses polls in a row that brought
// nothing, at a microsecond, and double up to sleep_max_ns: the longest that a packet waits, beside
// what the system takes to wake us. A pure decision: whoever asks does the sleeping. Thread rule:
// one worker, but for change(). Cost: a comparison.
class EmptyPolls {
 public:
  struct Options {
    IdleWay way = IdleWay::Sleep;
    uint64_t sleep_max_ns = 100'000;
  };
  static constexpr uint32_t kPauses = 1000;
  static constexpr uint64_t kSleepMinNs = 1'000;

  struct Next {
    bool is_pause = false;
    uint64_t sleep_ns = 0;  // 0: no sleep
  };

  explicit EmptyPolls(const Options& options) { change(options); }

  // From one of the next polls on; any thread. Relaxed, as in next(): each figure stands for
  // itself.
  void change(const Options& options) {
    way_.store(options.way, std::memory_order_relaxed);
    sleep_max_ns_.store(options.sleep_max_ns, std::memory_order_relaxed);
  }

  // A poll brought nothing.
  Next next() {
    const IdleWay way = way_.load(std::memory_order_relaxed);
    if (way != IdleWay::Sleep) return {.is_pause = way == IdleWay::Pause};
    if (polls_ < kPauses) {
      ++polls_;
      return {.is_pause = true};
    }
    const uint64_t sleep_max_ns = sleep_max_ns_.load(std::memory_order_relaxed);
    const uint64_t sleep_ns = std::min(sleep_ns_, sleep_max_ns);
    sleep_ns_ = std::min(2 * sleep_ns, sleep_max_ns);
    return {.sleep_ns = sleep_ns};
  }
  // A poll brought packets.
  void reset() {
    polls_ = 0;
    sleep_ns_ = kSleepMinNs;
  }

 private:
  std::atomic<IdleWay> way_;
  std::atomic<uint64_t> sleep_max_ns_;
  uint32_t polls_ = 0;
  uint64_t sleep_ns_ = kSleepMinNs;
};

}  // namespace flowscope
