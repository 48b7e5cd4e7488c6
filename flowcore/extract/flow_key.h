#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "flowcore/base/block16.h"
#include "flowcore/packet/icmp.h"

namespace flowscope {

// Which way a packet goes against its key: Forward when its source is the key's `a`, Reverse when
// the extractor swapped the endpoints.
enum class Orientation : uint8_t { Forward = 0, Reverse = 1 };

// An IP address of either version in 16 bytes; IPv4 lies in the first four, the rest is zero. The
// key that holds it says which version it is.
using Address = std::array<uint8_t, 16>;

// Who talks to whom: protocol and both endpoints, and where tenants may use the same addresses, in
// which network; 48 bytes without padding, equal byte by byte when the flows are equal. In a
// bidirectional key endpoint a is not above endpoint b (address, then port). An extractor of your
// own may use the fields as it likes as long as unused bytes are zero.
struct FlowKey {
  Address a_address{};
  Address b_address{};
  uint16_t a_port = 0;  // host byte order; ICMP: see put_icmp_ports
  uint16_t b_port = 0;
  uint8_t protocol = 0;    // IP protocol number
  uint8_t ip_version = 0;  // 4 or 6; 0 when the flow is not one of IP
  uint16_t vlan_id = 0;    // 0 unless the network is part of the key; see WithNetwork
  uint32_t tunnel_id = 0;  // the same
  uint32_t label = 0;      // the same, and FlowLabel's IPv6 flow label

  friend bool operator==(const FlowKey& x, const FlowKey& y) {
    // PERF: GCC 12 makes 18 instructions of memcmp here.
    const auto difference = [&](size_t offset) {
      return Block16::at(&x, offset) ^ Block16::at(&y, offset);
    };
    return (difference(0) | difference(16) | difference(32)).is_zero();
  }
};
static_assert(sizeof(FlowKey) == 48, "hashed and compared as three blocks, so it has no padding");

// Whether one end of the flow uses `port`; never so for ICMP, whose port fields hold no ports.
[[nodiscard]] constexpr bool either_port(const FlowKey& key, uint16_t port) {
  return (key.a_port == port || key.b_port == port) && !is_icmp(key.protocol);
}

}  // namespace flowscope
