#include "flowcore/track/flow_meter.h"

#include <algorithm>

#include "flowcore/base/seq.h"
#include "flowcore/packet/tcp_options.h"

namespace flowscope {

namespace {

constexpr uint8_t kFlagged = tcp_flag::kSyn | tcp_flag::kFin | tcp_flag::kRst;
// Steps of 1.05 ms, modulo 2^16: 68 s.
constexpr uint32_t kTickShift = 20;
constexpr uint32_t kReorderedWithinUs = 3'000;

uint16_t tick_of(Timestamp time) { return static_cast<uint16_t>(time.ns >> kTickShift); }
uint32_t us_of(Timestamp time) { return static_cast<uint32_t>(time.ns / 1'000); }

// Of a counter that has just gone up by one.
bool is_told(uint64_t count) {
  uint64_t power = 1;
  while (power < count) power *= 10;
  return power == count;
}

bool has_flag(const Layers& layers, uint8_t flag) { return (layers.tcp_flags & flag) != 0; }

// One past the last number of the segment.
uint32_t end_of(const Layers& layers) {
  return layers.tcp_seq + layers.payload_bytes + (has_flag(layers, tcp_flag::kSyn) ? 1U : 0U)
         + (has_flag(layers, tcp_flag::kFin) ? 1U : 0U);
}

}  // namespace

void FlowMeter::count(const FlowEntry& entry, const FlowBefore& before, FlowSide from,
                      const Layers& layers, const PacketView& packet, const TcpStep& step) {
  note_passed(layers, from, before.last_seen_ns);
  if (entry.packets() == 1) [[unlikely]] {
    if (entry.orientation_inferred) history_.add(from, HistoryLetter::Flipped);
  } else if (entry.side[index_of(from)].packets() == 1 && from != beginner_of(entry)) [[unlikely]] {
    const uint64_t after_ns =
        entry.last_seen_ns > entry.started_ns ? entry.last_seen_ns - entry.started_ns : 0;
    other_first_us_ = static_cast<uint32_t>(std::min<uint64_t>(after_ns / 1'000, UINT32_MAX));
  }
  if (!layers.has_l4) return;
  if (entry.is_tcp()) return count_tcp(entry, before, from, layers, packet, step);
  note_datagram(entry, from, layers);
}

void FlowMeter::note_datagram(const FlowEntry& entry, FlowSide from, const Layers& layers) {
  SideMeter& sender = sides_[index_of(from)];
  if (layers.payload_bytes != 0 && compact_count_ < CompactHistory::kLettersMax) {
    compact_.add(from, 'd');
    ++compact_count_;
  }
  if (entry.l4 != static_cast<uint8_t>(IpProtocol::Udp) || sender.payload_noted != 0) return;
  sender.payload_noted = 1;
  history_.add(from, HistoryLetter::Payload);
}

void FlowMeter::count_tcp(const FlowEntry& entry, const FlowBefore& before, FlowSide from,
                          const Layers& layers, const PacketView& packet, const TcpStep& step) {
  note_letters(from, layers);
  if (has_flag(layers, tcp_flag::kSyn)) [[unlikely]]
    read_syn(from, layers, packet);
  if (is_over(before.state) || step.segment == SegmentKind::Stray) [[unlikely]]
    return;
  if ((layers.tcp_flags & (tcp_flag::kAck | tcp_flag::kRst)) == tcp_flag::kAck) [[likely]]
    take_ack(before.next_known[index_of(other_side(from))]
                 && seq_less(before.next_seq[index_of(other_side(from))], layers.tcp_ack),
             other_side(from), layers.tcp_ack, packet.time);
  switch (step.segment) {
    case SegmentKind::Empty:
    case SegmentKind::Stray:
      break;
    case SegmentKind::Next:
      start_timing(from, layers, packet.time);
      break;
    case SegmentKind::Ahead:
      open_hole(from, before.next_seq[index_of(from)], layers.tcp_seq, packet.time);
      start_timing(from, layers, packet.time);
      break;
    case SegmentKind::Behind:
      take_behind(from, layers, packet.time);
      break;
    case SegmentKind::KeepAlive:
      count_one(events_[index_of(from)].keep_alives);
      break;
  }
  if (layers.tcp_window != 0 || (layers.tcp_flags & kFlagged) != 0) [[likely]]
    return;
  note_zero_window(entry, from);
}

// What a side still takes is of no interest once the other has nothing more to send.
void FlowMeter::note_zero_window(const FlowEntry& entry, FlowSide from) {
  if (entry.side[index_of(other_side(from))].fin_seen()) return;
  SideEvents& events = events_[index_of(from)];
  if (events.zero_windows == UINT16_MAX) return;
  if (is_told(++events.zero_windows)) history_.add(from, HistoryLetter::ZeroWindow);
}

void FlowMeter::note_letters(FlowSide from, const Layers& layers) {
  SideMeter& sender = sides_[index_of(from)];
  if ((layers.tcp_flags & kFlagged) != 0) [[unlikely]] {
    note_flags(from, layers);
  } else if (layers.payload_bytes != 0) {
    if (sender.payload_noted == 0) history_.add(from, HistoryLetter::Payload);
    sender.payload_noted = 1;
  } else if (has_flag(layers, tcp_flag::kAck)) {
    if (sender.ack_noted == 0) history_.add(from, HistoryLetter::Ack);
    sender.ack_noted = 1;
  }
  if (compact_count_ < CompactHistory::kLettersMax) note_compact(from, layers);
}

void FlowMeter::note_flags(FlowSide from, const Layers& layers) {
  SideMeter& sender = sides_[index_of(from)];
  const bool syn = has_flag(layers, tcp_flag::kSyn);
  const bool fin = has_flag(layers, tcp_flag::kFin);
  const bool rst = has_flag(layers, tcp_flag::kRst);
  if (fin && rst) {
    if (sender.inconsistent_noted == 0) history_.add(from, HistoryLetter::Inconsistent);
    sender.inconsistent_noted = 1;
    return;
  }
  if (syn && (fin || rst)) {
    if (sender.multi_flag_noted == 0) history_.add(from, HistoryLetter::MultiFlag);
    sender.multi_flag_noted = 1;
    return;
  }
  // A FIN's number comes after the payload before it.
  const uint32_t seq = layers.tcp_seq + (fin ? layers.payload_bytes : 0U);
  const bool another = seq != sender.flagged_seq;
  sender.flagged_seq = seq;
  if (syn) {
    const bool answers = has_flag(layers, tcp_flag::kAck);
    if (sender.syn_noted == 0 || another)
      history_.add(from, answers ? HistoryLetter::SynAck : HistoryLetter::Syn);
  } else if (fin) {
    if (sender.fin_noted == 0 || another) history_.add(from, HistoryLetter::Fin);
    sender.fin_noted = 1;
  } else {
    if (sender.rst_noted == 0 || another) history_.add(from, HistoryLetter::Rst);
    sender.rst_noted = 1;
  }
}

void FlowMeter::note_compact(FlowSide from, const Layers& layers) {
  const auto note = [&](bool has_it, char letter) {
    if (!has_it || compact_count_ == CompactHistory::kLettersMax) return;
    compact_.add(from, letter);
    ++compact_count_;
  };
  note(has_flag(layers, tcp_flag::kSyn), 's');
  note(has_flag(layers, tcp_flag::kFin), 'f');
  note(has_flag(layers, tcp_flag::kRst), 'r');
  note(layers.payload_bytes != 0, 'd');
}

void FlowMeter::read_syn(FlowSide from, const Layers& layers, const PacketView& packet) {
  SideMeter& sender = sides_[index_of(from)];
  if (sender.syn_noted != 0) return;
  sender.syn_noted = 1;
  const TcpOptions options = TcpOptions::of(packet, layers);
  sender.window_scale = options.window_scale & 15;
  SideEvents& events = events_[index_of(from)];
  events.syn_window = layers.tcp_window;
  events.segment_size_max = options.segment_size_max;
  events.syn_kinds.read(options);
}

void FlowMeter::start_timing(FlowSide from, const Layers& layers, Timestamp time) {
  SideMeter& sender = sides_[index_of(from)];
  const bool syn = has_flag(layers, tcp_flag::kSyn);
  if (sender.timing != SideMeter::Timing::Nothing && !syn) return;
  sender.timing = syn ? SideMeter::Timing::Handshake : SideMeter::Timing::Segment;
  // Payload in a SYN need not be taken up with it.
  sender.timed_end = syn ? layers.tcp_seq + 1 : end_of(layers);
  sender.timed_us = us_of(time);
}

void FlowMeter::take_ack(bool beyond, FlowSide sender, uint32_t ack, Timestamp time) {
  SideMeter& timed = sides_[index_of(sender)];
  if (timed.timing != SideMeter::Timing::Nothing && seq_distance(timed.timed_end, ack) >= 0) {
    // Modulo 2^32; the capture's time may go backwards.
    const auto passed_us = static_cast<int32_t>(us_of(time) - timed.timed_us);
    if (passed_us >= 0) {
      const auto sample_us = static_cast<uint32_t>(std::max(passed_us, 1));
      SideRtt& rtt = rtts_[index_of(sender)];
      if (timed.timing == SideMeter::Timing::Handshake) {
        rtt.handshake_us = sample_us;
      } else {
        rtt.take(sample_us);
      }
    }
    timed.timing = SideMeter::Timing::Nothing;
  }
  const bool in_hole =
      (holes_ & bit_of(sender)) != 0 && seq_less(events_[index_of(sender)].hole.begin, ack);
  if (in_hole || beyond) [[unlikely]]
    take_gap(sender, ack);
}

// Bytes were acknowledged that did not come by.
void FlowMeter::take_gap(FlowSide sender, uint32_t ack) {
  SideEvents::Hole& hole = events_[index_of(sender)].hole;
  if ((holes_ & bit_of(sender)) != 0) hole.fill(hole.begin, ack);
  if (!hole.is_open()) holes_ = (holes_ & ~bit_of(sender)) & 3;
  uint8_t& gaps = gaps_[index_of(sender)];
  if (gaps == UINT8_MAX) return;
  if (is_told(++gaps)) history_.add(sender, HistoryLetter::Gap);
}

void FlowMeter::open_hole(FlowSide from, uint32_t begin, uint32_t end, Timestamp time) {
  events_[index_of(from)].hole = {.begin = begin, .end = end};
  rtts_[index_of(from)].hole_tick = tick_of(time);
  holes_ = (holes_ | bit_of(from)) & 3;
}

void FlowMeter::take_behind(FlowSide from, const Layers& layers, Timestamp time) {
  SideMeter& sender = sides_[index_of(from)];
  SideEvents& events = events_[index_of(from)];
  sender.timing = SideMeter::Timing::Nothing;
  const uint32_t end = end_of(layers);
  bool reordered = false;
  if ((holes_ & bit_of(from)) != 0 && events.hole.meets(layers.tcp_seq, end)) {
    const uint64_t handshake_us = uint64_t{rtts_[0].handshake_us} + rtts_[1].handshake_us;
    const uint64_t within_us = handshake_us != 0 ? handshake_us : kReorderedWithinUs;
    const auto ticks = static_cast<uint16_t>(tick_of(time) - rtts_[index_of(from)].hole_tick);
    reordered = uint64_t{ticks} << kTickShift <= within_us * 1'000;
    events.hole.fill(layers.tcp_seq, end);
    if (!events.hole.is_open()) holes_ = (holes_ & ~bit_of(from)) & 3;
  }
  count_one(reordered ? events.out_of_order : events.retransmitted);
  if (layers.payload_bytes == 0) return;
  const uint64_t all = uint64_t{events.retransmitted} + events.out_of_order;
  uint64_t next_told = 1;
  for (uint32_t i = 0; i < sender.retransmissions_noted; ++i) next_told *= 10;
  if (all < next_told || sender.retransmissions_noted == 7) return;
  ++sender.retransmissions_noted;
  history_.add(from, HistoryLetter::Retransmission);
}

uint64_t FlowMeter::first_ns(const FlowEntry& entry, FlowSide side) const {
  if (side == beginner_of(entry)) return entry.started_ns;
  return entry.started_ns + uint64_t{other_first_us_} * 1'000;
}

}  // namespace flowscope
