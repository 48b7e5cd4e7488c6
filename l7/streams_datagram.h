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
  ParserSink sink{out_, entry, packet.time};
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
  const uint32_t found = DatagramSet::identify(options_.datagram_parsers, maybe, [&]<class P>() {
    return P::probe_datagram(payload, layers.source_port, layers.destination_port);
  });
  if (found == DatagramSet::kNone) {
    if (++entry.probes >= kDatagramProbesMax) entry.stream = FlowEntry::kStreamOff;
    return false;
  }
  const uint32_t handle = datagram_parsers_.make(found, {.buffers = buffers_});
  if (handle == 0) {
    counters_.sessions_refused.add(1);
    entry.stream = FlowEntry::kStreamOff;
    return false;
  }
  counters_.identified.add(1);
  entry.stream = handle & FlowEntry::kStreamOff;
  entry.app = static_cast<uint8_t>(StreamSet::kCount + found + 1);
  return true;
}

template <class Out>
void Streams<Out>::close_datagrams(FlowEntry& entry, StreamEnd end) {
  ParserSink sink{out_, entry, Timestamp{entry.last_seen_ns}};
  datagram_parsers_.with(datagram_parser_of(entry), entry.stream,
                         [&](auto& parser) { parser.on_end(end, sink); });
  drop_datagrams(entry);
}

template <class Out>
void Streams<Out>::drop_datagrams(FlowEntry& entry) {
  datagram_parsers_.destroy(datagram_parser_of(entry), entry.stream);
  entry.stream = FlowEntry::kStreamOff;
}

template <class Out>
const char* Streams<Out>::app_name(const FlowEntry& entry) {
  if (entry.app == 0) return nullptr;
  const uint32_t index = entry.app - 1U;
  if (index < StreamSet::kCount) return StreamSet::kNames[index].data();
  return DatagramSet::kNames[index - StreamSet::kCount].data();
}

}  // namespace flowscope
