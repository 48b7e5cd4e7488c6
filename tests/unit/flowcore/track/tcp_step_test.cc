// What TCP segments mean for their flow, by behaviour.
#include "flowcore/track/tcp_step.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/tracker_rig.h"

namespace flowscope {
namespace {

using tcp_flag::kAck;
using tcp_flag::kFin;
using tcp_flag::kPsh;
using tcp_flag::kRst;
using tcp_flag::kSyn;
using testing::TrackedPacket;
using testing::TrackerEvent;
using testing::TrackerRig;

constexpr uint64_t kSecond = 1'000'000'000;

// What a test says of a segment beside its flags.
struct Sent {
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint16_t bytes = 0;
  uint16_t window = 65535;
  int8_t scale = TrackedPacket::kNoScale;
};

// One TCP talk through a tracker. The client is the key's a.
class TcpTalk : public ::testing::Test {
 public:
  TcpTalk& client(uint8_t flags, const Sent& sent) { return send(false, flags, sent); }
  TcpTalk& server(uint8_t flags, const Sent& sent) { return send(true, flags, sent); }
  // Client numbers begin at 1000, the server's at 5000.
  TcpTalk& handshake(const Sent& options = {}) {
    return client(kSyn, {.seq = 1000, .window = options.window, .scale = options.scale})
        .server(kSyn | kAck,
                {.seq = 5000, .ack = 1001, .window = options.window, .scale = options.scale})
        .client(kAck, {.seq = 1001, .ack = 5001, .window = options.window});
  }
  void wait(uint64_t ns) { time_ns_ += ns; }

  TcpState state() {
    const FlowEntry* const entry = rig_.find(kFlow);
    return entry != nullptr ? entry->state : TcpState::Active;
  }
  const FlowEntry& entry() { return *rig_.find(kFlow); }
  // Reasons of ends so far.
  [[nodiscard]] std::vector<EndReason> ends() const {
    std::vector<EndReason> reasons;
    for (const TrackerEvent& event : rig_.log()) {
      if (event.kind == TrackerEvent::Kind::Ended)
        reasons.push_back(static_cast<EndReason>(event.what));
    }
    return reasons;
  }
  [[nodiscard]] int told(TrackerEvent::Kind kind) const {
    int found = 0;
    for (const TrackerEvent& event : rig_.log()) found += event.kind == kind ? 1 : 0;
    return found;
  }
  uint64_t anomalies(FlowAnomaly anomaly) { return rig_.tracker().anomalies(anomaly); }

 private:
  static constexpr uint32_t kFlow = 1;

  TcpTalk& send(bool is_reply, uint8_t flags, const Sent& sent) {
    time_ns_ += 1000;
    const TrackedPacket packet{.time_ns = time_ns_,
                               .flow = kFlow,
                               .protocol = TrackedPacket::kTcp,
                               .is_reply = is_reply,
                               .flags = flags,
                               .seq = sent.seq,
                               .ack = sent.ack,
                               .window = sent.window,
                               .payload_bytes = sent.bytes,
                               .window_scale = sent.scale};
    rig_.give({&packet, 1});
    EXPECT_EQ(rig_.fault(), "");
    return *this;
  }

  TrackerRig rig_{{.flows_max = 64}};
  uint64_t time_ns_ = kSecond;
};

class TcpOpen : public TcpTalk {};
class TcpClose : public TcpTalk {};
class TcpReset : public TcpTalk {};
class TcpNumbers : public TcpTalk {};

// RFC 9293 section 3.5, figure 6.
TEST_F(TcpOpen, HandshakeEstablishesOnce) {
  handshake().client(kAck | kPsh, {.seq = 1001, .ack = 5001, .bytes = 10});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(told(TrackerEvent::Kind::Established), 1);
  EXPECT_FALSE(entry().picked_up);
  EXPECT_FALSE(entry().orientation_inferred);
}

TEST_F(TcpOpen, RetransmittedSynsChangeNothing) {
  client(kSyn, {.seq = 1000}).client(kSyn, {.seq = 1000});
  EXPECT_EQ(state(), TcpState::SynSent);
  server(kSyn | kAck, {.seq = 5000, .ack = 1001}).client(kSyn, {.seq = 1000});
  server(kSyn | kAck, {.seq = 5000, .ack = 1001});
  EXPECT_EQ(state(), TcpState::SynReceived);
  client(kAck, {.seq = 1001, .ack = 5001}).client(kSyn, {.seq = 1000});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(told(TrackerEvent::Kind::Started), 1);
}

// RFC 9293 section 3.5, figure 7.
TEST_F(TcpOpen, SimultaneousOpenEstablishes) {
  client(kSyn, {.seq = 1000}).server(kSyn, {.seq = 5000});
  EXPECT_EQ(state(), TcpState::SynReceived);
  client(kSyn | kAck, {.seq = 1000, .ack = 5001}).server(kSyn | kAck, {.seq = 5000, .ack = 1001});
  client(kAck, {.seq = 1001, .ack = 5001});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(told(TrackerEvent::Kind::Started), 1);
}

TEST_F(TcpOpen, BlindAckDoesNotEstablish) {
  client(kSyn, {.seq = 1000}).server(kSyn | kAck, {.seq = 5000, .ack = 1001});
  client(kAck, {.seq = 1001, .ack = 5001 + (1U << 24)});
  EXPECT_EQ(state(), TcpState::SynReceived);
  EXPECT_EQ(told(TrackerEvent::Kind::Established), 0);
  client(0, {.seq = 1001});
  EXPECT_EQ(state(), TcpState::SynReceived) << "no acknowledgment at all";
  client(kAck, {.seq = 1001, .ack = 5001});
  EXPECT_EQ(state(), TcpState::Established);
}

TEST_F(TcpOpen, SynAckFirstWasSentByTheResponder) {
  server(kSyn | kAck, {.seq = 5000, .ack = 1001});
  EXPECT_EQ(state(), TcpState::SynReceived);
  EXPECT_EQ(entry().initiator, Orientation::Forward);
  EXPECT_TRUE(entry().orientation_inferred);
  EXPECT_FALSE(entry().picked_up);
  client(kAck, {.seq = 1001, .ack = 5001});
  EXPECT_EQ(state(), TcpState::Established);
}

TEST_F(TcpOpen, MidStreamPickUpEstablishesWhenBothSidesSpoke) {
  client(kAck, {.seq = 1000, .ack = 5000, .bytes = 10}).client(kAck, {.seq = 1010, .ack = 5000});
  EXPECT_EQ(state(), TcpState::Active);
  EXPECT_TRUE(entry().picked_up);
  server(kAck, {.seq = 5000, .ack = 1010});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(entry().initiator, Orientation::Forward);
}

TEST_F(TcpOpen, MidStreamPickUpTakesWhoeverSpeaksFirst) {
  server(kAck, {.seq = 5000, .ack = 1000}).client(kAck, {.seq = 1000, .ack = 5000, .bytes = 1});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(entry().initiator, Orientation::Reverse);
}

TEST_F(TcpOpen, OneSidedCapturesEstablish) {
  client(kSyn, {.seq = 1000}).client(kAck, {.seq = 1001, .ack = 5001, .bytes = 20});
  EXPECT_EQ(state(), TcpState::Established);
  client(kFin | kAck, {.seq = 1021, .ack = 6000}).client(kAck, {.seq = 1022, .ack = 6001});
  EXPECT_EQ(state(), TcpState::InitiatorClosed);
}

TEST_F(TcpOpen, OneSidedCapturesOfTheResponderEstablish) {
  server(kSyn | kAck, {.seq = 5000, .ack = 1001}).server(kAck, {.seq = 5001, .ack = 1100});
  EXPECT_EQ(state(), TcpState::Established);
}

// RFC 7413: the SYN-ACK acknowledges the data, or only the SYN and the data come again.
TEST_F(TcpOpen, FastOpenWithBytesTakenUp) {
  client(kSyn, {.seq = 1000, .bytes = 100});
  EXPECT_EQ(entry().side[0].next_seq, 1101U);
  server(kSyn | kAck, {.seq = 5000, .ack = 1101}).client(kAck, {.seq = 1101, .ack = 5001});
  EXPECT_EQ(state(), TcpState::Established);
}

TEST_F(TcpOpen, FastOpenWithBytesSentAgain) {
  client(kSyn, {.seq = 1000, .bytes = 100}).server(kSyn | kAck, {.seq = 5000, .ack = 1001});
  client(kAck, {.seq = 1001, .ack = 5001, .bytes = 100});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(entry().side[0].next_seq, 1101U);
}

TEST_F(TcpOpen, NewSynInTimeWaitOpensAnew) {
  handshake()
      .client(kFin | kAck, {.seq = 1001, .ack = 5001})
      .server(kFin | kAck, {.seq = 5001, .ack = 1002})
      .client(kAck, {.seq = 1002, .ack = 5002})
      .client(kSyn, {.seq = 90'000});
  EXPECT_EQ(ends(), std::vector{EndReason::Fin});
  EXPECT_EQ(state(), TcpState::SynSent);
}

TEST_F(TcpOpen, NewSynOnALiveFlowOpensAnewInEitherDirection) {
  handshake().client(kSyn, {.seq = 90'000});
  EXPECT_EQ(ends(), std::vector{EndReason::Reopened});
  server(kSyn | kAck, {.seq = 7000, .ack = 90'001}).client(kAck, {.seq = 90'001, .ack = 7001});
  EXPECT_EQ(state(), TcpState::Established);
  server(kSyn, {.seq = 4444});
  EXPECT_EQ(ends(), (std::vector{EndReason::Reopened, EndReason::Reopened}));
  EXPECT_EQ(entry().initiator, Orientation::Reverse);
}

// RFC 9293 section 3.6, figure 12.
TEST_F(TcpClose, ClosesWhenBothFinsAreAcknowledged) {
  handshake().client(kFin | kAck, {.seq = 1001, .ack = 5001});
  EXPECT_EQ(state(), TcpState::InitiatorClosed);
  server(kAck, {.seq = 5001, .ack = 1002});
  EXPECT_EQ(state(), TcpState::InitiatorClosed);
  server(kFin | kAck, {.seq = 5001, .ack = 1002});
  EXPECT_EQ(state(), TcpState::Closing);
  client(kAck, {.seq = 1002, .ack = 5001});
  EXPECT_EQ(state(), TcpState::Closing) << "the last FIN is not acknowledged";
  client(kAck, {.seq = 1002, .ack = 5002});
  EXPECT_EQ(state(), TcpState::Closed);
}

// Figure 13.
TEST_F(TcpClose, SimultaneousCloseCloses) {
  handshake()
      .client(kFin | kAck, {.seq = 1001, .ack = 5001})
      .server(kFin | kAck, {.seq = 5001, .ack = 1001})
      .client(kAck, {.seq = 1002, .ack = 5002})
      .server(kAck, {.seq = 5002, .ack = 1002});
  EXPECT_EQ(state(), TcpState::Closed);
}

TEST_F(TcpClose, RetransmittedFinIsNotThePeers) {
  handshake().client(kFin | kAck, {.seq = 1001, .ack = 5001});
  for (int i = 0; i < 3; ++i) client(kFin | kAck, {.seq = 1001, .ack = 5001});
  server(kAck, {.seq = 5001, .ack = 1002}).client(kAck, {.seq = 1002, .ack = 5001});
  EXPECT_EQ(state(), TcpState::InitiatorClosed);
  EXPECT_EQ(anomalies(FlowAnomaly::FinOutOfWindow), 0U);
}

TEST_F(TcpClose, HalfClosedSideStillReceives) {
  handshake().server(kFin | kAck, {.seq = 5001, .ack = 1001});
  EXPECT_EQ(state(), TcpState::ResponderClosed);
  for (uint32_t i = 0; i < 100; ++i) {
    client(kAck, {.seq = 1001 + 1000 * i, .ack = 5002, .bytes = 1000});
    server(kAck, {.seq = 5002, .ack = 2001 + 1000 * i});
  }
  EXPECT_EQ(state(), TcpState::ResponderClosed);
  client(kFin | kAck, {.seq = 101'001, .ack = 5002});
  server(kAck, {.seq = 5002, .ack = 101'002});
  EXPECT_EQ(state(), TcpState::Closed);
}

TEST_F(TcpClose, FinWithBytesTakesTheNumberAfterThem) {
  handshake().client(kFin | kAck, {.seq = 1001, .ack = 5001, .bytes = 50});
  EXPECT_EQ(entry().side[0].next_seq, 1052U);
  server(kFin | kAck, {.seq = 5001, .ack = 1052}).client(kAck, {.seq = 1052, .ack = 5002});
  EXPECT_EQ(state(), TcpState::Closed);
}

TEST_F(TcpClose, FinRightAfterTheSynAckCounts) {
  client(kSyn, {.seq = 1000}).server(kSyn | kAck, {.seq = 5000, .ack = 1001});
  client(kFin | kAck, {.seq = 1001, .ack = 5001, .bytes = 5});
  EXPECT_EQ(state(), TcpState::InitiatorClosed);
}

TEST_F(TcpClose, FlowsMetInTheMiddleClose) {
  client(kAck, {.seq = 1000, .ack = 5000}).server(kAck, {.seq = 5000, .ack = 1000});
  client(kFin | kAck, {.seq = 1000, .ack = 5000}).server(kFin | kAck, {.seq = 5000, .ack = 1001});
  client(kAck, {.seq = 1001, .ack = 5001});
  EXPECT_EQ(state(), TcpState::Closed);
}

TEST_F(TcpClose, FinOutsideTheWindowIsRefusedAndTold) {
  handshake().client(kFin | kAck, {.seq = 1001 + (1U << 20), .ack = 7});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(anomalies(FlowAnomaly::FinOutOfWindow), 1U);
  EXPECT_EQ(told(TrackerEvent::Kind::Anomaly), 1);
}

TEST_F(TcpClose, FinBeforeBytesThatWereSentIsRefused) {
  handshake().client(kAck, {.seq = 1001, .ack = 5001, .bytes = 500});
  client(kFin | kAck, {.seq = 1100, .ack = 5001});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(anomalies(FlowAnomaly::FinOutOfWindow), 1U);
}

TEST_F(TcpClose, LatePacketsAreTakenInUntilTheLingerIsOver) {
  handshake()
      .client(kFin | kAck, {.seq = 1001, .ack = 5001})
      .server(kFin | kAck, {.seq = 5001, .ack = 1002})
      .client(kAck, {.seq = 1002, .ack = 5002});
  server(kFin | kAck, {.seq = 5001, .ack = 1002}).client(kAck, {.seq = 1002, .ack = 5002});
  server(kRst, {.seq = 5002}).client(kAck, {.seq = 900, .ack = 1, .bytes = 10});
  EXPECT_EQ(state(), TcpState::Closed);
  EXPECT_EQ(told(TrackerEvent::Kind::Started), 1);
  wait(10 * kSecond);
  client(kAck, {.seq = 1002, .ack = 5002});
  EXPECT_EQ(ends(), std::vector{EndReason::Fin});
}

TEST_F(TcpReset, CountsInTheWindow) {
  handshake().server(kRst, {.seq = 5001 + 60'000});
  EXPECT_EQ(state(), TcpState::Reset);
}

TEST_F(TcpReset, OutsideTheWindowIsRefusedAndToldOnce) {
  handshake().server(kRst, {.seq = 5001 + 200'000}).server(kRst, {.seq = 5001U - 200'000U});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(anomalies(FlowAnomaly::ResetOutOfWindow), 2U);
  EXPECT_EQ(told(TrackerEvent::Kind::Anomaly), 1);
}

// RFC 9293 section 3.10.7.3: SND.UNA < SEG.ACK =< SND.NXT.
TEST_F(TcpReset, OfAnUnansweredSynMustAcknowledgeIt) {
  client(kSyn, {.seq = 1000});
  server(kRst, {.seq = 0}).server(kRst | kAck, {.ack = 1000}).server(kRst | kAck, {.ack = 1002});
  EXPECT_EQ(state(), TcpState::SynSent);
  server(kRst | kAck, {.ack = 1001});
  EXPECT_EQ(state(), TcpState::Reset);
}

TEST_F(TcpReset, GoesByTheScaledWindow) {
  handshake({.window = 1000, .scale = 7});
  client(kAck, {.seq = 1001, .ack = 5001, .window = 1000});
  server(kRst, {.seq = 5001 + 200'000});
  EXPECT_EQ(state(), TcpState::Established) << "1000 << 7 lies below";
  server(kRst, {.seq = 5001 + 120'000});
  EXPECT_EQ(state(), TcpState::Reset);
}

// RFC 7323 section 2.2: both sides or none.
TEST_F(TcpReset, WindowIsNotScaledWhenOnlyOneSideOffersIt) {
  client(kSyn, {.seq = 1000, .window = 1000, .scale = 7});
  server(kSyn | kAck, {.seq = 5000, .ack = 1001, .window = 1000});
  client(kAck, {.seq = 1001, .ack = 5001, .window = 1000});
  server(kRst, {.seq = 5001 + 5000});
  EXPECT_EQ(state(), TcpState::Established);
}

TEST_F(TcpReset, AcknowledgingExactlyCountsAfterLossOfTheCapture) {
  handshake().server(kRst | kAck, {.seq = 5001 + 50'000'000, .ack = 1002});
  EXPECT_EQ(state(), TcpState::Established);
  server(kRst | kAck, {.seq = 5001 + 50'000'000, .ack = 1001});
  EXPECT_EQ(state(), TcpState::Reset);
}

TEST_F(TcpReset, WhatTheOtherSideAcknowledgedWasSent) {
  handshake().client(kAck, {.seq = 1001, .ack = 5001 + 10'000'000});
  server(kRst, {.seq = 5001 + 10'000'000});
  EXPECT_EQ(state(), TcpState::Reset);
}

TEST_F(TcpReset, WithASynIsNone) {
  handshake().client(kSyn | kRst, {.seq = 1001});
  EXPECT_EQ(state(), TcpState::Established);
  EXPECT_EQ(anomalies(FlowAnomaly::InconsistentFlags), 1U);
}

// The scale of the server is unknown, its first segment was refused.
TEST_F(TcpReset, WindowOfASideThatWasRefusedAtFirstIsTheLargest) {
  client(kAck, {.seq = 1000, .ack = 5000});
  server(kAck, {.seq = 5000 + (1U << 31), .ack = 3}).server(kAck, {.seq = 5000, .ack = 1000});
  client(kRst, {.seq = 1000 + 5'000'000});
  EXPECT_EQ(state(), TcpState::Reset);
}

TEST_F(TcpNumbers, WrapAt2To32) {
  client(kSyn, {.seq = 0xffff'ffff}).server(kSyn | kAck, {.seq = 0xffff'ff00, .ack = 0});
  client(kAck, {.seq = 0, .ack = 0xffff'ff01});
  EXPECT_EQ(state(), TcpState::Established);
  server(kAck, {.seq = 0xffff'ff01, .ack = 0, .bytes = 0x1ff});
  EXPECT_EQ(entry().side[1].next_seq, 0x100U);
  client(kFin | kAck, {.seq = 0, .ack = 0x100}).server(kFin | kAck, {.seq = 0x100, .ack = 1});
  client(kAck, {.seq = 1, .ack = 0x101});
  EXPECT_EQ(state(), TcpState::Closed);
}

// RFC 9293 section 3.8.4.
TEST_F(TcpNumbers, KeepAliveSendsNothingNew) {
  for (const uint16_t bytes : {uint16_t{0}, uint16_t{1}}) {
    FlowEntry flow;
    flow.state = TcpState::Established;
    const auto follow = [&](FlowSide from, const TrackedPacket& packet) {
      flow.side[index_of(from)].count(64);
      return follow_tcp(flow, from, testing::layers_of(packet), testing::view_of(packet));
    };
    follow(FlowSide::Initiator, {.flags = kAck, .seq = 1000, .ack = 5000, .payload_bytes = 10});
    follow(FlowSide::Responder, {.flags = kAck, .seq = 5000, .ack = 1010});
    const TcpStep step = follow(FlowSide::Initiator,
                                {.flags = kAck, .seq = 1009, .ack = 5000, .payload_bytes = bytes});
    EXPECT_EQ(step.segment, SegmentKind::KeepAlive);
    EXPECT_EQ(flow.side[0].next_seq, 1010U);
  }
}

TEST_F(TcpNumbers, SegmentsAreNextAheadBehindOrStray) {
  FlowEntry flow;
  flow.state = TcpState::Established;
  const auto segment_of = [&](FlowSide from, uint32_t seq, uint16_t bytes, uint32_t ack = 9) {
    const TrackedPacket packet{.flags = kAck, .seq = seq, .ack = ack, .payload_bytes = bytes};
    flow.side[index_of(from)].count(64);
    return follow_tcp(flow, from, testing::layers_of(packet), testing::view_of(packet)).segment;
  };
  EXPECT_EQ(segment_of(FlowSide::Responder, 1, 3), SegmentKind::Next) << "its first";
  EXPECT_EQ(segment_of(FlowSide::Initiator, 9, 0), SegmentKind::Empty);
  EXPECT_EQ(segment_of(FlowSide::Responder, 9, 10), SegmentKind::Next);
  EXPECT_EQ(segment_of(FlowSide::Responder, 29, 10), SegmentKind::Ahead);
  EXPECT_EQ(segment_of(FlowSide::Responder, 19, 10), SegmentKind::Behind);
  EXPECT_EQ(segment_of(FlowSide::Responder, 0x8000'0000, 1, 8), SegmentKind::Stray);
  EXPECT_EQ(segment_of(FlowSide::Responder, 0x8000'0000, 1), SegmentKind::Ahead)
      << "it acknowledges exactly";
}

}  // namespace
}  // namespace flowscope
