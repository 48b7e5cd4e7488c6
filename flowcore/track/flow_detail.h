#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/flow_side.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/packet/encap.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// What a flow's entry has no room for and most flows do not need: the tunnel around it, its second
// VLAN tag. In a slab of the tracker beside the table, for flows that were seen in a tunnel or
// behind two tags.
struct FlowDetail {
  // What the first packet of one side said. Ids and labels of some tunnels differ by direction
  // (TEID, MPLS label).
  struct Side {
    uint32_t tunnel_id = 0;
    uint32_t mpls_label = 0;
    uint16_t inner_vlan_id = 0;
    bool seen = false;
  };

  // The packet around the first tunnelled packet, as far as the tunnel is in IP; else ip_version is
  // 0.
  Address outer_source{};
  Address outer_destination{};
  uint16_t outer_source_port = 0;  // of UDP, else 0
  uint16_t outer_destination_port = 0;
  uint8_t outer_ip_version = 0;
  uint8_t outer_protocol = 0;
  EncapKind encap = EncapKind::None;
  uint8_t depth = 0;  // encapsulations taken off
  std::array<Side, 2> side;

  // ICMP errors that quoted a packet of the flow: how many, and the last one.
  uint32_t icmp_errors = 0;
  uint8_t icmp_error_type = 0;
  uint8_t icmp_error_code = 0;

  // Whether a packet has something that belongs here.
  static bool has_any(const Layers& layers) {
    return layers.encap.depth != 0 || layers.vlan_count > 1;
  }
  // Notes the first packet of `side`.
  void note(FlowSide from, const Layers& layers, const PacketView& packet);
};

}  // namespace flowscope
