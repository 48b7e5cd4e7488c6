#pragma once

#include <array>
#include <cstdint>

#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// The most packets in one burst: the DPDK burst of 64, coalesced when a queue is backed up, and the
// largest --burst.
inline constexpr uint32_t kBurstMax = 256;

// A burst of packets as parallel columns; row i of every column speaks of packet i. Ports fill
// packet[] and owner[], decode_layers fills layers[]. Columns that later hops fill live beside
// their own types (see extract/keys.h and track/flow_burst.h), so that a hop includes only what it
// reads. Thread rule: one worker. Lifetime: frames are valid until the port's release().
struct Burst {
  uint32_t count = 0;
  std::array<PacketView, kBurstMax> packet;
  std::array<void*, kBurstMax> owner{};  // the port's own handle of the frame (an mbuf), or null
  std::array<Layers, kBurstMax> layers;
};

}  // namespace flowscope
