#pragma once

#include <concepts>
#include <cstdint>

#include "dataplane/app/burst_times.h"
#include "dataplane/pipeline/port.h"

namespace flowscope {

// A port that takes down how long each of its bursts was under way, from receive to release.
// Thread rule: that of the port. Lifetime: port and times outlive it.
template <Port P>
class TimedPort {
 public:
  TimedPort(P& port, BurstTimes& times) : port_(port), times_(times) {}

  void receive(Burst& burst) {
    port_.receive(burst);
    if (burst.count != 0) begin();
  }
  // Also for a burst that did not come through receive().
  void begin() { begin_ = BurstTimes::Clock::now(); }
  void release(Burst& burst) {
    times_.add(BurstTimes::Clock::now() - begin_);
    port_.release(burst);
  }
  [[nodiscard]] bool lends(const PacketView& packet) const requires requires(const P& port) {
    port.lends(packet);
  }
  { return port_.lends(packet); }
  [[nodiscard]] bool ended() const { return port_.ended(); }
  void finish() requires requires(P& port) { port.finish(); }
  { port_.finish(); }
  void idle() requires requires(P& port) { port.idle(); }
  { port_.idle(); }
  uint64_t now_ns() requires requires(P& port) {
    { port.now_ns() } -> std::convertible_to<uint64_t>;
  }
  { return port_.now_ns(); }

 private:
  P& port_;
  BurstTimes& times_;
  BurstTimes::Clock::time_point begin_;
};

}  // namespace flowscope
