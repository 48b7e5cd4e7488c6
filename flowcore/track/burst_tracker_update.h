#pragma once

// How packets find their flows and are accounted; included by burst_tracker.h only, for reading one
// idea per file.
#include "flowcore/base/plain_copy.h"
#include "flowcore/packet/tcp_options.h"
#include "flowcore/track/burst_tracker.h"
#include "flowcore/track/tcp_step.h"

namespace flowscope {

template <FlowObserver O>
uint32_t BurstTracker::update(const Burst& burst, const FlowKeys& keys, FlowBurst& flows,
                              uint32_t begin, O& observer, std::span<const QuotedFlow> quoted) {
  end_closed(observer);
  ++serial_;
  while (!quoted.empty() && quoted.front().packet < begin) quoted = quoted.subspan(1);
  const uint32_t end = flows.first_at(next_sweep_ns_, begin + 1, burst.count);
  for (uint32_t i = begin; i < end; ++i) {
    const uint32_t noted = quoted.empty() ? end : std::min(end, quoted.front().packet);
    i = take_steady(burst, keys, flows, i, noted, observer);
    if (i == end) break;
    if (i == noted) [[unlikely]] {
      note_error(quoted.front(), burst.layers[i], flows.clock_ns[i]);
      quoted = quoted.subspan(1);
    }
    const Next next = take(burst, keys, flows, i, i == begin ? Run::Begins : Run::GoesOn, observer);
    if (next != Next::Packet) [[unlikely]]
      return next == Next::StopBefore ? i : i + 1;
  }
  return end;
}

// The packets that flows are made of: what take() does for segments that follow_steady_tcp() does
// for, in a flow that both sides are known of, and for any packet that is not of TCP, once two of
// its side have come, so that class, state and what is told of the flow stay as they are. From
// `begin` on up to `end`; gives the first other one, for which nothing is done.
template <FlowObserver O>
uint32_t BurstTracker::take_steady(const Burst& burst, const FlowKeys& keys, FlowBurst& flows,
                                   uint32_t begin, uint32_t end, O& observer) {
  if constexpr (requires(FlowEntry & entry, FlowSide side, const PacketView& packet) {
                  observer.on_packet(entry, side, packet);
                }) {
    // It is to see each flow as the packet left it.
    for (uint32_t i = begin; i < end; ++i) {
      if (account_steady(burst, keys, flows, i, i + 1) == i) return i;
      observer.on_packet(table_.entry(flows.slot[i]), flows.side[i], burst.packet[i]);
    }
    return end;
  } else {
    return account_steady(burst, keys, flows, begin, end);
  }
}

// Any packet.
template <FlowObserver O>
[[gnu::noinline]] BurstTracker::Next BurstTracker::take(const Burst& burst, const FlowKeys& keys,
                                                        FlowBurst& flows, uint32_t packet, Run run,
                                                        O& observer) {
  const uint32_t guess = flows.slot[packet];
  flows.slot[packet] = FlowBurst::kNoFlow;
  if (keys.has_key[packet] == 0) return Next::Packet;
  const uint64_t clock_ns = flows.clock_ns[packet];
  const Layers& layers = burst.layers[packet];
  const PacketView& view = burst.packet[packet];
  const Orientation orientation = keys.orientation[packet];
  uint32_t slot = table_.find(keys.hash[packet], keys.key[packet], guess);
  bool is_new = false;
  if (slot == FlowTable<FlowEntry>::kNone) {
    slot = make_room(keys.hash[packet], clock_ns, run, observer);
    if (slot == FlowTable<FlowEntry>::kNone) return Next::StopBefore;
    table_.place(slot, keys.hash[packet], 0, tick(clock_ns));
    is_new = true;
  } else {
    FlowEntry& old = table_.entry(slot);
    const bool is_expired = expired(old, slot, clock_ns);
    const bool opens = (layers.tcp_flags & kOpening) == tcp_flag::kSyn;
    if (is_expired || (opens && reopens(old, orientation, layers))) [[unlikely]] {
      if (is_busy(slot, run)) return Next::StopBefore;
      end(old, reason_of(old, is_expired ? EndReason::IdleTimeout : EndReason::Reopened), observer);
      is_new = true;
    }
    table_.touch(slot, tick(clock_ns));
  }
  FlowEntry& entry = table_.entry(slot);
  if (is_new) {
    start(entry, keys.key[packet], orientation, layers, view.time);
    interim_.restart(slot);
    observer.on_started(entry);
  }
  entry.run_serial = serial_;
  flows.slot[packet] = slot;
  const FlowSide side = entry.side_of(orientation);
  flows.side[packet] = side;
  const Accounted accounted = is_new && opens_plainly(entry, layers) && !meters_.is_on()
                                  ? account_opening(entry, layers, view, clock_ns)
                                  : account(entry, side, layers, view, clock_ns);
  flows.signal[packet] = accounted.step.signal;
  if (!accounted.is_class_sure) table_.set_class(slot, static_cast<EntryClass>(entry.flow_class()));
  if (!tell(entry, side, accounted, view, observer)) [[likely]]
    return Next::Packet;
  closed_slot_ = slot;
  return Next::StopAfter;
}

inline void BurstTracker::start(FlowEntry& entry, const FlowKey& key, Orientation orientation,
                                const Layers& layers, Timestamp time) {
  created_.add(1);
  const bool is_tcp = layers.has_l4 && key.protocol == static_cast<uint8_t>(IpProtocol::Tcp);
  const uint8_t flags = is_tcp ? layers.tcp_flags : uint8_t{0};
  const uint8_t opening = flags & kOpening;
  empty_plain(entry);  // what FlowEntry{} is
  entry.key = key;
  entry.started_ns = time.ns;
  // A key without IP has no upper layer either, whatever the first frame carried.
  entry.l4 = key.ip_version == 0 ? uint8_t{0} : layers.ip_protocol;
  // A SYN-ACK seen first was sent by the responder (RFC 9293 section 3.5).
  const bool sent_by_responder = opening == (tcp_flag::kSyn | tcp_flag::kAck);
  entry.orientation_inferred = sent_by_responder;
  entry.picked_up = is_tcp && (flags & tcp_flag::kSyn) == 0;
  const bool forward = (orientation == Orientation::Forward) != sent_by_responder;
  entry.initiator = forward ? Orientation::Forward : Orientation::Reverse;
  if (meters_.is_on()) meters_.start(slot_of(entry));
}

// Whether a flow's first packet is a SYN as a client sends it.
inline bool BurstTracker::opens_plainly(const FlowEntry& entry, const Layers& layers) {
  return layers.has_l4 && entry.is_tcp() && !FlowDetail::has_any(layers)
         && (layers.tcp_flags & (kOpening | tcp_flag::kFin)) == tcp_flag::kSyn;
}

// What account_basic() does for the packet that opens_plainly(). PERF: nothing but SYNs comes in a
// flood; half the instructions.
inline BurstTracker::Accounted BurstTracker::account_opening(FlowEntry& entry, const Layers& layers,
                                                             const PacketView& packet,
                                                             uint64_t clock_ns) {
  SideCounters sender;
  sender.set_vlan_id(layers.vlan_id);
  sender.count(packet.wire_bytes);
  sender.add_tcp_flags(layers.tcp_flags);
  sender.set_syn_seen();
  sender.initial_seq = layers.tcp_seq;
  sender.set_next(layers.tcp_seq + 1 + layers.payload_bytes);
  sender.widen_window(layers.tcp_window);
  sender.set_window_scale(TcpOptions::of(packet, layers).window_scale);
  entry.side[index_of(FlowSide::Initiator)] = sender;
  entry.see(packet.time, clock_ns);
  entry.state = TcpState::SynSent;
  return {.before = TcpState::Active,
          .is_class_sure = false,
          .step = {.signal = TcpSignal::Syn, .segment = SegmentKind::Next}};
}

inline BurstTracker::Accounted BurstTracker::account(FlowEntry& entry, FlowSide side,
                                                     const Layers& layers, const PacketView& packet,
                                                     uint64_t clock_ns) {
  if (!meters_.is_on()) return account_basic(entry, side, layers, packet, clock_ns);
  const FlowBefore before(entry);
  const Accounted accounted = account_basic(entry, side, layers, packet, clock_ns);
  const uint32_t slot = slot_of(entry);
  meters_.of(slot).count(entry, before, side, layers, packet, accounted.step);
  meters_.note_first(slot, entry, side, layers, packet.time);
  return accounted;
}

inline BurstTracker::Accounted BurstTracker::account_basic(FlowEntry& entry, FlowSide side,
                                                           const Layers& layers,
                                                           const PacketView& packet,
                                                           uint64_t clock_ns) {
  SideCounters& sender = entry.side[index_of(side)];
  if (sender.packets() == 0) [[unlikely]]
    meet(entry, side, layers, packet);
  sender.count(packet.wire_bytes);
  entry.see(packet.time, clock_ns);
  Accounted accounted{.before = entry.state, .is_class_sure = sender.packets() > 2, .step = {}};
  if (!layers.has_l4 || !entry.is_tcp()) return accounted;
  sender.add_tcp_flags(layers.tcp_flags);
  if (follow_steady_tcp(entry, side, layers, accounted.step)) [[likely]]
    return accounted;
  accounted.step = follow_tcp(entry, side, layers, packet);
  entry.state = next_tcp_state(entry.state, side, accounted.step.signal);
  accounted.is_class_sure &= entry.state == accounted.before;
  if (accounted.step.anomaly != FlowAnomaly::None) [[unlikely]]
    accounted.anomaly = first_of_kind(entry, accounted.step.anomaly);
  return accounted;
}

}  // namespace flowscope
