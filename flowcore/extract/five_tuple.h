#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/block16.h"
#include "flowcore/extract/address_places.h"
#include "flowcore/extract/flow_extractor.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/extract/icmp_key.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// The usual extractor: IP protocol, both addresses, both ports. Every IP packet has a key; ports
// are 0 where Layers has none (other protocols, fragments, a transport header cut before them);
// ICMP has type and identifier in their place (see put_icmp_ports). Bidirectional keys put the
// lower endpoint first (address bytes, then port), so that both directions are one flow; equal
// endpoints are Forward. Directional keys keep source first: two flows. Thread rule: a value. Cost:
// no branch depends on the endpoints' order nor on the IP version; three wide stores.
class FiveTuple {
 public:
  static constexpr FiveTuple bidirectional() { return FiveTuple(true); }
  static constexpr FiveTuple directional() { return FiveTuple(false); }
  constexpr FiveTuple() = default;

  [[nodiscard]] constexpr bool is_bidirectional() const { return sorted_; }

  // Requires: `layers` is what decoding `packet` gave.
  // PERF: bound by instructions, 53 a packet. The endpoints are swapped by where they are stored
  // and by a rotation: a blend of both takes more, and `?:` makes a branch of it (GCC 12),
  // a coin toss that no predictor guesses. Written as whole blocks, so that the hash, which loads
  // the key in the same blocks, need not wait for the stores to leave for the cache.
  [[gnu::always_inline]] bool extract(const Layers& layers, const PacketView& packet, FlowKey& key,
                                      Orientation& orientation) const {
    if (layers.status != DecodeStatus::Ip) return false;
    const size_t version = layers.ip_version == 6 ? 1 : 0;
    const Block16 source = load_address(kSourcePlaces, version, packet.frame, layers.l3_offset);
    const Block16 destination =
        load_address(kDestinationPlaces, version, packet.frame, layers.l3_offset);
    const auto ports = load_number<uint32_t>(&layers, offsetof(Layers, source_port));
    const uint32_t reverse =
        is_above(source, destination, std::rotl(ports, 16) > ports) & uint32_t{sorted_};
    const size_t source_at = reverse * sizeof(Address);
    source.store(&key, source_at);
    destination.store(&key, source_at ^ sizeof(Address));
    const uint64_t sorted_ports = std::rotl(ports, static_cast<int>(reverse * 16));
    const uint64_t protocol = load_number<uint16_t>(&layers, offsetof(Layers, ip_protocol));
    Block16::low(sorted_ports | protocol << 32).store(&key, offsetof(FlowKey, a_port));
    orientation = static_cast<Orientation>(reverse);
    if (is_icmp(layers.ip_protocol)) [[unlikely]]
      put_icmp_ports(layers, packet.frame, sorted_, key, orientation);
    return true;
  }

 private:
  constexpr explicit FiveTuple(bool sorted) : sorted_(sorted) {}

  // Ports, and protocol and version, are read as one number each: they are neighbours in Layers,
  // and in the key too, in the same order, with zeros behind them.
  static_assert(offsetof(Layers, destination_port) == offsetof(Layers, source_port) + 2
                && offsetof(Layers, ip_version) == offsetof(Layers, ip_protocol) + 1);
  static_assert(offsetof(FlowKey, a_address) == 0 && offsetof(FlowKey, b_address) == 16
                && offsetof(FlowKey, a_port) == 32 && offsetof(FlowKey, b_port) == 34
                && offsetof(FlowKey, protocol) == 36 && offsetof(FlowKey, ip_version) == 37);

  bool sorted_ = true;
};
static_assert(FlowExtractor<FiveTuple>);

}  // namespace flowscope
