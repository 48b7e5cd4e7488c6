#pragma once

#include <cstdint>

namespace flowscope::traffic {

// Random numbers that are the same on every machine for one seed (splitmix64), unlike those of the
// standard library's distributions.
// Thread rule: one thread.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t value = state_;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }
  // 0 to limit - 1. Requires: limit > 0.
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(((next() >> 32) * limit) >> 32); }
  uint32_t between(uint32_t first, uint32_t last) { return first + below(last - first + 1); }
  bool one_in(uint32_t count) { return below(count) == 0; }

 private:
  uint64_t state_;
};

}  // namespace flowscope::traffic
