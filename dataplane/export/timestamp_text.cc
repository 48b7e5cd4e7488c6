#include "dataplane/export/timestamp_text.h"

#include <chrono>

namespace flowscope {

void DayText::set(uint64_t days_since_epoch) {
  const std::chrono::sys_days days{std::chrono::days{days_since_epoch}};
  const std::chrono::year_month_day date{days};
  // 64 bits of nanoseconds end in the year 2554, so four digits hold every year.
  const auto year = static_cast<uint32_t>(static_cast<int>(date.year()));
  char* out = chars_.data();
  out = put_two_digits(out, year / 100);
  out = put_two_digits(out, year % 100);
  *out++ = '-';
  out = put_two_digits(out, static_cast<unsigned>(date.month()));
  *out++ = '-';
  out = put_two_digits(out, static_cast<unsigned>(date.day()));
  *out = 'T';
  day_ = days_since_epoch;
}

}  // namespace flowscope
