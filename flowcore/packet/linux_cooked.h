#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// The pseudo protocol number that Linux gives to frames that begin with an LLC header
// (ETH_P_802_2).
inline constexpr uint16_t kLinuxProtocolLlc = 0x0004;

// LINKTYPE_LINUX_SLL, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html: what Linux puts
// before packets captured on "any"; version 1.
struct LinuxCooked1Header {
  uint16_t protocol = 0;

  static LinuxCooked1Header read(ByteReader& reader) {
    reader.skip(14);  // packet type, ARPHRD type, address length, 8 bytes of address
    return {.protocol = reader.u16()};
  }
};

// LINKTYPE_LINUX_SLL2, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html: version 2.
struct LinuxCooked2Header {
  uint16_t protocol = 0;

  static LinuxCooked2Header read(ByteReader& reader) {
    LinuxCooked2Header header;
    header.protocol = reader.u16();
    reader.skip(18);  // reserved, interface, ARPHRD type, packet type, address length and address
    return header;
  }
};

}  // namespace flowscope
