#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace flowscope {

// How long bursts took: a histogram over nanoseconds whose steps are a sixteenth of the value, so
// that a percentile is at most 6 % too high. Thread rule: one worker; read when it has ended. Cost:
// two readings of the clock a burst, and 8 KB.
class BurstTimes {
 public:
  using Clock = std::chrono::steady_clock;

  void add(Clock::duration time) {
    const auto ns =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(time).count());
    ++counts_[std::min(place_of(ns), counts_.size() - 1)];
    ++bursts_;
    longest_ns_ = std::max(longest_ns_, ns);
  }
  void add(const BurstTimes& other) {
    for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    bursts_ += other.bursts_;
    longest_ns_ = std::max(longest_ns_, other.longest_ns_);
  }

  [[nodiscard]] uint64_t bursts() const { return bursts_; }
  [[nodiscard]] uint64_t longest_ns() const { return longest_ns_; }
  // The time that `part` of the bursts did not exceed; 0 when there was none. Requires: 0 to 1.
  [[nodiscard]] uint64_t percentile_ns(double part) const {
    const double wanted = part * static_cast<double>(bursts_);
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (counts_[i] != 0 && static_cast<double>(seen) >= wanted)
        return std::min(end_of(i) - 1, longest_ns_);
    }
    return longest_ns_;
  }

 private:
  static constexpr uint32_t kStepBits = 4;
  static constexpr uint64_t kSteps = uint64_t{1} << kStepBits;

  // Below 16 one place a nanosecond, above that 16 for each power of two.
  static size_t place_of(uint64_t ns) {
    if (ns < kSteps) return ns;
    const auto shift = static_cast<uint32_t>(std::bit_width(ns)) - kStepBits - 1;
    return (uint64_t{shift} + 1) * kSteps + (ns >> shift) - kSteps;
  }
  static uint64_t end_of(size_t place) {
    if (place < kSteps) return place + 1;
    const uint64_t shift = place / kSteps - 1;
    return (place % kSteps + kSteps + 1) << shift;
  }

  std::array<uint64_t, 45 * kSteps> counts_{};  // up to four hours
  uint64_t bursts_ = 0;
  uint64_t longest_ns_ = 0;
};

}  // namespace flowscope
