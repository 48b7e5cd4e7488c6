#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/flow_stats.h"
#include "l7/parser.h"

namespace flowscope {

// What drivers tell. Events borrow: flow, key, message and texts are good during the call only.
// A sink is anything that can be called with the events it cares for: one lambda, or a struct with
// several operator(). Events that it has no call for are not even made, so a sink that is called
// with none of them is a mistake that nobody reports. Called on the packet path; it may ask the
// driver about flows, but not track, sweep, close or finish.

// What one side of a flow came to as a stream of bytes, or as payloads of datagrams.
struct StreamStats {
  uint64_t bytes = 0;      // handed on in order
  uint64_t gap_bytes = 0;  // known to be missing
  // As far as the stream or reassembler counts them: dropped_segments(); dropped_bytes() or
  // bytes_dropped_oversize(); high_watermark().
  uint64_t segments_dropped = 0;
  uint64_t bytes_dropped = 0;
  uint64_t held_bytes_max = 0;
  uint32_t gaps = 0;
  uint32_t strays = 0;  // segments refused because they lie outside any window

  friend bool operator==(const StreamStats&, const StreamStats&) = default;
};

// Takes over what a stream or reassembler counts itself, of those things that it counts.
template <class R>
void count_own(StreamStats& stats, const R& own) {
  if constexpr (requires { own.strays(); }) stats.strays = static_cast<uint32_t>(own.strays());
  if constexpr (requires { own.dropped_segments(); })
    stats.segments_dropped = own.dropped_segments();
  if constexpr (requires { own.bytes_dropped_oversize(); }) {
    stats.bytes_dropped = own.bytes_dropped_oversize();
  } else if constexpr (requires { own.dropped_bytes(); }) {
    stats.bytes_dropped = own.dropped_bytes();
  }
  if constexpr (requires { own.high_watermark(); }) stats.held_bytes_max = own.high_watermark();
}

// What is known of a session: the flow's counters, and those of both sides' payload while a parser
// was sought or had: of streams up to the moment when it was done, of datagrams from when it was
// found. Zeros where no parser may have the flow.
struct SessionStats {
  FlowStats flow;
  std::array<StreamStats, 2> side;  // by index_of(FlowSide)
};

// A flow began, whether any parser will fit it or not.
struct SessionStarted {
  const FlowEntry& flow;
  FlowSide side;  // the sender of its first packet
  Timestamp time;

  [[nodiscard]] const FlowKey& key() const { return flow.key; }
};

// A parser found a message of type M. Times are those of the packet that completed it.
template <class M>
struct Application {
  const FlowEntry& flow;
  FlowSide side;  // who sent it, as the parser says
  Timestamp time;
  const M& message;
  std::string_view parser;  // its kName

  [[nodiscard]] const FlowKey& key() const { return flow.key; }
};

// A parser gave up on a stream that is not, or no longer, its protocol. Once for a parser; what it
// found before was told before. The flow lives on, and its bytes are not parsed any more.
struct SessionParseError {
  static constexpr size_t kReasonBytesMax = 256;

  const FlowEntry& flow;
  FlowSide side;  // whose bytes it choked on
  Timestamp time;
  std::string_view parser;
  std::string_view reason;  // its poison_reason(), whole characters of UTF-8; empty without one

  [[nodiscard]] const FlowKey& key() const { return flow.key; }
};

// Something that should not be: about a flow's packets or about the tracker, where their
// EventKinds are wanted, or what a parser said of its stream, where FlowAnomaly is.
struct SessionAnomaly {
  enum class Source : uint8_t { Flow, Tracker, Parser };

  const FlowEntry* flow;  // null: about the tracker
  FlowSide side;          // the sender; Initiator where flow is null
  Timestamp time;
  Source source;
  std::string_view kind;    // snake_case
  uint64_t flows;           // TrackerAnomalyEvent::flows; 1 for the others
  std::string_view parser;  // its name, empty for the others
};

// A flow is over; nothing more comes of it, and it comes once for each SessionStarted.
struct SessionClosed {
  const FlowEntry& flow;
  EndReason reason;
  SessionStats stats;
  Timestamp time;           // of its last packet
  std::string_view parser;  // of the last parser that it had, empty without one
  bool parse_error;         // SessionParseError was told

  [[nodiscard]] const FlowKey& key() const { return flow.key; }
};

// Whether the sink can be called with the event.
template <class S, class Event>
concept Hears = std::invocable<S&, const Event&>;

// Calls the sink with what `make` makes, if it hears such events.
template <class Event, class S, std::invocable<> Make>
void tell(S& sink, Make&& make) {
  if constexpr (Hears<S, Event>) sink(static_cast<const Event&>(make()));
}

// Several lambdas as one sink: overloaded([](const SessionClosed&) {...}, [](...) {...}).
template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
[[nodiscard]] Overloaded<F...> overloaded(F... sinks) {
  return Overloaded<F...>{std::move(sinks)...};
}

// How a parser hears of the end of its bytes. Whoever closed in order, fell silent or was cut off
// by the end of the input is flushed; not so what was reset, pushed out, replaced or closed by
// hand.
[[nodiscard]] constexpr StreamEnd stream_end_of(EndReason reason) {
  switch (reason) {
    case EndReason::Fin:
    case EndReason::IdleTimeout:
    case EndReason::Shutdown:
      return StreamEnd::Graceful;
    case EndReason::Rst:
    case EndReason::Evicted:
    case EndReason::Reopened:
    case EndReason::Forgotten:
      return StreamEnd::Abort;
  }
  return StreamEnd::Abort;
}

}  // namespace flowscope
