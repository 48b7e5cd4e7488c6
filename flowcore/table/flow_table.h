#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "flowcore/base/arena.h"
#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/table/set_index.h"
#include "flowcore/table/set_line.h"

namespace flowscope {

// A table of fixed capacity from keys to records, built for bursts of look-ups that miss the cache
// and for floods of new keys. README.md in this folder draws the layout and gives the costs; in
// short: sets of 16 ways, one cache line of signatures and ages per set, the record's place implied
// by set and way, one more set (the spill set) for what the home set cannot hold, exact LRU inside
// the two.
//
// It neither hashes nor reads a clock: callers bring a well-mixed, secret-keyed hash (KeyedHash)
// and a 16-bit tick of a clock of their own. A look-up is three calls, each made for a whole burst
// before the next: prefetch_set(), guess(), find(). A new entry is choose(), vacate() if a victim
// is in the way, place(). What comes out depends on the order of the calls alone.
//
// Requires of the clock: ticks go forward, back by no more than 256, and sweeps come around all
// sets at least every 0x7fff ticks; else ages are wrong, nothing worse. Thread rule: one thread.
// Lifetime: the arena outlives the table. A slot is valid until vacated.
template <class Entry>
class FlowTable {
  static_assert(std::is_trivially_copyable_v<Entry>,
                "records live in zeroed memory, unconstructed");

 public:
  using Key = std::remove_cvref_t<decltype(Entry::key)>;
  using Slot = SetIndex::Slot;
  static constexpr Slot kNone = SetIndex::kNone;
  static constexpr uint32_t kWays = SetIndex::kWays;
  static constexpr uint32_t kEntriesMax = SetIndex::kSetsMax * kWays;

  // What an arena must hold for a table of at least `entries_min` entries; sets are rounded up to a
  // power of two. Requires: entries_min <= kEntriesMax.
  static size_t cost(uint32_t entries_min) {
    const uint32_t sets = sets_for(entries_min);
    return SetIndex::cost(sets) + Arena::cost<Entry>(size_t{sets} * kWays);
  }
  FlowTable(Arena& arena, uint32_t entries_min)
      : index_(arena, sets_for(entries_min)), entries_(arena.take<Entry>(capacity()).data()) {}
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;
  ~FlowTable() = default;

  // The capacity that a table for `entries_min` entries has.
  static uint32_t capacity_for(uint32_t entries_min) { return sets_for(entries_min) * kWays; }
  [[nodiscard]] uint32_t capacity() const { return index_.sets() * kWays; }
  [[nodiscard]] uint32_t size() const { return index_.size(); }

  // First pass over a burst: asks for the set's line.
  void prefetch_set(uint64_t hash) const { index_.prefetch(index_.home_of(hash)); }

  // Second pass: a slot of the home set whose signature matches, its record asked for and not read.
  // kNone when there is none; then the record of the free way that choose() will take is asked for,
  // or, where the home set is full or has spilled, the spill set's line.
  [[nodiscard]] Slot guess(uint64_t hash) const;

  // Between second and third pass, for hashes without a guess: where the spill set matters its line
  // has come by now, so ask for the record there that matches or that choose() will take. Optional;
  // tells on tables that are nearly full.
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
  // equal). `occupied`: the slot holds an entry, which must be vacated first.
  using Choice = SetIndex::Choice;
  [[nodiscard]] Choice choose(uint64_t hash) const { return index_.choose(hash); }
  // The same, but when both sets are full the victim is the oldest among the entries for which
  // `rank(const Entry&) -> uint8_t` is lowest. Reads one record when the oldest has rank 0, else
  // all 32.
  template <class Rank>
  [[nodiscard]] Choice choose(uint64_t hash, Rank&& rank) const;

  // Takes the slot for an entry with this hash and touches it. The entry's bytes are whatever they
  // were. Requires: the slot came from choose() with the same hash and is free.
  Entry& place(Slot slot, uint64_t hash, uint16_t tick) {
    index_.place(slot, hash, tick);
    return entries_[slot];
  }
  // Frees the slot. Requires: it is used, and was placed with this hash.
  void vacate(Slot slot, uint64_t hash_of_entry) { index_.vacate(slot, hash_of_entry); }

  // Makes the slot's entry the youngest.
  void touch(Slot slot, uint16_t tick) { index_.touch(slot, tick); }
  // Ticks since the entry was last touched, modulo 2^16.
  [[nodiscard]] uint16_t age(Slot slot, uint16_t now) const {
    return static_cast<uint16_t>(now - index_.tick_at(slot));
  }

  [[nodiscard]] Entry& entry(Slot slot) { return entries_[slot]; }
  [[nodiscard]] const Entry& entry(Slot slot) const { return entries_[slot]; }

  // Visits up to `sets_max` sets from where the last sweep ended, each at most once, and calls
  // `due(Slot, Entry&)` for every entry whose age is at least `age_min`. `due` may vacate that slot
  // and must leave the others alone. Ages that are still above 0x8000 then are pulled down to it.
  template <class F>
  void sweep(uint32_t sets_max, uint16_t now, uint16_t age_min, F&& due);

  // Calls `visit(Slot, Entry&)` for every entry, in the order of slots; it may vacate that slot.
  template <class F>
  void for_each(F&& visit);

  // How many entries that share the home set of `hash` live in their spill sets; exact up to 254.
  [[nodiscard]] uint32_t spilled_from(uint64_t hash) const {
    return index_.spilled_from(index_.home_of(hash));
  }

 private:
  static constexpr uint32_t kSweepAheadSets = 4;
  static constexpr size_t kPrefetchLinesMax = 4;

  static uint32_t sets_for(uint32_t entries_min) {
    FS_CHECK(entries_min <= kEntriesMax);
    return std::bit_ceil(std::max((entries_min + kWays - 1) / kWays, 1U));
  }

  [[nodiscard]] bool holds(Slot slot, uint64_t hash, const Key& key) const {
    return index_.signature_at(slot) == SetIndex::signature_of(hash) && entries_[slot].key == key;
  }
  [[nodiscard]] Slot find_in(uint32_t set, uint64_t hash, const Key& key) const;
  [[nodiscard]] Slot find_beyond(uint64_t hash, const Key& key) const;
  template <class Rank>
  [[nodiscard]] Slot lowest_ranked(uint64_t hash, Rank&& rank) const;

  void prefetch_entry(Slot slot) const {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&entries_[slot]);
    constexpr size_t kLines = (sizeof(Entry) + kCacheLineBytes - 1) / kCacheLineBytes;
    for (size_t i = 0; i < std::min(kLines, kPrefetchLinesMax); ++i) {
      prefetch_write(bytes + i * kCacheLineBytes);
    }
  }
  void prefetch_entries(uint32_t set, Lanes ways) const {
    for (; ways.any(); ways = ways.without_first()) {
      prefetch_entry(SetIndex::slot_of(set, ways.first()));
    }
  }
  void prefetch_absent(uint64_t hash) const;

  SetIndex index_;
  Entry* entries_;
  uint32_t sweep_set_ = 0;  // where the next sweep starts
};

template <class Entry>
inline auto FlowTable<Entry>::guess(uint64_t hash) const -> Slot {
  const uint32_t home = index_.home_of(hash);
  const Lanes matches = index_.line(home).with_signature(SetIndex::signature_of(hash));
  if (!matches.any()) {
    prefetch_absent(hash);
    return kNone;
  }
  const Slot slot = SetIndex::slot_of(home, matches.first());
  prefetch_entry(slot);
  return slot;
}

template <class Entry>
void FlowTable<Entry>::prefetch_absent(uint64_t hash) const {
  const uint32_t home = index_.home_of(hash);
  const Lanes free = index_.line(home).free_ways();
  if (free.any()) prefetch_entry(SetIndex::slot_of(home, free.first()));
  if (index_.reaches_beyond(home)) index_.prefetch(index_.spill_of(hash));
}

template <class Entry>
void FlowTable<Entry>::prefetch_beyond(uint64_t hash) const {
  if (!index_.reaches_beyond(index_.home_of(hash))) return;
  const uint32_t spill = index_.spill_of(hash);
  const Lanes matches = index_.line(spill).with_signature(SetIndex::signature_of(hash));
  prefetch_entry(matches.any() ? SetIndex::slot_of(spill, matches.first()) : choose(hash).slot);
}

template <class Entry>
auto FlowTable<Entry>::find_in(uint32_t set, uint64_t hash, const Key& key) const -> Slot {
  Lanes matches = index_.line(set).with_signature(SetIndex::signature_of(hash));
  for (; matches.any(); matches = matches.without_first()) {
    const Slot slot = SetIndex::slot_of(set, matches.first());
    if (entries_[slot].key == key) return slot;
  }
  return kNone;
}

template <class Entry>
auto FlowTable<Entry>::find_beyond(uint64_t hash, const Key& key) const -> Slot {
  const uint32_t home = index_.home_of(hash);
  const Slot slot = find_in(home, hash, key);
  if (slot != kNone || !index_.reaches_beyond(home)) return slot;
  return find_in(index_.spill_of(hash), hash, key);
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
  const Slot first_at_home = SetIndex::slot_of(index_.home_of(hash), 0);
  const Slot first_in_spill = SetIndex::slot_of(index_.spill_of(hash), 0);
  for (uint32_t way = 0; way < kWays; ++way) {
    prefetch_entry(first_at_home + way);
    prefetch_entry(first_in_spill + way);
  }
  uint32_t lowest = UINT32_MAX;
  Slot victim = kNone;
  for (const Slot first : {first_at_home, first_in_spill}) {
    for (Slot slot = first; slot < first + kWays; ++slot) {
      // Rank above, youth below, so that the smallest goes first.
      const uint8_t rank_of_entry = rank(entry(slot));
      const auto youth = static_cast<uint16_t>(~age(slot, index_.now()));
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
template <class F>
void FlowTable<Entry>::sweep(uint32_t sets_max, uint16_t now, uint16_t age_min, F&& due) {
  index_.advance(now);
  const uint16_t latest = index_.now();
  const uint32_t set_mask = index_.sets() - 1;
  for (uint32_t left = std::min(sets_max, index_.sets()); left > 0; --left) {
    const uint32_t ahead = (sweep_set_ + kSweepAheadSets) & set_mask;
    prefetch_entries(ahead, index_.line(ahead).used_since(latest, age_min));
    SetLine& line = index_.line(sweep_set_);
    for (Lanes ways = line.used_since(latest, age_min); ways.any(); ways = ways.without_first()) {
      const Slot slot = SetIndex::slot_of(sweep_set_, ways.first());
      due(slot, entries_[slot]);
    }
    if (line.used_since(latest, SetLine::kAgeMax + 1).any()) line.saturate(latest);
    sweep_set_ = (sweep_set_ + 1) & set_mask;
  }
}

template <class Entry>
template <class F>
void FlowTable<Entry>::for_each(F&& visit) {
  for (uint32_t set = 0; set < index_.sets(); ++set) {
    for (Lanes ways = index_.line(set).used_ways(); ways.any(); ways = ways.without_first()) {
      const Slot slot = SetIndex::slot_of(set, ways.first());
      visit(slot, entries_[slot]);
    }
  }
}

}  // namespace flowscope
