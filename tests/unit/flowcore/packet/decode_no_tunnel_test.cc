// What only looks like an encapsulation is left alone, and the flow around it is kept.
#include <gtest/gtest.h>

#include "flowcore/packet/decap.h"
#include "flowcore/packet/decode.h"
#include "tests/unit/flowcore/packet/golden_tunnels.h"

namespace flowscope {
namespace {

using testing::Frame;
using testing::PacketBuilder;
using testing::TunnelHeader;
using testing::with_inner_packet;

Layers decode(const Frame& frame, uint32_t cut_bytes = 0) {
  return decode_frame({.frame = {frame.data(), frame.size()},
                       .wire_bytes = static_cast<uint32_t>(frame.size()) + cut_bytes},
                      Decap::all());
}

PacketBuilder outer_ip() { return PacketBuilder().ethernet().ipv4("1.1.1.1", "2.2.2.2"); }
PacketBuilder in_udp(const TunnelHeader& tunnel) { return outer_ip().udp(50000, 0).tunnel(tunnel); }

// The header with one byte changed.
TunnelHeader changed(TunnelHeader tunnel, size_t place, uint8_t value) {
  tunnel.bytes.at(place) = value;
  return tunnel;
}

// The packet around stays, as if nothing were taken off.
void expect_outer(const Frame& frame) {
  const Layers layers = decode(frame);
  EXPECT_EQ(layers.status, DecodeStatus::Ip);
  EXPECT_EQ(layers.l3_offset, 14);
  EXPECT_EQ(layers.encap, Encap{});
}
// `outside` is followed by a whole IP packet, or by an Ethernet header and one.
void expect_outer_around_ip(const PacketBuilder& outside) {
  expect_outer(with_inner_packet(outside, 4).build());
  expect_outer(with_inner_packet(outside, 6).build());
}
void expect_outer_around_ethernet(PacketBuilder outside) {
  expect_outer_around_ip(outside.ethernet());
}
void expect_not_ip(PacketBuilder outside) {
  EXPECT_EQ(decode(with_inner_packet(std::move(outside), 4).build()).status, DecodeStatus::NotIp);
}

TEST(DecodeNoTunnel, VxlanWithoutAValidNetwork) {
  expect_outer_around_ethernet(in_udp(changed(testing::vxlan(5), 0, 0)));
}

TEST(DecodeNoTunnel, VxlanOfAnUnknownNextProtocol) {
  expect_outer_around_ip(in_udp(testing::vxlan_gpe(5)).payload("no name of ours"));
}

TEST(DecodeNoTunnel, GeneveOfAnotherVersionOrForControl) {
  expect_outer_around_ethernet(in_udp(changed(testing::geneve(5), 0, 0x40)));
  expect_outer_around_ethernet(in_udp(changed(testing::geneve(5), 1, 0x80)));
}

TEST(DecodeNoTunnel, GtpUThatCarriesNoUserPacket) {
  for (const uint8_t message : {uint8_t{1}, uint8_t{26}, uint8_t{254}}) {
    expect_outer_around_ip(in_udp(testing::gtp_u(5, {.message = message})));
  }
}

TEST(DecodeNoTunnel, GtpOfAnotherVersionOrForCharging) {
  expect_outer_around_ip(in_udp(changed(testing::gtp_u(5), 0, 0x50)));
  expect_outer_around_ip(in_udp(changed(testing::gtp_u(5), 0, 0x20)));
}

TEST(DecodeNoTunnel, GtpUWithAnExtensionOfNoLength) {
  expect_outer_around_ip(in_udp(changed(testing::gtp_u(5, {.extension_words = {1}}), 12, 0)));
}

TEST(DecodeNoTunnel, GreOfAnotherVersion) {
  for (uint8_t version = 1; version < 8; ++version)
    expect_outer_around_ip(outer_ip().tunnel(testing::gre({.version = version})));
}

TEST(DecodeNoTunnel, AnAcknowledgementOfPptp) {
  expect_outer_around_ip(outer_ip()
                             .tunnel(testing::pptp_gre(5, {.sequence = {}, .acknowledged = 9}))
                             .tunnel(testing::ppp()));
}

TEST(DecodeNoTunnel, ErspanOfAnotherVersion) {
  const TunnelHeader gre = testing::gre({.sequence = 1});
  expect_outer_around_ethernet(
      outer_ip().tunnel(gre).tunnel(changed(testing::erspan2(5), 0, 0x20)));
  expect_outer_around_ethernet(
      outer_ip().tunnel(gre).tunnel(changed(testing::erspan3(5), 0, 0x10)));
}

TEST(DecodeNoTunnel, EtherIpOfAnotherVersion) {
  expect_outer_around_ethernet(outer_ip().tunnel(changed(testing::ether_ip(), 0, 0x20)));
}

TEST(DecodeNoTunnel, ControlMessagesOfL2tp) {
  expect_outer_around_ip(in_udp(changed(testing::l2tp2(1, 2), 0, 0x80)).tunnel(testing::ppp()));
  expect_outer_around_ethernet(outer_ip().tunnel(testing::l2tp3_in_ip(0)));
}

TEST(DecodeNoTunnel, L2tpOfAnotherVersion) {
  expect_outer_around_ip(in_udp(changed(testing::l2tp2(1, 2), 1, 1)).tunnel(testing::ppp()));
}

TEST(DecodeNoTunnel, CapwapThatIsEncryptedOrKeptAlive) {
  expect_outer_around_ethernet(in_udp(changed(testing::capwap(), 0, 1)));
  expect_outer_around_ethernet(in_udp(changed(testing::capwap(), 3, 8)));
}

TEST(DecodeNoTunnel, ALaterFragmentOfCapwap) {
  expect_outer_around_ethernet(in_udp(changed(testing::capwap(), 6, 1)));
}

TEST(DecodeNoTunnel, AyiyaThatForwardsNothing) {
  expect_outer_around_ip(in_udp(changed(testing::ayiya(), 2, 0x10)));
}

TEST(DecodeNoTunnel, TeredoThatCarriesIpv4) {
  expect_outer(with_inner_packet(in_udp(testing::teredo()), 4).build());
}

TEST(DecodeNoTunnel, GarbageOnThePortOfATunnel) {
  for (const Decap::Port& usual : Decap::kUsualPorts) {
    SCOPED_TRACE(usual.port);
    for (const char* text : {"", "x", "no tunnel at all, only a text that somebody sent"})
      expect_outer(outer_ip().udp(50000, usual.port).payload(text).build());
    for (const uint8_t byte : {uint8_t{0x00}, uint8_t{0xff}, uint8_t{0x45}, uint8_t{0x60}})
      expect_outer(outer_ip().udp(50000, usual.port).payload(Frame(64, byte)).build());
  }
}

TEST(DecodeNoTunnel, TcpOnThePortOfATunnel) {
  expect_outer(outer_ip().tcp(50000, 4789).payload(Frame(64, 8)).build());
}

TEST(DecodeNoTunnel, AnInnerIpHeaderThatIsMalformed) {
  for (const testing::Ipv4Fields& fields :
       {testing::Ipv4Fields{.version = 5}, testing::Ipv4Fields{.header_words = 4},
        testing::Ipv4Fields{.total_length = 19}}) {
    expect_outer(
        outer_ip().tunnel(testing::gre()).ipv4("10.0.0.1", "10.0.0.2", fields).udp(1, 2).build());
  }
  expect_outer(outer_ip().ipv6("::1", "::2", {.version = 4}).udp(1, 2).build());
}

TEST(DecodeNoTunnel, AnInnerIpHeaderThatTheCaptureCut) {
  const Frame whole = with_inner_packet(in_udp(testing::vxlan(5)).ethernet(), 4).build();
  const size_t inner_offset = 14 + 20 + 8 + 8 + 14;
  for (size_t cut = 14 + 20 + 8; cut < inner_offset + 20; ++cut) {
    SCOPED_TRACE(cut);
    Frame frame = whole;
    frame.resize(cut);
    const Layers layers = decode(frame, static_cast<uint32_t>(whole.size() - cut));
    EXPECT_EQ(layers.l3_offset, 14);
    EXPECT_EQ(layers.encap, Encap{});
  }
}

TEST(DecodeNoTunnel, AHeaderInTheLinkLayerThatTheCaptureCut) {
  for (const testing::TunnelForm& form : testing::tunnel_forms()) {
    if (form.carrier != testing::TunnelForm::Carrier::EtherType) continue;
    PacketBuilder builder = PacketBuilder().ethernet();
    for (const TunnelHeader& header : form.headers) builder.tunnel(header);
    if ((form.holds & testing::TunnelForm::kEthernet) != 0) builder.ethernet();
    const Frame whole = builder.build();
    for (size_t cut = 14; cut < whole.size(); ++cut) {
      SCOPED_TRACE(form.name + " cut to " + std::to_string(cut));
      Frame frame = whole;
      frame.resize(cut);
      const Layers layers = decode(frame, 100);
      EXPECT_EQ(layers.l3_offset, 14);
      EXPECT_EQ(layers.encap, Encap{});
    }
  }
}

TEST(DecodeNoTunnel, WhatIsNoIpInside) {
  expect_outer(in_udp(testing::vxlan(5)).ethernet({.ether_type = 0x0806}).payload("arp").build());
}

TEST(DecodeNoTunnel, FragmentsOfTheOuterPacket) {
  PacketBuilder first = PacketBuilder()
                            .ethernet()
                            .ipv4("1.1.1.1", "2.2.2.2", {.more_fragments = true})
                            .tunnel(testing::gre());
  expect_outer(with_inner_packet(first, 4).build());
}

TEST(DecodeNoTunnel, PppoeOutsideOfASession) {
  expect_not_ip(PacketBuilder()
                    .ethernet()
                    .tunnel(changed(testing::pppoe(1), 1, 0x09))
                    .tunnel(testing::ppp()));
  expect_not_ip(PacketBuilder()
                    .ethernet()
                    .tunnel(changed(testing::pppoe(1), 0, 0x12))
                    .tunnel(testing::ppp()));
  EXPECT_EQ(decode(PacketBuilder()
                       .ethernet()
                       .tunnel(testing::pppoe(1))
                       .tunnel(testing::ppp())
                       .payload("echo request")
                       .build())
                .status,
            DecodeStatus::NotIp);
}

TEST(DecodeNoTunnel, TrillAndNshOfAnotherVersion) {
  expect_not_ip(PacketBuilder().ethernet().tunnel(changed(testing::trill(), 0, 0x40)).ethernet());
  expect_not_ip(PacketBuilder().ethernet().tunnel(changed(testing::nsh(1), 0, 0x4f)));
}

TEST(DecodeNoTunnel, NshShorterThanItself) {
  expect_not_ip(PacketBuilder().ethernet().tunnel(changed(testing::nsh(1), 1, 0xc1)));
}

TEST(DecodeNoTunnel, AnMplsStackWithoutAnEnd) {
  TunnelHeader stack = testing::mpls(std::vector<uint32_t>(40, 16));
  stack.bytes.at(stack.bytes.size() - 2) = 0;
  expect_not_ip(PacketBuilder().ethernet().tunnel(stack));
}

TEST(DecodeNoTunnel, AChannelOfMplsForItsOwnUpkeep) {
  expect_not_ip(PacketBuilder().ethernet().tunnel(testing::mpls({100, 13})));
}

}  // namespace
}  // namespace flowscope
