#pragma once

#include <cstdint>

namespace flowscope {

// What a frame begins with (https://www.tcpdump.org/linktypes.html gives each format and its
// number; link_type_of maps the numbers). Whoever reads captures sets it, read_link acts on it.
enum class LinkType : uint8_t {
  Ethernet,      // LINKTYPE_ETHERNET 1
  RawIp,         // LINKTYPE_RAW 101, DLT_RAW 12 and 14, IPV4 228, IPV6 229: version nibble first
  Null,          // LINKTYPE_NULL 0: 4 bytes address family in the writer's byte order
  Loop,          // LINKTYPE_LOOP 108: the same, big-endian
  LinuxCooked1,  // LINKTYPE_LINUX_SLL 113
  LinuxCooked2,  // LINKTYPE_LINUX_SLL2 276

  // Frames of other networks.
  Ieee80211,            // LINKTYPE_IEEE802_11 105
  Radiotap,             // LINKTYPE_IEEE802_11_RADIOTAP 127: radio header, then IEEE 802.11
  Ppp,                  // LINKTYPE_PPP 9, PPP_HDLC 50: with or without address and control
  PppEther,             // LINKTYPE_PPP_ETHER 51: PPPoE header first
  CiscoHdlc,            // LINKTYPE_C_HDLC 104
  FrameRelay,           // LINKTYPE_FRELAY 107
  Llc,                  // LINKTYPE_ATM_RFC1483 100: IEEE 802.2 LLC first
  Fddi,                 // LINKTYPE_FDDI 10
  TokenRing,            // LINKTYPE_IEEE802_5 6
  ArcnetBsd,            // LINKTYPE_ARCNET_BSD 7
  ArcnetLinux,          // LINKTYPE_ARCNET_LINUX 129
  IpOverIb,             // LINKTYPE_IPOIB 242
  Ieee1394,             // LINKTYPE_APPLE_IP_OVER_IEEE1394 138
  Mpls,                 // LINKTYPE_MPLS 219: label stack first
  Nflog,                // LINKTYPE_NFLOG 239: Linux netfilter log
  BroadcomTag,          // LINKTYPE_DSA_TAG_BRCM 281: Ethernet with a switch's tag before the type
  MarvellTag,           // LINKTYPE_DSA_TAG_DSA 284
  MarvellEtherTypeTag,  // LINKTYPE_DSA_TAG_EDSA 285

  // Carriers: a header of the capture's maker or of the line, then a frame of another link type.
  Prism,                    // LINKTYPE_IEEE802_11_PRISM 119, IEEE802_11_AVS 163
  Ppi,                      // LINKTYPE_PPI 192
  Pktap,                    // LINKTYPE_PKTAP 258
  Erf,                      // LINKTYPE_ERF 197
  JuniperEthernet,          // LINKTYPE_JUNIPER_ETHER 178
  JuniperPpp,               // LINKTYPE_JUNIPER_PPP 179
  JuniperFrameRelay,        // LINKTYPE_JUNIPER_FRELAY 180
  JuniperCiscoHdlc,         // LINKTYPE_JUNIPER_CHDLC 181
  PppPppd,                  // LINKTYPE_PPP_PPPD 166
  PppWithDirection,         // LINKTYPE_PPP_WITH_DIR 204
  CiscoHdlcWithDirection,   // LINKTYPE_C_HDLC_WITH_DIR 205
  FrameRelayWithDirection,  // LINKTYPE_FRELAY_WITH_DIR 206
  MultilinkFrameRelay,      // LINKTYPE_MFR 182
  IpOverFibreChannel,       // LINKTYPE_IP_OVER_FC 122
  SunAtm,                   // LINKTYPE_SUNATM 123
  Docsis,                   // LINKTYPE_DOCSIS 143
  Mpacket,                  // LINKTYPE_ETHERNET_MPACKET 274
  Epon,                     // LINKTYPE_EPON 259
  Netanalyzer,              // LINKTYPE_NETANALYZER 240
  NetanalyzerTransparent,   // LINKTYPE_NETANALYZER_TRANSPARENT 241
  BroadcomTagPrepended,     // LINKTYPE_DSA_TAG_BRCM_PREPEND 282
  Slip,                     // LINKTYPE_SLIP 8
  OpenBsdEnc,               // LINKTYPE_ENC 109
  OpenBsdPflog,             // LINKTYPE_PFLOG 117
  SolarisIpnet,             // LINKTYPE_IPNET 226

  Unknown,  // anything else: counted, not decoded
};

}  // namespace flowscope
