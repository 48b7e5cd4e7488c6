#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "flowcore/base/flow_side.h"
#include "flowcore/packet/layers.h"
#include "flowcore/track/anomaly.h"
#include "flowcore/track/tcp_state.h"

namespace flowscope::testing {

// One TCP segment of a side.
struct Segment {
  FlowSide from = FlowSide::Initiator;
  uint8_t flags = tcp_flag::kAck;
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint16_t window = 65535;
  uint16_t payload_bytes = 0;
  std::optional<uint8_t> scale{};  // the option, on SYNs

  [[nodiscard]] bool has(uint8_t flag) const { return (flags & flag) != 0; }
};

// What the rules say of one TCP flow seen from the middle, told rule by rule in words of RFC 9293
// and RFC 5961, without a table and without the code that it is compared with. Sequence numbers are
// taken to a line of 64 bits around where their side stands, so that nothing wraps.
class TcpOracle {
 public:
  enum class Meaning : uint8_t { Nothing, Syn, SynAck, Plain, Fin, Rst };
  struct Side {
    std::optional<uint32_t> next{};  // one past what it sent, as far as known
    std::optional<uint32_t> syn{};   // number of its first SYN without ACK
    bool fin = false;
    uint64_t window = 0;             // what it takes up ahead, a power of two; 0: not known
    std::optional<uint8_t> shift{};  // of its windows; unknown where its SYN was not seen
  };
  struct Verdict {
    Meaning meaning = Meaning::Nothing;
    FlowAnomaly anomaly = FlowAnomaly::None;
  };

  TcpState state = TcpState::Active;
  std::array<Side, 2> sides{};

  Verdict take(const Segment& segment) {
    if (is_finished()) return {};
    const Verdict verdict = judge(segment);
    step(segment.from, verdict.meaning);
    return verdict;
  }
  // A SYN that opens the endpoints anew: the flow is over, or its sender already sent another SYN,
  // or the flow is past the point where a first SYN of its sender could belong to it.
  [[nodiscard]] bool opens_anew(const Segment& segment) const {
    if (!segment.has(tcp_flag::kSyn) || segment.has(tcp_flag::kAck)
        || segment.has(tcp_flag::kRst)) {
      return false;
    }
    if (is_finished()) return true;
    const Side& sender = sides.at(index_of(segment.from));
    if (sender.syn) return *sender.syn != segment.seq;
    return state != TcpState::SynSent && state != TcpState::Active;
  }
  [[nodiscard]] bool is_finished() const {
    return state == TcpState::Closed || state == TcpState::Reset;
  }

 private:
  static constexpr uint64_t kWindowMax = uint64_t{1} << 31;

  // How far `to` lies ahead of `from`; negative: behind.
  static int64_t ahead(uint32_t from, uint32_t to) {
    const int64_t forward = uint32_t{to - from};
    return forward < int64_t{1} << 31 ? forward : forward - (int64_t{1} << 32);
  }
  Side& sender(const Segment& segment) { return sides.at(index_of(segment.from)); }
  Side& receiver(const Segment& segment) { return sides.at(index_of(other_side(segment.from))); }

  // Of what `from` sends, the number `seq` would be taken up by the other side.
  static bool is_taken(const Side& from, const Side& by, uint32_t seq) {
    if (!from.next || by.window == 0) return true;
    const int64_t distance = ahead(*from.next, seq);
    return static_cast<uint64_t>(distance < 0 ? -distance : distance) <= by.window;
  }
  static bool is_exact_ack(const Side& of, const Segment& segment) {
    return segment.has(tcp_flag::kAck) && of.next && *of.next == segment.ack;
  }

  Verdict judge(const Segment& segment) {
    if (segment.has(tcp_flag::kRst)) return judge_rst(segment);
    if (segment.has(tcp_flag::kSyn)) return judge_syn(segment);
    const bool fin = segment.has(tcp_flag::kFin);
    if (!is_taken(sender(segment), receiver(segment), segment.seq)
        && !is_exact_ack(receiver(segment), segment)) {
      return {.anomaly = fin ? FlowAnomaly::FinOutOfWindow : FlowAnomaly::None};
    }
    Verdict verdict{.meaning = Meaning::Plain};
    const bool counts = fin && fin_counts(segment);
    if (fin && !counts) verdict = {.anomaly = FlowAnomaly::FinOutOfWindow};
    if (counts) verdict.meaning = Meaning::Fin;
    send(segment, counts);
    advertise(segment);
    if (state == TcpState::SynReceived && segment.from == FlowSide::Initiator
        && verdict.meaning == Meaning::Plain && !answers_the_syn(segment)) {
      return {};
    }
    if (segment.has(tcp_flag::kAck)) acknowledge(segment);
    return verdict;
  }

  // RFC 9293 section 3.10.7.3 for a reset of an unanswered SYN, RFC 5961 section 3.2 for others,
  // with the window for what RCV.NXT cannot be known of.
  Verdict judge_rst(const Segment& segment) {
    if (segment.has(tcp_flag::kSyn)) return {.anomaly = FlowAnomaly::InconsistentFlags};
    bool counts = is_taken(sender(segment), receiver(segment), segment.seq)
                  || is_exact_ack(receiver(segment), segment);
    if (state == TcpState::SynSent && segment.from == FlowSide::Responder) {
      const Side& opener = receiver(segment);
      counts = segment.has(tcp_flag::kAck) && ahead(opener.syn.value_or(0), segment.ack) > 0
               && ahead(segment.ack, opener.next.value_or(0)) >= 0;
    }
    if (counts) return {.meaning = Meaning::Rst};
    return {.anomaly = FlowAnomaly::ResetOutOfWindow};
  }

  Verdict judge_syn(const Segment& segment) {
    const bool answers = segment.has(tcp_flag::kAck);
    Side& from = sender(segment);
    if (!answers && !from.syn) from.syn = segment.seq;
    if (state == TcpState::Active || state == TcpState::SynSent || state == TcpState::SynReceived) {
      from.next = segment.seq + 1 + segment.payload_bytes;
      from.shift = std::min<uint8_t>(segment.scale.value_or(0), 14);
      widen(from, segment.window);  // never scaled on a SYN (RFC 7323 section 2.2)
      if (answers && !segment.scale) receiver(segment).shift = 0;
    }
    return {.meaning = answers ? Meaning::SynAck : Meaning::Syn,
            .anomaly =
                segment.has(tcp_flag::kFin) ? FlowAnomaly::InconsistentFlags : FlowAnomaly::None};
  }

  // A FIN ends what its side sent: it is the last number (maybe acknowledged before we see it), and
  // once it is known another one is none.
  [[nodiscard]] bool fin_counts(const Segment& segment) {
    const Side& from = sender(segment);
    const uint32_t number = segment.seq + segment.payload_bytes;
    if (from.fin) return number + 1 == *from.next;
    return !from.next || ahead(number + 1, *from.next) <= 0;
  }
  void send(const Segment& segment, bool fin) {
    Side& from = sender(segment);
    const uint32_t end = segment.seq + segment.payload_bytes + (fin ? 1 : 0);
    // A keep-alive repeats a number; so does everything that is not beyond what was sent.
    if (!from.next || (!from.fin && ahead(*from.next, end) > 0 && end != segment.seq))
      from.next = end;
    from.fin |= fin;
  }
  static void widen(Side& side, uint64_t window) {
    uint64_t above = 1;
    while (above <= window) above *= 2;
    if (window != 0) side.window = std::max(side.window, std::min(above, kWindowMax));
  }
  void advertise(const Segment& segment) {
    Side& from = sender(segment);
    // Who never told of a window may scale it by as much as there is.
    if (!from.shift || from.window == 0) from.shift = 14;
    widen(from, uint64_t{segment.window} << *from.shift);
  }
  [[nodiscard]] bool answers_the_syn(const Segment& segment) {
    return segment.has(tcp_flag::kAck) && is_taken(receiver(segment), sender(segment), segment.ack);
  }
  void acknowledge(const Segment& segment) {
    Side& of = receiver(segment);
    if (!of.next || (!of.fin && ahead(*of.next, segment.ack) > 0)) of.next = segment.ack;
    acknowledges_fin_ = of.fin && *of.next == segment.ack;
  }

  void step(FlowSide from, Meaning meaning) {
    const bool of_fin = std::exchange(acknowledges_fin_, false);
    const bool is_initiator = from == FlowSide::Initiator;
    const TcpState own_close = is_initiator ? TcpState::InitiatorClosed : TcpState::ResponderClosed;
    const TcpState other_close =
        is_initiator ? TcpState::ResponderClosed : TcpState::InitiatorClosed;
    switch (meaning) {
      case Meaning::Nothing:
        return;
      case Meaning::Rst:
        state = TcpState::Reset;
        return;
      case Meaning::Fin:
        if (state == TcpState::Closing || state == own_close) return;
        state = state == other_close ? TcpState::Closing : own_close;
        return;
      case Meaning::Syn:
        if (state == TcpState::Active && is_initiator)
          state = TcpState::SynSent;
        else if (!is_initiator && (state == TcpState::Active || state == TcpState::SynSent))
          state = TcpState::SynReceived;
        return;
      case Meaning::SynAck:
        if (state == TcpState::SynSent || (state == TcpState::Active && !is_initiator))
          state = TcpState::SynReceived;
        return;
      case Meaning::Plain:
        // Both sides were seen talking, or the initiator goes on after its SYN.
        if ((state == TcpState::Active && !is_initiator)
            || (state == TcpState::SynSent && is_initiator) || state == TcpState::SynReceived) {
          state = TcpState::Established;
        }
        if (state == TcpState::Closing && of_fin) state = TcpState::Closed;
        return;
    }
  }

  bool acknowledges_fin_ = false;
};

}  // namespace flowscope::testing
