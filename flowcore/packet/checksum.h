#pragma once

#include <array>
#include <cstdint>

#include "flowcore/packet/burst.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"

namespace flowscope {

// What is done about checksums. Off: nobody looks. Count: wrong ones are counted. Drop: their
// packets are not tracked either.
enum class ChecksumMode : uint8_t { Off, Count, Drop };

// The outermost checksum that is wrong; Ip is that of the IPv4 header.
enum class ChecksumFault : uint8_t { None, Ip, Transport };

// Verifies the checksums of the IP packet that `layers` speak of: IPv4 header, TCP, UDP, ICMP,
// ICMPv6, SCTP. None: right, or not to be judged. The rules, where the RFCs leave room for a
// choice:
//  - Judged is only what is there as a whole: no transport checksum of a fragment, or of a packet
//    that the capture cut. IPv4 headers always are.
//  - Nothing of a packet without a length in its IP header (IPv4 0: the sender's network card
//    segments and sums up later; IPv6 0: that, or a jumbogram, RFC 2675), and no UDP datagram
//    without a length or with one beyond the packet.
//  - UDP checksum 0 over IPv4 means that there is none (RFC 768). Over IPv6 it is wrong (RFC 8200
//    section 8.1), but for tunnels (RFC 6935): there it is right towards the UDP ports of GTP-U,
//    LISP, AMT, GRE, VXLAN and its generic extension, CAPWAP data, Geneve and MPLS. That concerns
//    tunnels left in place; where one was taken off, only what was inside is judged.
//  - UDP sums up as much as its own length says, which may be less than the packet has.
//  - The pseudo header holds the addresses of pseudo_addresses(); a packet for which they cannot be
//    told is not judged.
//  - What the network card found replaces our own work, Bad as well as Good, for the IPv4 header,
//    TCP and UDP of a packet from which nothing was taken off. Cards cannot be relied on for UDP
//    without a checksum, other protocols and IPv6 extension headers.
//  - SCTP has CRC32c (RFC 9260), never the older Adler-32 of RFC 2960.
// Requires: decode_frame's answer for `packet`. Cost: one pass over the packet's bytes.
[[nodiscard]] ChecksumFault verify_checksums(const PacketView& packet, const Layers& layers);

// The same, and with Drop the status of a faulty packet becomes BadChecksum. Requires: a mode that
// is not Off.
ChecksumFault verify_checksums(const PacketView& packet, ChecksumMode mode, Layers& layers);

// One row for each packet of a burst.
using ChecksumFaults = std::array<ChecksumFault, kBurstMax>;

// Part of the second hop of a packet's way, behind decode_layers: fills the rows of `faults` and,
// with Drop, makes the status of faulty packets BadChecksum. Off costs one branch a burst, and
// leaves `faults` as they are.
void verify_checksums(Burst& burst, ChecksumMode mode, ChecksumFaults& faults);

}  // namespace flowscope
