#pragma once

#include <cstdint>

#include "flowcore/base/prefetch.h"
#include "flowcore/table/u16x16.h"

namespace flowscope {

// What a table knows of one set without reading a record, in one cache line: of each of 16 ways the
// signature of its entry (0: the way is free) and the tick when the entry was last touched. Ticks
// are a 16-bit clock that wraps; ages are differences against now.
struct alignas(kCacheLineBytes) SetLine {
  static constexpr uint32_t kWays = 16;
  // Ages from here on are alike: the sweep pulls older ticks up to it, so that a wrapped clock
  // cannot make an old entry young.
  static constexpr uint16_t kAgeMax = 0x8000;

  U16Lanes signature;
  U16Lanes tick;

  [[nodiscard]] Lanes with_signature(uint16_t wanted) const {
    return equal(U16x16::load(signature), U16x16::all(wanted));
  }
  [[nodiscard]] Lanes free_ways() const { return with_signature(0); }
  [[nodiscard]] Lanes used_ways() const {
    return at_least(U16x16::load(signature), U16x16::all(1));
  }
  // Used ways whose age is at least `age_min`.
  [[nodiscard]] Lanes used_since(uint16_t now, uint16_t age_min) const {
    return at_least(ages(now), U16x16::all(age_min)).without(free_ways());
  }
  // The way with the highest age, free ways included; value is smaller the older it is, so that the
  // oldest of two sets is that with the smaller value.
  [[nodiscard]] Least oldest(uint16_t now) const {
    // tick - now - 1 is the complement of the age.
    return (U16x16::load(tick) - U16x16::all(static_cast<uint16_t>(now + 1))).least();
  }
  // Brings all ages above kAgeMax down to it.
  void saturate(uint16_t now) {
    (U16x16::all(now) - min(ages(now), U16x16::all(kAgeMax))).store(tick);
  }

 private:
  [[nodiscard]] U16x16 ages(uint16_t now) const { return U16x16::all(now) - U16x16::load(tick); }
};
static_assert(sizeof(SetLine) == kCacheLineBytes, "a set is looked up by one line fill");

}  // namespace flowscope
