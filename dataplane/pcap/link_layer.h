#pragma once

#include <cstdint>

#include "flowcore/packet/link_type.h"

namespace flowscope {

// The frame format that a link-layer header number of a capture file or of libpcap stands for
// (https://www.tcpdump.org/linktypes.html).
[[nodiscard]] constexpr LinkType link_type_of(uint32_t number) {
  switch (number) {
    case 0:
      return LinkType::Null;
    case 1:
      return LinkType::Ethernet;
    case 12:   // DLT_RAW on most systems
    case 14:   // DLT_RAW on OpenBSD
    case 101:  // LINKTYPE_RAW
    case 228:  // LINKTYPE_IPV4
    case 229:  // LINKTYPE_IPV6
      return LinkType::RawIp;
    case 108:
      return LinkType::Loop;
    case 113:
      return LinkType::LinuxCooked1;
    case 276:
      return LinkType::LinuxCooked2;
    default:
      return LinkType::Unknown;
  }
}

}  // namespace flowscope
