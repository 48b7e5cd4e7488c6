#pragma once

// How a FlowTable's entries are visited; included by flow_table.h only, for reading one idea per
// file.
#include <array>

#include "flowcore/table/flow_table.h"

namespace flowscope {

// PERF: three passes over some sets that are to be looked at, each reading what the one before
// asked for; sets without anything due cost two bytes each.
template <class Entry>
template <class F>
void FlowTable<Entry>::sweep(uint32_t sets_max, uint32_t vacated_max, uint16_t now,
                             const U16Choice& class_ages, F&& due) {
  index_.advance(now);
  index_.set_class_ages(class_ages);
  LookTimes::Found found;
  uint32_t vacated = 0;
  for (uint32_t left = std::min(sets_max, sets()); left > 0 && vacated < vacated_max;) {
    const uint32_t begin = sweep_set_;
    uint32_t end = begin;
    const uint32_t count =
        index_.to_look_at(end, begin + std::min(left, sets() - begin), sweep_round_, found);
    for (uint32_t i = 0; i < count; ++i) {
      index_.settle(found[i]);
      prefetch_entries(found[i], index_.due_in(found[i]));
    }
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t set = found[i];
      for (Lanes ways = index_.due_in(set); ways.any(); ways = ways.without_first()) {
        const Slot slot = SetIndex::slot_of(set, ways.first());
        vacated += due(slot, entry(slot)) ? 1 : 0;
      }
      index_.looked_at(set);
      if (vacated < vacated_max) continue;
      end = set + 1;
      break;
    }
    index_.passed(end - begin);
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
      visit(slot, entry(slot));
    }
  }
}

}  // namespace flowscope
