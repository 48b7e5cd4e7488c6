#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

// Reads an IP packet of `version` that begins at layers.l3_offset of `frame`: its header, extension
// headers and transport header. Writes status and all that belongs to IP; link fields, ether_type
// and encap stay as they are. `wire_bytes` is what the frame had from there on, captured or not; it
// counts where the header gives no length. The rules are those of decode_frame. Cost: for rare
// packets; usual ones take the fast loop of decode_layers.
void read_ip(Bytes frame, uint8_t version, uint32_t wire_bytes, Layers& layers);

// Reads the transport header in the first fragment of a datagram as if it were the whole datagram:
// is_fragment becomes false. Requires: read_ip gave `layers`, with is_fragment and an l4_offset.
void read_first_fragment(Bytes frame, Layers& layers);

// How much of a TCP, UDP or SCTP header it takes to know the ports.
inline constexpr uint32_t kPortsBytes = 4;

}  // namespace flowscope
