#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/arena.h"
#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/table/look_times.h"
#include "flowcore/table/set_line.h"

namespace flowscope {

// The half of a flow table that knows no records: which slots are taken, by which signature and
// class, and how old each is. A slot is set * 16 + way. Every function works on the lines of at
// most two sets, the home set of a hash and its spill set; see FlowTable for what they mean
// together and for the rules of the clock. Thread rule: one thread. Lifetime: the arena outlives
// it.
class SetIndex {
 public:
  using Slot = uint32_t;
  static constexpr Slot kNone = UINT32_MAX;
  static constexpr uint32_t kWays = SetLine::kWays;
  static constexpr uint32_t kSetsMax = uint32_t{1} << 27;
  static constexpr uint16_t kBackTicksMax = 256;

  static size_t cost(uint32_t sets) {
    return Arena::cost<SetLine>(sets) + Arena::cost<Reach>(sets) + LookTimes::cost(sets);
  }
  // Requires: 0 < sets <= kSetsMax.
  SetIndex(Arena& arena, uint32_t sets, const VictimRanks& ranks)
      : ranks_(ranks),
        sets_(sets),
        lines_(arena.take<SetLine>(sets).data()),
        reach_(arena.take<Reach>(sets).data()),
        look_times_(arena, sets) {
    FS_CHECK(sets != 0 && sets <= kSetsMax);
  }

  [[nodiscard]] uint32_t sets() const { return sets_; }
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] uint16_t now() const { return now_; }

  // The parts of a hash. Nothing else knows how sets are numbered: the low 32 bits say which set,
  // the top 12 are the signature.
  [[nodiscard]] uint32_t home_of(uint64_t hash) const {
    return static_cast<uint32_t>((hash & 0xffff'ffff) * sets_ >> 32);
  }
  // Below the class bits of a line's word, never zero.
  [[nodiscard]] static uint16_t signature_of(uint64_t hash) {
    const auto high = static_cast<uint16_t>(hash >> 48 & ~uint64_t{SetLine::kClassMask});
    return high != 0 ? high : uint16_t{SetLine::kClassMask + 1};
  }
  // Never the home set itself, unless there is but one set.
  [[nodiscard]] uint32_t spill_of(uint64_t hash) const {
    if (sets_ == 1) return 0;
    const uint64_t mixed = (hash >> 32) * 0x9e37'79b1U & 0xffff'ffff;
    const auto further = 1 + static_cast<uint32_t>(mixed * (sets_ - 1) >> 32);
    const uint32_t set = home_of(hash) + further;
    return set < sets_ ? set : set - sets_;
  }
  [[nodiscard]] static Slot slot_of(uint32_t set, uint32_t way) { return set * kWays + way; }
  // Of the two sets where an entry with this hash may live, the one where `slot` is not.
  [[nodiscard]] uint32_t other_set(Slot slot, uint64_t hash) const {
    const uint32_t home = home_of(hash);
    return slot / kWays == home ? spill_of(hash) : home;
  }

  [[nodiscard]] SetLine& line(uint32_t set) { return lines_[set]; }
  [[nodiscard]] const SetLine& line(uint32_t set) const { return lines_[set]; }
  void prefetch(uint32_t set) const { prefetch_write(&lines_[set]); }

  [[nodiscard]] bool is_used(Slot slot) const { return word_at(slot) != 0; }
  [[nodiscard]] uint16_t signature_at(Slot slot) const {
    return static_cast<uint16_t>(word_at(slot) & ~SetLine::kClassMask);
  }
  [[nodiscard]] EntryClass class_at(Slot slot) const {
    return static_cast<EntryClass>(word_at(slot) & SetLine::kClassMask);
  }
  [[nodiscard]] uint16_t rank_of(EntryClass entry_class) const { return ranks_[entry_class]; }
  [[nodiscard]] uint16_t tick_at(Slot slot) const {
    return lines_[slot / kWays].tick.at[slot % kWays];
  }
  // Entries of this home set that live in their spill sets.
  [[nodiscard]] uint32_t spilled_from(uint32_t home) const { return reach_[home].spilled; }
  // Whether entries of this home set may be, or will be placed, in a spill set.
  [[nodiscard]] bool reaches_beyond(uint32_t home) const {
    const auto spilled = static_cast<int>(spilled_from(home) != 0);
    return (spilled | static_cast<int>(!lines_[home].free_ways().any())) != 0;
  }

  // A free way of the home set, else of the spill set, else kNone.
  [[nodiscard]] Slot free_slot(uint64_t hash) const {
    const uint32_t home = home_of(hash);
    const Slot slot = free_slot_in(home);
    return slot != kNone ? slot : free_slot_in(spill_of(hash));
  }
  [[nodiscard]] Slot free_slot_in(uint32_t set) const {
    const Lanes free = lines_[set].free_ways();
    return free.any() ? slot_of(set, free.first()) : kNone;
  }
  [[nodiscard]] SetLine::Victim victim_in(uint32_t set) const {
    return lines_[set].victim(now_, ranks_);
  }
  // Of both sets' entries the one to give up first; kNone when both sets are empty.
  [[nodiscard]] Slot victim_in_both(uint64_t hash) const;

  void place(Slot slot, uint64_t hash, EntryClass entry_class, uint16_t tick);
  // `hash_of()` gives the hash that the slot's entry was placed with.
  template <class F>
  void vacate(Slot slot, F&& hash_of);
  // Takes the word and tick of a used slot to a free one of the hash's other set.
  void move(Slot from, Slot to, uint64_t hash);
  void set_class(Slot slot, EntryClass entry_class) {
    uint16_t& word = lines_[slot / kWays].word.at[slot % kWays];
    const auto now = static_cast<uint16_t>((word & ~SetLine::kClassMask) | entry_class);
    if (word == now) return;
    word = now;
    look_times_.look_by(slot / kWays,
                        static_cast<uint16_t>(tick_at(slot) + class_ages_[entry_class]));
  }
  void touch(Slot slot, uint16_t tick) {
    uint16_t& at = lines_[slot / kWays].tick.at[slot % kWays];
    if (at != tick) at = tick;
    if (tick != now_) advance(tick);
  }
  // Ticks a little behind come from packets out of order and do not turn the clock back.
  void advance(uint16_t tick) {
    const auto forward = static_cast<uint16_t>(tick - now_);
    if (static_cast<uint16_t>(-forward) <= kBackTicksMax) return;
    now_ = tick;
    if (forward >= kJumpTicks) leap();
  }
  // Ticks from now on have nothing to do with those before.
  void restart(uint16_t now) {
    now_ = now;
    leap();
  }
  // Until the sweep has been at every set, what was not touched since is as old as can be.
  void leap() {
    leapt_to_ = now_;
    unsettled_ = sets_;
  }

  // What a sweep goes by: of each class, from which age on it looks at an entry. With other ages
  // than before every set is to be looked at once.
  void set_class_ages(const U16Choice& class_ages) {
    if (class_ages == class_ages_) return;
    class_ages_ = class_ages;
    unlooked_ = sets_;
  }
  [[nodiscard]] Lanes due_in(uint32_t set) const { return lines_[set].due(now_, class_ages_); }
  // Of the sets from `begin` on, those that are to be looked at, as LookTimes::find_due gives them,
  // their lines asked for: all where everything is to be looked at.
  uint32_t to_look_at(uint32_t& begin, uint32_t end, uint32_t round,
                      LookTimes::Found& found) const {
    // Some rounds look at all sets, for ages wrap slowly.
    const bool all = unsettled_ != 0 || unlooked_ != 0 || round % kRoundsPerSettling == 0;
    const uint32_t count = all ? LookTimes::find_all(begin, end, found)
                               : look_times_.find_due(begin, end, now_, found);
    for (uint32_t i = 0; i < count; ++i) prefetch(found[i]);
    return count;
  }
  // The sweep is at this set: brings its ticks in order, so that no age of it is taken for a
  // younger one when the clock goes on.
  void settle(uint32_t set) {
    SetLine& line = lines_[set];
    uint16_t age_max = SetLine::kAgeMax;
    if (unsettled_ != 0) age_max = std::min(age_max, static_cast<uint16_t>(now_ - leapt_to_));
    if (line.any_older_than(now_, age_max)) line.saturate(now_, age_max);
  }
  // The sweep has looked at this set, and has done with so many more sets.
  void looked_at(uint32_t set) {
    const uint16_t ticks = lines_[set].ticks_until_due(now_, class_ages_);
    look_times_.set(set, static_cast<uint16_t>(now_ + ticks));
  }
  void passed(uint32_t sets) {
    unsettled_ -= std::min(unsettled_, sets);
    unlooked_ -= std::min(unlooked_, sets);
  }

 private:
  // A set's spilled entries are counted in one byte. A count that has come this far stays: the set
  // is looked up in two places from then on, which is slower and still right.
  static constexpr uint8_t kSpilledMax = 255;
  static constexpr uint32_t kRoundsPerSettling = 16;
  // A clock that goes on by this much at once may leave ticks behind that wrap before a sweep comes
  // around.
  static constexpr uint16_t kJumpTicks = 0x4000;

  [[nodiscard]] uint16_t word_at(Slot slot) const {
    return lines_[slot / kWays].word.at[slot % kWays];
  }
  // What goes on between a set and others.
  struct Reach {
    uint16_t guests;  // bit i: the entry of way i is not at home here
    uint8_t spilled;  // entries of this home set that live in their spill sets
    uint8_t reserved;
  };

  // An entry of home set `home` lives in `slot` from now on. PERF: without a branch, since whether
  // a new entry finds its home set full may be a coin toss.
  void settle_in(Slot slot, uint32_t home) {
    const auto is_guest = static_cast<uint16_t>(slot / kWays != home ? 1 : 0);
    reach_[slot / kWays].guests |= static_cast<uint16_t>(is_guest << slot % kWays);
    uint8_t& spilled = reach_[home].spilled;
    spilled = static_cast<uint8_t>(spilled + (is_guest & (spilled != kSpilledMax ? 1 : 0)));
  }
  [[nodiscard]] bool is_guest(Slot slot) const {
    return (reach_[slot / kWays].guests >> slot % kWays & 1) != 0;
  }
  // It does no longer. Requires: it is a guest there.
  void move_out(Slot slot, uint32_t home) {
    reach_[slot / kWays].guests &= static_cast<uint16_t>(~(1U << slot % kWays));
    uint8_t& spilled = reach_[home].spilled;
    if (spilled != kSpilledMax) --spilled;
  }

  U16Choice ranks_;
  uint32_t sets_;
  SetLine* lines_;
  // Per set, how many of its entries live in their spill sets: the overflow flag; and what it takes
  // to lower it again exactly, for few entries by asking for their hashes.
  Reach* reach_;
  LookTimes look_times_;
  U16Choice class_ages_{{}};
  uint32_t size_ = 0;
  uint32_t unlooked_ = 0;   // sets that the sweep has yet to visit since class ages changed
  uint32_t unsettled_ = 0;  // sets that the sweep has yet to visit since the clock leapt
  uint16_t leapt_to_ = 0;
  uint16_t now_ = 0;  // the latest tick seen, against which ages are taken
};

inline SetIndex::Slot SetIndex::victim_in_both(uint64_t hash) const {
  const uint32_t home = home_of(hash);
  const uint32_t spill = spill_of(hash);
  const SetLine::Victim at_home = victim_in(home);
  const SetLine::Victim in_spill = victim_in(spill);
  if (std::min(at_home.order, in_spill.order) >> 16 == SetLine::kNoRank) return kNone;
  // PERF: which set holds the first to go is a coin toss; GCC makes conditional moves of these.
  const bool is_home = at_home.order <= in_spill.order;
  return slot_of(is_home ? home : spill, is_home ? at_home.lane : in_spill.lane);
}

inline void SetIndex::place(Slot slot, uint64_t hash, EntryClass entry_class, uint16_t tick) {
  const uint32_t home = home_of(hash);
  FS_DCHECK(slot / kWays == home || slot / kWays == spill_of(hash));
  FS_DCHECK(!is_used(slot));
  lines_[slot / kWays].word.at[slot % kWays] = signature_of(hash) | entry_class;
  lines_[slot / kWays].tick.at[slot % kWays] = tick;
  settle_in(slot, home);
  look_times_.look_by(slot / kWays, static_cast<uint16_t>(tick + class_ages_[entry_class]));
  if (tick != now_) advance(tick);
  ++size_;
}

template <class F>
inline void SetIndex::vacate(Slot slot, F&& hash_of) {
  FS_DCHECK(signature_at(slot) == signature_of(hash_of()));
  FS_DCHECK(is_guest(slot) == (slot / kWays != home_of(hash_of())));
  lines_[slot / kWays].word.at[slot % kWays] = 0;
  if (is_guest(slot)) [[unlikely]]
    move_out(slot, home_of(hash_of()));
  --size_;
}

inline void SetIndex::move(Slot from, Slot to, uint64_t hash) {
  FS_DCHECK(to / kWays == other_set(from, hash) && !is_used(to));
  SetLine& old_line = lines_[from / kWays];
  lines_[to / kWays].word.at[to % kWays] = old_line.word.at[from % kWays];
  lines_[to / kWays].tick.at[to % kWays] = old_line.tick.at[from % kWays];
  old_line.word.at[from % kWays] = 0;
  const uint32_t home = home_of(hash);
  if (is_guest(from)) move_out(from, home);
  settle_in(to, home);
  look_times_.look_by(to / kWays, static_cast<uint16_t>(tick_at(to) + class_ages_[class_at(to)]));
}

}  // namespace flowscope
