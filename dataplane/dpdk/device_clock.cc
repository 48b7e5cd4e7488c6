#include "dataplane/dpdk/device_clock.h"

#include <cmath>

namespace flowscope {

namespace {

// How many nanoseconds a tick takes between two readings; 0 where the clock stood or went back.
double rate(DeviceClock::Reading from, DeviceClock::Reading to) {
  if (to.ticks <= from.ticks) return 0;
  return static_cast<double>(to.wall_ns - from.wall_ns)
         / static_cast<double>(to.ticks - from.ticks);
}

}  // namespace

DeviceClock::Verdict DeviceClock::take(Reading reading) {
  if (drifting_) return Verdict::Drifting;
  if (!has_first_) {
    has_first_ = true;
    first_ = last_ = reading;
    return Verdict::Measuring;
  }
  if (reading.wall_ns < last_.wall_ns + kApartNs)
    return good() ? Verdict::Good : Verdict::Measuring;
  const double lately = rate(last_, reading);
  if (lately == 0 || (good() && std::abs(lately - rate_) > rate_ * kDriftMax)) {
    drifting_ = true;
    good_.store(false, std::memory_order_release);
    return Verdict::Drifting;
  }
  last_ = reading;
  rate_ = rate(first_, reading);
  scale_.publish(reading.ticks, reading.wall_ns, rate_);
  good_.store(true, std::memory_order_release);
  return Verdict::Good;
}

}  // namespace flowscope
