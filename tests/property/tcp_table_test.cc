// Every TCP state, side and flag byte with numbers of every relation to the window, against rules
// that are written down without the code's table.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "flowcore/track/tcp_step.h"
#include "tests/support/tcp_oracle.h"
#include "tests/support/tracker_rig.h"

namespace flowscope {
namespace {

using testing::Segment;
using testing::TcpOracle;
using testing::TrackedPacket;

// What is known of the flow when the segment comes.
enum class Known : uint8_t {
  Everything,
  OnlySender,     // the receiver was never seen
  OnlyReceiver,   // the sender was never seen, but what it sent was acknowledged
  Nothing,        // the first segment of all
  RefusedSender,  // what the sender sent so far was refused, so its windows are not known
};
constexpr std::array kKnown = {Known::Everything, Known::OnlySender, Known::OnlyReceiver,
                               Known::Nothing, Known::RefusedSender};

constexpr std::array<uint32_t, 2> kNext = {0xffff'fff0, 5000};  // of the two sides; one wraps
constexpr std::array<uint32_t, 2> kSyn = {0xffff'ff00, 4000};
constexpr std::array<uint32_t, 2> kWindow = {16, 18};  // logarithms

constexpr int64_t kFar = int64_t{1} << 30;

bool is_closed(TcpState state, FlowSide side) {
  return state == TcpState::Closing || state == TcpState::Closed
         || state
                == (side == FlowSide::Initiator ? TcpState::InitiatorClosed
                                                : TcpState::ResponderClosed);
}

// Brings one side of both to the same knowledge.
void learn(FlowSide of, TcpState state, Known known, bool is_sender, FlowEntry& entry,
           TcpOracle& oracle) {
  SideCounters& side = entry.side.at(index_of(of));
  TcpOracle::Side& expected = oracle.sides.at(index_of(of));
  const bool was_seen = known == Known::Everything || known == Known::RefusedSender
                        || known == (is_sender ? Known::OnlySender : Known::OnlyReceiver);
  const bool has_next = was_seen || (is_sender && known == Known::OnlyReceiver);
  if (has_next) {
    side.set_next(kNext.at(index_of(of)));
    expected.next = side.next_seq;
  }
  if (!was_seen) return;
  side.count(64);
  side.count(64);
  // The initiator's SYN was seen; the responder's had an ACK.
  if (of == FlowSide::Initiator && state != TcpState::Active) {
    side.set_syn_seen();
    side.initial_seq = kSyn.at(index_of(of));
    expected.syn = side.initial_seq;
  }
  if (is_closed(state, of)) {
    side.set_fin_seen();
    expected.fin = true;
  }
  if (is_sender && known == Known::RefusedSender) return;
  side.widen_window(1U << (kWindow.at(index_of(of)) - 1));
  expected.window = uint64_t{1} << kWindow.at(index_of(of));
  side.set_window_scale(static_cast<uint32_t>(2 * index_of(of)));
  expected.shift = static_cast<uint8_t>(2 * index_of(of));
}

// What is the same of both, as text, for a failure that can be read.
std::string told(const SideCounters& side) {
  return (side.next_known() ? std::to_string(side.next_seq) : "none") + " window "
         + std::to_string(side.window_log()) + " fin " + std::to_string(side.fin_seen()) + " syn "
         + (side.syn_seen() ? std::to_string(side.initial_seq) : "none");
}
std::string told(const TcpOracle::Side& side) {
  return (side.next ? std::to_string(*side.next) : "none") + " window "
         + std::to_string(side.window == 0 ? 0 : std::bit_width(side.window) - 1) + " fin "
         + std::to_string(side.fin) + " syn " + (side.syn ? std::to_string(*side.syn) : "none");
}

TcpOracle::Meaning meaning_of(TcpSignal signal) {
  switch (signal) {
    case TcpSignal::Plain:
    case TcpSignal::FinAcked:
      return TcpOracle::Meaning::Plain;
    case TcpSignal::Syn:
      return TcpOracle::Meaning::Syn;
    case TcpSignal::SynAck:
      return TcpOracle::Meaning::SynAck;
    case TcpSignal::Fin:
      return TcpOracle::Meaning::Fin;
    case TcpSignal::Rst:
      return TcpOracle::Meaning::Rst;
    case TcpSignal::None:
      return TcpOracle::Meaning::Nothing;
  }
  return TcpOracle::Meaning::Nothing;
}

// Whether code and rules agree on one segment; says where they do not.
::testing::AssertionResult agree(TcpState state, Known known, const Segment& segment) {
  FlowEntry entry;
  TcpOracle oracle;
  entry.state = state;
  oracle.state = state;
  learn(segment.from, state, known, true, entry, oracle);
  learn(other_side(segment.from), state, known, false, entry, oracle);

  TrackedPacket packet{.protocol = TrackedPacket::kTcp,
                       .flags = segment.flags,
                       .seq = segment.seq,
                       .ack = segment.ack,
                       .window = segment.window,
                       .payload_bytes = segment.payload_bytes};
  if (segment.scale) packet.window_scale = static_cast<int8_t>(*segment.scale);
  entry.side.at(index_of(segment.from)).count(64);
  const TcpStep step =
      follow_tcp(entry, segment.from, testing::layers_of(packet), testing::view_of(packet));
  const TcpState after = next_tcp_state(state, segment.from, step.signal);
  const TcpOracle::Verdict verdict = oracle.take(segment);

  bool same = after == oracle.state && step.anomaly == verdict.anomaly
              && meaning_of(step.signal) == verdict.meaning;
  for (size_t i = 0; i < 2; ++i) same &= told(entry.side.at(i)) == told(oracle.sides.at(i));
  if (same) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "state " << int(state) << " known " << int(known) << " from " << index_of(segment.from)
         << " flags " << int{segment.flags} << " seq " << segment.seq << " ack " << segment.ack
         << " payload " << segment.payload_bytes << "\n  code: state " << int(after) << " signal "
         << int(step.signal) << " anomaly " << int(step.anomaly) << "; " << told(entry.side[0])
         << "; " << told(entry.side[1]) << "\n  rules: state " << int(oracle.state) << " meaning "
         << int(verdict.meaning) << " anomaly " << int(verdict.anomaly) << "; "
         << told(oracle.sides[0]) << "; " << told(oracle.sides[1]);
}

// All flag bytes with all relations of sequence and acknowledgment number.
void expect_agreement(TcpState state, Known known, FlowSide from) {
  const int64_t window = int64_t{1} << kWindow.at(index_of(other_side(from)));
  const std::array<int64_t, 9> seq_from_next = {0,      1,          1000,    -1,  -1000,
                                                window, window + 1, -window, kFar};
  const std::array<int64_t, 5> ack_from_next = {0, -1, 1, 1000, -kFar};
  for (const int64_t seq : seq_from_next) {
    for (const int64_t ack : ack_from_next) {
      for (const uint16_t payload_bytes : {uint16_t{0}, uint16_t{1}, uint16_t{100}}) {
        for (uint32_t flags = 0; flags < 256; ++flags) {
          Segment segment{.from = from,
                          .flags = static_cast<uint8_t>(flags),
                          .seq = static_cast<uint32_t>(kNext.at(index_of(from)) + seq),
                          .ack = static_cast<uint32_t>(kNext.at(index_of(other_side(from))) + ack),
                          .window = 3000,
                          .payload_bytes = payload_bytes};
          if ((flags & tcp_flag::kSyn) != 0 && payload_bytes != 1) segment.scale = 7;
          ASSERT_TRUE(agree(state, known, segment));
        }
      }
    }
  }
}

TEST(TcpTable, EveryStateSideAndFlagByteGoesAsTheRulesSay) {
  for (size_t state = 0; state < kTcpStates; ++state) {
    for (const Known known : kKnown) {
      for (const FlowSide from : {FlowSide::Initiator, FlowSide::Responder}) {
        expect_agreement(static_cast<TcpState>(state), known, from);
        if (HasFatalFailure()) return;
      }
    }
  }
}

// The rows of the original state machine that still hold: whatever else a segment carries, in order
// and with right numbers.
TEST(TcpTable, OriginalRowsHoldForSegmentsInOrder) {
  struct Row {
    TcpState from;
    FlowSide side;
    uint8_t flags;
    TcpState to;
  };
  using enum TcpState;
  constexpr FlowSide kInitiator = FlowSide::Initiator;
  constexpr FlowSide kResponder = FlowSide::Responder;
  constexpr std::array kRows = {
      Row{Active, kInitiator, tcp_flag::kSyn, SynSent},
      Row{SynSent, kResponder, tcp_flag::kSyn | tcp_flag::kAck, SynReceived},
      Row{SynReceived, kInitiator, tcp_flag::kAck, Established},
      Row{Established, kInitiator, tcp_flag::kFin | tcp_flag::kAck, InitiatorClosed},
      Row{Established, kResponder, tcp_flag::kFin | tcp_flag::kAck, ResponderClosed},
      Row{InitiatorClosed, kResponder, tcp_flag::kFin | tcp_flag::kAck, Closing},
      Row{ResponderClosed, kInitiator, tcp_flag::kFin | tcp_flag::kAck, Closing},
      Row{Closing, kInitiator, tcp_flag::kAck, Closed},
      Row{Closing, kResponder, tcp_flag::kAck, Closed},
  };
  for (const Row& row : kRows) {
    for (const int more : {0, 0x08, 0x20, 0x40, 0x80, 0xe8}) {
      TcpOracle unused;
      FlowEntry entry;
      entry.state = row.from;
      learn(row.side, row.from, Known::Everything, true, entry, unused);
      learn(other_side(row.side), row.from, Known::Everything, false, entry, unused);
      const TrackedPacket packet{.flags = static_cast<uint8_t>(row.flags | more),
                                 .seq = kNext.at(index_of(row.side)),
                                 .ack = kNext.at(index_of(other_side(row.side)))};
      const TcpStep step =
          follow_tcp(entry, row.side, testing::layers_of(packet), testing::view_of(packet));
      EXPECT_EQ(next_tcp_state(row.from, row.side, step.signal), row.to)
          << "state " << int(row.from) << " flags " << int{packet.flags};
    }
  }
}

}  // namespace
}  // namespace flowscope
