#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "flowcore/base/prefetch.h"
#include "flowcore/table/u16x16.h"

namespace flowscope {

// What a table's user says of an entry in four bits. It tells how soon the entry may be given up
// for a new one, and after what age a sweep looks at it.
using EntryClass = uint8_t;
inline constexpr size_t kEntryClasses = 16;

// Of each class the rank in which entries are given up: of the lowest rank present the oldest goes.
// Entries of kRankKept and above are never given up while one below is to be found.
using VictimRanks = std::array<uint16_t, kEntryClasses>;
inline constexpr uint16_t kRankKept = 3;

// What a table knows of one set without reading a record, in one cache line: of each of 16 ways
// twelve bits of its entry's hash, never zero, above the entry's class (a zero word: the way is
// free), and the tick when the entry was last touched. Ticks are a 16-bit clock that wraps; ages
// are differences against now.
struct alignas(kCacheLineBytes) SetLine {
  static constexpr uint32_t kWays = 16;
  static constexpr uint16_t kClassMask = kEntryClasses - 1;
  // Ages from here on are alike: the sweep pulls older ticks up to it, so that a wrapped clock
  // cannot make an old entry young.
  static constexpr uint16_t kAgeMax = 0x8000;

  U16Lanes word;
  U16Lanes tick;

  // Requires: no class bits in `signature`.
  [[nodiscard]] Lanes with_signature(uint16_t signature) const {
    return equal(words() & U16x16::all(static_cast<uint16_t>(~kClassMask)), U16x16::all(signature));
  }
  [[nodiscard]] Lanes free_ways() const { return equal(words(), U16x16::all(0)); }
  [[nodiscard]] Lanes used_ways() const { return at_least(words(), U16x16::all(1)); }
  // Used ways that are as old as their class is to be looked at.
  [[nodiscard]] Lanes due(uint16_t now, const U16Choice& class_ages) const {
    return at_least(ages(now), pick(class_ages, classes())).without(free_ways());
  }
  // In how many ticks the first of the used ways will be; some number of ticks when none is used.
  [[nodiscard]] uint16_t ticks_until_due(uint16_t now, const U16Choice& class_ages) const {
    const U16x16 free = differing(differing(words(), U16x16::all(0)), U16x16::all(0xffff));
    const U16x16 ticks = excess(pick(class_ages, classes()), ages(now)) | free;
    return static_cast<uint16_t>(std::min<uint32_t>(ticks.least().value, kAgeMax - 1));
  }

  // The used way to give up first: of the lowest rank, of those the oldest, of those the first.
  // `order` is smaller the sooner, comparable between sets; all bits set when no way is used.
  static constexpr uint32_t kNoRank = 0xffff;
  struct Victim {
    uint32_t order;
    uint32_t lane;
    [[nodiscard]] uint32_t rank() const { return order >> 16; }
  };
  [[nodiscard]] Victim victim(uint16_t now, const U16Choice& ranks) const {
    // PERF: without a branch on ranks; two vphminposuw.
    const U16x16 free = differing(differing(words(), U16x16::all(0)), U16x16::all(0xffff));
    const U16x16 rank = pick(ranks, classes()) | free;
    const uint32_t lowest = rank.least().value;
    const U16x16 others = differing(rank, U16x16::all(static_cast<uint16_t>(lowest)));
    // tick - now - 1 is the complement of the age. Its largest value says nothing apart from the
    // others' lanes, so the lane is looked up among those of the rank.
    const U16x16 youth = U16x16::load(tick) - U16x16::all(static_cast<uint16_t>(now + 1));
    const uint32_t least = (youth | others).least().value;
    const U16x16 younger = differing(youth, U16x16::all(static_cast<uint16_t>(least)));
    return {lowest << 16 | least, equal(younger | others, U16x16::all(0)).first()};
  }

  [[nodiscard]] bool any_older_than(uint16_t now, uint16_t age) const {
    return at_least(ages(now), U16x16::all(static_cast<uint16_t>(age + 1))).any();
  }
  // Brings all ages above `age_max` to kAgeMax.
  void saturate(uint16_t now, uint16_t age_max) {
    for (uint16_t& at : tick.at) {
      if (static_cast<uint16_t>(now - at) > age_max) at = static_cast<uint16_t>(now - kAgeMax);
    }
  }

 private:
  [[nodiscard]] U16x16 words() const { return U16x16::load(word); }
  [[nodiscard]] U16x16 classes() const { return words() & U16x16::all(kClassMask); }
  [[nodiscard]] U16x16 ages(uint16_t now) const { return U16x16::all(now) - U16x16::load(tick); }
};
static_assert(sizeof(SetLine) == kCacheLineBytes, "a set is looked up by one line fill");

}  // namespace flowscope
