#pragma once

#include "flowcore/extract/flow_extractor.h"
#include "flowcore/extract/sorted_pair.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"

namespace flowscope {

// One flow per pair of hosts, whatever they say to each other: both addresses, the lower one first,
// and the IP version; protocol and ports are 0. Always bidirectional; equal addresses are Forward.
// Since the key has no protocol, its flows have no TCP states and no streams; FlowEntry::l4 is the
// protocol of the first packet. Thread rule: a value without state.
class IpPair {
 public:
  [[nodiscard]] static constexpr bool is_bidirectional() { return true; }

  // Requires: `layers` is what decoding `packet` gave.
  bool extract(const Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    if (layers.status != DecodeStatus::Ip) return false;
    const size_t l3 = layers.l3_offset;
    if (layers.ip_version == 6) {
      const size_t source = l3 + Ipv6Header::kAddressesOffset;
      orientation = write_sorted_pair<16>(packet.frame, source, source + 16, key);
    } else {
      const size_t source = l3 + Ipv4Header::kAddressesOffset;
      orientation = write_sorted_pair<4>(packet.frame, source, source + 4, key);
    }
    key.ip_version = layers.ip_version;
    return true;
  }
};
static_assert(FlowExtractor<IpPair>);

}  // namespace flowscope
