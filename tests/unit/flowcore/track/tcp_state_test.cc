#include "flowcore/track/tcp_state.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace flowscope {
namespace {

struct Step {
  FlowSide side;
  uint8_t flags;
};
constexpr FlowSide I = FlowSide::Initiator;
constexpr FlowSide R = FlowSide::Responder;
using namespace tcp_flag;  // NOLINT(google-build-using-namespace): the flags alone

TcpState walk(std::initializer_list<Step> steps) {
  TcpState state = TcpState::Active;
  for (const Step& step : steps) state = next_tcp_state(state, step.side, tcp_signal(step.flags));
  return state;
}

TEST(TcpState, HandshakeEstablishes) {
  EXPECT_EQ(walk({{I, kSyn}}), TcpState::SynSent);
  EXPECT_EQ(walk({{I, kSyn}, {R, kSyn | kAck}}), TcpState::SynReceived);
  EXPECT_EQ(walk({{I, kSyn}, {R, kSyn | kAck}, {I, kAck}}), TcpState::Established);
}

TEST(TcpState, SimultaneousOpenEstablishes) {
  EXPECT_EQ(walk({{I, kSyn}, {R, kSyn}, {I, kSyn | kAck}, {R, kAck}}), TcpState::Established);
}

TEST(TcpState, FlowMetInTheMiddleEstablishesWhenBothSidesSpoke) {
  EXPECT_EQ(walk({{I, kAck}, {I, kAck}}), TcpState::Active);
  EXPECT_EQ(walk({{I, kAck}, {R, kAck}}), TcpState::Established);
}

TEST(TcpState, ClosesWhenBothFinsAreAcknowledged) {
  EXPECT_EQ(
      walk({{I, kSyn}, {R, kSyn | kAck}, {I, kAck}, {R, kFin | kAck}, {I, kFin | kAck}, {R, kAck}}),
      TcpState::Closed);
}

TEST(TcpState, RetransmittedFinDoesNotStandForThePeers) {
  EXPECT_EQ(walk({{I, kAck}, {R, kAck}, {I, kFin | kAck}, {I, kFin | kAck}, {R, kAck}, {I, kAck}}),
            TcpState::InitiatorClosed);
}

TEST(TcpState, FinBeforeTheHandshakeIsCompleteCounts) {
  EXPECT_EQ(walk({{I, kSyn}, {R, kSyn | kAck}, {I, kFin | kAck}}), TcpState::InitiatorClosed);
}

TEST(TcpState, ResetEndsEveryStateThatIsNotOver) {
  for (size_t state = 0; state < kTcpStates; ++state) {
    const auto from = static_cast<TcpState>(state);
    for (const FlowSide side : {I, R}) {
      const TcpState to = next_tcp_state(from, side, TcpSignal::Rst);
      EXPECT_EQ(to, from == TcpState::Closed ? TcpState::Closed : TcpState::Reset)
          << "state " << state;
    }
  }
}

TEST(TcpState, OverMeansOver) {
  for (const FlowSide side : {I, R}) {
    for (const auto signal :
         {TcpSignal::Plain, TcpSignal::Syn, TcpSignal::SynAck, TcpSignal::Fin}) {
      EXPECT_EQ(next_tcp_state(TcpState::Closed, side, signal), TcpState::Closed);
      EXPECT_EQ(next_tcp_state(TcpState::Reset, side, signal), TcpState::Reset);
    }
  }
}

TEST(TcpState, StrongestFlagDecides) {
  EXPECT_EQ(tcp_signal(kRst | kSyn | kFin | kAck), TcpSignal::Rst);
  EXPECT_EQ(tcp_signal(kSyn | kFin), TcpSignal::Syn);
  EXPECT_EQ(tcp_signal(kFin | kPsh | kAck), TcpSignal::Fin);
}

}  // namespace
}  // namespace flowscope
