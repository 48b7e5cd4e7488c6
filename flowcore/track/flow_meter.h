#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "flowcore/base/flow_side.h"
#include "flowcore/base/one_address.h"
#include "flowcore/base/prefetch.h"
#include "flowcore/packet/layers.h"
#include "flowcore/packet/packet_view.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/history.h"
#include "flowcore/track/side_meter.h"
#include "flowcore/track/side_rtt.h"
#include "flowcore/track/tcp_step.h"

namespace flowscope {

// How a flow stood before the packet that is being counted.
struct FlowBefore {
  uint64_t last_seen_ns;
  std::array<uint32_t, 2> next_seq;  // index_of(FlowSide), where known
  std::array<bool, 2> next_known;    // and where the side has not sent its FIN
  TcpState state;

  explicit FlowBefore(const FlowEntry& entry)
      : last_seen_ns(entry.last_seen_ns),
        next_seq{entry.side[0].next_seq, entry.side[1].next_seq},
        next_known{goes_on(entry.side[0]), goes_on(entry.side[1])},
        state(entry.state) {}

 private:
  static bool goes_on(const SideCounters& side) { return side.next_known() && !side.fin_seen(); }
};

// The extended counters of one flow, beside its FlowEntry and under the same slot: three cache
// lines. A packet of an established flow with nothing new about it writes the first only; one that
// completes a round trip or adds a letter the second; a hole, a retransmission, a zero window, a
// keep-alive or a SYN the third. Counters stay at their maximum. Plain bytes.
//
// Round trips (one segment of each side is timed at a time): from the segment that carries new
// numbers to the first acknowledgment of all of it. By Karn's rule a segment that begins before
// where its side stands ends the timing without a sample, whatever part it repeats.
//
// A segment behind where its side stands counts as out of order when it fills the last hole and
// comes soon after what opened that hole: within the round trip of the handshake, or 3 ms where
// that is unknown. Else it counts as retransmitted: either it was seen before, or it was lost
// before it could be seen. Only the last hole of each side is remembered.
//
// History (as Zeek has it): i, q, d and a come once for each side, of packets without SYN, FIN and
// RST where they are d and a; s, h, f and r again only when their number differs from the last such
// number of the side; g, t and w at the 1st, 10th, 100th ... (g up to the 100th). For UDP d alone.
// Not told: c, since packets with wrong checksums are not told apart here, and x.
//
// Thread rule: that of the tracker that holds it.
class alignas(64) FlowMeter {
 public:
  static constexpr uint32_t kFirstPacketsMax = 32;

  // Counts a packet of `from` after its entry has taken it in. Requires: the packets of a flow in
  // the order in which its entry saw them; `step` is what follow_tcp() said, where it was asked.
  void count(const FlowEntry& entry, const FlowBefore& before, FlowSide from, const Layers& layers,
             const PacketView& packet, const TcpStep& step);
  // The same for a segment that follow_steady_tcp() took in, or a packet that is not of TCP, of a
  // side that has sent two before. `last_seen_ns`: of the entry, before it. PERF: nine of ten
  // packets; no call but for what is new about the flow.
  void count_steady(const FlowEntry& entry, uint64_t last_seen_ns, FlowSide from,
                    const Layers& layers, const PacketView& packet);
  // Asks for the line that every packet writes, and for that of the round trips.
  void prefetch() const {
    prefetch_write(&sides_);
    prefetch_write(&rtts_);
  }
  // Where the next packet with payload goes among the first ones; `most` when there are enough.
  uint32_t next_first_packet(uint32_t most) {
    return first_packets_ < most ? first_packets_++ : most;
  }

  [[nodiscard]] const SideMeter& side(FlowSide side) const { return sides_[index_of(side)]; }
  [[nodiscard]] const SideRtt& rtt(FlowSide side) const { return rtts_[index_of(side)]; }
  [[nodiscard]] const SideEvents& events(FlowSide side) const { return events_[index_of(side)]; }
  [[nodiscard]] uint8_t gaps(FlowSide side) const { return gaps_[index_of(side)]; }
  [[nodiscard]] uint32_t first_packets() const { return first_packets_; }
  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] const CompactHistory& compact_history() const { return compact_; }
  // Times of packets: the first of a side that did not begin the flow is kept in microseconds from
  // the flow's start, up to 71 minutes. Requires: the side has sent something.
  [[nodiscard]] uint64_t first_ns(const FlowEntry& entry, FlowSide side) const;
  [[nodiscard]] uint64_t last_ns(const FlowEntry& entry, FlowSide side) const {
    return side == last_side_ ? entry.last_seen_ns : other_last_ns_;
  }

 private:
  static FlowSide beginner_of(const FlowEntry& entry) {
    return entry.orientation_inferred ? FlowSide::Responder : FlowSide::Initiator;
  }
  void count_tcp(const FlowEntry& entry, const FlowBefore& before, FlowSide from,
                 const Layers& layers, const PacketView& packet, const TcpStep& step);
  void note_letters(FlowSide from, const Layers& layers);
  void note_flags(FlowSide from, const Layers& layers);
  void note_compact(FlowSide from, const Layers& layers);
  void read_syn(FlowSide from, const Layers& layers, const PacketView& packet);
  void start_timing(FlowSide from, const Layers& layers, Timestamp time);
  // `beyond`: of what is known to have been sent.
  void take_ack(bool beyond, FlowSide sender, uint32_t ack, Timestamp time);
  void note_datagram(const FlowEntry& entry, FlowSide from, const Layers& layers);
  void note_zero_window(const FlowEntry& entry, FlowSide from);
  void note_passed(const Layers& layers, FlowSide from, uint64_t last_seen_ns);
  void take_gap(FlowSide sender, uint32_t ack);
  void open_hole(FlowSide from, uint32_t begin, uint32_t end, Timestamp time);
  void take_behind(FlowSide from, const Layers& layers, Timestamp time);

  // First line.
  std::array<SideMeter, 2> sides_;
  uint64_t other_last_ns_ = 0;  // last packet of the side that did not send the flow's last one
  uint32_t other_first_us_ = 0;
  FlowSide last_side_ : 1 = FlowSide::Initiator;
  uint16_t first_packets_ : 6 = 0;
  uint16_t compact_count_ : 5 = 0;  // letters in compact_
  uint16_t holes_ : 2 = 0;          // bit_of(side): events_[side].hole is open
  std::array<uint8_t, 2> gaps_{};
  // Second line.
  std::array<SideRtt, 2> rtts_;
  History history_;
  CompactHistory compact_;
  // Third line.
  std::array<SideEvents, 2> events_;
};

[[gnu::always_inline]] inline void FlowMeter::note_passed(const Layers& layers, FlowSide from,
                                                          uint64_t last_seen_ns) {
  SideMeter& sender = at_one_address(sides_[index_of(from)]);
  sender.add_payload(layers.payload_bytes);
  if (layers.ip_version != 0) sender.add_ttl(layers.ttl);
  if (from == last_side_) return;
  other_last_ns_ = last_seen_ns;
  last_side_ = other_side(last_side_);
}

[[gnu::always_inline]] inline void FlowMeter::count_steady(const FlowEntry& entry,
                                                           uint64_t last_seen_ns, FlowSide from,
                                                           const Layers& layers,
                                                           const PacketView& packet) {
  note_passed(layers, from, last_seen_ns);
  const SideMeter& sender = sides_[index_of(from)];
  const auto has_both = [&] {
    return sender.payload_noted != 0 && compact_count_ == CompactHistory::kLettersMax;
  };
  if (!entry.is_tcp()) {
    if (layers.has_l4 && !has_both()) note_datagram(entry, from, layers);
    return;
  }
  const bool has_payload = layers.payload_bytes != 0;
  if (has_payload ? !has_both() : sender.ack_noted == 0) note_letters(from, layers);
  const FlowSide other = other_side(from);
  const SideMeter& answered = sides_[index_of(other)];
  const bool ends_timing = answered.timing != SideMeter::Timing::Nothing
                           && seq_distance(answered.timed_end, layers.tcp_ack) >= 0;
  if (ends_timing || holes_ != 0) take_ack(false, other, layers.tcp_ack, packet.time);
  if (has_payload && sender.timing == SideMeter::Timing::Nothing)
    start_timing(from, layers, packet.time);
  if (layers.tcp_window == 0) [[unlikely]]
    note_zero_window(entry, from);
}

static_assert(sizeof(FlowMeter) == 192 && std::is_trivially_copyable_v<FlowMeter>);

}  // namespace flowscope
