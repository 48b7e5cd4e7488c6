#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/table/set_index.h"

namespace flowscope {

// The slots of the latest new entries, in the order in which they came: where a victim is to be
// found when the sets at hand hold none that may go. A slot may be listed though its entry has gone
// or risen in rank meanwhile; the index tells. Thread rule: one thread. Cost: 4 bytes an entry.
class Newcomers {
 public:
  using Slot = SetIndex::Slot;

  static uint32_t places_for(uint32_t entries_max) {
    return std::bit_ceil(std::max(entries_max / kEntriesPerPlace, kPlacesMin));
  }
  static size_t cost(uint32_t entries_max) { return Arena::cost<Slot>(places_for(entries_max)); }
  Newcomers(Arena& arena, uint32_t entries_max)
      : slots_(arena.take<Slot>(places_for(entries_max))) {}

  // The first whose entry may still be given up, else the last: at the begin of a flood only what
  // rose in rank long ago stands before that. kNone when neither the next few nor the last is one.
  // Says the same again until add() is called: what was passed over is forgotten only then.
  Slot victim(const SetIndex& index) {
    passed_ = begin_;
    for (uint32_t tries = 0; tries < kTriesMax && passed_ != end_; ++tries) {
      const Slot slot = slots_[passed_++ & (slots_.size() - 1)];
      if (may_go(slot, index)) return slot;
    }
    if (passed_ == end_) return SetIndex::kNone;
    const Slot last = slots_[(end_ - 1) & (slots_.size() - 1)];
    return may_go(last, index) ? last : SetIndex::kNone;
  }
  // The oldest is forgotten when there is no room.
  void add(Slot slot) {
    begin_ = passed_;
    slots_[end_++ & (slots_.size() - 1)] = slot;
    if (end_ - begin_ > slots_.size()) ++begin_;
    passed_ = begin_;
  }

 private:
  static bool may_go(Slot slot, const SetIndex& index) {
    return index.is_used(slot) && index.rank_of(index.class_at(slot)) < kRankKept;
  }

  static constexpr uint32_t kEntriesPerPlace = 16;
  static constexpr uint32_t kPlacesMin = 64;
  // Each new entry adds one and may take this many, so entries that have risen do not pile up.
  static constexpr uint32_t kTriesMax = 16;

  std::span<Slot> slots_;
  uint32_t begin_ = 0;  // these count up for ever and wrap together
  uint32_t passed_ = 0;
  uint32_t end_ = 0;
};

}  // namespace flowscope
