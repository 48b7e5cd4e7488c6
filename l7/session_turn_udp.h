#pragma once

// The UDP half of SessionTurn; included by session_turn.h only, for reading one idea per file.
#include "l7/session_turn.h"

namespace flowscope {

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::datagram(FlowEntry& entry, const DriverPacket& packet) {
  const Bytes payload = packet.payload();
  if (payload.empty()) return;
  DatagramSession* session = own_.datagrams_of(entry);
  if (session == nullptr) {
    session = open_datagrams(entry, packet);
    if (session == nullptr) return;
  }
  session->bytes[index_of(packet.side)] += payload.size();
  if (session->handle == 0) return;
  ParserSink sink = datagram_sink(entry, *session, packet.packet.time);
  ParseStatus status = ParseStatus::Ok;
  own_.datagram_parsers.with(session->index, session->handle, [&](auto& parser) {
    status = parser.on_datagram(packet.side, payload, packet.packet.time, sink);
  });
  if (status == ParseStatus::Ok) return;
  if (status == ParseStatus::Poisoned) {
    session->parse_error = true;
    own_.datagram_parsers.with(session->index, session->handle, [&](const auto& parser) {
      parse_error(sink, packet.side, parser.poison_reason());
    });
  }
  release(*session);
}

// Finds the parser of a flow by this datagram; null when it is not known (yet, or for good).
template <class Sessions, class Sink>
DatagramSession* SessionTurn<Sessions, Sink>::open_datagrams(FlowEntry& entry,
                                                             const DriverPacket& packet) {
  using Datagrams = typename Sessions::Datagrams;
  constexpr uint8_t kProbesMax = 4;
  const DriverRoutes::Route route = own_.datagram_routes.of(entry.key);
  const Layers& layers = packet.layers;
  uint32_t found = Datagrams::kNone;
  bool maybe = false;
  if (route.at_once != 0) {
    found = static_cast<uint32_t>(std::countr_zero(route.at_once));
  } else {
    const uint32_t asked = route.asked & Datagrams::candidates(packet.payload());
    found = Datagrams::identify(asked, maybe, [&]<class P>() {
      return P::probe_datagram(packet.payload(), layers.source_port, layers.destination_port);
    });
    if (found == Datagrams::kNone && route.otherwise != 0)
      found = static_cast<uint32_t>(std::countr_zero(route.otherwise));
  }
  if (found == Datagrams::kNone) {
    if (++entry.probes >= kProbesMax || route.leads_nowhere()) entry.stream = FlowEntry::kStreamOff;
    return nullptr;
  }
  entry.stream = FlowEntry::kStreamOff;
  const uint32_t handle = own_.datagrams.make();
  if (handle == Slab<DatagramSession>::kNone) {
    own_.counters.refused.add(1);
    return nullptr;
  }
  DatagramSession& session = own_.datagrams.get(handle);
  session.index = static_cast<uint8_t>(found);
  session.handle = own_.datagram_parsers.make(found, {.buffers = own_.buffers,
                                                      .source_port = layers.source_port,
                                                      .destination_port = layers.destination_port});
  if (session.handle == 0) {
    own_.datagrams.destroy(handle);
    own_.counters.refused.add(1);
    return nullptr;
  }
  session.parser = Datagrams::kNames[found];
  entry.stream = handle & FlowEntry::kStreamOff;
  own_.counters.sessions.add(1);
  own_.by_parser[Sessions::kDatagramPosition[found]].flows.add(1);
  return &session;
}

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::release(DatagramSession& session) {
  own_.datagram_parsers.destroy(session.index, session.handle);
  session.handle = 0;
}

template <class Sessions, class Sink>
void SessionTurn<Sessions, Sink>::end_datagrams(FlowEntry& entry, StreamEnd end) {
  DatagramSession& session = *own_.datagrams_of(entry);
  if (session.handle == 0) return;
  ParserSink sink = datagram_sink(entry, session, {entry.last_seen_ns});
  own_.datagram_parsers.with(session.index, session.handle,
                             [&](auto& parser) { parser.on_end(end, sink); });
}

}  // namespace flowscope
