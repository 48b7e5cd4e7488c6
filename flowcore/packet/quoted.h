#pragma once

#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// Decodes the packet that an ICMP or ICMPv6 error quotes, so that an extractor applied to `quoted`
// and the same `packet` gives the key of the flow that the error is about, and the orientation of
// the quoted packet in it. Quotes are cut, mostly behind 8 bytes of transport header (RFC 792;
// RFC 1812 section 4.3.2.3; RFC 4443 section 2.4 (c)): TCP and SCTP leave has_l4 false then, with
// ports known. Of a first fragment the ports are read, as its datagram has them once it is whole.
// VLANs, tunnels and ether_type are those of the error, its ttl is what the quoted packet had left.
//
// False, with `quoted` unspecified: not an error, or one that is dropped (BadChecksum, Duplicate);
// the IP header in the quote is damaged or cut; or the quote does not reach the ports or, of ICMP,
// the type. Such as later fragments.
// Requires: `layers` is what decoding `packet` gave, or the status that a later hop gave it. Thread
// rule: pure. Cost: the decoder's slow way, for errors only; anything else is told by two
// comparisons.
[[nodiscard]] bool quoted_packet(const Layers& layers, const PacketView& packet, Layers& quoted);

}  // namespace flowscope
