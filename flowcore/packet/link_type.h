#pragma once

#include <cstdint>

namespace flowscope {

// What a frame begins with. The capture reader maps link-layer header types
// (https://www.tcpdump.org/linktypes.html) to these.
enum class LinkType : uint8_t {
  Ethernet,      // LINKTYPE_ETHERNET 1
  RawIp,         // LINKTYPE_RAW 101, DLT_RAW 12 and 14, IPV4 228, IPV6 229: version nibble first
  Null,          // LINKTYPE_NULL 0: 4 bytes address family in the writer's byte order
  Loop,          // LINKTYPE_LOOP 108: the same, big-endian
  LinuxCooked1,  // LINKTYPE_LINUX_SLL 113
  LinuxCooked2,  // LINKTYPE_LINUX_SLL2 276
  Unknown,       // anything else: counted, not decoded
};

}  // namespace flowscope
