#include "flowcore/track/tcp_state.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace flowscope {
namespace {

struct Step {
  FlowSide side;
  TcpSignal signal;
};
constexpr FlowSide I = FlowSide::Initiator;
constexpr FlowSide R = FlowSide::Responder;
using enum TcpSignal;

TcpState walk(std::initializer_list<Step> steps) {
  TcpState state = TcpState::Active;
  for (const Step& step : steps) state = next_tcp_state(state, step.side, step.signal);
  return state;
}

TEST(TcpState, HandshakeEstablishes) {
  EXPECT_EQ(walk({{I, Syn}}), TcpState::SynSent);
  EXPECT_EQ(walk({{I, Syn}, {R, SynAck}}), TcpState::SynReceived);
  EXPECT_EQ(walk({{I, Syn}, {R, SynAck}, {I, Plain}}), TcpState::Established);
}

TEST(TcpState, SimultaneousOpenEstablishes) {
  EXPECT_EQ(walk({{I, Syn}, {R, Syn}, {I, SynAck}, {R, Plain}}), TcpState::Established);
}

TEST(TcpState, FlowMetInTheMiddleEstablishesWhenBothSidesSpoke) {
  EXPECT_EQ(walk({{I, Plain}, {I, Plain}}), TcpState::Active);
  EXPECT_EQ(walk({{I, Plain}, {R, Plain}}), TcpState::Established);
}

TEST(TcpState, ClosesWhenBothFinsWereSeenAndOneIsAcknowledgedAfterwards) {
  EXPECT_EQ(walk({{I, Syn}, {R, SynAck}, {I, Plain}, {R, Fin}, {I, Fin}, {R, FinAcked}}),
            TcpState::Closed);
  EXPECT_EQ(walk({{I, Plain}, {R, Plain}, {I, Fin}, {R, Fin}, {R, Plain}}), TcpState::Closing);
}

TEST(TcpState, RetransmittedFinDoesNotStandForThePeers) {
  EXPECT_EQ(walk({{I, Plain}, {R, Plain}, {I, Fin}, {I, Fin}, {R, FinAcked}, {I, Plain}}),
            TcpState::InitiatorClosed);
}

TEST(TcpState, FinBeforeTheHandshakeIsCompleteCounts) {
  EXPECT_EQ(walk({{I, Syn}, {R, SynAck}, {I, Fin}}), TcpState::InitiatorClosed);
}

TEST(TcpState, WhatIsRefusedChangesNothing) {
  for (size_t state = 0; state < kTcpStates; ++state) {
    for (const FlowSide side : {I, R}) {
      const auto from = static_cast<TcpState>(state);
      EXPECT_EQ(next_tcp_state(from, side, None), from);
    }
  }
}

TEST(TcpState, ResetEndsEveryStateThatIsNotOver) {
  for (size_t state = 0; state < kTcpStates; ++state) {
    const auto from = static_cast<TcpState>(state);
    for (const FlowSide side : {I, R}) {
      const TcpState to = next_tcp_state(from, side, Rst);
      EXPECT_EQ(to, from == TcpState::Closed ? TcpState::Closed : TcpState::Reset)
          << "state " << state;
    }
  }
}

TEST(TcpState, OverMeansOver) {
  for (const FlowSide side : {I, R}) {
    for (const auto signal : {Plain, FinAcked, Syn, SynAck, Fin}) {
      EXPECT_EQ(next_tcp_state(TcpState::Closed, side, signal), TcpState::Closed);
      EXPECT_EQ(next_tcp_state(TcpState::Reset, side, signal), TcpState::Reset);
    }
  }
}

}  // namespace
}  // namespace flowscope
