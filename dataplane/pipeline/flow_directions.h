#pragma once

#include <cstdint>

#include "flowcore/base/flow_side.h"
#include "flowcore/packet/layers.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// How many directions of a flow were seen, as far as it says something about the capture.
enum class Directions : uint8_t {
  Both,
  One,     // somebody spoke and nobody answered, though an answer there must have been
  Unsaid,  // nobody need have answered: a scan, an echo of forged packets, a late packet
};

// Segments of one direction that a flow of TCP has to show before it says something. Probes come
// once or, with repetitions, as SYN or SYN-ACK only; a handshake with data or a FIN has more, and
// so has what the other end acknowledges of a download.
inline constexpr uint64_t kSpokenSegmentsMin = 3;

// Of a flow that ends. One, of TCP: segments with ACK, which an end sends only once it has heard of
// the other (RFC 9293 section 3.1), and more than a handshake or a reset: data, a FIN, or bare
// acknowledgments. A SYN without an answer, an RST or a SYN-ACK alone is a scan or an echo of one.
// Cost: a few instructions.
[[nodiscard]] inline Directions directions_of(const FlowEntry& entry) {
  const SideCounters& initiator = entry.side[index_of(FlowSide::Initiator)];
  const SideCounters& responder = entry.side[index_of(FlowSide::Responder)];
  if (initiator.packets() != 0 && responder.packets() != 0) return Directions::Both;
  if (entry.l4 != static_cast<uint8_t>(IpProtocol::Tcp)) return Directions::One;
  const uint8_t flags = initiator.tcp_flags() | responder.tcp_flags();
  const bool carries = (flags & (tcp_flag::kPsh | tcp_flag::kFin)) != 0;
  const bool acknowledges_only = (flags & (tcp_flag::kSyn | tcp_flag::kRst)) == 0;
  const bool spoke = (flags & tcp_flag::kAck) != 0 && (carries || acknowledges_only);
  return spoke && entry.packets() >= kSpokenSegmentsMin ? Directions::One : Directions::Unsaid;
}

// Whether the protocol of a UDP flow is one whose requests are answered, by either of its ports:
// DNS (RFC 1035 section 4.2.1), NTP (RFC 5905 section 7.2), QUIC (RFC 9114 section 3.2). Scans of
// these ports are no different. Cost: a few instructions.
[[nodiscard]] inline bool expects_answers(const FlowKey& key) {
  const auto is_one = [](uint16_t port) { return port == 53 || port == 123 || port == 443; };
  return is_one(key.a_port) || is_one(key.b_port);
}

}  // namespace flowscope
