#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/dpdk/shared_scale.h"

namespace flowscope {

// Turns the ticks of a device's clock, as they stand in received packets, into nanoseconds since
// the epoch. The control thread reads both clocks now and then; the rate is taken from that, and
// once it is off by more than 1 % between two readings, the device is not believed any more.
// Thread rule: take() on one thread, at() and good() on any. at() costs some loads and a
// multiplication.
class DeviceClock {
 public:
  // Both clocks at one moment.
  struct Reading {
    uint64_t ticks = 0;
    uint64_t wall_ns = 0;
  };
  enum class Verdict : uint8_t {
    Measuring,  // one reading only, or too close to the one before
    Good,
    Drifting,  // for good: packets take their time from the processor's clock
  };
  static constexpr double kDriftMax = 0.01;
  static constexpr uint64_t kApartNs =
      5'000'000;  // readings closer than this say nothing of a rate

  // Takes a reading in.
  Verdict take(Reading reading);

  // Whether ticks can be turned into time. Acquire: partner of the release in take().
  [[nodiscard]] bool good() const { return good_.load(std::memory_order_acquire); }
  // The time of `ticks`, from before or after the last reading. Requires: good() was true once.
  [[nodiscard]] uint64_t at(uint64_t ticks) const { return scale_.at(ticks); }

 private:
  Reading first_;
  Reading last_;
  bool has_first_ = false;
  bool drifting_ = false;
  double rate_ = 0;  // nanoseconds of a tick, since the first reading
  std::atomic<bool> good_{false};
  SharedScale scale_;
};

}  // namespace flowscope
