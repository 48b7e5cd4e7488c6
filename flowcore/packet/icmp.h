#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

// RFC 792 and RFC 4443 section 2.1: type, code, checksum, and four bytes whose meaning depends on
// the type: identifier and sequence number of a query, the next hop's MTU, a pointer, or nothing.
// We count these four as header for every type, so that a quoted packet is the payload of an error.
struct IcmpHeader {
  static constexpr uint32_t kBytesMin = 4;
  static constexpr uint32_t kBytes = 8;
  static constexpr uint32_t kIdentifierOffset = 4;

  uint8_t type = 0;
  uint8_t code = 0;

  static IcmpHeader read(ByteReader& reader) {
    IcmpHeader header;
    header.type = reader.u8();
    header.code = reader.u8();
    reader.skip(2);
    return header;
  }
};

[[nodiscard]] constexpr bool is_icmp(uint8_t ip_protocol) {
  return ip_protocol == static_cast<uint8_t>(IpProtocol::Icmp)
         || ip_protocol == static_cast<uint8_t>(IpProtocol::IcmpV6);
}

// A message type that asks, and the one that answers it.
struct IcmpPair {
  uint8_t request = 0;
  uint8_t reply = 0;
  bool has_identifier = false;  // the 16 bits behind the checksum tell one exchange from another
};

// RFC 792 (echo, timestamp, information), 950 (address mask), 1256 (router discovery).
inline constexpr std::array<IcmpPair, 5> kIcmpPairs = {
    {{8, 0, true}, {13, 14, true}, {15, 16, true}, {17, 18, true}, {10, 9, false}}};
// RFC 4443 (echo), 2710 (multicast listeners), 4861 (router and neighbour discovery), 4620 (node
// information), 6275 (home agent discovery).
inline constexpr std::array<IcmpPair, 6> kIcmpV6Pairs = {{{128, 129, true},
                                                          {130, 131, false},
                                                          {133, 134, false},
                                                          {135, 136, false},
                                                          {139, 140, false},
                                                          {144, 145, true}}};

// The pairs that Community ID version 1 knows, so that one of our flows is one of its flows.
// Requires: is_icmp(ip_protocol).
[[nodiscard]] constexpr std::span<const IcmpPair> icmp_pairs(uint8_t ip_protocol) {
  if (ip_protocol == static_cast<uint8_t>(IpProtocol::Icmp)) return kIcmpPairs;
  return kIcmpV6Pairs;
}

// Whether the message quotes the packet that it is about, right behind its header.
// RFC 792: destination unreachable, source quench, redirect, time exceeded, parameter problem.
// RFC 4443: destination unreachable, packet too big, time exceeded, parameter problem.
[[nodiscard]] constexpr bool is_icmp_error(uint8_t ip_protocol, uint8_t type) {
  if (ip_protocol == static_cast<uint8_t>(IpProtocol::IcmpV6)) return type >= 1 && type <= 4;
  return ip_protocol == static_cast<uint8_t>(IpProtocol::Icmp)
         && ((type >= 3 && type <= 5) || type == 11 || type == 12);
}

}  // namespace flowscope
