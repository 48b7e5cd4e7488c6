#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/counter.h"

namespace flowscope {

// How many values lay in each of some ranges: bucket i takes those up to kBounds[i] (and above the
// bound before), the last one what is above every bound. The sum is kept beside them.
// Thread rule: as Counter, one thread writes and any reads. Cost: a comparison for each bound up
// to the value, and two additions.
template <auto kBounds>
class Histogram {
 public:
  static constexpr size_t kBuckets = kBounds.size() + 1;

  void add(uint64_t value) {
    size_t bucket = 0;
    // PERF: small values are by far the most, and cost one comparison.
    while (bucket < kBounds.size() && value > kBounds[bucket]) ++bucket;
    buckets_[bucket].add(1);
    sum_.add(value);
  }

  // A moment's view of it: each bucket alone is exact.
  [[nodiscard]] std::array<uint64_t, kBuckets> counts() const {
    std::array<uint64_t, kBuckets> counts{};
    for (size_t i = 0; i < kBuckets; ++i) counts[i] = buckets_[i].value();
    return counts;
  }
  [[nodiscard]] uint64_t sum() const { return sum_.value(); }
  [[nodiscard]] static constexpr const auto& bounds() { return kBounds; }

 private:
  std::array<Counter, kBuckets> buckets_;
  Counter sum_;
};

}  // namespace flowscope
