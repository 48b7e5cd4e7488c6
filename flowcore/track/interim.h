#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/check.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// What a flow has sent since it was told of last, by side: index_of(FlowSide).
struct FlowDelta {
  std::array<uint64_t, 2> packets{};
  std::array<uint64_t, 2> bytes{};
};

// Decides when live flows are told of in between: each once a period, spread evenly over it by a
// cursor that goes around the table's sets as the clock goes, and remembers what was told. Beside
// the table, one mark for each slot. Thread rule: the tracker's. Cost: nothing while off; else one
// cache line more for each new flow, and a visit of each flow once a period.
class Interim {
 public:
  // What the clock of one step asks for: sets [begin, begin + count), no further than the last set.
  struct Due {
    uint32_t begin = 0;
    uint32_t count = 0;
  };
  // Shorter periods are not kept.
  static constexpr uint64_t kPeriodMin_ns = 1'000'000;
  // Flows visited in one step; more wait for the next. Without this, a pause of the clock would end
  // in one long step.
  static constexpr uint32_t kFlowsPerStep = 512;

  // `period_ns` 0: off, and no memory is taken. Requires: 0, or at least kPeriodMin_ns.
  static size_t cost(uint64_t period_ns, uint32_t slots) {
    return period_ns != 0 ? Arena::cost<FlowDelta>(slots) : 0;
  }
  Interim(Arena& arena, uint64_t period_ns, uint32_t slots, uint32_t sets)
      : period_ns_(period_ns), sets_(sets) {
    FS_CHECK(period_ns == 0 || period_ns >= kPeriodMin_ns);
    if (on()) told_ = arena.take<FlowDelta>(slots);
  }

  [[nodiscard]] bool on() const { return period_ns_ != 0; }
  // From the next step on; the round that is under way ends by the new period. Requires: on, and at
  // least kPeriodMin_ns.
  void set_period_ns(uint64_t period_ns) {
    FS_CHECK(on());
    FS_CHECK(period_ns >= kPeriodMin_ns);
    period_ns_ = period_ns;
  }
  // A new flow lives in the slot.
  void restart(uint32_t slot) {
    if (on()) [[unlikely]]
      told_[slot] = {};
  }
  // The slot's flow lives elsewhere now.
  void move(uint32_t from, uint32_t to) {
    if (on()) told_[to] = told_[from];
  }

  // The sets that the cursor has to pass by now. Requires: on, and a clock that never goes back.
  [[nodiscard]] Due due(uint64_t clock_ns);
  // The cursor has passed `count` sets. Requires: count <= what due() gave.
  void pass(uint32_t count);
  // Whether the flow is to be told of: it is older than a period and has sent something since it
  // was told of last. Then `delta` is what, and counts as told.
  bool take(const FlowEntry& entry, uint32_t slot, uint64_t clock_ns, FlowDelta& delta);

 private:
  uint64_t period_ns_;
  uint32_t sets_;
  uint32_t next_set_ = 0;
  uint64_t round_began_ns_ = 0;
  std::span<FlowDelta> told_;
};

inline Interim::Due Interim::due(uint64_t clock_ns) {
  // After a pause the round is over at once; no round is made up for.
  if (clock_ns - round_began_ns_ >= 2 * period_ns_) round_began_ns_ = clock_ns - period_ns_;
  const uint64_t passed_ns = std::min(clock_ns - round_began_ns_, period_ns_);
  // In parts of a period, 2^24 of them: days in nanoseconds times 2^24 would not fit.
  const uint64_t part = (passed_ns << 10) / ((period_ns_ >> 14) + 1);
  const auto reach =
      passed_ns == period_ns_ ? sets_ : static_cast<uint32_t>(uint64_t{sets_} * part >> 24);
  return {.begin = next_set_, .count = reach > next_set_ ? reach - next_set_ : 0};
}

inline void Interim::pass(uint32_t count) {
  next_set_ += count;
  if (next_set_ < sets_) return;
  next_set_ = 0;
  round_began_ns_ += period_ns_;
}

inline bool Interim::take(const FlowEntry& entry, uint32_t slot, uint64_t clock_ns,
                          FlowDelta& delta) {
  if (clock_ns < entry.started_ns || clock_ns - entry.started_ns < period_ns_) return false;
  FlowDelta& told = told_[slot];
  uint64_t packets = 0;
  for (size_t i = 0; i < entry.side.size(); ++i) {
    delta.packets[i] = entry.side[i].packets() - told.packets[i];
    delta.bytes[i] = entry.side[i].bytes() - told.bytes[i];
    told.packets[i] += delta.packets[i];
    told.bytes[i] += delta.bytes[i];
    packets += delta.packets[i];
  }
  return packets != 0;
}

}  // namespace flowscope
