#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowcore/base/block16.h"
#include "flowcore/base/bytes.h"
#include "flowcore/packet/ipv4.h"
#include "flowcore/packet/ipv6.h"

namespace flowscope {

// Where an address lies in an IP header of either version: in sixteen bytes that are wholly inside
// the header's fixed part, counted from its beginning, and in these at `places`, which leave zeros
// behind an IPv4 address.
struct AddressPlaces {
  uint32_t ipv4_offset = 0;
  uint32_t ipv6_offset = 0;
  std::array<BytePlaces, 2> places{};  // of IPv4, of IPv6

  // For the addresses that begin at these offsets.
  static constexpr AddressPlaces at(uint32_t ipv4_address, uint32_t ipv6_address) {
    AddressPlaces address{.ipv4_offset = Ipv4Header::kBytesMin - 16, .ipv6_offset = ipv6_address};
    address.places[0].fill(kZeroByte);
    for (uint8_t i = 0; i < 4; ++i) {
      address.places[0][i] = static_cast<uint8_t>(ipv4_address - address.ipv4_offset + i);
    }
    for (uint8_t i = 0; i < 16; ++i) address.places[1][i] = i;
    return address;
  }
};
inline constexpr AddressPlaces kSourcePlaces =
    AddressPlaces::at(Ipv4Header::kAddressesOffset, Ipv6Header::kAddressesOffset);
inline constexpr AddressPlaces kDestinationPlaces =
    AddressPlaces::at(Ipv4Header::kAddressesOffset + 4, Ipv6Header::kAddressesOffset + 16);

// The address as it stands in a FlowKey; `version` is 0 for IPv4, 1 for IPv6. Requires: the fixed
// part of that version's header from `l3_offset` on. Cost: no branch, one load and one shuffle; the
// offset is reckoned, which takes fewer instructions than looking it up.
inline Block16 load_address(const AddressPlaces& address, size_t version, Bytes frame,
                            size_t l3_offset) {
  const size_t offset = address.ipv4_offset + version * (address.ipv6_offset - address.ipv4_offset);
  return Block16::load(frame, l3_offset + offset).rearranged(address.places[version]);
}

}  // namespace flowscope
