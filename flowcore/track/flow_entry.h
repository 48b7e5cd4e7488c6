#pragma once

#include <algorithm>
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

// ICMP type and code of a message.
struct IcmpSeen {
  uint8_t type = 0;
  uint8_t code = 0;
  bool seen = false;
  uint8_t reserved = 0;
};

// What one side of a flow sent.
struct SideCounters {
  uint64_t packets = 0;
  uint64_t bytes = 0;  // whole frames as on the wire
  union {
    uint32_t initial_seq = 0;  // TCP: of its SYN, else of its last SYN-ACK (the streams stage
                               // writes that)
    IcmpSeen icmp;             // ICMP: its first message
  };
  uint8_t tcp_flags = 0;           // all flags seen, or-ed; see tcp_flag
  bool syn_seen : 1 = false;       // a SYN without ACK
  bool syn_delivered : 1 = false;  // the streams stage has passed its SYN or SYN-ACK
  uint16_t vlan_id = 0;            // of its first packet
};
static_assert(sizeof(SideCounters) == 24, "two sides share the entry's second cache line");

// One live flow in the table: two cache lines, no pointers.
struct FlowEntry {
  // No streams yet; and: never again (identified as nothing, or done with).
  static constexpr uint32_t kNoStream = 0;
  static constexpr uint32_t kStreamOff = UINT32_MAX;
  static constexpr uint32_t kDetailsMax = (1U << 24) - 1;

  FlowKey key;
  uint64_t started_ns = 0;    // packet time of the first packet
  uint64_t last_seen_ns = 0;  // packet time of the last packet; may go backwards with the capture

  std::array<SideCounters, 2> side;
  uint64_t detail : 24 = 0;     // handle of the flow's FlowDetail, 0 without one
  uint64_t clock_lag : 40 = 0;  // see clock_ns()
  uint32_t stream = kNoStream;  // the streams stage's handle
  TcpState state : 4 = TcpState::Active;
  Orientation initiator : 1 = Orientation::Forward;  // the orientation of what the initiator sends
  uint8_t probes : 3 = 0;                            // datagrams that no parser recognised
  uint8_t app = 0;  // identified protocol: index into the registry's names, 0 unknown
  uint8_t l4 = 0;  // IP protocol of the first packet, also where the key leaves it out; 0 where the
                   // key is not one of IP
  uint8_t run_serial = 0;  // the run of packets that touched it last, see FlowTracker::update

  // The tracker's clock (never backwards) at the last packet: for idle time. Kept as what the clock
  // is ahead of the packet, in steps of 4.2 ms, rounded up: exact while packets come in order, and
  // good for 146 years, since ports may mix packets of all times.
  [[nodiscard]] uint64_t clock_ns() const {
    return last_seen_ns + (uint64_t{clock_lag} << kClockLagShift);
  }
  void see(Timestamp time, uint64_t clock_ns) {
    last_seen_ns = time.ns;
    const uint64_t lag_ns = clock_ns - time.ns;
    constexpr uint64_t kRound = (uint64_t{1} << kClockLagShift) - 1;
    clock_lag = (lag_ns + kRound) >> kClockLagShift & kClockLagMax;
  }

  [[nodiscard]] FlowSide side_of(Orientation orientation) const {
    return orientation == initiator ? FlowSide::Initiator : FlowSide::Responder;
  }
  [[nodiscard]] bool is_tcp() const { return key.protocol == 6; }

 private:
  static constexpr uint32_t kClockLagShift = 22;
  static constexpr uint64_t kClockLagMax = (uint64_t{1} << 40) - 1;
};
static_assert(sizeof(FlowEntry) == 128,
              "two cache lines; at 0.7 load 189 bytes per live flow with its set");

}  // namespace flowscope
