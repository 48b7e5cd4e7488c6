#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/vlan.h"

namespace flowscope {

// Broadcom's tag between the addresses and the type of an Ethernet frame,
// https://www.tcpdump.org/linktypes/LINKTYPE_DSA_TAG_BRCM.html.
inline constexpr uint32_t kBroadcomTagBytes = 4;

// Marvell's tag at the same place, https://www.tcpdump.org/linktypes/LINKTYPE_DSA_TAG_DSA.html. It
// takes the place of a VLAN tag that the frame had.
struct MarvellTag {
  bool has_vlan = false;
  uint16_t vlan_id = 0;

  static MarvellTag read(ByteReader& reader) {
    const uint32_t word = reader.u32();
    return {.has_vlan = (word & 0x2000'0000) != 0,
            .vlan_id = static_cast<uint16_t>(word & kVlanIdMask)};
  }
};

}  // namespace flowscope
