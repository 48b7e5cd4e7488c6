#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/extract/flow_label.h"
#include "flowcore/extract/ip_pair.h"
#include "flowcore/extract/mac_pair.h"
#include "flowcore/extract/with_network.h"
#include "tests/unit/flowcore/extract/extracted.h"

namespace flowscope {
namespace {

using testing::extract;
using testing::Extracted;
using testing::Frame;
using testing::PacketBuilder;

Frame udp6(uint32_t label) {
  return PacketBuilder()
      .ethernet()
      .ipv6("2001:db8::1", "2001:db8::2", {.traffic_class = 0xff, .flow_label = label})
      .udp(9, 53)
      .build();
}
Frame udp4() { return PacketBuilder().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(9, 53).build(); }

constexpr FlowLabel kDirectionalLabel(FiveTuple::directional());

TEST(FlowLabel, DistinctLabelsAreDistinctDirectionalFlows) {
  EXPECT_EQ(extract(kDirectionalLabel, udp6(0xabcde)).key.label, 0xabcdeU);
  EXPECT_FALSE(extract(kDirectionalLabel, udp6(1)).key == extract(kDirectionalLabel, udp6(2)).key);
}

TEST(FlowLabel, Version4HasNone) { EXPECT_EQ(extract(kDirectionalLabel, udp4()).key.label, 0U); }

TEST(FlowLabel, ABidirectionalKeyStaysAsItIs) {
  const FlowLabel labelled(FiveTuple::bidirectional());
  EXPECT_EQ(extract(labelled, udp6(1)).key, extract(FiveTuple::bidirectional(), udp6(2)).key);
  EXPECT_EQ(extract(FlowLabel<IpPair>(), udp6(1)).key, extract(IpPair(), udp6(2)).key);
}

TEST(FlowLabel, SaysWhatItsInnerExtractorSays) {
  EXPECT_FALSE(kDirectionalLabel.is_bidirectional());
  EXPECT_TRUE(FlowLabel<FiveTuple>().is_bidirectional());
}

TEST(FlowLabel, IsAnAttributeOfEveryPacket) {
  const auto label_of = [](const Frame& frame) {
    const PacketView packet{.frame = {frame.data(), frame.size()}};
    return flow_label_of(decode_frame(packet), packet);
  };
  EXPECT_EQ(label_of(udp6(0xabcde)), 0xabcdeU);
  EXPECT_EQ(label_of(udp4()), 0U);
  EXPECT_EQ(label_of(PacketBuilder().ethernet({.ether_type = 0x0806}).build()), 0U);
}

TEST(FlowLabel, WhatHasNoInnerKeyHasNone) {
  EXPECT_FALSE(extract(kDirectionalLabel, Frame(5)).has_key);
}

// An extractor that does not tell its direction.
struct Undecided {
  bool extract(const Layers&, const PacketView&, FlowKey& key, Orientation&) const {
    key = {};
    return true;
  }
};
static_assert(FlowExtractor<Undecided> && !DirectionAwareExtractor<Undecided>);
static_assert(DirectionAwareExtractor<FiveTuple> && DirectionAwareExtractor<IpPair>);
static_assert(DirectionAwareExtractor<MacPair>);
static_assert(DirectionAwareExtractor<FlowLabel<WithNetwork<FiveTuple>>>);
static_assert(DirectionAwareExtractor<WithNetwork<FlowLabel<FiveTuple>>>);
static_assert(FlowExtractor<WithNetwork<Undecided>>);
static_assert(!DirectionAwareExtractor<WithNetwork<Undecided>>);

constexpr NetworkOptions kAll = {
    .vlan = true, .vni = true, .teid = true, .gre_key = true, .mpls = true, .session = true};

Extracted in_tunnel(const NetworkOptions& options, const Encap& encap) {
  return testing::extract_changed(WithNetwork<FiveTuple>(options), udp4(),
                                  [&encap](Layers& layers) { layers.encap = encap; });
}

TEST(WithNetwork, NothingChosenLeavesTheKeyAsItIs) {
  const Encap encap{.kind = EncapKind::Vxlan, .id = 5, .mpls_label = 6};
  EXPECT_EQ(in_tunnel({}, encap).key, extract(FiveTuple(), udp4()).key);
}

TEST(WithNetwork, APlainPacketKeepsItsKey) {
  EXPECT_EQ(in_tunnel(kAll, {}).key, extract(FiveTuple(), udp4()).key);
}

TEST(WithNetwork, TheKeyTellsBothVlans) {
  const auto tagged = [](uint16_t outer, uint16_t inner) {
    return PacketBuilder()
        .ethernet()
        .vlan(outer)
        .vlan(inner)
        .ipv4("10.0.0.1", "10.0.0.2")
        .udp(9, 53)
        .build();
  };
  const WithNetwork<FiveTuple> by_vlan({.vlan = true});
  const FlowKey key = extract(by_vlan, tagged(4095, 4094)).key;
  EXPECT_EQ(network_of(key), (KeyNetwork{.vlan_id = 4095, .inner_vlan_id = 4094}));
  EXPECT_FALSE(key == extract(by_vlan, tagged(4095, 4093)).key);
  EXPECT_FALSE(key == extract(by_vlan, tagged(4093, 4094)).key);
}

TEST(WithNetwork, VlansCountOnlyWhenChosen) {
  const Frame tagged =
      PacketBuilder().ethernet().vlan(7).vlan(8).ipv4("10.0.0.1", "10.0.0.2").udp(9, 53).build();
  const WithNetwork<FiveTuple> by_vni({.vni = true});
  EXPECT_EQ(extract(by_vni, tagged).key, extract(FiveTuple(), udp4()).key);
}

TEST(WithNetwork, TheKeyTellsKindAndId) {
  for (const EncapKind kind : kNetworkKinds) {
    SCOPED_TRACE(name_of(kind));
    const FlowKey key = in_tunnel(kAll, {.kind = kind, .id = 0xffffffff}).key;
    EXPECT_EQ(network_of(key), (KeyNetwork{.kind = kind, .id = 0xffffffff}));
  }
}

TEST(WithNetwork, NoTwoKindsShareAKey) {
  std::vector<FlowKey> keys = {extract(FiveTuple(), udp4()).key};
  for (const EncapKind kind : kNetworkKinds) {
    for (const uint32_t id : {0U, 5U})
      keys.push_back(in_tunnel(kAll, {.kind = kind, .id = id}).key);
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_FALSE(keys[i] == keys[j]) << i << " and " << j;
  }
}

TEST(WithNetwork, AKindCountsOnlyWhenItsIdIsChosen) {
  struct Choice {
    NetworkOptions options;
    std::vector<EncapKind> kinds;
  };
  const std::vector<Choice> choices = {
      {{.vni = true}, {EncapKind::Vxlan, EncapKind::Geneve, EncapKind::Lisp, EncapKind::Pbb}},
      {{.teid = true}, {EncapKind::GtpU}},
      {{.gre_key = true}, {EncapKind::Gre}},
      {{.mpls = true}, {EncapKind::Mpls}},
      {{.session = true}, {EncapKind::Pppoe, EncapKind::L2tp, EncapKind::Erspan, EncapKind::Nsh}}};
  for (const Choice& choice : choices) {
    for (size_t i = 0; i < kEncapKinds; ++i) {
      const auto kind = static_cast<EncapKind>(i);
      const bool expected = std::count(choice.kinds.begin(), choice.kinds.end(), kind) != 0;
      const KeyNetwork network = network_of(in_tunnel(choice.options, {.kind = kind, .id = 9}).key);
      EXPECT_EQ(network, expected ? (KeyNetwork{.kind = kind, .id = 9}) : KeyNetwork{})
          << name_of(kind);
    }
  }
}

TEST(WithNetwork, ALabelFurtherOutCountsWhereNoTunnelIsChosen) {
  const Encap vxlan_over_mpls{.kind = EncapKind::Vxlan, .id = 5, .mpls_label = 6};
  EXPECT_EQ(network_of(in_tunnel({.mpls = true}, vxlan_over_mpls).key),
            (KeyNetwork{.kind = EncapKind::Mpls, .id = 6}));
  EXPECT_EQ(network_of(in_tunnel({.vni = true, .mpls = true}, vxlan_over_mpls).key),
            (KeyNetwork{.kind = EncapKind::Vxlan, .id = 5}));
}

TEST(WithNetwork, NetworksDoNotTouchTheFlowLabel) {
  const WithNetwork by_all(kAll, kDirectionalLabel);
  const Extracted packet = testing::extract_changed(by_all, udp6(0xfffff), [](Layers& layers) {
    layers.inner_vlan_id = 0xabc;
    layers.encap = {.kind = EncapKind::GtpU, .id = 0x12345678};
  });
  EXPECT_EQ(packet.key.label & kFlowLabelMask, 0xfffffU);
  EXPECT_EQ(network_of(packet.key),
            (KeyNetwork{.inner_vlan_id = 0xabc, .kind = EncapKind::GtpU, .id = 0x12345678}));
}

TEST(WithNetwork, NestsTheOtherWayRoundWithTheSameKey) {
  const WithNetwork outside({.vlan = true}, kDirectionalLabel);
  const FlowLabel inside(WithNetwork({.vlan = true}, FiveTuple::directional()));
  const Frame frame = PacketBuilder()
                          .ethernet()
                          .vlan(3)
                          .vlan(4)
                          .ipv6("::1", "::2", {.flow_label = 9})
                          .udp(1, 2)
                          .build();
  EXPECT_EQ(extract(outside, frame).key, extract(inside, frame).key);
}

TEST(WithNetwork, BothDirectionsOfAVniAreOneFlow) {
  const auto by_vni = [](const char* source, const char* destination) {
    const Frame frame = PacketBuilder().ethernet().ipv4(source, destination).udp(53, 53).build();
    return testing::extract_changed(WithNetwork<FiveTuple>(kAll), frame, [](Layers& layers) {
      layers.encap = {.kind = EncapKind::Vxlan, .id = 5};
    });
  };
  EXPECT_EQ(by_vni("1.1.1.1", "2.2.2.2").key, by_vni("2.2.2.2", "1.1.1.1").key);
}

TEST(WithNetwork, WhatHasNoInnerKeyHasNone) {
  EXPECT_FALSE(extract(WithNetwork<FiveTuple>(kAll), Frame(5)).has_key);
  EXPECT_TRUE(extract(WithNetwork<MacPair>(kAll), Frame(14)).has_key);
}

}  // namespace
}  // namespace flowscope
