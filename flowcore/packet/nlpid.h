#pragma once

#include <cstdint>

#include "flowcore/packet/ethernet.h"

namespace flowscope {

// Network layer protocol identifiers, ISO/IEC TR 9577 and RFC 2427 section 3.
enum class Nlpid : uint8_t {
  Padding = 0x00,  // aligns what follows; another identifier comes after it
  Snap = 0x80,
  Ipv6 = 0x8e,
  Ipv4 = 0xcc,
  Ppp = 0xcf,  // RFC 1973, RFC 2364
};

// The Ethernet type of the same protocol, or 0.
[[nodiscard]] constexpr uint16_t ether_type_of(Nlpid nlpid) {
  if (nlpid == Nlpid::Ipv4) return static_cast<uint16_t>(EtherType::Ipv4);
  return nlpid == Nlpid::Ipv6 ? static_cast<uint16_t>(EtherType::Ipv6) : uint16_t{0};
}

}  // namespace flowscope
