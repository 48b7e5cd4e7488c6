#pragma once

#include "flowcore/packet/inner.h"

namespace flowscope {

// Tags that name a port of a remote switch. Behind each stands an Ethernet type.
// Cisco VN-tag: direction, pointer, destination and source interface, 4 bytes.
[[nodiscard]] inline Inner read_vn_tag(ByteReader& reader) {
  reader.skip(4);
  return Inner::of_type(EncapKind::PortTag, reader.u16());
}

// IEEE 802.1BR section 7.5: priority, ingress and egress channel, 6 bytes.
[[nodiscard]] inline Inner read_e_tag(ByteReader& reader) {
  reader.skip(6);
  return Inner::of_type(EncapKind::PortTag, reader.u16());
}

}  // namespace flowscope
