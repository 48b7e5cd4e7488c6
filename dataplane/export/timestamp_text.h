#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "dataplane/export/digits.h"
#include "flowcore/base/timestamp.h"

namespace flowscope {

// "2018-07-05T19:42:39.123456+0000": UTC, microseconds, the form of EVE.
inline constexpr size_t kTimestampChars = 31;

// Writes moments. Keeps the texts of the seconds that it met last: a flow's record tells of its
// first packets and its last, and the next record of the same seconds again. Thread rule: one
// thread. Cost: some 25 instructions for a moment within a second that is kept, 2 KiB.
class TimestampText {
 public:
  // Needs room for kTimestampChars.
  char* put(char* out, Timestamp time) {
    const uint64_t number = time.seconds();
    Second& second = kept_[number % kKept];
    if (second.number != number) [[unlikely]]
      set(second, number);
    std::memcpy(out, second.chars.data(), kSecondChars);
    const auto microsecond = static_cast<uint32_t>(time.subsecond_ns() / 1000);
    // Six of eight digits, and the zone behind them.
    const uint64_t digits = (eight_digits(microsecond) + kEightZeros) >> 16;
    put_eight(out + kSecondChars, digits | kZone << 48);
    std::memcpy(out + kTimestampChars - 4, "0000", 4);
    return out + kTimestampChars;
  }

 private:
  static constexpr size_t kKept = 64;
  static constexpr size_t kSecondChars = 20;  // "2018-07-05T19:42:39."
  static constexpr uint64_t kZone = '+' | '0' << 8;
  struct Second {
    uint64_t number = UINT64_MAX;  // since the epoch; no Timestamp has this one
    std::array<char, kSecondChars> chars{};
  };

  static void set(Second& second, uint64_t number);

  std::array<Second, kKept> kept_;
};

}  // namespace flowscope
