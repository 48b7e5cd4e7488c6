#pragma once

#include <cstdint>

#include "flowcore/base/timestamp.h"

namespace flowscope {

// Turns the time stamps of one pcapng interface into packet time: options if_tsresol and
// if_tsoffset of draft-ietf-opsawg-pcapng, section 4.2. Results outside of what a Timestamp holds
// are clamped.
class TickScale {
 public:
  // Microseconds since the epoch, the format's default.
  constexpr TickScale() : TickScale(6, 0) {}
  // `resolution` as in if_tsresol: the exponent of 10, or of 2 when the highest bit is set.
  constexpr TickScale(uint8_t resolution, int64_t offset_seconds)
      : exponent_(resolution & 0x7f), offset_seconds_(offset_seconds) {
    if ((resolution & 0x80) != 0) {
      unit_ = Unit::PowerOfTwo;
    } else if (exponent_ <= 9) {
      unit_ = Unit::NanosecondsOrLonger;
      factor_ = power_of_ten(9 - exponent_);
    } else {
      unit_ = Unit::BelowNanosecond;
      factor_ = exponent_ <= 28 ? power_of_ten(exponent_ - 9) : 0;
    }
  }

  [[nodiscard]] constexpr Timestamp time(uint64_t ticks) const {
    const uint64_t ns = nanoseconds(ticks);
    return {offset_seconds_ == 0 ? ns : with_offset(ns)};
  }

 private:
  enum class Unit : uint8_t { NanosecondsOrLonger, BelowNanosecond, PowerOfTwo };
  static constexpr uint64_t kNsPerSecond = 1'000'000'000;

  static constexpr uint64_t power_of_ten(unsigned exponent) {
    uint64_t value = 1;
    for (unsigned i = 0; i < exponent; ++i) value *= 10;
    return value;
  }

  [[nodiscard]] constexpr uint64_t nanoseconds(uint64_t ticks) const {
    switch (unit_) {
      case Unit::NanosecondsOrLonger:
        return ticks <= UINT64_MAX / factor_ ? ticks * factor_ : UINT64_MAX;
      case Unit::BelowNanosecond:
        return factor_ == 0 ? 0 : ticks / factor_;
      case Unit::PowerOfTwo:
        return from_binary(ticks);
    }
    return 0;
  }

  // Splits off whole seconds, so that the product of the rest fits into 64 bits; of a resolution
  // finer than 2^-32 the lowest bits, a quarter of a nanosecond, are cut.
  [[nodiscard]] constexpr uint64_t from_binary(uint64_t ticks) const {
    if (exponent_ >= 96) return 0;
    const uint64_t seconds = exponent_ < 64 ? ticks >> exponent_ : 0;
    if (seconds >= UINT64_MAX / kNsPerSecond) return UINT64_MAX;
    const uint64_t rest = exponent_ < 64 ? ticks - (seconds << exponent_) : ticks;
    const uint64_t rest_ns = exponent_ <= 32 ? (rest * kNsPerSecond) >> exponent_
                                             : ((rest >> (exponent_ - 32)) * kNsPerSecond) >> 32;
    return seconds * kNsPerSecond + rest_ns;
  }

  [[nodiscard]] constexpr uint64_t with_offset(uint64_t ns) const {
    const bool negative = offset_seconds_ < 0;
    const uint64_t seconds = negative ? uint64_t{0} - static_cast<uint64_t>(offset_seconds_)
                                      : static_cast<uint64_t>(offset_seconds_);
    if (seconds > UINT64_MAX / kNsPerSecond) return negative ? 0 : UINT64_MAX;
    const uint64_t shift_ns = seconds * kNsPerSecond;
    if (negative) return ns > shift_ns ? ns - shift_ns : 0;
    return ns <= UINT64_MAX - shift_ns ? ns + shift_ns : UINT64_MAX;
  }

  Unit unit_ = Unit::NanosecondsOrLonger;
  uint8_t exponent_;
  uint64_t factor_ = 0;
  int64_t offset_seconds_;
};

}  // namespace flowscope
