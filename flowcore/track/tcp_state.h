#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "flowcore/base/flow_side.h"
#include "flowcore/packet/layers.h"
#include "flowcore/track/flow_class.h"

namespace flowscope {

// Where a TCP flow stands, seen from the middle (RFC 9293 section 3.3.2, both ends folded into
// one).
enum class TcpState : uint8_t {
  Active,           // not TCP, or TCP picked up in the middle with one side seen
  SynSent,          // the initiator's SYN was seen
  SynReceived,      // both SYNs were seen
  Established,      // the handshake is complete, or both sides were seen talking
  InitiatorClosed,  // the initiator's FIN was seen
  ResponderClosed,  // the responder's FIN was seen
  Closing,          // both FINs were seen
  Closed,           // and the last one was acknowledged
  Reset,            // an RST ended it
};
inline constexpr size_t kTcpStates = 9;

[[nodiscard]] constexpr std::string_view name_of(TcpState state) {
  switch (state) {
    case TcpState::Active:
      return "active";
    case TcpState::SynSent:
      return "syn_sent";
    case TcpState::SynReceived:
      return "syn_received";
    case TcpState::Established:
      return "established";
    case TcpState::InitiatorClosed:
      return "initiator_closed";
    case TcpState::ResponderClosed:
      return "responder_closed";
    case TcpState::Closing:
      return "closing";
    case TcpState::Closed:
      return "closed";
    case TcpState::Reset:
      return "reset";
  }
  return {};
}

// What a segment means to the state machine. FinAcked: it acknowledges the other side's FIN. None:
// nothing, for it lies outside the other side's window, or its acknowledgment is not one.
enum class TcpSignal : uint8_t { Plain, FinAcked, Syn, SynAck, Fin, Rst, None };
inline constexpr size_t kTcpSignals = 6;  // those with a column in the table

namespace tcp_table {

using enum TcpState;
using Row = std::array<TcpState, kTcpSignals>;  // by signal
using Sides = std::array<Row, 2>;               // by side: Initiator, Responder
inline constexpr std::array<Sides, kTcpStates> kNext = {{
    //  Plain        FinAcked     Syn          SynAck       Fin              Rst
    /* Active: a SYN may come first; what does not is picked up in the middle */
    {{{{Active, Active, SynSent, Active, InitiatorClosed, Reset}},
      {{Established, Established, SynReceived, SynReceived, ResponderClosed, Reset}}}},
    // The responder's SYN without ACK is a simultaneous open (RFC 9293 section 3.5); the
    // initiator's plain segment after its SYN means that the answer was not captured.
    /* SynSent */
    {{{{Established, Established, SynSent, SynReceived, InitiatorClosed, Reset}},
      {{SynSent, SynSent, SynReceived, SynReceived, ResponderClosed, Reset}}}},
    /* SynReceived */
    {{{{Established, Established, SynReceived, SynReceived, InitiatorClosed, Reset}},
      {{Established, Established, SynReceived, SynReceived, ResponderClosed, Reset}}}},
    /* Established */
    {{{{Established, Established, Established, Established, InitiatorClosed, Reset}},
      {{Established, Established, Established, Established, ResponderClosed, Reset}}}},
    // A second FIN of the same side is a retransmission.
    /* InitiatorClosed */
    {{{{InitiatorClosed, InitiatorClosed, InitiatorClosed, InitiatorClosed, InitiatorClosed,
        Reset}},
      {{InitiatorClosed, InitiatorClosed, InitiatorClosed, InitiatorClosed, Closing, Reset}}}},
    /* ResponderClosed */
    {{{{ResponderClosed, ResponderClosed, ResponderClosed, ResponderClosed, Closing, Reset}},
      {{ResponderClosed, ResponderClosed, ResponderClosed, ResponderClosed, ResponderClosed,
        Reset}}}},
    /* Closing */
    {{{{Closing, Closed, Closing, Closing, Closing, Reset}},
      {{Closing, Closed, Closing, Closing, Closing, Reset}}}},
    // Over: what still comes is late, until a SYN opens the tuple again (BurstTracker decides
    // that).
    /* Closed */
    {{{{Closed, Closed, Closed, Closed, Closed, Closed}},
      {{Closed, Closed, Closed, Closed, Closed, Closed}}}},
    /* Reset */
    {{{{Reset, Reset, Reset, Reset, Reset, Reset}}, {{Reset, Reset, Reset, Reset, Reset, Reset}}}},
}};

}  // namespace tcp_table

[[nodiscard]] constexpr TcpState next_tcp_state(TcpState state, FlowSide side, TcpSignal signal) {
  if (signal == TcpSignal::None) return state;
  return tcp_table::kNext[static_cast<size_t>(state)][index_of(side)][static_cast<size_t>(signal)];
}
static_assert(next_tcp_state(TcpState::SynReceived, FlowSide::Initiator, TcpSignal::Plain)
              == TcpState::Established);
static_assert(next_tcp_state(TcpState::InitiatorClosed, FlowSide::Initiator, TcpSignal::Fin)
                  == TcpState::InitiatorClosed,
              "a retransmitted FIN does not stand for the peer's");

// Nothing more will be said on the flow but late packets.
[[nodiscard]] constexpr bool is_over(TcpState state) {
  return state == TcpState::Closed || state == TcpState::Reset;
}

// How a flow in this state is classed, one of a single packet in the middle apart.
[[nodiscard]] constexpr FlowClass class_of(TcpState state) {
  switch (state) {
    case TcpState::SynSent:
    case TcpState::SynReceived:
      return FlowClass::HalfOpen;
    case TcpState::Active:
    case TcpState::Established:
      return FlowClass::TcpOpen;
    case TcpState::InitiatorClosed:
    case TcpState::ResponderClosed:
    case TcpState::Closing:
      return FlowClass::TcpClosing;
    case TcpState::Closed:
    case TcpState::Reset:
      return FlowClass::Over;
  }
  return FlowClass::TcpOpen;
}

}  // namespace flowscope
