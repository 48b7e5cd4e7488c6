#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/frame_bytes.h"

namespace flowscope::testing {

struct TimedPacket {
  uint64_t time_ns = 0;
  Frame frame{};
};

// What the sample of perf/traffic has nothing of, as Ethernet frames in order of time: sessions in
// tunnels, datagrams in fragments, and ICMP errors. The same bytes on every call. Sessions run at
// the same time, so that bursts of any size hold packets of several.
//
//   HTTP   in VXLAN, a VLAN tag outside; in GTP-U, TEIDs by direction, one packet in two outer
//          fragments; in MPLS, labels by direction; in PPPoE, two VLAN tags outside; in GRE over
//          IPv6
//   DNS    over IPv4, the response in two fragments, the last one first; over IPv6 in three
//   ping   in GRE with a key
//   UDP    fragments of which one never comes; overlapping fragments that contradict each other, of
//          IPv4 and of IPv6; refused by ICMP, of IPv4 and of IPv6
std::vector<TimedPacket> tunnel_traffic();

}  // namespace flowscope::testing
