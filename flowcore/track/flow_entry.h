#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/track/flow_class.h"
#include "flowcore/track/side_counters.h"
#include "flowcore/track/tcp_state.h"

namespace flowscope {

// Why a flow ended.
enum class EndReason : uint8_t {
  Fin,          // both sides closed
  Rst,          // reset by one side
  IdleTimeout,  // silent for its time-out
  Evicted,      // pushed out of a full table by a newer flow
  Reopened,     // a new SYN opened the same endpoints again
  Forgotten,    // its user told the tracker to
  Shutdown,     // the input ended, or the program was told to stop
};
inline constexpr size_t kEndReasons = 7;

[[nodiscard]] constexpr std::string_view name_of(EndReason reason) {
  switch (reason) {
    case EndReason::Fin:
      return "fin";
    case EndReason::Rst:
      return "rst";
    case EndReason::IdleTimeout:
      return "idle";
    case EndReason::Evicted:
      return "evicted";
    case EndReason::Reopened:
      return "reopened";
    case EndReason::Forgotten:
      return "forgotten";
    case EndReason::Shutdown:
      return "shutdown";
  }
  return {};
}

// One live flow in the table: two cache lines, no pointers.
struct FlowEntry {
  // No streams yet; and: never again (identified as nothing, or done with).
  static constexpr uint32_t kNoStream = 0;
  static constexpr uint32_t kStreamOff = (1U << 28) - 1;  // all bits of `stream` set
  static constexpr uint32_t kDetailsMax = (1U << 24) - 1;

  FlowKey key;
  uint64_t started_ns = 0;    // packet time of the first packet
  uint64_t last_seen_ns = 0;  // packet time of the last packet; may go backwards with the capture

  std::array<SideCounters, 2> side;
  uint64_t detail : 24 = 0;               // handle of the flow's FlowDetail, 0 without one
  uint64_t alerted : 1 = 0;               // a signature was found in it
  uint64_t clock_lag : 39 = 0;            // see clock_ns()
  uint32_t stream : 28 = kNoStream;       // the streams stage's handle
  uint32_t syn_delivered : 2 = 0;         // bit of each side: the streams stage has passed its SYN
  bool picked_up : 1 = false;             // TCP: came to us after its handshake
  bool orientation_inferred : 1 = false;  // the first packet was taken for an answer
  // PERF: a word ends here, else Clang reads what follows with what is before it.
  uint8_t : 0;
  TcpState state : 4 = TcpState::Active;
  Orientation initiator : 1 = Orientation::Forward;  // the orientation of what the initiator sends
  uint8_t probes : 3 = 0;  // UDP: datagrams that no parser recognised; TCP: anomalies told of
  uint8_t app = 0;         // identified protocol: index into the registry's names, 0 unknown
  uint8_t l4 = 0;  // IP protocol of the first packet, also where the key leaves it out; 0 where the
                   // key is not one of IP
  uint8_t run_serial = 0;  // the run of packets that touched it last, see BurstTracker::update

  // The tracker's clock (never backwards) at the last packet: for idle time. Kept as what the clock
  // is ahead of the packet, in steps of 4.2 ms, rounded up: exact while packets come in order, and
  // good for 73 years, since ports may mix packets of all times.
  [[nodiscard]] uint64_t clock_ns() const {
    return last_seen_ns + (uint64_t{clock_lag} << kClockLagShift);
  }
  void see(Timestamp time, uint64_t clock_ns) {
    last_seen_ns = time.ns;
    const uint64_t lag_ns = clock_ns - time.ns;
    // PERF: nearly always so; the field shares its word with others.
    if (lag_ns == 0 && clock_lag == 0) [[likely]]
      return;
    constexpr uint64_t kRound = (uint64_t{1} << kClockLagShift) - 1;
    clock_lag = (lag_ns + kRound) >> kClockLagShift & kClockLagMax;
  }

  [[nodiscard]] FlowSide side_of(Orientation orientation) const {
    return static_cast<FlowSide>(static_cast<uint8_t>(orientation)
                                 ^ static_cast<uint8_t>(initiator));
  }
  [[nodiscard]] bool is_tcp() const { return key.protocol == 6; }
  // Fields for the streams stage, in places that only TCP and ICMP have a use for. Requires: the
  // flow is one of UDP.
  [[nodiscard]] uint32_t& datagram_scan() { return side[0].initial_seq; }
  [[nodiscard]] uint32_t& datagram_scanned_bytes(FlowSide from) {
    return side[index_of(from)].next_seq;
  }
  [[nodiscard]] uint64_t packets() const { return side[0].packets() + side[1].packets(); }
  // What the flow is worth when the table is full, and how long it may be silent.
  [[nodiscard]] FlowClass flow_class() const {
    if (is_tcp()) {
      const FlowClass by_state = class_of(state);
      // Who sends without an answer, whatever the flags, is worth no more than a single packet.
      const bool answered = side[0].packets() != 0 && side[1].packets() != 0;
      if (answered) [[likely]]
        return by_state;
      if (by_state == FlowClass::TcpClosing) return FlowClass::HalfOpen;
      return by_state == FlowClass::TcpOpen ? FlowClass::OneTcp : by_state;
    }
    const bool many = packets() > 1;
    if (l4 == static_cast<uint8_t>(IpProtocol::Udp))
      return many ? FlowClass::Udp : FlowClass::OneUdp;
    // A key without ports has no states.
    if (l4 == static_cast<uint8_t>(IpProtocol::Tcp))
      return many ? FlowClass::TcpOpen : FlowClass::OneTcp;
    return many ? FlowClass::Other : FlowClass::OneOther;
  }

 private:
  static constexpr uint32_t kClockLagShift = 22;
  static constexpr uint64_t kClockLagMax = (uint64_t{1} << 39) - 1;
};
static_assert(sizeof(FlowEntry) == 128,
              "two cache lines; at 0.7 load 189 bytes per live flow with its set");

// Why a flow ends, where it would end for another reason if it were not over.
[[nodiscard]] inline EndReason reason_of(const FlowEntry& entry, EndReason otherwise) {
  if (entry.state == TcpState::Closed) return EndReason::Fin;
  return entry.state == TcpState::Reset ? EndReason::Rst : otherwise;
}

}  // namespace flowscope
