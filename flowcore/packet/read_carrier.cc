#include "flowcore/packet/read_carrier.h"

#include <array>
#include <cstdint>

#include "flowcore/packet/carrier_header.h"
#include "flowcore/packet/line_header.h"

namespace flowscope {
namespace {

// A carrier whose header is always as long, and always stands before the same link type.
struct FixedCarrier {
  LinkType link = LinkType::Unknown;
  LinkType inner = LinkType::Unknown;
  uint8_t bytes = 0;
};
constexpr std::array<FixedCarrier, 12> kFixedCarriers = {{
    // Direction, and the control field of RFC 1662.
    {LinkType::PppPppd, LinkType::Ppp, 2},
    {LinkType::PppWithDirection, LinkType::Ppp, 1},
    {LinkType::CiscoHdlcWithDirection, LinkType::CiscoHdlc, 1},
    {LinkType::FrameRelayWithDirection, LinkType::FrameRelay, 1},
    // The network header of RFC 4338.
    {LinkType::IpOverFibreChannel, LinkType::Llc, 16},
    // The preamble from the start of the logical link identifier on.
    {LinkType::Epon, LinkType::Ethernet, 6},
    {LinkType::Netanalyzer, LinkType::Ethernet, 4},
    // The same and a preamble.
    {LinkType::NetanalyzerTransparent, LinkType::Ethernet, 12},
    {LinkType::BroadcomTagPrepended, LinkType::Ethernet, 4},
    // Direction and compression.
    {LinkType::Slip, LinkType::RawIp, 16},
    // Address family, security parameters, flags.
    {LinkType::OpenBsdEnc, LinkType::RawIp, 12},
    // Family, hook, length, interfaces, zones.
    {LinkType::SolarisIpnet, LinkType::RawIp, 24},
}};

LinkType read_sun_atm(ByteReader& reader) {
  const SunAtmHeader header = SunAtmHeader::read(reader);
  if (header.payload == SunAtmHeader::Payload::Llc) return LinkType::Llc;
  if (header.payload != SunAtmHeader::Payload::Lane) return LinkType::Unknown;
  return LaneHeader::read(reader).is_control() ? LinkType::Unknown : LinkType::Ethernet;
}

LinkType read_juniper(ByteReader& reader, LinkType inner) {
  return JuniperHeader::read(reader).has_link_header ? inner : LinkType::Unknown;
}

LinkType read_line(LinkType link, ByteReader& reader) {
  if (link == LinkType::SunAtm) return read_sun_atm(reader);
  if (link == LinkType::Docsis) {
    return DocsisHeader::read(reader).carries_ethernet() ? LinkType::Ethernet : LinkType::Unknown;
  }
  if (link == LinkType::Mpacket) {
    return MpacketStart::read(reader).begins_frame() ? LinkType::Ethernet : LinkType::Unknown;
  }
  if (link == LinkType::MultilinkFrameRelay) {
    return MultilinkFrameRelayHeader::read(reader).carries_whole_frame() ? LinkType::FrameRelay
                                                                         : LinkType::Unknown;
  }
  return LinkType::Unknown;
}

}  // namespace

LinkType read_carrier(LinkType link, ByteReader& reader) {
  for (const FixedCarrier& carrier : kFixedCarriers) {
    if (carrier.link != link) continue;
    reader.skip(carrier.bytes);
    return carrier.inner;
  }
  if (link == LinkType::Prism) return PrismHeader::read(reader).inner;
  if (link == LinkType::Ppi) return PpiHeader::read(reader).inner;
  if (link == LinkType::Pktap) return PktapHeader::read(reader).inner;
  if (link == LinkType::Erf) return ErfHeader::read(reader).inner;
  if (link == LinkType::JuniperEthernet) return read_juniper(reader, LinkType::Ethernet);
  if (link == LinkType::JuniperPpp) return read_juniper(reader, LinkType::Ppp);
  if (link == LinkType::JuniperFrameRelay) return read_juniper(reader, LinkType::FrameRelay);
  if (link == LinkType::JuniperCiscoHdlc) return read_juniper(reader, LinkType::CiscoHdlc);
  if (link == LinkType::OpenBsdPflog) {
    PflogHeader::skip(reader);
    return LinkType::RawIp;
  }
  return read_line(link, reader);
}

}  // namespace flowscope
