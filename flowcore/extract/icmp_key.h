#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/packet/icmp.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

// What stands in a_port of the key of an ICMP message. The code of a query is left out: an answer
// does not repeat it.
[[nodiscard]] constexpr uint16_t icmp_a_port(uint8_t type, uint8_t code) {
  return static_cast<uint16_t>(type << 8 | code);
}

// Puts an ICMP message into the ports of a key whose addresses are in place:
//  - a query or its answer (see icmp_pairs): a_port is the request's type, b_port the identifier
//    where the type has one, so that both directions of an exchange have one key;
//  - any other message: a_port is type and code, b_port 0;
//  - fragments, and where the header was cut: both 0, and an identifier that was cut is 0.
// The ports do not follow the addresses' order. Between equal addresses the answer is Reverse. With
// `is_bidirectional` false the type is the message's own, so that answers have a key of their own.
// Requires: is_icmp(layers.ip_protocol); both ports of the key are 0.
inline void put_icmp_ports(const Layers& layers, Bytes frame, bool is_bidirectional, FlowKey& key,
                           Orientation& orientation) {
  if (!layers.has_l4) return;
  key.a_port = icmp_a_port(layers.icmp_type, layers.icmp_code);
  for (const IcmpPair& pair : icmp_pairs(layers.ip_protocol)) {
    const bool is_reply = layers.icmp_type == pair.reply;
    if (!is_reply && layers.icmp_type != pair.request) continue;
    key.a_port = icmp_a_port(is_bidirectional ? pair.request : layers.icmp_type, 0);
    const bool is_whole = layers.payload_offset - layers.l4_offset >= int{IcmpHeader::kBytes};
    if (pair.has_identifier && is_whole)
      key.b_port = load_be16(frame, layers.l4_offset + IcmpHeader::kIdentifierOffset);
    if (is_bidirectional && is_reply && key.a_address == key.b_address)
      orientation = Orientation::Reverse;
    return;
  }
}

}  // namespace flowscope
