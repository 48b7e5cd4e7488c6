#pragma once

#include <concepts>

#include "flowcore/extract/flow_key.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// A rule that says which flow a packet belongs to. Writes the canonical key and which way the
// packet goes against it, and answers true; or answers false for a packet that belongs to no flow
// (key and orientation are unspecified then). Pure: the same packet always gives the same key.
// Called on the packet path for every packet. The key's `reserved` stays zero and unused bytes are
// zero, since keys are hashed and compared as bytes.
template <class E>
concept FlowExtractor = requires(const E& extractor, const Layers& layers, const PacketView& packet,
                                 FlowKey& key, Orientation& orientation) {
  { extractor.extract(layers, packet, key, orientation) } -> std::same_as<bool>;
};

}  // namespace flowscope
