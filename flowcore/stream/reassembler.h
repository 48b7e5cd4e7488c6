#pragma once

#include <concepts>
#include <cstdint>

#include "flowcore/stream/segment_store.h"
#include "flowcore/stream/tcp_stream.h"

namespace flowscope {

// What puts one side of a TCP flow in order and hands it to a sink; TcpStream is the standard
// model, and code that is a template over Reassembler takes any other. A model is told where the
// stream begins (anchor), every segment with payload, what the peer acknowledged, and the FIN; it
// may keep bytes in the worker's store, and gives them back by flush() or drop() before it dies. An
// RST ends the flow and carries no bytes of the stream: its payload is not given to it (RFC 9293
// section 3.10.7.4).
template <class R, class Sink>
concept Reassembler = StreamSink<Sink> && std::default_initializable<R> && requires(
    R& side, const R& seen, const typename R::Segment& segment, SegmentStore& store, Sink& sink,
    uint32_t seq, uint64_t clock_ns) {
  side.anchor(seq);
  side.segment(segment, store, sink);
  side.peer_acknowledged(seq, clock_ns, store, sink);
  side.fin_at(seq);
  side.flush(store, sink);
  side.drop(store);
  { seen.anchored() } -> std::convertible_to<bool>;
  { seen.complete() } -> std::convertible_to<bool>;
  { seen.holds() } -> std::convertible_to<bool>;
};

// What a model that does not count leaves out; 0 and false mean "not tracked".
template <class R>
[[nodiscard]] constexpr bool is_poisoned(const R& side) {
  if constexpr (requires { side.is_poisoned(); }) return side.is_poisoned();
  return false;
}
template <class R>
[[nodiscard]] constexpr uint64_t high_watermark(const R& side) {
  if constexpr (requires { side.high_watermark(); }) return side.high_watermark();
  return 0;
}
template <class R>
[[nodiscard]] constexpr uint64_t dropped_bytes(const R& side) {
  if constexpr (requires { side.dropped_bytes(); }) return side.dropped_bytes();
  return 0;
}

}  // namespace flowscope
