#pragma once

// How a FlowTable's entries are visited; included by flow_table.h only, for reading one idea per
// file.
#include <array>

#include "flowcore/table/flow_table.h"

namespace flowscope {

// PERF: lines come in order and are asked for a chunk ahead; a set without anything due is one pass
// over its line. What is due is asked for some sets before it is read.
template <class Entry>
template <class F>
void FlowTable<Entry>::sweep(uint32_t sets_max, uint32_t vacated_max, uint16_t now,
                             const U16Choice& class_ages, F&& due) {
  index_.advance(now);
  const uint16_t latest = index_.now();
  std::array<uint32_t, kSweepChunkSets> due_sets;
  uint32_t vacated = 0;
  for (uint32_t left = std::min(sets_max, sets()); left > 0 && vacated < vacated_max;) {
    const uint32_t begin = sweep_set_;
    const uint32_t count = std::min({left, kSweepChunkSets, sets() - begin});
    uint32_t due_count = 0;
    // The chunk after this one; hardware does not look beyond a page by itself.
    const uint32_t next_end = std::min(begin + count + kSweepChunkSets, sets());
    for (uint32_t set = begin + count; set < next_end; ++set) index_.prefetch(set);
    for (uint32_t set = begin; set < begin + count; ++set) {
      if (index_.settles(sweep_round_)) [[unlikely]]
        index_.settle(set);
      const Lanes ways = index_.line(set).due(latest, class_ages);
      due_sets[due_count] = set;
      due_count += ways.any() ? 1 : 0;
      prefetch_entries(set, ways);
    }
    uint32_t end = begin + count;
    for (uint32_t i = 0; i < due_count; ++i) {
      const uint32_t set = due_sets[i];
      for (Lanes ways = index_.line(set).due(latest, class_ages); ways.any();
           ways = ways.without_first()) {
        const Slot slot = SetIndex::slot_of(set, ways.first());
        vacated += due(slot, entries_[slot]) ? 1 : 0;
      }
      if (vacated < vacated_max) continue;
      end = set + 1;
      break;
    }
    index_.settled(end - begin);
    left -= end - begin;
    sweep_set_ = end;
    if (sweep_set_ == sets()) {
      sweep_set_ = 0;
      ++sweep_round_;
    }
  }
}

template <class Entry>
template <class F>
void FlowTable<Entry>::for_each_in(uint32_t begin, uint32_t sets, F&& visit) {
  for (uint32_t set = begin; set < begin + sets; ++set) {
    for (Lanes ways = index_.line(set).used_ways(); ways.any(); ways = ways.without_first()) {
      const Slot slot = SetIndex::slot_of(set, ways.first());
      visit(slot, entries_[slot]);
    }
  }
}

}  // namespace flowscope
