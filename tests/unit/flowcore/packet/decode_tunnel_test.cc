// Every encapsulation that is well-formed is taken off, alone and in every other one.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "flowcore/packet/decap.h"
#include "flowcore/packet/decode.h"
#include "tests/unit/flowcore/packet/golden_tunnels.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::is_legal;
using testing::nest;
using testing::Nesting;
using testing::PacketBuilder;
using testing::tunnel_form;
using testing::TunnelForm;
using testing::with_inner_packet;

PacketView view_of(const Frame& frame) {
  return {.frame = {frame.data(), frame.size()}, .wire_bytes = static_cast<uint32_t>(frame.size())};
}

Layers decode(const Frame& frame, const Decap& decap = Decap::all()) {
  return decode_frame(view_of(frame), decap);
}

std::ostream& operator<<(std::ostream& out, const Encap& encap) {
  return out << name_of(encap.kind) << " id " << encap.id << " depth " << int{encap.depth} << " at "
             << encap.outer_l3_offset << " label " << encap.mpls_label;
}

// One line that says both wrong and right, so that each test has one thing to compare.
std::string line_of(uint16_t l3_offset, uint8_t version, uint16_t payload_offset,
                    std::string_view payload, const Encap& encap) {
  std::ostringstream out;
  out << "IPv" << int{version} << " at " << l3_offset << ", at " << payload_offset << " '"
      << payload << "', " << encap;
  return out.str();
}

std::string seen(const Frame& frame, const Layers& layers) {
  if (layers.status != DecodeStatus::Ip) return "status " + std::to_string(int(layers.status));
  if (layers.source_port != 1234 || layers.destination_port != 80) return "other ports";
  if (layers.tcp_seq != 0x01020304) return "another sequence number";
  const Bytes payload =
      Bytes(frame.data(), frame.size()).sub(layers.payload_offset, layers.payload_captured);
  return line_of(layers.l3_offset, layers.ip_version, layers.payload_offset, payload.as_text(),
                 layers.encap);
}

std::string wanted(const Nesting& nesting, uint8_t version) {
  const auto l3_offset = static_cast<uint16_t>(nesting.outside.build().size());
  const auto payload_offset = static_cast<uint16_t>(l3_offset + (version == 4 ? 40 : 60));
  return line_of(l3_offset, version, payload_offset, testing::kTunnelledText, nesting.encap);
}

// Nests the forms in some of the ways that they leave open; the inner packet must be found.
void expect_found(const std::vector<TunnelForm>& forms, uint32_t ways) {
  for (uint32_t seed = 0; seed < ways; ++seed) {
    for (const uint8_t version : {uint8_t{4}, uint8_t{6}}) {
      if (!is_legal(forms, version)) continue;
      const Nesting nesting = nest(forms, version, seed);
      const Frame frame = with_inner_packet(nesting.outside, version).build();
      EXPECT_EQ(seen(frame, decode(frame)), wanted(nesting, version))
          << nesting.name << ", seed " << seed;
    }
  }
}

TEST(DecodeTunnel, TakesOffEveryFormOfEveryEncapsulation) {
  for (const TunnelForm& form : testing::tunnel_forms()) expect_found({form}, 16);
}

TEST(DecodeTunnel, TakesOffEveryLegalPair) {
  for (const std::vector<TunnelForm>& pair : testing::tunnel_pairs()) {
    expect_found(pair, 2);
  }
}

TEST(DecodeTunnel, EveryKindHasAForm) {
  uint32_t kinds = 1;
  for (const TunnelForm& form : testing::tunnel_forms())
    kinds |= 1U << static_cast<uint32_t>(form.kind);
  EXPECT_EQ(kinds, (1U << kEncapKinds) - 1);
}

TEST(DecodeTunnel, WithoutDecapTheOutermostPacketIsDecoded) {
  for (const TunnelForm& form : testing::tunnel_forms()) {
    SCOPED_TRACE(form.name);
    const uint8_t version = is_legal({form}, 4) ? 4 : 6;
    const Nesting nesting = nest({form}, version, 1);
    const Layers layers =
        decode(with_inner_packet(nesting.outside, version).build(), Decap::none());
    EXPECT_EQ(layers.encap, Encap{});
    if (nesting.outer.empty()) {
      EXPECT_EQ(layers.status, DecodeStatus::NotIp);
    } else {
      EXPECT_EQ(layers.l3_offset, nesting.outer.front().l3_offset);
    }
  }
}

TEST(DecodeTunnel, AKindLeftOutIsWhereTheWalkStops) {
  for (const std::vector<TunnelForm>& pair : testing::tunnel_pairs()) {
    if (pair[0].kind == pair[1].kind || pair[1].carrier == TunnelForm::Carrier::EtherType) continue;
    const uint8_t version = is_legal(pair, 4) ? 4 : 6;
    const Nesting nesting = nest(pair, version, 1);
    SCOPED_TRACE(nesting.name);
    Decap decap = Decap::all();
    decap.remove(pair[1].kind);
    const Layers layers = decode(with_inner_packet(nesting.outside, version).build(), decap);
    EXPECT_EQ(layers.status, DecodeStatus::Ip);
    EXPECT_EQ(layers.l3_offset, nesting.outer.back().l3_offset);
    EXPECT_EQ(layers.encap, nesting.outer.back().encap);
  }
}

TEST(DecodeTunnel, AKindAloneIsEnoughForItself) {
  for (const TunnelForm& form : testing::tunnel_forms()) {
    SCOPED_TRACE(form.name);
    const uint8_t version = is_legal({form}, 4) ? 4 : 6;
    const Nesting nesting = nest({form}, version, 1);
    const Frame frame = with_inner_packet(nesting.outside, version).build();
    EXPECT_EQ(decode(frame, Decap::of({form.kind})).encap, nesting.encap);
  }
}

TEST(DecodeTunnel, TheFastLoopGivesTheSameAnswer) {
  const Decap decap = Decap::all();
  const auto burst = std::make_unique<Burst>();
  for (const testing::GoldenFrame& golden : testing::golden_tunnels()) {
    burst->count = 1;
    burst->packet[0] = view_of(golden.bytes);
    decode_layers(*burst, decap);
    EXPECT_EQ(burst->layers[0], decode(golden.bytes)) << golden.name;
  }
}

TEST(DecodeTunnel, EightAreTakenOffAndTheNinthIsLeft) {
  const std::vector<TunnelForm> eight(kEncapsMax, tunnel_form("ip in ip"));
  expect_found(eight, 1);
  std::vector<TunnelForm> nine = eight;
  nine.push_back(tunnel_form("ip in ip"));
  const Nesting nesting = nest(nine, 4, 0);
  const Layers layers = decode(with_inner_packet(nesting.outside, 4).build());
  EXPECT_EQ(layers.l3_offset, nesting.outer.back().l3_offset);
  EXPECT_EQ(layers.encap, nesting.outer.back().encap);
}

TEST(DecodeTunnel, NotesTheFirstTwoVlanTagsOfAllEthernetHeaders) {
  const Layers layers = decode(with_inner_packet(PacketBuilder()
                                                     .ethernet()
                                                     .vlan(5)
                                                     .ipv4("1.1.1.1", "2.2.2.2")
                                                     .udp(50000, 0)
                                                     .tunnel(testing::vxlan(1))
                                                     .ethernet()
                                                     .vlan(6)
                                                     .vlan(7),
                                                 4)
                                   .build());
  EXPECT_EQ(layers.vlan_count, 3);
  EXPECT_EQ(layers.vlan_id, 5);
  EXPECT_EQ(layers.inner_vlan_id, 6);
}

TEST(DecodeTunnel, PaddingBehindTheInnerPacketIsNoPayload) {
  PacketBuilder builder =
      PacketBuilder().ethernet().tunnel(testing::pppoe(1)).tunnel(testing::ppp());
  const Layers layers = decode(builder.ipv4("1.1.1.1", "2.2.2.2").udp(1, 2).pad_to(60).build());
  EXPECT_EQ(layers.destination_port, 2);
  EXPECT_EQ(layers.payload_bytes, 0);
}

// The inner packet claims more than there is; behind the outer one lies what is none of its
// business.
TEST(DecodeTunnel, AnInnerPacketEndsWhereThePacketAroundItEnds) {
  const auto captured = [](PacketBuilder outside) {
    outside.ipv4("10.0.0.1", "10.0.0.2", {.total_length = 400}).udp(1, 2, {.length = 380});
    const Layers layers = decode(outside.payload("four").pad_to(300).build());
    EXPECT_EQ(layers.destination_port, 2);
    return layers.payload_captured;
  };
  const PacketBuilder around = PacketBuilder().ethernet().ipv4("1.1.1.1", "2.2.2.2");
  EXPECT_EQ(captured(PacketBuilder(around).tunnel(testing::gre())), 4);
  EXPECT_EQ(captured(PacketBuilder(around).tunnel(testing::gre()).tunnel(testing::mpls({5}))), 4);
  EXPECT_EQ(captured(PacketBuilder(around)
                         .udp(50000, 0)
                         .tunnel(testing::vxlan(1))
                         .ethernet()
                         .tunnel(testing::pppoe(1))
                         .tunnel(testing::ppp())),
            4);
}

TEST(DecodeTunnel, TheLongestPacketInsideIsWhole) {
  const size_t text_bytes = 65535 - 20 - 8;
  for (const testing::TunnelHeader& header : {testing::mpls({5}), testing::e_tag()}) {
    const Layers layers = decode(PacketBuilder()
                                     .ethernet()
                                     .tunnel(header)
                                     .ipv4("10.0.0.1", "10.0.0.2")
                                     .udp(1, 2)
                                     .payload(Frame(text_bytes))
                                     .build());
    EXPECT_EQ(layers.payload_bytes, text_bytes);
    EXPECT_EQ(layers.payload_captured, text_bytes);
  }
}

TEST(DecodeTunnel, EitherPortNamesATunnel) {
  Frame frame = with_inner_packet(PacketBuilder()
                                      .ethernet()
                                      .ipv4("1.1.1.1", "2.2.2.2")
                                      .udp(2152, 33333)
                                      .tunnel(testing::gtp_u(5)),
                                  4)
                    .build();
  EXPECT_EQ(decode(frame).encap.kind, EncapKind::GtpU);
}

TEST(DecodeTunnel, APortOfOnesOwnNamesATunnel) {
  const Frame frame = with_inner_packet(PacketBuilder()
                                            .ethernet()
                                            .ipv4("1.1.1.1", "2.2.2.2")
                                            .udp(50000, 12345)
                                            .tunnel(testing::vxlan(5))
                                            .ethernet(),
                                        6)
                          .build();
  EXPECT_EQ(decode(frame).encap, Encap{});
  Decap decap = Decap::none();
  decap.add_port(EncapKind::Vxlan, 12345);
  EXPECT_EQ(decode(frame, decap).encap.id, 5U);
}

TEST(DecodeTunnel, GtpUWithoutTheFlagHasNoExtension) {
  testing::TunnelHeader numbered = testing::gtp_u(5, {.sequence = 1});
  numbered.bytes.at(11) = 0x85;
  const PacketBuilder outside =
      PacketBuilder().ethernet().ipv4("1.1.1.1", "2.2.2.2").udp(50000, 0).tunnel(numbered);
  EXPECT_EQ(decode(with_inner_packet(outside, 4).build()).encap.id, 5U);
}

TEST(DecodeTunnel, AFragmentInsideIsTheInnerPacket) {
  const Layers layers = decode(PacketBuilder()
                                   .ethernet()
                                   .ipv4("1.1.1.1", "2.2.2.2")
                                   .tunnel(testing::gre())
                                   .ipv4("10.0.0.1", "10.0.0.2", {.more_fragments = true})
                                   .udp(1, 2, {.length = 4000})
                                   .payload("12345678")
                                   .build());
  EXPECT_TRUE(layers.is_fragment);
  EXPECT_EQ(layers.encap.kind, EncapKind::Gre);
}

TEST(DecodeTunnel, APseudowireNeedsNoControlWord) {
  // The first address begins with a nibble that is neither a version of IP nor zero.
  const size_t labels_end = 14 + 4;
  Frame frame =
      with_inner_packet(PacketBuilder().ethernet().tunnel(testing::mpls({33})).ethernet(), 4)
          .build();
  frame[labels_end] = 0xd2;
  EXPECT_EQ(decode(frame).l3_offset, labels_end + 14);
  frame[labels_end] = 0x42;
  EXPECT_EQ(decode(frame).l3_offset, labels_end + 14) << "looks like IPv4 at first";
}

}  // namespace
}  // namespace flowscope
