#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"

namespace flowscope {

// The pseudo protocol number that Linux gives to frames that begin with an LLC header
// (ETH_P_802_2).
inline constexpr uint16_t kLinuxProtocolLlc = 0x0004;

// The kinds of devices (ARPHRD_...) of which the protocol number is no Ethernet type.
enum class LinuxDevice : uint16_t {
  FrameRelay = 770,  // a frame relay header follows
  Radiotap = 803,    // a radiotap header follows
  Netlink = 824,     // a netlink protocol, never IP
};

// LINKTYPE_LINUX_SLL, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html: what Linux puts
// before packets captured on "any"; version 1.
struct LinuxCookedHeader {
  LinuxDevice device{};
  uint16_t protocol = 0;

  static LinuxCookedHeader read_version_1(ByteReader& reader) {
    LinuxCookedHeader header;
    reader.skip(2);  // packet type
    header.device = static_cast<LinuxDevice>(reader.u16());
    reader.skip(10);  // address length, 8 bytes of address
    header.protocol = reader.u16();
    return header;
  }

  // LINKTYPE_LINUX_SLL2, https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html: version 2.
  static LinuxCookedHeader read_version_2(ByteReader& reader) {
    LinuxCookedHeader header;
    header.protocol = reader.u16();
    reader.skip(6);  // reserved, interface
    header.device = static_cast<LinuxDevice>(reader.u16());
    reader.skip(10);  // packet type, address length, 8 bytes of address
    return header;
  }
};

}  // namespace flowscope
