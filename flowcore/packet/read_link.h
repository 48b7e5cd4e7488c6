#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/link_type.h"

namespace flowscope {

// Steps over the headers of the link layer, VLAN tags included, which it notes in `layers`. Gives
// the Ethernet type of what follows, or 0 when it has none. Fails with the reader when the frame
// ends before. Cost: one header after the other, no loop but over VLAN tags.
[[nodiscard]] uint16_t read_link(LinkType link, ByteReader& reader, Layers& layers);

// The same from an Ethernet header on: the beginning of a frame inside a tunnel.
[[nodiscard]] uint16_t read_ethernet(ByteReader& reader, Layers& layers);

// The same behind an Ethernet type: VLAN tags, and LLC where the field is a length.
[[nodiscard]] uint16_t read_type_and_tags(ByteReader& reader, uint16_t type_or_length,
                                          Layers& layers);

// The Ethernet type that stands for what a PPP frame carries, 0 when it is none we read.
[[nodiscard]] uint16_t read_ppp(ByteReader& reader);

}  // namespace flowscope
