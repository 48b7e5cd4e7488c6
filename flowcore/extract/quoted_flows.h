#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "flowcore/base/keyed_hash.h"
#include "flowcore/extract/flow_extractor.h"
#include "flowcore/packet/burst.h"
#include "flowcore/packet/icmp.h"
#include "flowcore/packet/quoted.h"

namespace flowscope {

// The flow that an ICMP error is about.
struct QuotedFlow {
  uint32_t packet = 0;  // of the error, in the burst
  uint64_t hash = 0;
  FlowKey key;
};

// Those of a burst, in the order of their packets. Thread rule: one worker.
struct QuotedFlows {
  uint32_t count = 0;
  std::array<QuotedFlow, kBurstMax> row;

  [[nodiscard]] std::span<const QuotedFlow> rows() const { return {row.data(), count}; }
};

// Fills `quoted` from the errors of the burst whose quote tells a flow. Requires:
// decode_layers(burst) was called. Cost: a comparison for each packet; worth calling for bursts
// with ICMP packets only.
template <FlowExtractor E>
void extract_quoted(const E& extractor, const KeyedHash& hash, const Burst& burst,
                    QuotedFlows& quoted) {
  quoted.count = 0;
  for (uint32_t i = 0; i < burst.count; ++i) {
    if (!is_icmp(burst.layers[i].ip_protocol)) continue;
    Layers layers;
    if (!quoted_packet(burst.layers[i], burst.packet[i], layers)) continue;
    QuotedFlow& quote = quoted.row[quoted.count];
    Orientation orientation = Orientation::Forward;
    if (!extractor.extract(layers, burst.packet[i], quote.key, orientation)) continue;
    quote.packet = i;
    quote.hash = hash(&quote.key);
    ++quoted.count;
  }
}

}  // namespace flowscope
