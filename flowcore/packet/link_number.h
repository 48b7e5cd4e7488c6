#pragma once

#include <array>
#include <cstdint>

#include "flowcore/packet/link_type.h"

namespace flowscope {

// One more than the highest link-layer header number that we read.
inline constexpr uint32_t kLinkNumbers = 286;

// The frame format that each link-layer header number stands for, indexed by the number.
[[nodiscard]] constexpr std::array<LinkType, kLinkNumbers> link_types_by_number() {
  struct Entry {
    uint16_t number;
    LinkType type;
  };
  using enum LinkType;
  constexpr std::array kEntries = {
      Entry{0, Null},
      Entry{1, Ethernet},
      Entry{6, TokenRing},
      Entry{7, ArcnetBsd},
      Entry{8, Slip},
      Entry{9, Ppp},
      Entry{10, Fddi},
      Entry{11, Llc},    // DLT_ATM_RFC1483 on most systems
      Entry{12, RawIp},  // DLT_RAW on most systems
      Entry{14, RawIp},  // DLT_RAW on OpenBSD
      Entry{50, Ppp},
      Entry{51, PppEther},
      Entry{100, Llc},
      Entry{101, RawIp},
      Entry{104, CiscoHdlc},
      Entry{105, Ieee80211},
      Entry{107, FrameRelay},
      Entry{108, Loop},
      Entry{109, OpenBsdEnc},
      Entry{113, LinuxCooked1},
      Entry{117, OpenBsdPflog},
      Entry{119, Prism},
      Entry{122, IpOverFibreChannel},
      Entry{123, SunAtm},
      Entry{127, Radiotap},
      Entry{129, ArcnetLinux},
      Entry{138, Ieee1394},
      Entry{143, Docsis},
      Entry{163, Prism},
      Entry{166, PppPppd},
      Entry{178, JuniperEthernet},
      Entry{179, JuniperPpp},
      Entry{180, JuniperFrameRelay},
      Entry{181, JuniperCiscoHdlc},
      Entry{182, MultilinkFrameRelay},
      Entry{192, Ppi},
      Entry{197, Erf},
      Entry{204, PppWithDirection},
      Entry{205, CiscoHdlcWithDirection},
      Entry{206, FrameRelayWithDirection},
      Entry{219, Mpls},
      Entry{226, SolarisIpnet},
      Entry{228, RawIp},  // LINKTYPE_IPV4
      Entry{229, RawIp},  // LINKTYPE_IPV6
      Entry{239, Nflog},
      Entry{240, Netanalyzer},
      Entry{241, NetanalyzerTransparent},
      Entry{242, IpOverIb},
      Entry{258, Pktap},
      Entry{259, Epon},
      Entry{274, Mpacket},
      Entry{276, LinuxCooked2},
      Entry{281, BroadcomTag},
      Entry{282, BroadcomTagPrepended},
      Entry{284, MarvellTag},
      Entry{285, MarvellEtherTypeTag},
  };
  std::array<LinkType, kLinkNumbers> types{};
  for (LinkType& type : types) type = Unknown;
  for (const Entry& entry : kEntries) types[entry.number] = entry.type;
  return types;
}

// The frame format that a link-layer header number of a capture file or of libpcap stands for
// (https://www.tcpdump.org/linktypes.html). Unknown for all that carry no IP packets, and for
// formats that are not published.
[[nodiscard]] constexpr LinkType link_type_of(uint32_t number) {
  constexpr std::array<LinkType, kLinkNumbers> kTypes = link_types_by_number();
  return number < kLinkNumbers ? kTypes[number] : LinkType::Unknown;
}

}  // namespace flowscope
