#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "flowcore/base/arena.h"
#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/table/newcomers.h"
#include "flowcore/table/set_index.h"
#include "flowcore/table/set_line.h"

namespace flowscope {

// A table of fixed capacity from keys to records, built for bursts of look-ups that miss the cache
// and for floods of new keys. README.md in this folder draws the layout and gives the costs; in
// short: sets of 16 ways, one cache line of signatures, classes and ages per set, the record's
// place implied by set and way, one more set (the spill set) for what the home set cannot hold. It
// holds at most `entries_max` entries, which is a load of 0.7; at that load nearly every new entry
// still finds a way, so that entries are given up because the table is full and for no other
// reason.
//
// It neither hashes nor reads a clock: callers bring a well-mixed, secret-keyed hash (KeyedHash)
// and a 16-bit tick of a clock of their own. A look-up is made in passes over a burst, each reading
// what the one before asked for: prefetch_set(); guess(), and expect() where there is no guess;
// prefetch_entry() of either, some packets ahead of find(). A new entry is choose(), vacate() if a
// victim must go, place(). What comes out depends on the order of the calls alone.
//
// Requires of the clock: ticks go forward, back by no more than 256, and sweeps come around all
// sets sixteen times in 0x7fff ticks; else ages are wrong, nothing worse. A clock that leaps by
// 0x4000 or more at once makes everything as old as can be. Thread rule: one thread. Lifetime: the
// arena outlives the table. A slot is valid until vacated, or moved by make_way().
template <class Entry>
class FlowTable {
  static_assert(std::is_trivially_copyable_v<Entry>,
                "records live in zeroed memory, unconstructed, and are moved as bytes");

 public:
  using Key = std::remove_cvref_t<decltype(Entry::key)>;
  using Slot = SetIndex::Slot;
  static constexpr Slot kNone = SetIndex::kNone;
  static constexpr uint32_t kWays = SetIndex::kWays;
  // The load at which the table is full, in percent of its slots.
  static constexpr uint32_t kLoadPercent = 70;
  static constexpr uint32_t kEntriesMax = uint32_t{1} << 30;

  // What an arena must hold for a table. Requires: 0 < entries_max <= kEntriesMax.
  static size_t cost(uint32_t entries_max) {
    const uint32_t sets = sets_for(entries_max);
    return SetIndex::cost(sets) + Arena::cost<Entry>(size_t{sets} * kWays)
           + Newcomers::cost(entries_max);
  }
  // `beside_bytes`: room behind each record for what the caller keeps of the same entry, so that
  // both lie in one page; zeroed at first, then the caller's alone. The arena must hold as many
  // bytes for each slot on top. Requires: none, or whole cache lines behind records of such.
  FlowTable(Arena& arena, uint32_t entries_max, const VictimRanks& ranks, size_t beside_bytes = 0)
      : entries_max_(entries_max),
        index_(arena, sets_for(entries_max), ranks),
        newcomers_(arena, entries_max),
        stride_(sizeof(Entry) + beside_bytes),
        records_(arena.take<uint8_t>(slots() * stride_).data()) {
    FS_CHECK(beside_bytes == 0 || (sizeof(Entry) | beside_bytes) % kCacheLineBytes == 0);
  }
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;
  ~FlowTable() = default;

  // The slots that a table for `entries_max` entries has: for columns beside it.
  static uint32_t slots_for(uint32_t entries_max) { return sets_for(entries_max) * kWays; }
  [[nodiscard]] uint32_t slots() const { return index_.sets() * kWays; }
  [[nodiscard]] uint32_t sets() const { return index_.sets(); }
  [[nodiscard]] uint32_t entries_max() const { return entries_max_; }
  [[nodiscard]] uint32_t size() const { return index_.size(); }
  // Another limit on the number of entries; those too many stay until new ones come or the caller
  // vacates them. Requires: 0 < entries_max, and no more than the table was made for.
  void set_entries_max(uint32_t entries_max) {
    FS_CHECK(entries_max != 0 && sets_for(entries_max) <= sets());
    entries_max_ = entries_max;
  }
  // The clock leapt, or ticks are of another length: what lives now counts as old until touched.
  void restart_clock(uint16_t now) { index_.restart(now); }

  // First pass over a burst: asks for the set's line.
  void prefetch_set(uint64_t hash) const { index_.prefetch(index_.home_of(hash)); }

  // Second pass: a slot of the home set whose signature matches, kNone when there is none. Reads
  // the set's line alone.
  [[nodiscard]] Slot guess(uint64_t hash) const {
    const uint32_t home = index_.home_of(hash);
    const Lanes matches = index_.line(home).with_signature(SetIndex::signature_of(hash));
    return matches.any() ? SetIndex::slot_of(home, matches.first()) : kNone;
  }
  // Where there is no guess: the slot that choose() will likely take, or any. Asks for the spill
  // set's line where that matters.
  [[nodiscard]] Slot expect(uint64_t hash) const {
    const uint32_t home = index_.home_of(hash);
    if (index_.reaches_beyond(home)) index_.prefetch(index_.spill_of(hash));
    const Slot slot = place_at_home(hash);
    return slot != kNone ? slot : 0;
  }
  // After expect() for all: where the spill set matters, its line has come by now and says more:
  // the slot there that matches or that choose() will take; else `expected`.
  [[nodiscard]] Slot expect_beyond(uint64_t hash, Slot expected) const;
  // Asks for the record of a slot, whatever there is; a few packets before find() reads it. PERF:
  // asked for all at once, the lines of a burst queue for the few fills that a core has under way.
  void prefetch_entry(Slot slot) const {
    const uint8_t* bytes = records_ + slot * stride_;
    constexpr size_t kLines = (sizeof(Entry) + kCacheLineBytes - 1) / kCacheLineBytes;
    for (size_t i = 0; i < std::min(kLines, kPrefetchLinesMax); ++i) {
      prefetch_write(bytes + i * kCacheLineBytes);
    }
  }

  // Third pass: the slot of the entry with this key, kNone when there is none. `guess` is what
  // guess() gave for the same hash, however long ago.
  [[nodiscard]] Slot find(uint64_t hash, const Key& key, Slot guess) const {
    if (guess != kNone && holds(guess, key)) [[likely]]
      return guess;
    return find_beyond(hash, key);
  }
  // Whether the slot holds the entry of this key now.
  [[nodiscard]] bool holds(Slot slot, const Key& key) const {
    return index_.is_used(slot) && entry(slot).key == key;
  }

  // Where a new entry goes and which entry must be vacated for it first, kNone when none.
  struct Choice {
    Slot slot;
    Slot victim;
    // The table has room, but both sets are full: make_way() may save the victim.
    bool crowded;
    // May go in place of the victim, which is worth more, once make_way() has freed a way.
    Slot newcomer = kNone;
  };
  // Below entries_max: a free way of the home set, else of the spill set, else `crowded`. At
  // entries_max a victim goes: the first to go of the home set, if its rank is below kRankKept;
  // else a newcomer of such a rank, wherever it is (as `newcomer` where no way is free for the new
  // entry); else the first to go of both sets. First to go is the lowest rank, then the highest
  // age, then home before spill and lower ways before higher ones.
  [[nodiscard]] Choice choose(uint64_t hash) {
    const Slot at_home = place_at_home(hash);
    if (at_home == kNone) [[unlikely]]
      return choose_beyond(hash);
    return {at_home, is_full() ? at_home : kNone, false};
  }

  // Frees a way for `hash` in a crowded pair of sets by moving one of their entries to its own
  // other set; gives the slot. kNone when none can move, kBusy when the one that can must stay for
  // now: then nothing was done. Reads up to 32 records. `Mover`:
  //   uint64_t hash_of(const Entry&);  bool may_move(Slot);  void moved(Slot from, Slot to);
  static constexpr Slot kBusy = UINT32_MAX - 1;
  template <class Mover>
  [[nodiscard]] Slot make_way(uint64_t hash, Mover&& mover);

  // Takes the slot for an entry with this hash and touches it. The entry's bytes are whatever they
  // were. Requires: the slot came from choose() with the same hash and is free.
  Entry& place(Slot slot, uint64_t hash, EntryClass entry_class, uint16_t tick) {
    index_.place(slot, hash, entry_class, tick);
    newcomers_.add(slot);
    return entry(slot);
  }
  // Frees the slot. Requires: it is used; `hash_of()` gives the hash that it was placed with. PERF:
  // asked for only where the entry lives in its spill set.
  template <std::invocable F>
  void vacate(Slot slot, F&& hash_of) {
    index_.vacate(slot, hash_of);
  }
  void vacate(Slot slot, uint64_t hash_of_entry) {
    index_.vacate(slot, [=] { return hash_of_entry; });
  }

  // Makes the slot's entry the youngest.
  void touch(Slot slot, uint16_t tick) { index_.touch(slot, tick); }
  void set_class(Slot slot, EntryClass entry_class) { index_.set_class(slot, entry_class); }
  [[nodiscard]] EntryClass class_of(Slot slot) const { return index_.class_at(slot); }
  [[nodiscard]] uint16_t rank_of(Slot slot) const { return index_.rank_of(class_of(slot)); }
  // Ticks since the entry was last touched, modulo 2^16.
  [[nodiscard]] uint16_t age(Slot slot, uint16_t now) const {
    return static_cast<uint16_t>(now - index_.tick_at(slot));
  }
  [[nodiscard]] bool is_used(Slot slot) const { return index_.is_used(slot); }
  // The latest tick, against which ages are taken.
  [[nodiscard]] uint16_t now() const { return index_.now(); }

  [[nodiscard]] Entry& entry(Slot slot) {
    return *reinterpret_cast<Entry*>(records_ + slot * stride_);
  }
  [[nodiscard]] const Entry& entry(Slot slot) const {
    return *reinterpret_cast<const Entry*>(records_ + slot * stride_);
  }
  // Costs a division.
  [[nodiscard]] Slot slot_of(const Entry& entry) const {
    const auto bytes = static_cast<size_t>(reinterpret_cast<const uint8_t*>(&entry) - records_);
    return static_cast<Slot>(bytes / stride_);
  }
  // Where what lies behind the record of slot 0 begins, and how far the next slot's is.
  [[nodiscard]] uint8_t* beside() const { return records_ + sizeof(Entry); }
  [[nodiscard]] size_t stride() const { return stride_; }

  // Passes up to `sets_max` sets from where the last sweep ended, each at most once, and calls
  // `due(Slot, Entry&)` for every entry that is at least as old as its class is to be looked at.
  // `due` gives whether it vacated that slot, and must leave the others alone. Stops after the set
  // where `vacated_max` is reached.
  template <class F>
  void sweep(uint32_t sets_max, uint32_t vacated_max, uint16_t now, const U16Choice& class_ages,
             F&& due);

  // Calls `visit(Slot, Entry&)` for every entry of `sets` sets from set `begin` on, in the order of
  // slots; it may vacate that slot.
  template <class F>
  void for_each_in(uint32_t begin, uint32_t sets, F&& visit);
  template <class F>
  void for_each(F&& visit) {
    for_each_in(0, sets(), visit);
  }

  // How many entries that share the home set of `hash` live in their spill sets; exact up to 254.
  [[nodiscard]] uint32_t spilled_from(uint64_t hash) const {
    return index_.spilled_from(index_.home_of(hash));
  }

 private:
  static constexpr size_t kPrefetchLinesMax = 4;

  static uint32_t sets_for(uint32_t entries_max) {
    FS_CHECK(entries_max != 0 && entries_max <= kEntriesMax);
    const uint64_t slots = (uint64_t{entries_max} * 100 + kLoadPercent - 1) / kLoadPercent;
    return static_cast<uint32_t>((slots + kWays - 1) / kWays);
  }

  [[nodiscard]] Slot find_in(uint32_t set, uint64_t hash, const Key& key) const;
  [[nodiscard]] Slot find_beyond(uint64_t hash, const Key& key) const;
  [[nodiscard]] bool is_full() const { return size() >= entries_max_; }
  // The slot in the home set that a new entry will take: the victim's or a free one; else kNone.
  [[nodiscard]] Slot place_at_home(uint64_t hash) const;
  // What choose() gives where the home set has no such slot.
  [[nodiscard]] Choice choose_beyond(uint64_t hash);

  void prefetch_entries(uint32_t set, Lanes ways) const {
    for (; ways.any(); ways = ways.without_first()) {
      prefetch_entry(SetIndex::slot_of(set, ways.first()));
    }
  }

  uint32_t entries_max_;
  SetIndex index_;
  Newcomers newcomers_;
  size_t stride_;  // from one record to the next
  uint8_t* records_;
  uint32_t sweep_set_ = 0;  // where the next sweep starts
  uint32_t sweep_round_ = 0;
};

template <class Entry>
auto FlowTable<Entry>::place_at_home(uint64_t hash) const -> Slot {
  const uint32_t home = index_.home_of(hash);
  if (!is_full()) return index_.free_slot_in(home);
  const SetLine::Victim victim = index_.victim_in(home);
  return victim.rank() < kRankKept ? SetIndex::slot_of(home, victim.lane) : kNone;
}

template <class Entry>
auto FlowTable<Entry>::expect_beyond(uint64_t hash, Slot expected) const -> Slot {
  const uint32_t home = index_.home_of(hash);
  if (!index_.reaches_beyond(home)) return expected;
  const uint32_t spill = index_.spill_of(hash);
  const Lanes matches = index_.line(spill).with_signature(SetIndex::signature_of(hash));
  if (matches.any()) return SetIndex::slot_of(spill, matches.first());
  const Slot free = index_.free_slot(hash);
  return free != kNone ? free : expected;
}

template <class Entry>
auto FlowTable<Entry>::find_in(uint32_t set, uint64_t hash, const Key& key) const -> Slot {
  Lanes matches = index_.line(set).with_signature(SetIndex::signature_of(hash));
  for (; matches.any(); matches = matches.without_first()) {
    const Slot slot = SetIndex::slot_of(set, matches.first());
    if (entry(slot).key == key) return slot;
  }
  return kNone;
}

template <class Entry>
auto FlowTable<Entry>::find_beyond(uint64_t hash, const Key& key) const -> Slot {
  const uint32_t home = index_.home_of(hash);
  const Slot slot = find_in(home, hash, key);
  if (slot != kNone || index_.spilled_from(home) == 0) return slot;
  return find_in(index_.spill_of(hash), hash, key);
}

}  // namespace flowscope

#include "flowcore/table/flow_table_room.h"   // IWYU pragma: keep
#include "flowcore/table/flow_table_sweep.h"  // IWYU pragma: keep
