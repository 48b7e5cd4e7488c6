#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/arena.h"
#include "flowcore/table/u16x16.h"

namespace flowscope {

// Per set of a table the tick before which none of its entries comes to be due, so that a sweep
// reads the lines of few sets: two bytes a set in place of 64. It is a bound: what touches entries
// puts them off and need not tell; what makes one due sooner must. Ticks are those of SetIndex.
// Thread rule: one thread. Lifetime: the arena outlives it.
class LookTimes {
 public:
  // Room for the sets that a sweep looks at together.
  static constexpr size_t kFoundMax = 64;
  using Found = std::array<uint32_t, kFoundMax>;

  static size_t cost(uint32_t sets) { return Arena::cost<U16Lanes>(blocks_of(sets)); }
  LookTimes(Arena& arena, uint32_t sets) : look_at_(arena.take<U16Lanes>(blocks_of(sets)).data()) {}

  void set(uint32_t set, uint16_t tick) { at(set) = tick; }
  // An entry of the set may be due from this tick on.
  void look_by(uint32_t set, uint16_t tick) {
    if (static_cast<int16_t>(tick - at(set)) < 0) at(set) = tick;
  }

  // Of the sets [begin, end) those whose tick has come by `now`, in order, until `found` is full;
  // gives how many, and in `begin` where it stopped. PERF: sixteen sets a step.
  uint32_t find_due(uint32_t& begin, uint32_t end, uint16_t now, Found& found) const {
    uint32_t count = 0;
    while (begin < end) {
      // A tick that has come is behind `now` by less than half of all numbers.
      const U16x16 ahead = U16x16::load(look_at_[begin / kBlock]) - U16x16::all(now);
      Lanes due = at_least(ahead - U16x16::all(1), U16x16::all(0x8000));
      const uint32_t block = begin / kBlock * kBlock;
      for (; due.any(); due = due.without_first()) {
        const uint32_t set = block + due.first();
        if (set < begin || set >= end) continue;
        if (count == kFoundMax) {
          begin = set;
          return count;
        }
        found[count++] = set;
      }
      begin = std::min(block + kBlock, end);
    }
    return count;
  }
  // The same with every set.
  static uint32_t find_all(uint32_t& begin, uint32_t end, Found& found) {
    uint32_t count = 0;
    while (begin < end && count < kFoundMax) found[count++] = begin++;
    return count;
  }

 private:
  static constexpr uint32_t kBlock = 16;
  static uint32_t blocks_of(uint32_t sets) { return (sets + kBlock - 1) / kBlock; }
  [[nodiscard]] uint16_t& at(uint32_t set) const { return look_at_[set / kBlock].at[set % kBlock]; }

  U16Lanes* look_at_;
};

}  // namespace flowscope
