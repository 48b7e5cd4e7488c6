#pragma once

#include <array>
#include <cstring>

#include "flowcore/extract/flow_label.h"
#include "flowcore/extract/inner_extractors.h"
#include "flowcore/extract/ip_pair.h"
#include "flowcore/extract/mac_pair.h"
#include "flowcore/extract/with_network.h"
#include "tests/support/decode_checks.h"

namespace flowscope::testing {

// Runs one extractor: it gives the same key every time, writes all of it, and moves `layers` to
// something that lies in the frame, or leaves them alone.
template <FlowExtractor E>
void check_extractor(const E& extractor, const Layers& decoded, const PacketView& packet) {
  std::array<FlowKey, 2> keys;
  std::memset(static_cast<void*>(&keys[1]), 0xff, sizeof(FlowKey));
  std::array<bool, 2> has_key{};
  std::array<Orientation, 2> orientation{};
  std::array<Layers, 2> layers = {decoded, decoded};
  for (size_t i = 0; i < 2; ++i)
    has_key[i] = extractor.extract(layers[i], packet, keys[i], orientation[i]);
  FS_CHECK(has_key[0] == has_key[1]);
  FS_CHECK(layers[0] == layers[1]);
  check_offsets(layers[0], packet.frame.size());
  FS_CHECK(has_key[0] || layers[0] == decoded);
  if (!has_key[0]) return;
  FS_CHECK(keys[0] == keys[1]);
  FS_CHECK(orientation[0] == orientation[1]);
}

template <FlowExtractor... Es>
void check_extractors(const Layers& layers, const PacketView& packet, const Es&... extractors) {
  (check_extractor(extractors, layers, packet), ...);
}

// Extractors for which decoding tells whether a packet has a key.
inline void check_pairs_and_networks(const Layers& decoded, const PacketView& packet) {
  static const WithNetwork kByAll(
      {.vlan = true, .vni = true, .teid = true, .gre_key = true, .mpls = true, .session = true},
      FlowLabel(FiveTuple::directional()));
  const bool is_ip = decoded.status == DecodeStatus::Ip;
  const bool has_stations =
      decoded.l2_offset != Layers::kNoEthernet
      && packet.frame.after(decoded.l2_offset).size() >= EthernetHeader::kBytes;
  Layers layers = decoded;
  FlowKey key;
  Orientation orientation = Orientation::Forward;
  FS_CHECK(kByAll.extract(layers, packet, key, orientation) == is_ip);
  if (is_ip) FS_CHECK(network_of(key).vlan_id == layers.vlan_id);
  FS_CHECK(IpPair().extract(layers, packet, key, orientation) == is_ip);
  if (is_ip) FS_CHECK(key.a_address <= key.b_address);
  FS_CHECK(MacPair().extract(layers, packet, key, orientation) == has_stations);
  check_extractors(decoded, packet, kByAll, FlowLabel(FiveTuple::bidirectional()), IpPair(),
                   MacPair());
}

// Every extractor and every combinator, some around others. Requires: `layers` is what decoding
// `packet` gave.
inline void check_every_extractor(const Layers& layers, const PacketView& packet) {
  static const FiveTuple kTuple = FiveTuple::bidirectional();
  static const StripVlan kVlan(kTuple);
  static const StripMpls kMpls(kTuple);
  static const InnerVxlan kVxlan(kTuple);
  static const InnerVxlan kVxlanElsewhere(kTuple, 2152);
  static const InnerGeneve kGeneve(kTuple);
  static const InnerGtpU kGtpU(kTuple);
  static const InnerGre kGre(kTuple);
  static const InnerErspan kErspan(kTuple);
  static const InnerIp kIp(kTuple);
  static const AutoDetectEncap kAuto(kTuple);
  static const StripVlan kNested{InnerVxlan{InnerGre{StripMpls{kTuple}}}};
  static const AutoDetectEncap kNestedAuto{InnerIp{kTuple}, Decap::of({EncapKind::Gre})};
  static const InnerVxlan kLabelled{FlowLabel{FiveTuple::directional()}};
  static const WithNetwork kByNetwork({.vni = true}, InnerVxlan{kTuple});
  check_five_tuple(layers, packet);
  check_pairs_and_networks(layers, packet);
  check_extractors(layers, packet, kTuple, FiveTuple::directional(), kVlan, kMpls, kVxlan,
                   kVxlanElsewhere, kGeneve, kGtpU, kGre, kErspan, kIp, kAuto, kNested, kNestedAuto,
                   kLabelled, kByNetwork);
}

// Taking off while extracting leads to the same packet as taking off while decoding.
inline void check_detection(const PacketView& packet) {
  static const AutoDetectEncap kAuto(FiveTuple::bidirectional());
  static const Decap kAll = Decap::all();
  const Layers wanted = decode_frame(packet, kAll);
  Layers layers = decode_frame(packet);
  FlowKey key;
  Orientation orientation = Orientation::Forward;
  const bool has_key = kAuto.extract(layers, packet, key, orientation);
  FS_CHECK(has_key == (wanted.status == DecodeStatus::Ip));
  FS_CHECK(!has_key || layers == wanted);
}

}  // namespace flowscope::testing
