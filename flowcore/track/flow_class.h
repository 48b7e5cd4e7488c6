#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/table/set_line.h"

namespace flowscope {

// Kinds of flows by what they are worth when the table is full and by how long they may be silent;
// the class that the table keeps beside each entry. Ordered by worth.
enum class FlowClass : EntryClass {
  Over,        // TCP, closed or reset: lingers to take in late packets
  HalfOpen,    // TCP, the handshake is not complete, or a FIN came and nothing from the other side
  OneUdp,      // a single packet so far
  OneOther,    //
  OneTcp,      // no answer was seen, and no SYN that waits for one
  Udp,         // more than one packet
  Other,       //
  TcpClosing,  // one or two FINs were seen
  TcpOpen,     // established, or picked up in the middle
};
inline constexpr size_t kFlowClasses = 9;

// In which order flows are given up: closed, half-open, one packet, then the oldest.
inline constexpr size_t kVictimRanks = 4;
inline constexpr VictimRanks kFlowVictimRanks = {0, 1, 2, 2, 2, 3, 3, 3, 3};
static_assert(kFlowVictimRanks[static_cast<size_t>(FlowClass::Udp)] == kRankKept);

[[nodiscard]] constexpr size_t index_of(FlowClass flow_class) {
  return static_cast<size_t>(flow_class);
}

// Why a flow was evicted: what it was worth, or that the table had room but not in its sets.
enum class EvictionCause : uint8_t { Over, HalfOpen, OnePacket, Oldest, Crowded, Shrink };
inline constexpr size_t kEvictionCauses = 6;

[[nodiscard]] constexpr std::string_view name_of(EvictionCause cause) {
  switch (cause) {
    case EvictionCause::Over:
      return "over";
    case EvictionCause::HalfOpen:
      return "half_open";
    case EvictionCause::OnePacket:
      return "one_packet";
    case EvictionCause::Oldest:
      return "oldest";
    case EvictionCause::Crowded:
      return "crowded";
    case EvictionCause::Shrink:
      return "shrink";
  }
  return {};
}

}  // namespace flowscope
