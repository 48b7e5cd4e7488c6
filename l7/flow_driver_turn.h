#pragma once

#include <cstdint>
#include <optional>

#include "flowcore/track/flow_event.h"
#include "l7/driver_flows.h"
#include "l7/flow_sides.h"
#include "l7/session_event.h"
#include "l7/tcp_arrival.h"

namespace flowscope {

// The stage of FlowDriver (a DriverStage): passes the tracker's events on, and each payload to the
// reassembler of its side. Lives for one call.
template <SideReassembler R, class Sink>
class FlowDriverTurn {
 public:
  FlowDriverTurn(FlowSides<R>& sides, EventMask mask, Sink& sink)
      : own_(sides), mask_(mask), sink_(sink) {}

  void on_started(FlowEntry& entry) {
    say(EventKind::Started, [&] {
      const FlowSide side = entry.orientation_inferred ? FlowSide::Responder : FlowSide::Initiator;
      return FlowStarted{entry.key, side, {entry.started_ns}, entry.l4, entry.initiator};
    });
  }
  void on_established(FlowEntry& entry) {
    say(EventKind::Established, [&] { return FlowEstablished{entry.key, {entry.last_seen_ns}}; });
  }
  void on_state_change(FlowEntry& entry, TcpState from, Timestamp time) {
    say(EventKind::StateChange, [&] {
      return FlowStateChange{entry.key, from, entry.state, time};
    });
  }
  void on_interim(FlowEntry& entry, const FlowDelta& delta) {
    say(EventKind::Interim, [&] { return FlowInterim{entry.key, FlowStats::of(entry), delta}; });
  }
  void on_anomaly(FlowEntry& entry, FlowSide from, FlowAnomaly kind, Timestamp time) {
    say(EventKind::FlowAnomaly, [&] { return FlowAnomalyEvent{entry.key, from, kind, time}; });
  }
  void on_tracker_anomaly(TrackerAnomaly kind, uint64_t flows, Timestamp time) {
    say(EventKind::TrackerAnomaly, [&] { return TrackerAnomalyEvent{kind, flows, time}; });
  }
  void on_packet(FlowEntry& entry, const DriverPacket& packet) {
    say(EventKind::Packet, [&] {
      return FlowPacket{entry.key, packet.side, packet.packet.wire_bytes, packet.packet.time};
    });
    if (entry.is_tcp() && packet.layers.has_l4 && entry.stream != FlowEntry::kStreamOff)
      segment(entry, packet);
  }
  void on_ended(FlowEntry& entry, EndReason reason) {
    if (Pair* const pair = own_.pair_of(entry)) {
      if (!pair->over) close(entry, *pair, {entry.last_seen_ns});
      if constexpr (!FlowSides<R>::kIsTcpStream) {
        for (auto& reassembler : pair->reassembler) {
          if (reassembler.has_value()) end(*reassembler, stream_end_of(reason));
        }
      }
      tell<StreamsEnded>(sink_, [&] { return StreamsEnded{entry, reason, own_.stats_of(entry)}; });
    }
    say(EventKind::Ended, [&] { return FlowEnded{entry.key, reason, FlowStats::of(entry)}; });
    own_.drop(entry);
  }
  void prefetch(const FlowEntry& entry) const {
    if (const Pair* const pair = own_.pair_of(entry)) {
      prefetch_write(&pair->reassembler[0]);
      prefetch_write(&pair->reassembler[1]);
      prefetch_write(&pair->side[0]);
      prefetch_write(&pair->poisoned);
    }
  }
  void prefetch_inner(const FlowEntry& /*entry*/) const {}

 private:
  using Pair = typename FlowSides<R>::Pair;

  // What a reassembler of one side hands its bytes to.
  struct SideSink {
    FlowDriverTurn& turn;
    const FlowEntry& entry;
    StreamStats& stats;
    FlowSide side;
    Timestamp time;
    void on_bytes(Bytes bytes) {
      stats.bytes += bytes.size();
      tell<StreamBytes>(turn.sink_, [&] { return StreamBytes{entry, side, time, bytes}; });
    }
    void on_gap(uint32_t missing_bytes) {
      stats.gap_bytes += missing_bytes;
      ++stats.gaps;
      turn.own_.counters.gap_bytes.add(missing_bytes);
      tell<StreamGap>(turn.sink_, [&] { return StreamGap{entry, side, time, missing_bytes}; });
    }
  };

  template <class Make>
  void say(EventKind kind, Make&& make) {
    if (!mask_.has(kind)) return;
    tell<FlowEvent>(sink_, [&] { return FlowEvent(make()); });
  }
  // Bytes of a flow that is over, of which nothing more is told: a TcpStream knows what still fits,
  // others do not.
  static bool is_late(const FlowEntry& entry, const DriverPacket& packet) {
    if (!is_over(entry.state)) return false;
    if constexpr (FlowSides<R>::kIsTcpStream)
      return is_behind_fin(entry, packet.side, packet.payload_seq());
    return packet.signal == TcpSignal::None;
  }
  void segment(FlowEntry& entry, const DriverPacket& packet);
  void anchor(const FlowEntry& entry, FlowSide side);
  Pair* open(FlowEntry& entry, const DriverPacket& packet);
  // Makes a side's reassembler, anchored behind the side's SYN where that was seen.
  void begin(const FlowEntry& entry, Pair& pair, FlowSide side) {
    std::optional<R>& place = pair.reassembler[index_of(side)];
    if constexpr (FlowSides<R>::kIsMadeOfStore) {
      place.emplace(*own_.store);
    } else {
      place.emplace();
    }
    if ((entry.syn_delivered & bit_of(side)) == 0) return;
    const uint32_t seq = entry.side[index_of(side)].initial_seq;
    if constexpr (FlowSides<R>::kIsTcpStream) {
      place->anchor(seq + 1);
    } else if constexpr (requires { place->syn(seq); }) {
      place->syn(seq);
    }
  }
  void put(FlowEntry& entry, Pair& pair, const DriverPacket& packet, uint32_t seq);
  // TcpStream: hands on what is held, then gives all back.
  void close(FlowEntry& entry, Pair& pair, Timestamp time) {
    if constexpr (FlowSides<R>::kIsTcpStream) {
      for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
        const size_t i = index_of(side);
        SideSink sink{*this, entry, pair.side[i], side, time};
        pair.reassembler[i]->flush(*own_.store, sink);
      }
      own_.release(pair);
    }
  }
  static void end(R& reassembler, StreamEnd how) {
    if (how == StreamEnd::Graceful) {
      if constexpr (requires { reassembler.fin(); }) reassembler.fin();
    } else {
      if constexpr (requires { reassembler.rst(); }) reassembler.rst();
    }
  }

  FlowSides<R>& own_;
  EventMask mask_;
  Sink& sink_;
};

template <SideReassembler R, class Sink>
void FlowDriverTurn<R, Sink>::segment(FlowEntry& entry, const DriverPacket& packet) {
  const Layers& layers = packet.layers;
  if (note_syn(entry, packet.side, packet.signal, layers.tcp_seq)) anchor(entry, packet.side);
  if (is_refused(entry, packet.side, packet.signal, layers)) {
    if (layers.payload_bytes != 0) own_.counters.strays.add(1);
    return;
  }
  const bool resets = packet.signal == TcpSignal::Rst;
  Pair* pair = own_.pair_of(entry);
  if (pair == nullptr) {
    if (layers.payload_bytes == 0 || resets) return;
    pair = open(entry, packet);
    if (pair == nullptr) return;
  }
  if (pair->over) return;
  const Timestamp time = packet.packet.time;
  if (resets) return close(entry, *pair, time);
  const uint32_t seq = packet.payload_seq();
  const bool acknowledges = (layers.tcp_flags & tcp_flag::kAck) != 0;
  if constexpr (FlowSides<R>::kIsTcpStream) {
    const FlowSide peer = other_side(packet.side);
    TcpStream& stream = *pair->reassembler[index_of(packet.side)];
    TcpStream& answered = *pair->reassembler[index_of(peer)];
    if (acknowledges) {
      SideSink sink{*this, entry, pair->side[index_of(peer)], peer, time};
      answered.peer_acknowledged(layers.tcp_ack, packet.clock_ns, *own_.store, sink);
    }
    if (layers.payload_bytes != 0) put(entry, *pair, packet, seq);
    // A FIN that does not fit is refused; the bytes before it are not.
    if (packet.signal == TcpSignal::Fin) stream.fin_at(seq + layers.payload_bytes);
    // A side of which nothing was seen but its end has said all that it will.
    const auto is_whole = [&](const TcpStream& one) {
      return one.complete() || (!one.anchored() && entry.state == TcpState::Closed);
    };
    if (is_whole(stream) && is_whole(answered)) close(entry, *pair, time);
  } else {
    if constexpr (requires(R & own) { own.peer_acknowledged(seq, packet.clock_ns); }) {
      R* const answered = own_.reassembler(entry, other_side(packet.side));
      if (acknowledges && answered != nullptr)
        answered->peer_acknowledged(layers.tcp_ack, packet.clock_ns);
    }
    if (layers.payload_captured != 0 && !is_late(entry, packet)) put(entry, *pair, packet, seq);
  }
}

template <SideReassembler R, class Sink>
void FlowDriverTurn<R, Sink>::put(FlowEntry& entry, Pair& pair, const DriverPacket& packet,
                                  uint32_t seq) {
  const size_t i = index_of(packet.side);
  SideSink sink{*this, entry, pair.side[i], packet.side, packet.packet.time};
  if constexpr (FlowSides<R>::kIsTcpStream) {
    pair.reassembler[i]->segment({.seq = seq,
                                  .payload = packet.payload(),
                                  .missing_tail = static_cast<uint32_t>(
                                      packet.layers.payload_bytes - packet.layers.payload_captured),
                                  .clock_ns = packet.clock_ns,
                                  .peer_held_bytes = pair.reassembler[1 - i]->held_bytes()},
                                 *own_.store, sink);
  } else {
    if (pair.poisoned[i]) return;
    if (!pair.reassembler[i].has_value()) begin(entry, pair, packet.side);
    R& reassembler = *pair.reassembler[i];
    if constexpr (PassingReassembler<R, SideSink>) {
      reassembler.segment(seq, packet.payload(), sink);
    } else if constexpr (TimedReassembler<R>) {
      reassembler.segment(seq, packet.payload(), packet.clock_ns);
    } else {
      reassembler.segment(seq, packet.payload());
    }
  }
  if constexpr (requires { pair.reassembler[i]->is_poisoned(); }) {
    if (pair.poisoned[i] || !pair.reassembler[i]->is_poisoned()) return;
    pair.poisoned[i] = true;
    own_.counters.poisoned.add(1);
    tell<StreamPoisoned>(sink_, [&] {
      return StreamPoisoned{entry, packet.side, packet.packet.time};
    });
  }
}

// Data of the other side came before, in its SYN (RFC 7413): the streams are there already.
template <SideReassembler R, class Sink>
void FlowDriverTurn<R, Sink>::anchor(const FlowEntry& entry, FlowSide side) {
  if constexpr (FlowSides<R>::kIsTcpStream) {
    TcpStream* const stream = own_.reassembler(entry, side);
    if (stream != nullptr && !stream->anchored())
      stream->anchor(entry.side[index_of(side)].initial_seq + 1);
  }
}

// The place of a flow whose first payload this is; null without one, or when the bytes come behind
// the end.
template <SideReassembler R, class Sink>
auto FlowDriverTurn<R, Sink>::open(FlowEntry& entry, const DriverPacket& packet) -> Pair* {
  if (is_late(entry, packet)) return nullptr;
  entry.stream = FlowEntry::kStreamOff;
  const uint32_t handle = own_.pairs.make();
  if (handle == Slab<Pair>::kNone) {
    own_.counters.refused.add(1);
    return nullptr;
  }
  own_.counters.streams.add(1);
  entry.stream = handle & FlowEntry::kStreamOff;
  Pair& pair = own_.pairs.get(handle);
  if constexpr (FlowSides<R>::kIsTcpStream) {
    // Both at once: acknowledgments of the other side's bytes count from now on.
    for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) begin(entry, pair, side);
  }
  return &pair;
}

}  // namespace flowscope
