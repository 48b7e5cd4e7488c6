#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// The most VLAN tags passed over in one frame; more than that is counted as not IP.
inline constexpr uint32_t kVlanTagsMax = 16;

// The VLAN id in a tag's control field; the priority and the drop flag are above it.
inline constexpr uint16_t kVlanIdMask = 0x0fff;

// IEEE 802.1Q section 9.6: the tag control field that follows a tag's type, and the next type.
struct VlanTag {
  static constexpr uint32_t kBytes = 4;
  uint16_t id = 0;
  uint16_t type_or_length = 0;

  static VlanTag read(ByteReader& reader) {
    VlanTag tag;
    tag.id = reader.u16() & kVlanIdMask;
    tag.type_or_length = reader.u16();
    return tag;
  }
};

}  // namespace flowscope
