#pragma once

#include <rte_mbuf_core.h>
#include <rte_mbuf_ptype.h>

#include <cstdint>

#include "flowcore/packet/packet_view.h"

namespace flowscope {

// Where a device has read a tunnel, its checksum flags speak of the packet inside.
[[nodiscard]] constexpr bool speaks_of_tunnel(uint64_t flags, uint32_t packet_type) {
  return (packet_type & RTE_PTYPE_TUNNEL_MASK) != 0
         || (flags & (RTE_MBUF_F_RX_OUTER_IP_CKSUM_BAD | RTE_MBUF_F_RX_OUTER_L4_CKSUM_MASK)) != 0;
}

// What the flags of an mbuf (ol_flags, packet_type) say of the outermost IP header's checksum, and
// of TCP's or UDP's. NONE, that the field is not filled in but the bytes are sound (between virtual
// machines of one host), counts as Good.
[[nodiscard]] constexpr ChecksumVerdict ip_verdict(uint64_t flags, uint32_t packet_type) {
  const uint64_t found = flags & RTE_MBUF_F_RX_IP_CKSUM_MASK;
  if (found == RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN || speaks_of_tunnel(flags, packet_type)) {
    return ChecksumVerdict::Unknown;
  }
  return found == RTE_MBUF_F_RX_IP_CKSUM_BAD ? ChecksumVerdict::Bad : ChecksumVerdict::Good;
}

[[nodiscard]] constexpr ChecksumVerdict l4_verdict(uint64_t flags, uint32_t packet_type) {
  const uint64_t found = flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
  if (found == RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN || speaks_of_tunnel(flags, packet_type)) {
    return ChecksumVerdict::Unknown;
  }
  return found == RTE_MBUF_F_RX_L4_CKSUM_BAD ? ChecksumVerdict::Bad : ChecksumVerdict::Good;
}

}  // namespace flowscope
