#pragma once

#include <concepts>

#include "flowcore/extract/flow_key.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// A rule that says which flow a packet belongs to. Writes the canonical key and which way the
// packet goes against it, and answers true; or answers false for a packet that belongs to no flow
// (key and orientation are unspecified then). Pure: the same packet always gives the same key.
// Called on the packet path for every packet. Every byte of the key is written, unused ones as
// zero, since keys are hashed and compared as bytes. An extractor that takes something off the
// packet moves `layers` on to what it made the key of, so that later stages read the same headers;
// others take `layers` as const.
template <class E>
concept FlowExtractor = requires(const E& extractor, Layers& layers, const PacketView& packet,
                                 FlowKey& key, Orientation& orientation) {
  { extractor.extract(layers, packet, key, orientation) } -> std::same_as<bool>;
};

}  // namespace flowscope
