#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/track/tcp_state.h"

namespace flowscope {

// Why a flow ended.
enum class EndReason : uint8_t {
  Fin,          // both sides closed
  Rst,          // reset by one side
  IdleTimeout,  // silent for its time-out
  Evicted,      // pushed out of a full table by a newer flow
  Reopened,     // a new SYN opened the same endpoints again
  Shutdown,     // the input ended, or the program was told to stop
};

// What one side of a flow sent.
struct SideCounters {
  uint64_t packets = 0;
  uint64_t bytes = 0;        // whole frames as on the wire
  uint32_t initial_seq = 0;  // of its SYN, else of its last SYN-ACK (the streams stage writes that)
  uint8_t tcp_flags = 0;     // all flags seen, or-ed; see tcp_flag
  bool syn_seen = false;     // a SYN without ACK
  uint8_t reserved = 0;
  bool syn_delivered = false;  // the streams stage has passed its SYN or SYN-ACK
};
static_assert(sizeof(SideCounters) == 24, "two sides share the entry's second cache line");

// One live flow in the table: two cache lines, no pointers.
struct FlowEntry {
  // No streams yet; and: never again (identified as nothing, or done with).
  static constexpr uint32_t kNoStream = 0;
  static constexpr uint32_t kStreamOff = UINT32_MAX;

  FlowKey key;
  uint64_t started_ns = 0;    // packet time of the first packet
  uint64_t last_seen_ns = 0;  // packet time of the last packet; may go backwards with the capture
  uint64_t clock_ns = 0;  // the tracker's clock (never backwards) at the last packet: for idle time

  std::array<SideCounters, 2> side;
  uint32_t stream = kNoStream;  // the streams stage's handle
  uint32_t segment_serial = 0;  // the run of packets that touched it last, see FlowTracker::update
  TcpState state = TcpState::Active;
  Orientation initiator = Orientation::Forward;  // the orientation of what the initiator sends
  uint8_t reserved = 0;
  uint8_t parser = 0;    // the streams stage's parser number of a datagram flow
  uint8_t app = 0;       // identified protocol: index into the registry's names, 0 unknown
  uint8_t probes = 0;    // datagrams that no parser recognised
  uint16_t vlan_id = 0;  // of the first packet

  [[nodiscard]] FlowSide side_of(Orientation orientation) const {
    return orientation == initiator ? FlowSide::Initiator : FlowSide::Responder;
  }
  [[nodiscard]] bool is_tcp() const { return key.protocol == 6; }
};
static_assert(sizeof(FlowEntry) == 128,
              "two cache lines; at 0.7 load 189 bytes per live flow with its set");

}  // namespace flowscope
