#pragma once

#include <cstdint>

#include "flowcore/base/byte_reader.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/link_type.h"

namespace flowscope {

// All of these step over headers and give the Ethernet type of what follows, or 0 when it has none
// or cannot be read (encrypted, a later fragment, no IP protocol). They fail with the reader when
// the frame ends before. Where `layers` is given they note VLAN tags in it. Cost: one header after
// the other; the loops over tags, attributes and address bytes have limits.

// From the first byte of a captured frame on.
[[nodiscard]] uint16_t read_link(LinkType link, ByteReader& reader, Layers& layers);

// From an Ethernet header on: the beginning of a frame inside a tunnel.
[[nodiscard]] uint16_t read_ethernet(ByteReader& reader, Layers& layers);

// Behind an Ethernet type: VLAN tags, and LLC where the field is a length.
[[nodiscard]] uint16_t read_type_and_tags(ByteReader& reader, uint16_t type_or_length,
                                          Layers& layers);

// From an IEEE 802.2 LLC header on.
[[nodiscard]] uint16_t read_llc(ByteReader& reader, Layers& layers);

// How the header of an IEEE 802.11 frame differs from the standard.
enum class Ieee80211Variant : uint8_t {
  Standard,
  PaddedHeader,    // padded to a multiple of 4 bytes before the body, as some cards give it
  SwappedControl,  // the two bytes of the frame control exchanged, as Cisco does in CAPWAP
};

// From an IEEE 802.11 header on. Of an aggregate (A-MSDU) the first packet is taken.
[[nodiscard]] uint16_t read_ieee80211(ByteReader& reader, Layers& layers,
                                      Ieee80211Variant variant = Ieee80211Variant::Standard);

// From a PPP header on, with or without the address and control fields of RFC 1662 before it.
[[nodiscard]] uint16_t read_ppp(ByteReader& reader);

// From the Q.922 address of a frame relay frame on: RFC 2427, and Cisco's way with an Ethernet type
// behind the address.
[[nodiscard]] uint16_t read_frame_relay(ByteReader& reader, Layers& layers);

}  // namespace flowscope
