#pragma once

// The UDP half of Streams; included by l7/streams.h only for reading one idea per file.
#include "l7/streams.h"

namespace flowscope {

template <class Out>
void Streams<Out>::datagram(FlowEntry& entry, FlowSide side, const PacketView& packet,
                            const Layers& layers) {
  const Bytes payload = packet.frame.sub(layers.payload_offset, layers.payload_captured);
  if (payload.empty() || entry.stream == FlowEntry::kStreamOff) return;
  if (entry.stream == FlowEntry::kNoStream && !open_datagrams(entry, payload, layers)) return;
  ParserSink sink{out_, counters_, entry, packet.time};
  ParseStatus status = ParseStatus::Ok;
  datagram_parsers_.with(datagram_parser_of(entry), entry.stream, [&](auto& parser) {
    status = parser.on_datagram(side, payload, packet.time, sink);
  });
  if (status == ParseStatus::Ok) return;
  if (status == ParseStatus::Poisoned) {
    counters_.parse_errors.add(1);
    out_.anomaly(entry, side, packet.time, "parse_error");
  }
  drop_datagrams(entry);
}

// Finds the parser of a flow by this datagram. False when it is not known (yet, or for good).
template <class Out>
bool Streams<Out>::open_datagrams(FlowEntry& entry, Bytes payload, const Layers& layers) {
  bool maybe = false;
  const uint32_t asked = options_.datagram_parsers & DatagramSet::candidates(payload);
  const uint32_t found = DatagramSet::identify(asked, maybe, [&]<class P>() {
    return P::probe_datagram(payload, layers.source_port, layers.destination_port);
  });
  if (found == DatagramSet::kNone) {
    if (entry.app == 0) name_datagrams(entry, payload, layers);
    if (++entry.probes >= kDatagramProbesMax) entry.stream = FlowEntry::kStreamOff;
    return false;
  }
  const ParserSetup setup{.buffers = buffers_,
                          .source_port = layers.source_port,
                          .destination_port = layers.destination_port,
                          .digests = &digests_};
  const uint32_t handle = datagram_parsers_.make(found, setup);
  if (handle == 0) {
    counters_.sessions_refused.add(1);
    entry.stream = FlowEntry::kStreamOff;
    return false;
  }
  entry.stream = handle & FlowEntry::kStreamOff;
  identify(entry, App::of_datagram(found));
  return true;
}

// A protocol without a parser is named; nothing more is wanted of it where no other may follow.
template <class Out>
void Streams<Out>::name_datagrams(FlowEntry& entry, Bytes payload, const Layers& layers) {
  const known::Sighting sighting =
      known::look_at_datagram(payload, {layers.source_port, layers.destination_port});
  if (sighting.found == known::Sighting::kNone) return;
  identify(entry, App::of_known_datagram(sighting.found));
  if (!known::datagram_may_turn(sighting.found)) entry.stream = FlowEntry::kStreamOff;
}

template <class Out>
void Streams<Out>::close_datagrams(FlowEntry& entry, StreamEnd end) {
  ParserSink sink{out_, counters_, entry, Timestamp{entry.last_seen_ns}};
  datagram_parsers_.with(datagram_parser_of(entry), entry.stream,
                         [&](auto& parser) { parser.on_end(end, sink); });
  drop_datagrams(entry);
}

template <class Out>
void Streams<Out>::drop_datagrams(FlowEntry& entry) {
  datagram_parsers_.destroy(datagram_parser_of(entry), entry.stream);
  entry.stream = FlowEntry::kStreamOff;
}

}  // namespace flowscope
