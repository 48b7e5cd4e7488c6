#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/keyed_hash.h"
#include "flowcore/extract/flow_extractor.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/packet/burst.h"

namespace flowscope {

// The columns of a burst that the third hop fills: row i speaks of packet i of the burst. Where
// has_key is 0 the packet belongs to no flow, and its other columns hold what an earlier burst left
// there. Thread rule: one worker.
struct FlowKeys {
  std::array<FlowKey, kBurstMax> key;
  std::array<Orientation, kBurstMax> orientation{};
  std::array<uint64_t, kBurstMax> hash{};
  std::array<uint8_t, kBurstMax> has_key{};
};

// Fills `keys` for the whole burst. Requires: decode_layers(burst) was called.
// Keys are written in one pass and hashed in the next: a hash right behind the stores of its key
// would wait for them, since its loads are wider than they are.
template <FlowExtractor E>
void extract_keys(const E& extractor, const KeyedHash& hash, Burst& burst, FlowKeys& keys) {
  for (uint32_t i = 0; i < burst.count; ++i) {
    keys.has_key[i] =
        extractor.extract(burst.layers[i], burst.packet[i], keys.key[i], keys.orientation[i]);
  }
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (keys.has_key[i] != 0) keys.hash[i] = hash(&keys.key[i]);
  }
}

}  // namespace flowscope
