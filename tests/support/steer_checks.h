#pragma once

#include <utility>

#include "dataplane/pipeline/steer_hash.h"
#include "flowcore/base/check.h"
#include "flowcore/extract/five_tuple.h"
#include "flowcore/packet/decode.h"

namespace flowscope::testing {

// Stops the program where a glance at the packet tells another owner than its flow key does: what a
// glance says must hold for every flow, whichever way its other packets were looked at. Returns
// whether a glance told anything.
inline bool check_glance(const SteerHash& steer, const PacketView& packet, const Decap& decap) {
  uint64_t hash = 0;
  const bool is_told = steer.at_a_glance(packet, decap, hash);
  Layers layers = decode_frame(packet, decap);
  FlowKey key;
  Orientation orientation = Orientation::Forward;
  if (!FiveTuple::bidirectional().extract(layers, packet, key, orientation)) return is_told;
  FS_CHECK(!is_told || hash == steer(key));
  FS_CHECK(!is_told || !layers.is_fragment);
  std::swap(key.a_address, key.b_address);
  std::swap(key.a_port, key.b_port);
  FS_CHECK(!is_told || hash == steer(key));
  return is_told;
}

}  // namespace flowscope::testing
