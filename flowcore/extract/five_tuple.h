#pragma once

#include <cstdint>
#include <cstring>

#include "flowcore/base/bytes.h"
#include "flowcore/extract/flow_extractor.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/extract/icmp_key.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// The usual extractor: IP protocol, both addresses, both ports. Every IP packet has a key; ports
// are 0 where Layers has none (other protocols, fragments, a transport header cut before them);
// ICMP has type and identifier in their place (see put_icmp_ports). Bidirectional keys put the
// lower endpoint first (address bytes, then port), so that both directions are one flow; equal
// endpoints are Forward. Directional keys keep source first: two flows. Thread rule: a value. Cost:
// no branch depends on the endpoints' order nor on the IP version.
class FiveTuple {
 public:
  static constexpr FiveTuple bidirectional() { return FiveTuple(true); }
  static constexpr FiveTuple directional() { return FiveTuple(false); }
  constexpr FiveTuple() = default;

  [[nodiscard]] constexpr bool is_bidirectional() const { return sorted_; }

  // Requires: `layers` is what decoding `packet` gave.
  bool extract(const Layers& layers, const PacketView& packet, FlowKey& key,
               Orientation& orientation) const {
    if (layers.status != DecodeStatus::Ip) return false;
    const Endpoints ends = read_endpoints(layers, packet.frame);
    const bool is_reverse = sorted_ & (ends.destination < ends.source);
    write(key, is_reverse ? ends.destination : ends.source,
          is_reverse ? ends.source : ends.destination);
    key.protocol = layers.ip_protocol;
    key.ip_version = layers.ip_version;
    key.vlan_id = 0;
    key.tunnel_id = 0;
    key.label = 0;
    orientation = static_cast<Orientation>(is_reverse);
    if (is_icmp(layers.ip_protocol)) [[unlikely]]
      put_icmp_ports(layers, packet.frame, sorted_, key, orientation);
    return true;
  }

 private:
  // An address as two numbers whose order is that of its bytes, and a port.
  struct Endpoint {
    uint64_t high = 0;
    uint64_t low = 0;
    uint16_t port = 0;

    // Without short-circuits: the outcome is a coin toss that no branch predictor guesses.
    friend bool operator<(const Endpoint& x, const Endpoint& y) {
      const bool low_less = (x.low < y.low) | ((x.low == y.low) & (x.port < y.port));
      return (x.high < y.high) | ((x.high == y.high) & low_less);
    }
  };
  struct Endpoints {
    Endpoint source;
    Endpoint destination;
  };

  constexpr explicit FiveTuple(bool sorted) : sorted_(sorted) {}

  // Both versions in one body: four loads that lie in the header either way (the 8 bytes of both
  // IPv4 addresses four times over), then a mask.
  static Endpoints read_endpoints(const Layers& layers, Bytes frame) {
    const bool is_ipv6 = layers.ip_version == 6;
    const size_t addresses =
        layers.l3_offset + (is_ipv6 ? Ipv6Header::kAddressesOffset : Ipv4Header::kAddressesOffset);
    const size_t step = is_ipv6 ? 8 : 0;
    const uint64_t mask = is_ipv6 ? ~uint64_t{0} : 0;
    const uint64_t first = load_be64(frame, addresses);
    const uint64_t third = load_be64(frame, addresses + 2 * step);
    constexpr uint64_t kUpperHalf = 0xffffffff00000000;
    return {.source = {.high = first & (mask | kUpperHalf),
                       .low = load_be64(frame, addresses + step) & mask,
                       .port = layers.source_port},
            .destination = {.high = third << (is_ipv6 ? 0 : 32),
                            .low = load_be64(frame, addresses + 3 * step) & mask,
                            .port = layers.destination_port}};
  }

  static void write(FlowKey& key, const Endpoint& a, const Endpoint& b) {
    write_address(key.a_address, a);
    write_address(key.b_address, b);
    key.a_port = a.port;
    key.b_port = b.port;
  }
  static void write_address(Address& address, const Endpoint& endpoint) {
    const uint64_t high = __builtin_bswap64(endpoint.high);
    const uint64_t low = __builtin_bswap64(endpoint.low);
    std::memcpy(address.data(), &high, sizeof high);
    std::memcpy(address.data() + sizeof high, &low, sizeof low);
  }

  bool sorted_ = true;
};
static_assert(FlowExtractor<FiveTuple>);

}  // namespace flowscope
