#pragma once

#include "flowcore/packet/link_type.h"
#include "tests/support/link_headers.h"
#include "tests/support/packet_builder.h"

namespace flowscope::testing {

// Calls add(name, builder, link type) with a frame or more of every link type but Ethernet's own
// variants.
template <typename Add>
void add_golden_link_frames(const Add& add) {
  using enum LinkType;
  const auto behind = [](const Frame& header) { return PacketBuilder().payload(header); };
  const auto v4 = [](PacketBuilder builder) {
    return builder.ipv4("10.1.2.3", "192.168.200.100").tcp(1, 2).payload("x");
  };
  const auto v6 = [](PacketBuilder builder) {
    return builder.ipv6("2001:db8::1:2", "fe80::aaaa:bbbb").udp(3, 4).payload("x");
  };
  const Frame wlan = ieee80211();
  const Frame qos = ieee80211({.kind = 0x88, .qos = 0});
  const Frame mesh_flags = {1, 31, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2};

  add("wlan v4", v4(behind(wlan).snap()), Ieee80211);
  add("wlan qos v6", v6(behind(qos).snap()), Ieee80211);
  add("wlan four addresses ht",
      v4(behind(ieee80211({.kind = 0x88, .flags = 0x83, .qos = 0})).snap()), Ieee80211);
  add("wlan aggregate",
      v4(behind(ieee80211({.kind = 0x88, .qos = 0x80})).payload(Frame(14, 0x04)).snap()),
      Ieee80211);
  add("wlan mesh",
      v4(behind(ieee80211({.kind = 0x88, .flags = 3, .qos = 0x100})).payload(mesh_flags).snap()),
      Ieee80211);
  add("radiotap", v4(behind(radiotap()).payload(wlan).snap()), Radiotap);
  add("radiotap padded",
      v4(behind(radiotap({.flags = 0x20, .has_timestamp = true, .presence_words = 2}))
             .payload(qos)
             .payload(Frame(2))
             .snap()),
      Radiotap);
  add("prism",
      v4(behind(zeros_then(0, {0x44, 0, 0, 0, 144, 0, 0, 0}))
             .payload(Frame(136))
             .payload(wlan)
             .snap()),
      Prism);
  add("avs", v4(behind({0x80, 0x21, 0x10, 1, 0, 0, 0, 64}).payload(Frame(56)).payload(wlan).snap()),
      Prism);
  add("ppi", v4(behind({0, 0, 12, 0, 105, 0, 0, 0, 1, 2, 3, 4}).payload(wlan).snap()), Ppi);

  add("ppp", v4(behind({0x00, 0x21})), Ppp);
  add("ppp framed v6", v6(behind({0xff, 0x03, 0x00, 0x57})), Ppp);
  add("ppp short protocol", v4(behind({0x21})), Ppp);
  add("ppp cisco", v4(behind({0x0f, 0x00, 0x08, 0x00})), Ppp);
  add("ppp ether", v4(behind({0x11, 0, 0, 1, 0, 43, 0x00, 0x21})), PppEther);
  add("ppp pppd", v4(behind({0x01, 0x03, 0x00, 0x21})), PppPppd);
  add("ppp direction", v4(behind({0x01, 0xff, 0x03, 0x00, 0x21})), PppWithDirection);
  add("cisco hdlc v4", v4(behind({0x0f, 0x00, 0x08, 0x00})), CiscoHdlc);
  add("cisco hdlc v6", v6(behind({0x8f, 0x00, 0x86, 0xdd})), CiscoHdlc);
  add("cisco hdlc direction", v4(behind({1, 0x0f, 0x00, 0x08, 0x00})), CiscoHdlcWithDirection);
  add("frame relay v4", v4(behind({0x18, 0x61, 0x03, 0xcc})), FrameRelay);
  add("frame relay v6", v6(behind({0x18, 0x61, 0x03, 0x8e})), FrameRelay);
  add("frame relay snap", v4(behind({0x18, 0x61, 0x03, 0x00, 0x80, 0, 0, 0, 0x08, 0x00})),
      FrameRelay);
  add("frame relay bridged",
      v4(behind({0x18, 0x61, 0x03, 0x00, 0x80, 0, 0x80, 0xc2, 0, 7}).ethernet()), FrameRelay);
  add("frame relay cisco", v4(behind({0x18, 0x61, 0x08, 0x00})), FrameRelay);
  add("frame relay long address", v4(behind({0x18, 0x60, 0x60, 0x61, 0x03, 0xcc})), FrameRelay);
  add("frame relay direction", v4(behind({0, 0x18, 0x61, 0x03, 0xcc})), FrameRelayWithDirection);
  add("multilink frame relay", v4(behind({0xc0, 0, 0x18, 0x61, 0x03, 0xcc})), MultilinkFrameRelay);

  add("llc snap", v4(PacketBuilder().snap()), Llc);
  add("llc bridged", v4(behind({0xaa, 0xaa, 3, 0, 0x80, 0xc2, 0, 7, 0, 0}).ethernet()), Llc);
  add("llc ppp", v4(behind({0xfe, 0xfe, 3, 0xcf, 0, 0x21})), Llc);
  add("sun atm llc", v4(behind({0x82, 0, 0, 100}).snap()), SunAtm);
  add("sun atm lane", v4(behind({1, 0, 0, 100, 0, 7}).ethernet()), SunAtm);
  add("ip over fibre channel", v4(behind(Frame(16, 0x10)).snap()), IpOverFibreChannel);
  add("fddi", v4(behind({0x57}).payload(Frame(12, 2)).snap()), Fddi);
  add("token ring", v4(behind({0x10, 0x40}).payload(Frame(12, 2)).snap()), TokenRing);
  add("token ring routed",
      v4(behind({0x10, 0x40, 2, 2, 2, 2, 2, 2, 0x82, 2, 2, 2, 2, 2})
             .payload(Frame{6, 0, 0, 0x10, 0, 0x20})
             .snap()),
      TokenRing);
  add("arcnet bsd", v4(behind({1, 2, 212, 0, 0, 1})), ArcnetBsd);
  add("arcnet bsd exception", v6(behind({1, 2, 196, 0xff, 0xff, 0xff, 0, 0, 1})), ArcnetBsd);
  add("arcnet linux", v4(behind({1, 2, 0, 0, 212, 0, 0, 1})), ArcnetLinux);
  add("arcnet linux old", v4(behind({1, 2, 0, 0, 240})), ArcnetLinux);
  add("ip over ib", v4(behind({0x08, 0, 0, 0})), IpOverIb);
  add("ip over ib routed", v4(behind({0x60}).payload(Frame(39)).payload(Frame{0x08, 0, 0, 0})),
      IpOverIb);
  add("ieee 1394", v4(behind(zeros_then(16, {0x08, 0}))), Ieee1394);
  add("docsis", v4(behind({0x01, 4, 0, 80, 1, 2, 3, 4, 0, 0}).ethernet()), Docsis);
  add("mpacket", v4(behind({0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0xd5}).ethernet()), Mpacket);
  add("epon", v4(behind(Frame(6)).ethernet()), Epon);
  add("netanalyzer", v4(behind(Frame(4)).ethernet()), Netanalyzer);
  add("netanalyzer transparent", v4(behind(Frame(12)).ethernet()), NetanalyzerTransparent);
  add("broadcom tag", v4(behind(zeros_then(12, {0, 0, 0x20, 5, 0x08, 0}))), BroadcomTag);
  add("broadcom tag prepended", v4(behind({0, 0, 0x20, 5}).ethernet()), BroadcomTagPrepended);
  add("marvell tag", v4(behind(zeros_then(12, {0xe0, 0x10, 0x05, 0x39, 0x08, 0}))), MarvellTag);
  add("marvell ether type tag",
      v4(behind(zeros_then(12, {0xda, 0xda, 0, 0, 0xc0, 0, 0, 0, 0x08, 0}))), MarvellEtherTypeTag);

  add("cooked 1 radiotap",
      v4(behind(zeros_then(0, {0, 0, 0x03, 0x23}))
             .payload(Frame(12))
             .payload(radiotap())
             .payload(wlan)
             .snap()),
      LinuxCooked1);
  add("cooked 2 frame relay",
      v4(behind({0, 0, 0, 0, 0, 0, 0, 1, 0x03, 0x02})
             .payload(Frame(10))
             .payload(Frame{0x18, 0x61, 0x03, 0xcc})),
      LinuxCooked2);
  add("nflog v4", v4(behind({2, 0, 0, 1, 5, 0, 10, 0, 0, 0, 0, 0, 45, 0, 9, 0})), Nflog);
  add("nflog v6 big endian", v6(behind({10, 0, 0, 1, 0, 5, 0, 10, 0, 0, 0, 0, 0, 53, 0, 9})),
      Nflog);
  add("pktap", v4(behind({44, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}).payload(Frame(32)).ethernet()),
      Pktap);
  add("pktap 2",
      v4(behind({52, 0, 0, 0, 0, 0, 12, 0})
             .payload(Frame(28))
             .payload(Frame{0, 0, 8, 0})
             .payload(Frame(12))),
      Pktap);
  add("erf ethernet", v4(behind(zeros_then(8, {2, 4, 0, 80, 0, 0, 0, 60, 0, 0})).ethernet()), Erf);
  add("erf hdlc extended",
      v4(behind(zeros_then(8, {0x81, 4, 0, 80, 0, 0, 0, 60}))
             .payload(Frame{3, 0, 0, 0, 0, 0, 0, 0})
             .payload(Frame{0xff, 3, 0, 0x21})),
      Erf);
  add("juniper ethernet", v4(behind({0x4d, 0x47, 0x43, 0x80, 0, 2, 1, 1}).ethernet()),
      JuniperEthernet);
  add("juniper ppp", v4(behind({0x4d, 0x47, 0x43, 0, 0, 0x21})), JuniperPpp);
  add("juniper frame relay", v4(behind({0x4d, 0x47, 0x43, 1, 0x18, 0x61, 3, 0xcc})),
      JuniperFrameRelay);
  add("juniper cisco hdlc", v4(behind({0x4d, 0x47, 0x43, 1, 0x0f, 0, 8, 0})), JuniperCiscoHdlc);
  add("slip", v4(behind(Frame(16))), Slip);
  add("enc", v6(behind(Frame(12))), OpenBsdEnc);
  add("pflog", v4(behind({61, 2}).payload(Frame(62))), OpenBsdPflog);
  add("ipnet", v4(behind({2, 2}).payload(Frame(22))), SolarisIpnet);
}

}  // namespace flowscope::testing
