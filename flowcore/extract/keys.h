#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/keyed_hash.h"
#include "flowcore/extract/flow_extractor.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/packet/burst.h"

namespace flowscope {

// The columns of a burst that the third hop fills: row i speaks of packet i of the burst. Where
// has_key is 0 the packet belongs to no flow, and its other columns say nothing. Thread rule: one
// worker.
struct FlowKeys {
  std::array<FlowKey, kBurstMax> key;
  std::array<Orientation, kBurstMax> orientation{};
  std::array<uint64_t, kBurstMax> hash{};
  std::array<uint8_t, kBurstMax> has_key{};
};

// Fills `keys` for the whole burst. Requires: decode_layers(burst) was called.
// Extractor and hash are taken by value: stores to the columns might change what lies behind a
// reference, for all the compiler knows, and would make it load both again for each packet.
// PERF: keys are written in one pass and hashed in the next. In one pass a packet is a chain of
// some seventy cycles from its header to its hash, of which too few are under way at once: 6.5 ns a
// packet on Zen 3 in place of 5.5. Rows without a key are hashed too: no branch.
// `on_hash` is called with each hash as it is known: for a table to ask for memory early.
template <FlowExtractor E, class F>
void extract_keys(E extractor, KeyedHash hash, Burst& burst, FlowKeys& keys, F on_hash) {
  const uint32_t count = burst.count;
  for (uint32_t i = 0; i < count; ++i) {
    keys.has_key[i] =
        extractor.extract(burst.layers[i], burst.packet[i], keys.key[i], keys.orientation[i]);
  }
  for (uint32_t i = 0; i < count; ++i) {
    keys.hash[i] = hash(&keys.key[i]);
    on_hash(keys.hash[i]);
  }
}
template <FlowExtractor E>
void extract_keys(E extractor, KeyedHash hash, Burst& burst, FlowKeys& keys) {
  extract_keys(extractor, hash, burst, keys, [](uint64_t) {});
}

}  // namespace flowscope
