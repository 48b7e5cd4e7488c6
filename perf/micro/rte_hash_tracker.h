#pragma once

#include <rte_hash.h>

#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/prefetch.h"
#include "perf/micro/map_tracker.h"
#include "perf/micro/rte_hash_table.h"

namespace flowscope::bench {

// rte_hash looked up in bulk with hashes already known, from keys to entries in an arena of ours.
// Its ages are the times in the entries, the cheapest there is, though no victim could be found by
// them.
class RteHashTracker {
 public:
  explicit RteHashTracker(uint32_t flows_max)
      : arena_(std::move(
          Arena::create(Arena::cost<FlowEntry>(flows_max), Arena::Populate::Now).value())),
        entries_(arena_.take<FlowEntry>(flows_max)) {
    static const RteEnvironment environment;
    rte_hash_parameters parameters{};
    parameters.name = "bench_tracker";
    parameters.entries = flows_max / 7 * 10;  // the load that ours is given
    parameters.key_len = sizeof(FlowKey);
    if (environment.ok()) table_ = rte_hash_create(&parameters);
  }
  ~RteHashTracker() { rte_hash_free(table_); }
  RteHashTracker(const RteHashTracker&) = delete;
  RteHashTracker& operator=(const RteHashTracker&) = delete;

  void run(Burst& burst) {
    decode_layers(burst);
    extract_keys(FiveTuple::bidirectional(), hash_, burst, keys_);
    std::array<const void*, RTE_HASH_LOOKUP_BULK_MAX> keys;
    std::array<hash_sig_t, RTE_HASH_LOOKUP_BULK_MAX> hashes;
    std::array<void*, RTE_HASH_LOOKUP_BULK_MAX> found;
    for (uint32_t i = 0; i < burst.count; ++i) {
      keys[i] = &keys_.key[i];
      hashes[i] = static_cast<uint32_t>(keys_.hash[i]);
    }
    uint64_t hits = 0;
    rte_hash_lookup_with_hash_bulk_data(table_, keys.data(), hashes.data(), burst.count, &hits,
                                        found.data());
    for (uint32_t i = 0; i < burst.count; ++i) {
      if ((hits >> i & 1) == 0) found[i] = add(burst, i);
      prefetch_write(found[i]);
      prefetch_write(static_cast<uint8_t*>(found[i]) + kCacheLineBytes);
    }
    for (uint32_t i = 0; i < burst.count; ++i) {
      account(*static_cast<FlowEntry*>(found[i]), burst, keys_, i);
    }
  }
  [[nodiscard]] uint64_t live() const { return live_; }

 private:
  FlowEntry* add(const Burst& burst, uint32_t packet) {
    FlowEntry& entry = entries_[live_ < entries_.size() ? live_ : 0];
    entry = FlowEntry{};
    entry.key = keys_.key[packet];
    entry.initiator = keys_.orientation[packet];
    entry.started_ns = burst.packet[packet].time.ns;
    live_ += rte_hash_add_key_with_hash_data(table_, &entry.key,
                                             static_cast<uint32_t>(keys_.hash[packet]), &entry)
                     == 0
                 ? 1
                 : 0;
    return &entry;
  }

  KeyedHash hash_{1, 2};
  Arena arena_;
  std::span<FlowEntry> entries_;
  rte_hash* table_ = nullptr;
  uint64_t live_ = 0;
  FlowKeys keys_;
};

}  // namespace flowscope::bench
