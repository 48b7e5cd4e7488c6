#pragma once

#include "flowcore/base/bytes.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

// The addresses of the pseudo header that TCP, UDP and ICMPv6 put under their checksum: those of
// the packet's first sender and last receiver, which need not be those that its IP header shows on
// the way. They lie in the frame. Both empty: they cannot be told from this packet.
struct PseudoAddresses {
  Bytes source;
  Bytes destination;
};

// The addresses for the IP packet that `layers` speak of:
//  - IPv4 with a source route that has not ended (RFC 791 section 3.1, RFC 1122 section 3.2.1.8):
//    the route's last address is the destination.
//  - IPv6 with a routing header that has segments left (RFC 8200 section 8.1): the last address of
//    types 0 (RFC 5095 retired it) and 2 (RFC 6275 section 6.4), the first of type 4, whose list is
//    in reverse order (RFC 8754 section 2). Of other types the addresses cannot be told.
//  - IPv6 with a home address option (RFC 6275 section 6.3): the home address is the source.
// Requires: status Ip and an l4_offset. Cost: a few loads, and one walk where there are IPv4
// options or IPv6 extension headers.
[[nodiscard]] PseudoAddresses pseudo_addresses(Bytes frame, const Layers& layers);

}  // namespace flowscope
