#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flowcore/base/timestamp.h"

namespace flowscope {

// "00" to "99" side by side.
inline constexpr std::array<char, 200> kTwoDigits = [] {
  std::array<char, 200> table{};
  for (size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

// Requires: value < 100.
inline char* put_two_digits(char* out, uint32_t value) {
  std::memcpy(out, &kTwoDigits[size_t{2} * value], 2);
  return out + 2;
}

// "2018-07-05T19:42:39.123456+0000": UTC, microseconds, the form of EVE.
inline constexpr size_t kTimestampChars = 31;

// The date of one day as text, remembered because nearly all moments of a run fall on the same day.
class DayText {
 public:
  static constexpr size_t kChars = 11;  // "2018-07-05T"

  char* put(char* out, uint64_t days_since_epoch) {
    if (days_since_epoch != day_) [[unlikely]]
      set(days_since_epoch);
    std::memcpy(out, chars_.data(), kChars);
    return out + kChars;
  }

 private:
  void set(uint64_t days_since_epoch);

  uint64_t day_ = UINT64_MAX;
  std::array<char, kChars> chars_{};
};

// Needs room for kTimestampChars.
inline char* put_timestamp(char* out, Timestamp time, DayText& day) {
  constexpr uint32_t kSecondsPerDay = 86'400;
  const uint64_t seconds = time.seconds();
  const auto second = static_cast<uint32_t>(seconds % kSecondsPerDay);
  const auto microsecond = static_cast<uint32_t>(time.subsecond_ns() / 1000);
  out = day.put(out, seconds / kSecondsPerDay);
  out = put_two_digits(out, second / 3600);
  *out++ = ':';
  out = put_two_digits(out, second / 60 % 60);
  *out++ = ':';
  out = put_two_digits(out, second % 60);
  *out++ = '.';
  out = put_two_digits(out, microsecond / 10'000);
  out = put_two_digits(out, microsecond / 100 % 100);
  out = put_two_digits(out, microsecond % 100);
  std::memcpy(out, "+0000", 5);
  return out + 5;
}

}  // namespace flowscope
