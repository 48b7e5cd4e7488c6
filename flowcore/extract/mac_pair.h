#pragma once

#include "flowcore/extract/flow_extractor.h"
#include "flowcore/extract/sorted_pair.h"
#include "flowcore/packet/ethernet.h"

namespace flowscope {

// One flow per pair of stations: the addresses of the innermost Ethernet header that was reached,
// in the first six bytes of each Address, the lower one first; all else is 0. Always bidirectional;
// equal addresses are Forward. Every frame with a whole Ethernet header has a key, whether or not
// it carries IP and however decoding it went (see DecodeStatus). ip_version is 0 in the key, which
// says that its flows have no upper layer: FlowEntry::l4 is 0, and they idle like other protocols.
// Thread rule: a value without state.
class MacPair {
 public:
  [[nodiscard]] static constexpr bool is_bidirectional() { return true; }

  bool extract(const Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    if (layers.l2_offset == Layers::kNoEthernet) return false;
    const Bytes ethernet = packet.frame.after(layers.l2_offset);
    if (ethernet.size() < EthernetHeader::kBytes) return false;
    // IEEE 802.3 section 3.1.1: the destination comes first.
    orientation = write_sorted_pair<6>(ethernet, 6, 0, key);
    return true;
  }
};
static_assert(FlowExtractor<MacPair>);

}  // namespace flowscope
