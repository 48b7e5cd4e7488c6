#pragma once

// How Streams has its flows searched for signatures; included by l7/streams.h only for reading one
// idea per file.
#include "l7/streams.h"

namespace flowscope {

// Whether the session lives on for its signatures once no parser wants it.
template <class Out>
bool Streams<Out>::still_scans(const TcpSession& session) const {
  return signatures_.wants(session.scan, session.stream[0].offset(), session.stream[1].offset());
}

// After the parser, which may have told by these bytes what the flow is.
template <class Out>
void Streams<Out>::scan(SideSink& from, Bytes bytes) {
  if (bytes.empty()) return;
  // The stream has come to the end of the run; a part beyond depth_bytes was cut off.
  TcpSession& session = from.session;
  const uint64_t end = std::min(session.stream[index_of(from.side)].offset(),
                                options_.depth_bytes != 0 ? options_.depth_bytes : UINT64_MAX);
  signatures_.on_bytes(session.scan, from.side, bytes, end, scanned_flow(from.entry),
                       alert_out(from.entry, from.time));
}

template <class Out>
void Streams<Out>::scan_datagram(FlowEntry& entry, FlowSide side, const PacketView& packet,
                                 const Layers& layers) {
  const Bytes payload = packet.frame.sub(layers.payload_offset, layers.payload_captured);
  if (payload.empty()) return;
  signatures_.on_datagram(entry.datagram_scan(), side, payload, entry.datagram_scanned_bytes(side),
                          scanned_flow(entry), alert_out(entry, packet.time));
}

template <class Out>
void Streams<Out>::end_scan(FlowEntry& entry, SignatureScan::Handle& handle, Timestamp time) {
  signatures_.on_end(handle, scanned_flow(entry), alert_out(entry, time));
}

}  // namespace flowscope
