#include "dataplane/dpdk/tsc_clock.h"

#include <rte_cycles.h>

#include <chrono>
#include <cmath>

namespace flowscope {

namespace {

constexpr uint64_t kShortestNs = 10'000'000;  // what comes sooner tells no rate
constexpr int kReadings = 5;
constexpr double kOffMax = 0.01;  // more than EAL is ever wrong: the system clock was set

double nominal_ns_per_tick() { return 1e9 / static_cast<double>(rte_get_tsc_hz()); }

}  // namespace

TscClock::TscClock() : first_(read()) {
  scale_.publish(first_.ticks, first_.ns, nominal_ns_per_tick());
}

// The shortest of several readings: one within which the thread had to wait for its processor would
// put every packet's time off by as much.
TscClock::Reading TscClock::read() {
  Reading reading;
  uint64_t shortest = UINT64_MAX;
  for (int i = 0; i < kReadings; ++i) {
    const uint64_t before = rte_rdtsc();
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const uint64_t ticks = rte_rdtsc() - before;
    if (ticks >= shortest) continue;
    shortest = ticks;
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    reading = {.ticks = before + ticks / 2, .ns = static_cast<uint64_t>(ns)};
  }
  return reading;
}

void TscClock::adjust() {
  const Reading now = read();
  const auto ns = static_cast<double>(static_cast<int64_t>(now.ns - first_.ns));
  if (ns >= 0 && ns < static_cast<double>(kShortestNs)) return;
  double rate = ns / static_cast<double>(now.ticks - first_.ticks);
  const double nominal = nominal_ns_per_tick();
  if (std::abs(rate - nominal) > nominal * kOffMax) {
    rate = nominal;
    first_ = now;
  }
  scale_.publish(now.ticks, now.ns, rate);
}

uint64_t TscClock::now_ns() const { return scale_.at(rte_rdtsc()); }

}  // namespace flowscope
