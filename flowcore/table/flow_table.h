#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "flowcore/base/arena.h"
#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/table/set_line.h"

namespace flowscope {

// A table of fixed capacity from keys to records, built for bursts of look-ups that miss the cache
// and for floods of new keys. README.md in this folder draws the layout and gives the costs; in
// short: sets of 16 ways, one cache line of signatures and ages per set, the record's place implied
// by set and way, one more set (the spill set) for what the home set cannot hold, exact LRU inside
// the two.
//
// It neither hashes nor reads a clock: callers bring a well-mixed, secret-keyed hash (KeyedHash)
// and a 16-bit tick of a clock of their own. A look-up is three calls, each to be made for a whole
// burst before the next: prefetch_set(), guess(), find(). A new entry is choose(), vacate() if a
// victim is in the way, place(). What comes out depends on the order of the calls alone.
//
// Requires of the clock: ticks go forward, back by no more than kBackTicksMax, and the sweep comes
// around all sets at least every 0x7fff ticks; else ages are wrong, nothing worse. Thread rule: one
// thread. Lifetime: the arena outlives the table. Slots stay valid until vacated.
template <class Entry>
class FlowTable {
  static_assert(std::is_trivially_copyable_v<Entry>,
                "records live in zeroed memory, never constructed");

 public:
  using Key = std::remove_cvref_t<decltype(Entry::key)>;
  using Slot = uint32_t;
  static constexpr Slot kNone = UINT32_MAX;
  static constexpr uint32_t kWays = SetLine::kWays;
  static constexpr uint32_t kEntriesMax = uint32_t{1} << 31;
  static constexpr uint16_t kBackTicksMax = 256;

  // What an arena must hold for a table of at least `entries_min` entries; sets are rounded up to a
  // power of two.
  static size_t cost(uint32_t entries_min) {
    const size_t sets = sets_for(entries_min);
    return Arena::cost<SetLine>(sets) + Arena::cost<Entry>(sets * kWays)
           + Arena::cost<uint8_t>(sets);
  }
  // Requires: entries_min <= kEntriesMax.
  FlowTable(Arena& arena, uint32_t entries_min)
      : set_mask_(sets_for(entries_min) - 1),
        lines_(arena.take<SetLine>(sets()).data()),
        entries_(arena.take<Entry>(size_t{sets()} * kWays).data()),
        spilled_(arena.take<uint8_t>(sets()).data()) {}
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;
  ~FlowTable() = default;

  [[nodiscard]] uint32_t capacity() const { return sets() * kWays; }
  [[nodiscard]] uint32_t size() const { return size_; }

  // First pass over a burst: asks for the set's line.
  void prefetch_set(uint64_t hash) const { prefetch_write(&lines_[home_of(hash)]); }

  // Second pass: a slot whose signature matches, without reading its record, which is asked for;
  // kNone when none in the home set matches, and then the record that choose() would most likely
  // take is asked for instead.
  [[nodiscard]] Slot guess(uint64_t hash) const;

  // Between second and third pass, where guess() gave kNone: the spill set's line has come by now,
  // so ask for the record there that matches or that choose() will take. Optional.
  void prefetch_beyond(uint64_t hash) const;

  // Third pass: the slot of the entry with this key, kNone when there is none. `guess` is what
  // guess() gave for the same hash, however long ago.
  [[nodiscard]] Slot find(uint64_t hash, const Key& key, Slot guess) const {
    if (guess != kNone && holds(guess, hash, key)) [[likely]]
      return guess;
    return find_beyond(hash, key);
  }

  // Where a new entry goes: a free way of the home set, else of the spill set, else the way of both
  // that was touched longest ago (home before spill, lower ways before higher ones, when ages are
  // equal). `occupied`: the slot holds an entry that must be vacated first.
  struct Choice {
    Slot slot;
    bool occupied;
  };
  [[nodiscard]] Choice choose(uint64_t hash) const;
  // The same, but when both sets are full the victim is the oldest among the entries for which
  // `rank(const Entry&) -> uint8_t` is lowest. Reads one record when the oldest has rank 0, else
  // all 32.
  template <class Rank>
  [[nodiscard]] Choice choose(uint64_t hash, Rank&& rank) const;

  // Takes the slot for an entry with this hash and touches it. The entry's bytes are whatever they
  // were. Requires: the slot came from choose() with the same hash and is free.
  Entry& place(Slot slot, uint64_t hash, uint16_t tick);
  // Frees the slot. Requires: it is used, and place() was given the same hash.
  void vacate(Slot slot, uint64_t hash);

  // Makes the slot's entry the youngest.
  void touch(Slot slot, uint16_t tick) {
    uint16_t& at = line_of(slot).tick.at[slot % kWays];
    if (at != tick) at = tick;
    if (tick != now_) advance(tick);
  }
  // Ticks since the entry was last touched, modulo 2^16.
  [[nodiscard]] uint16_t age(Slot slot, uint16_t now) const {
    return static_cast<uint16_t>(now - line_of(slot).tick.at[slot % kWays]);
  }

  [[nodiscard]] Entry& entry(Slot slot) { return entries_[slot]; }
  [[nodiscard]] const Entry& entry(Slot slot) const { return entries_[slot]; }

  // Visits up to `sets_max` sets from where the last sweep ended, each at most once, and calls
  // `due(Slot, Entry&)` for every entry whose age is at least `age_min`. `due` may vacate that slot
  // and must leave the others alone. Ages that stay above 0x8000 are pulled down to it.
  template <class F>
  void sweep(uint32_t sets_max, uint16_t now, uint16_t age_min, F&& due);

  // Calls `visit(Slot, Entry&)` for every entry, in the order of slots; it may vacate that slot.
  template <class F>
  void for_each(F&& visit);

  // How many entries with the home set of `hash` live in a spill set; exact up to 254.
  [[nodiscard]] uint32_t spilled_from(uint64_t hash) const { return spilled_[home_of(hash)]; }

 private:
  // A set's spilled entries are counted in one byte; from here on the count stays (the set is then
  // looked up in two places for ever, which is slow, not wrong).
  static constexpr uint8_t kSpilledMax = 255;
  static constexpr uint32_t kSweepAheadSets = 4;
  static constexpr uint32_t kPrefetchLinesMax = 4;

  static uint32_t sets_for(uint32_t entries_min) {
    FS_CHECK(entries_min <= kEntriesMax);
    return std::bit_ceil(std::max(entries_min / kWays + (entries_min % kWays != 0 ? 1U : 0U), 1U));
  }
  [[nodiscard]] uint32_t sets() const { return set_mask_ + 1; }

  // The three parts of a hash. Nothing else knows how sets are numbered.
  [[nodiscard]] uint32_t home_of(uint64_t hash) const {
    return static_cast<uint32_t>(hash) & set_mask_;
  }
  static uint16_t signature_of(uint64_t hash) {
    const auto high = static_cast<uint16_t>(hash >> 48);
    return high != 0 ? high : uint16_t{1};  // 0 marks a free way
  }
  // Odd, so never the home set itself, unless there is but one set. The spill set of the spill set
  // is the home set.
  [[nodiscard]] uint32_t spill_of(uint64_t hash) const {
    return home_of(hash) ^ ((signature_of(hash) * 0x9e37'79b1U | 1U) & set_mask_);
  }

  [[nodiscard]] SetLine& line_of(Slot slot) { return lines_[slot / kWays]; }
  [[nodiscard]] const SetLine& line_of(Slot slot) const { return lines_[slot / kWays]; }
  static Slot slot_of(uint32_t set, uint32_t way) { return set * kWays + way; }

  [[nodiscard]] bool holds(Slot slot, uint64_t hash, const Key& key) const {
    return line_of(slot).signature.at[slot % kWays] == signature_of(hash)
           && entries_[slot].key == key;
  }
  [[nodiscard]] Slot find_in(uint32_t set, uint64_t hash, const Key& key) const;
  [[nodiscard]] Slot find_beyond(uint64_t hash, const Key& key) const;
  template <class Rank>
  [[nodiscard]] Slot lowest_ranked(uint64_t hash, Rank&& rank) const;

  void prefetch_entry(Slot slot) const {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&entries_[slot]);
    constexpr size_t kLines = (sizeof(Entry) + kCacheLineBytes - 1) / kCacheLineBytes;
    for (size_t i = 0; i < std::min<size_t>(kLines, kPrefetchLinesMax); ++i) {
      prefetch_write(bytes + i * kCacheLineBytes);
    }
  }
  void prefetch_absent(uint64_t hash) const;

  // Ticks a little behind come from packets out of order and do not turn the clock back.
  void advance(uint16_t tick) {
    if (static_cast<uint16_t>(now_ - tick) > kBackTicksMax) now_ = tick;
  }

  uint32_t set_mask_;
  SetLine* lines_;
  Entry* entries_;
  // Per home set, how many of its entries live in their spill sets: the overflow flag, and what it
  // takes to lower it again exactly.
  uint8_t* spilled_;
  uint32_t size_ = 0;
  uint32_t sweep_set_ = 0;  // where the next sweep starts
  uint16_t now_ = 0;        // the latest tick seen, against which choose() takes ages
};

// PERF: bound by the two line fills that it starts, not by instructions (see table_bench).
template <class Entry>
inline auto FlowTable<Entry>::guess(uint64_t hash) const -> Slot {
  const uint32_t home = home_of(hash);
  const Lanes matches = lines_[home].with_signature(signature_of(hash));
  if (!matches.any()) {
    prefetch_absent(hash);
    return kNone;
  }
  const Slot slot = slot_of(home, matches.first());
  prefetch_entry(slot);
  return slot;
}

template <class Entry>
void FlowTable<Entry>::prefetch_absent(uint64_t hash) const {
  const uint32_t home = home_of(hash);
  const Lanes free = lines_[home].free_ways();
  if (!free.any() || spilled_[home] != 0) prefetch_write(&lines_[spill_of(hash)]);
  prefetch_entry(slot_of(home, free.any() ? free.first() : lines_[home].oldest(now_).lane));
}

template <class Entry>
void FlowTable<Entry>::prefetch_beyond(uint64_t hash) const {
  const uint32_t home = home_of(hash);
  if (spilled_[home] != 0) {
    const uint32_t spill = spill_of(hash);
    const Lanes matches = lines_[spill].with_signature(signature_of(hash));
    if (matches.any()) {
      prefetch_entry(slot_of(spill, matches.first()));
      return;
    }
  }
  if (!lines_[home].free_ways().any()) prefetch_entry(choose(hash).slot);
}

template <class Entry>
auto FlowTable<Entry>::find_in(uint32_t set, uint64_t hash, const Key& key) const -> Slot {
  Lanes matches = lines_[set].with_signature(signature_of(hash));
  for (; matches.any(); matches = matches.without_first()) {
    const Slot slot = slot_of(set, matches.first());
    if (entries_[slot].key == key) return slot;
  }
  return kNone;
}

template <class Entry>
auto FlowTable<Entry>::find_beyond(uint64_t hash, const Key& key) const -> Slot {
  const uint32_t home = home_of(hash);
  const Slot slot = find_in(home, hash, key);
  if (slot != kNone || spilled_[home] == 0) return slot;
  return find_in(spill_of(hash), hash, key);
}

template <class Entry>
auto FlowTable<Entry>::choose(uint64_t hash) const -> Choice {
  const uint32_t home = home_of(hash);
  const Lanes free_at_home = lines_[home].free_ways();
  if (free_at_home.any()) return {slot_of(home, free_at_home.first()), false};
  const uint32_t spill = spill_of(hash);
  const Lanes free_in_spill = lines_[spill].free_ways();
  if (free_in_spill.any()) return {slot_of(spill, free_in_spill.first()), false};
  const Least at_home = lines_[home].oldest(now_);
  const Least in_spill = lines_[spill].oldest(now_);
  const bool take_home = at_home.value <= in_spill.value;
  return {take_home ? slot_of(home, at_home.lane) : slot_of(spill, in_spill.lane), true};
}

template <class Entry>
template <class Rank>
auto FlowTable<Entry>::choose(uint64_t hash, Rank&& rank) const -> Choice {
  const Choice oldest = choose(hash);
  if (!oldest.occupied || rank(entry(oldest.slot)) == 0) return oldest;
  return {lowest_ranked(hash, rank), true};
}

template <class Entry>
template <class Rank>
auto FlowTable<Entry>::lowest_ranked(uint64_t hash, Rank&& rank) const -> Slot {
  const Slot first_at_home = slot_of(home_of(hash), 0);
  const Slot first_in_spill = slot_of(spill_of(hash), 0);
  for (uint32_t way = 0; way < kWays; ++way) {
    prefetch_entry(first_at_home + way);
    prefetch_entry(first_in_spill + way);
  }
  // Rank above, youth below: the smallest goes first.
  uint32_t lowest = UINT32_MAX;
  Slot victim = kNone;
  for (const Slot first : {first_at_home, first_in_spill}) {
    for (Slot slot = first; slot < first + kWays; ++slot) {
      const uint8_t rank_of_entry = rank(entry(slot));
      const auto youth = static_cast<uint16_t>(~age(slot, now_));
      const uint32_t order = uint32_t{rank_of_entry} << 16 | youth;
      if (order < lowest) {
        lowest = order;
        victim = slot;
      }
    }
  }
  return victim;
}

template <class Entry>
auto FlowTable<Entry>::place(Slot slot, uint64_t hash, uint16_t tick) -> Entry& {
  const uint32_t home = home_of(hash);
  FS_DCHECK(slot / kWays == home || slot / kWays == spill_of(hash));
  SetLine& line = line_of(slot);
  FS_DCHECK(line.signature.at[slot % kWays] == 0);
  line.signature.at[slot % kWays] = signature_of(hash);
  line.tick.at[slot % kWays] = tick;
  if (slot / kWays != home && spilled_[home] != kSpilledMax) ++spilled_[home];
  if (tick != now_) advance(tick);
  ++size_;
  return entries_[slot];
}

template <class Entry>
void FlowTable<Entry>::vacate(Slot slot, uint64_t hash) {
  const uint32_t home = home_of(hash);
  FS_DCHECK(slot / kWays == home || slot / kWays == spill_of(hash));
  SetLine& line = line_of(slot);
  FS_DCHECK(line.signature.at[slot % kWays] == signature_of(hash));
  line.signature.at[slot % kWays] = 0;
  if (slot / kWays != home && spilled_[home] != kSpilledMax) --spilled_[home];
  --size_;
}

// PERF: reads 64 bytes per 16 slots in order, which the processor fetches by itself; the records of
// due entries lie apart, so they are asked for kSweepAheadSets sets before their turn.
template <class Entry>
template <class F>
void FlowTable<Entry>::sweep(uint32_t sets_max, uint16_t now, uint16_t age_min, F&& due) {
  advance(now);
  for (uint32_t left = std::min(sets_max, sets()); left > 0; --left) {
    const uint32_t ahead = (sweep_set_ + kSweepAheadSets) & set_mask_;
    for (Lanes ways = lines_[ahead].used_since(now_, age_min); ways.any();
         ways = ways.without_first()) {
      prefetch_entry(slot_of(ahead, ways.first()));
    }
    SetLine& line = lines_[sweep_set_];
    for (Lanes ways = line.used_since(now_, age_min); ways.any(); ways = ways.without_first()) {
      const Slot slot = slot_of(sweep_set_, ways.first());
      due(slot, entries_[slot]);
    }
    if (line.used_since(now_, SetLine::kAgeMax + 1).any()) line.saturate(now_);
    sweep_set_ = (sweep_set_ + 1) & set_mask_;
  }
}

template <class Entry>
template <class F>
void FlowTable<Entry>::for_each(F&& visit) {
  for (uint32_t set = 0; set < sets(); ++set) {
    for (Lanes ways = lines_[set].used_ways(); ways.any(); ways = ways.without_first()) {
      const Slot slot = slot_of(set, ways.first());
      visit(slot, entries_[slot]);
    }
  }
}

}  // namespace flowscope
