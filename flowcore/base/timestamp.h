#pragma once

#include <compare>
#include <cstdint>

namespace flowscope {

// A moment of packet time: nanoseconds since the Unix epoch, 64 bits, good until the year 2554.
// Never the time of the machine that runs the program, unless a live port says so.
struct Timestamp {
  uint64_t ns = 0;

  static constexpr Timestamp from_parts(uint64_t seconds, uint64_t nanoseconds) {
    return {seconds * 1'000'000'000 + nanoseconds};
  }
  static constexpr Timestamp max() { return {UINT64_MAX}; }

  [[nodiscard]] constexpr uint64_t seconds() const { return ns / 1'000'000'000; }
  [[nodiscard]] constexpr uint64_t subsecond_ns() const { return ns % 1'000'000'000; }
  // Nanoseconds from `earlier` to this moment; zero when `earlier` is in fact later.
  [[nodiscard]] constexpr uint64_t saturating_since(Timestamp earlier) const {
    return ns > earlier.ns ? ns - earlier.ns : 0;
  }

  friend constexpr auto operator<=>(Timestamp, Timestamp) = default;
};

}  // namespace flowscope
