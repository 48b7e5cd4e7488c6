#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/ethernet.h"

namespace flowscope {

// LINKTYPE_NULL and LINKTYPE_LOOP, https://www.tcpdump.org/linktypes.html: four bytes of address
// family, in the byte order of the machine that captured (NULL) or in network order (LOOP).
struct LoopbackHeader {
  uint32_t family = 0;
  uint16_t ether_type = 0;  // in place of a family, or 0

  // Families are small numbers: one that uses the upper half was written in the other byte order.
  // Some systems write an Ethernet type into the last two bytes, which no family in either order
  // looks like.
  static LoopbackHeader read_any_order(ByteReader& reader) {
    const uint32_t value = reader.u32();
    const auto last_half = static_cast<uint16_t>(value);
    if (last_half > kLlcLengthMax) return {.ether_type = last_half};
    return {.family = value > 0xffff ? __builtin_bswap32(value) : value};
  }
  static LoopbackHeader read_network_order(ByteReader& reader) { return {.family = reader.u32()}; }

  [[nodiscard]] bool is_ipv4() const { return family == 2; }
  // AF_INET6 has another value on every system: Linux, Windows, NetBSD and OpenBSD, FreeBSD,
  // Darwin.
  [[nodiscard]] bool is_ipv6() const {
    return family == 10 || family == 23 || family == 24 || family == 28 || family == 30;
  }
};

}  // namespace flowscope
