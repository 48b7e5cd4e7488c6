#pragma once

#include <cstddef>

#include "flowcore/packet/burst.h"
#include "flowcore/packet/decap.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// Offsets in Layers have 16 bits: of a longer frame only this much is searched for headers. The
// payload behind them may reach further.
inline constexpr size_t kDecodedBytesMax = 65535;

// Fills layers[] from packet[] for the whole burst: the second hop of the packet's way.
// Cost: a fast loop for Ethernet with at most two VLAN tags, IPv4 without options or IPv6 without
// extension headers, TCP or UDP, lengths in order; everything else, tunnels among it, goes through
// decode_frame. Both give the same answer.
void decode_layers(Burst& burst, const Decap& decap = kNoDecap);

// The same for a burst whose frames were asked for before, and asks for those of `next`, which is
// to be decoded after it: for who receives one burst ahead. It hides a whole burst's work behind
// each frame's way from memory, where the other hides sixteen packets' decoding.
void decode_layers(Burst& burst, const Burst& next, const Decap& decap = kNoDecap);

// Decodes one frame of any link type and takes the encapsulations off that `decap` names. Decoding
// is lax: a frame that the capture cut short is decoded as far as it goes. The rules, where Layers
// leaves room for a choice:
//  - Truncated when the frame ends inside a link header, the IP header or an IPv6 extension header;
//    Malformed when the IP header contradicts itself (version, header length, total length), when
//    an extension header is longer than the packet, or when there are more than kIpv6ExtensionsMax
//    of them.
//  - A transport header that is malformed or cut inside its fixed part leaves status Ip and has_l4
//    false. TCP options may be cut. Ports are known as soon as the first four bytes are there, so
//    that a packet that the capture cut joins its flow.
//  - Of ICMP the header has 8 bytes whatever the type; type and code are known (has_l4) from the
//    first four on, and the payload is then empty at the end of the packet.
//  - With has_l4 false the payload is all that IP carries, so that a fragment's bytes can be found.
//  - An IPv4 total length or IPv6 payload length of 0 (segmentation offload, jumbograms) stands for
//    the rest of the frame as it was on the wire; so does a UDP length of 0.
//  - An encapsulation whose header is wrong or cut, or which carries no IP that can be read, stays
//  on:
//    the packet is that around it.
//  - All fragments of a datagram, the first included, carry the same ip_protocol, that which the
//    fragmented part begins with.
[[nodiscard]] Layers decode_frame(const PacketView& packet, const Decap& decap = kNoDecap);

}  // namespace flowscope
