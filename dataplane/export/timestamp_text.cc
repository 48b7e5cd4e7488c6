#include "dataplane/export/timestamp_text.h"

#include <chrono>

namespace flowscope {

namespace {

constexpr uint64_t kSecondsPerDay = 86'400;

// With the character that follows. Requires: value < 100.
char* put_two_digits(char* out, uint64_t value, char next) {
  const uint16_t digits = two_digits(static_cast<uint32_t>(value));
  std::memcpy(out, &digits, sizeof digits);
  out[2] = next;
  return out + 3;
}

}  // namespace

void TimestampText::set(Second& second, uint64_t number) {
  const std::chrono::sys_days days{std::chrono::days{number / kSecondsPerDay}};
  const std::chrono::year_month_day date{days};
  const uint64_t of_day = number % kSecondsPerDay;
  // 64 bits of nanoseconds end in the year 2554, so four digits hold every year.
  const auto year = static_cast<uint32_t>(static_cast<int>(date.year()));
  char* out = put_short_number(second.chars.data(), year);
  *out++ = '-';
  out = put_two_digits(out, static_cast<unsigned>(date.month()), '-');
  out = put_two_digits(out, static_cast<unsigned>(date.day()), 'T');
  out = put_two_digits(out, of_day / 3600, ':');
  out = put_two_digits(out, of_day / 60 % 60, ':');
  put_two_digits(out, of_day % 60, '.');
  second.number = number;
}

}  // namespace flowscope
