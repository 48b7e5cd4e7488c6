#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/arena.h"
#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/table/set_line.h"

namespace flowscope {

// The half of a flow table that knows no records: which slots are taken, by which signature, and
// how old each is. A slot is set * 16 + way. Every function works on the lines of at most two sets,
// the home set of a hash and its spill set; see FlowTable for what they mean together and for the
// rules of the clock. Thread rule: one thread. Lifetime: the arena outlives it.
class SetIndex {
 public:
  using Slot = uint32_t;
  static constexpr Slot kNone = UINT32_MAX;
  static constexpr uint32_t kWays = SetLine::kWays;
  static constexpr uint32_t kSetsMax = uint32_t{1} << 27;
  static constexpr uint16_t kBackTicksMax = 256;

  struct Choice {
    Slot slot;
    bool occupied;
  };

  static size_t cost(uint32_t sets) {
    return Arena::cost<SetLine>(sets) + Arena::cost<uint8_t>(sets);
  }
  // Requires: `sets` is a power of two of at most kSetsMax.
  SetIndex(Arena& arena, uint32_t sets)
      : set_mask_(sets - 1),
        lines_(arena.take<SetLine>(sets).data()),
        spilled_(arena.take<uint8_t>(sets).data()) {
    FS_CHECK(std::has_single_bit(sets) && sets <= kSetsMax);
  }

  [[nodiscard]] uint32_t sets() const { return set_mask_ + 1; }
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] uint16_t now() const { return now_; }

  // The parts of a hash. Nothing else knows how sets are numbered.
  [[nodiscard]] uint32_t home_of(uint64_t hash) const {
    return static_cast<uint32_t>(hash) & set_mask_;
  }
  [[nodiscard]] static uint16_t signature_of(uint64_t hash) {
    const auto high = static_cast<uint16_t>(hash >> 48);
    return high != 0 ? high : uint16_t{1};  // 0 marks a free way
  }
  // Never the home set itself, since an odd number is added, unless there is but one set. The home
  // set is the spill set of the spill set.
  [[nodiscard]] uint32_t spill_of(uint64_t hash) const {
    return home_of(hash) ^ ((signature_of(hash) * 0x9e37'79b1U | 1U) & set_mask_);
  }
  [[nodiscard]] static Slot slot_of(uint32_t set, uint32_t way) { return set * kWays + way; }

  [[nodiscard]] SetLine& line(uint32_t set) { return lines_[set]; }
  [[nodiscard]] const SetLine& line(uint32_t set) const { return lines_[set]; }
  void prefetch(uint32_t set) const { prefetch_write(&lines_[set]); }

  [[nodiscard]] uint16_t signature_at(Slot slot) const {
    return lines_[slot / kWays].signature.at[slot % kWays];
  }
  [[nodiscard]] uint16_t tick_at(Slot slot) const {
    return lines_[slot / kWays].tick.at[slot % kWays];
  }
  // Entries of this home set that live in their spill sets.
  [[nodiscard]] uint32_t spilled_from(uint32_t home) const { return spilled_[home]; }
  // Whether entries of this home set may be, or will be placed, in a spill set. PERF: a full set
  // counts though nothing of it has spilled; on a full table that takes a coin toss out of every
  // miss, and the spill set's line is needed there anyway.
  [[nodiscard]] bool reaches_beyond(uint32_t home) const {
    const auto spilled = static_cast<int>(spilled_[home] != 0);
    return (spilled | static_cast<int>(!lines_[home].free_ways().any())) != 0;
  }

  [[nodiscard]] Choice choose(uint64_t hash) const;
  void place(Slot slot, uint64_t hash, uint16_t tick);
  void vacate(Slot slot, uint64_t hash);
  void touch(Slot slot, uint16_t tick) {
    uint16_t& at = lines_[slot / kWays].tick.at[slot % kWays];
    if (at != tick) at = tick;
    if (tick != now_) advance(tick);
  }
  // Ticks a little behind come from packets out of order and do not turn the clock back.
  void advance(uint16_t tick) {
    if (static_cast<uint16_t>(now_ - tick) > kBackTicksMax) now_ = tick;
  }

 private:
  // A set's spilled entries are counted in one byte. A count that has come this far stays: the set
  // is looked up in two places from then on, which is slower and still right.
  static constexpr uint8_t kSpilledMax = 255;

  // Adds to the count of `home` when `slot` is not there. PERF: without a branch, since whether the
  // victim of a full table was a spilled entry is a coin toss.
  void count_spilled(Slot slot, uint32_t home, int change) {
    uint8_t& count = spilled_[home];
    const int counts =
        static_cast<int>(slot / kWays != home) & static_cast<int>(count != kSpilledMax);
    count = static_cast<uint8_t>(count + counts * change);
  }
  // The oldest of a set as a number that is smaller the older it is, equal ages in order of `rank`,
  // with its slot in the low half.
  [[nodiscard]] uint64_t youth_above_slot(uint32_t set, uint32_t rank) const {
    const Least oldest = lines_[set].oldest(now_);
    return uint64_t{oldest.value << 1 | rank} << 32 | slot_of(set, oldest.lane);
  }

  uint32_t set_mask_;
  SetLine* lines_;
  // Per home set, how many of its entries live in their spill sets: the overflow flag, and what it
  // takes to lower it again exactly.
  uint8_t* spilled_;
  uint32_t size_ = 0;
  uint16_t now_ = 0;  // the latest tick seen, against which choose() takes ages
};

inline SetIndex::Choice SetIndex::choose(uint64_t hash) const {
  const uint32_t home = home_of(hash);
  const Lanes free_at_home = lines_[home].free_ways();
  if (free_at_home.any()) return {slot_of(home, free_at_home.first()), false};
  const uint32_t spill = spill_of(hash);
  const Lanes free_in_spill = lines_[spill].free_ways();
  if (free_in_spill.any()) return {slot_of(spill, free_in_spill.first()), false};
  // PERF: which set holds the older one is a coin toss, so it is decided without a branch.
  const uint64_t at_home = youth_above_slot(home, 0);
  const uint64_t in_spill = youth_above_slot(spill, 1);
  return {static_cast<Slot>(std::min(at_home, in_spill)), true};
}

inline void SetIndex::place(Slot slot, uint64_t hash, uint16_t tick) {
  const uint32_t home = home_of(hash);
  FS_DCHECK(slot / kWays == home || slot / kWays == spill_of(hash));
  FS_DCHECK(signature_at(slot) == 0);
  lines_[slot / kWays].signature.at[slot % kWays] = signature_of(hash);
  lines_[slot / kWays].tick.at[slot % kWays] = tick;
  count_spilled(slot, home, 1);
  if (tick != now_) advance(tick);
  ++size_;
}

inline void SetIndex::vacate(Slot slot, uint64_t hash) {
  const uint32_t home = home_of(hash);
  FS_DCHECK(slot / kWays == home || slot / kWays == spill_of(hash));
  FS_DCHECK(signature_at(slot) == signature_of(hash));
  lines_[slot / kWays].signature.at[slot % kWays] = 0;
  count_spilled(slot, home, -1);
  --size_;
}

}  // namespace flowscope
