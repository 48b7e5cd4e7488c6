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

// Whether a packet of the burst may be one of ICMP; no other does any harm. Requires:
// decode_layers(burst) was called. PERF: a word has a bit for each of both protocols, and a shift
// by the packet's asks for it: a third of the instructions of comparing.
inline bool may_hold_icmp(const Burst& burst) {
  constexpr uint64_t kIcmp = uint64_t{1} << static_cast<uint8_t>(IpProtocol::Icmp)
                             | uint64_t{1} << static_cast<uint8_t>(IpProtocol::IcmpV6);
  uint64_t any = 0;
  for (uint32_t i = 0; i < burst.count; ++i) any |= kIcmp >> (burst.layers[i].ip_protocol & 63);
  return (any & 1) != 0;
}

// Fills `quoted` from the errors of the burst whose quote tells a flow. Requires:
// decode_layers(burst) was called. Cost: some instructions for each packet.
template <FlowExtractor E>
void extract_quoted(const E& extractor, const KeyedHash& hash, const Burst& burst,
                    QuotedFlows& quoted) {
  quoted.count = 0;
  if (!may_hold_icmp(burst)) [[likely]]
    return;
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
