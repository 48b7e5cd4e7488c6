#pragma once

#include <array>
#include <cstdint>

#include "dataplane/pipeline/record.h"
#include "flowcore/packet/encap.h"

namespace flowscope {

// The tunnel around a flow as its record tells it. All of `kind` None when the flow was in none.
struct TunnelRecord {
  struct Side {
    uint32_t id = 0;
    uint32_t mpls_label = 0;
    bool seen = false;
  };
  Endpoint source;  // of the packet around the first tunnelled one
  Endpoint destination;
  EncapKind kind = EncapKind::None;
  uint8_t depth = 0;
  uint8_t ip_version = 0;  // 0: the tunnel is not in IP
  uint8_t protocol = 0;
  std::array<Side, 2> sides;  // index_of(FlowSide)
};

// What the id of an encapsulation is called in its specification; null where it has none.
[[nodiscard]] constexpr const char* id_name_of(EncapKind kind) {
  switch (kind) {
    case EncapKind::Pbb:
      return "isid";
    case EncapKind::Mpls:
      return "label";
    case EncapKind::Pppoe:
    case EncapKind::L2tp:
    case EncapKind::Erspan:
      return "session";
    case EncapKind::Nsh:
      return "path";
    case EncapKind::Gre:
      return "key";
    case EncapKind::Vxlan:
    case EncapKind::Geneve:
      return "vni";
    case EncapKind::GtpU:
      return "teid";
    case EncapKind::Lisp:
      return "instance";
    case EncapKind::None:
    case EncapKind::PortTag:
    case EncapKind::Trill:
    case EncapKind::IpInIp:
    case EncapKind::EtherIp:
    case EncapKind::Teredo:
    case EncapKind::Capwap:
    case EncapKind::Ayiya:
      return nullptr;
  }
  return nullptr;
}

}  // namespace flowscope
