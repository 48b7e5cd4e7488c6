#pragma once

// How a FlowTable finds room for a new entry; included by flow_table.h only, for reading one idea
// per file.
#include <array>

#include "flowcore/table/flow_table.h"

namespace flowscope {

template <class Entry>
auto FlowTable<Entry>::choose_beyond(uint64_t hash) -> Choice {
  const Slot free = index_.free_slot(hash);
  if (!is_full()) {
    if (free != kNone) return {free, kNone, false};
    const Slot victim = index_.victim_in_both(hash);
    return {victim, victim, true};
  }
  const Slot newcomer = newcomers_.victim(index_);
  if (free != kNone && newcomer != kNone) return {free, newcomer, false};
  const Slot victim = index_.victim_in_both(hash);
  if (victim != kNone) {
    const bool is_kept = index_.rank_of(index_.class_at(victim)) >= kRankKept;
    return {victim, victim, false, is_kept && free == kNone ? newcomer : kNone};
  }
  // Nothing at all lives in the two sets: any other entry must go, the next that a sweep would see.
  for (uint32_t i = 0; i < sets(); ++i) {
    const uint32_t set = (sweep_set_ + i) % sets();
    const SetLine::Victim next = index_.victim_in(set);
    if (next.rank() != SetLine::kNoRank) return {free, SetIndex::slot_of(set, next.lane), false};
  }
  FS_CHECK(false);
  return {kNone, kNone, false};
}

template <class Entry>
template <class Mover>
auto FlowTable<Entry>::make_way(uint64_t hash, Mover&& mover) -> Slot {
  const std::array<uint32_t, 2> sets = {index_.home_of(hash), index_.spill_of(hash)};
  for (const uint32_t set : sets) {
    for (uint32_t way = 0; way < kWays; ++way) prefetch_entry(SetIndex::slot_of(set, way));
  }
  for (const uint32_t set : sets) {
    for (uint32_t way = 0; way < kWays; ++way) {
      const Slot from = SetIndex::slot_of(set, way);
      const uint64_t hash_of_entry = mover.hash_of(entry(from));
      const Slot to = index_.free_slot_in(index_.other_set(from, hash_of_entry));
      if (to == kNone) continue;
      if (!mover.may_move(from)) return kBusy;
      index_.move(from, to, hash_of_entry);
      entry(to) = entry(from);
      mover.moved(from, to);
      return from;
    }
  }
  return kNone;
}

}  // namespace flowscope
