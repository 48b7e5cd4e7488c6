#pragma once

#include <concepts>
#include <cstdint>
#include <string_view>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "l7/first_bytes.h"

namespace flowscope {

// Whether the first bytes of one side belong to a protocol. NeedMore: they could, with more bytes.
enum class Probe : uint8_t { NoMatch, NeedMore, Match };

// What a parser wants after a call. Done: it has all it ever will, send no more bytes of this flow.
// HandOver: the same, and what follows is another protocol (after CONNECT, STARTTLS, ...): find out
// which. Poisoned: the stream is not, or no longer, this protocol.
enum class ParseStatus : uint8_t { Ok, Done, HandOver, Poisoned };

// How a flow's bytes come to an end: Graceful for FIN and idle time-out (flush what is whole or
// runs until the end), Abort for RST, eviction and parse errors of others (flush only what is
// whole).
enum class StreamEnd : uint8_t { Graceful, Abort };

class DigestMemo;

// What every parser is given once per flow. Refers to the worker's pool and memo, which outlive all
// parsers.
struct ParserSetup {
  BufferPool& buffers;
  // Of the datagram by which the parser was chosen; 0 over TCP. A hint, as for probe_datagram().
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  bool hash_bodies = false;  // records tell the SHA-256 of what was transferred, where there is one
  DigestMemo* digests = nullptr;  // null: what the parser hashes is hashed every time
};

// Takes the fields of a message, once, in order; every writer (EVE, CSV, ...) is one
// implementation. Names are string literals in snake_case (EVE names); they must live for ever,
// since writers keep the pointer. Texts and bytes are copied before the call returns. In an array
// the name is null.
//
//   void text(const char* name, std::string_view value);      // raw bytes; the writer escapes
//   void number(const char* name, uint64_t value);
//   void boolean(const char* name, bool value);
//   void begin_object(const char* name);  void end_object();
//   void begin_array(const char* name);   void end_array();
template <class V>
concept FieldVisitor = requires(V& visitor, const char* name, std::string_view text,
                                uint64_t number, bool flag) {
  visitor.text(name, text);
  visitor.number(name, number);
  visitor.boolean(name, flag);
  visitor.begin_object(name);
  visitor.end_object();
  visitor.begin_array(name);
  visitor.end_array();
};

// A typed thing a parser found. kEvent is its EVE event_type and the name of the object that holds
// its fields ("http", "tls", "dns"). Messages borrow: they are valid during the sink call only.
//
//   struct DnsMessage { static constexpr const char* kEvent = "dns";
//                       template <FieldVisitor V> void describe(V& visitor) const; ... };
//
// Sink: what a parser hands messages to.
//   sink.message(FlowSide side, const M& message);   // any message type of the parser
//   sink.anomaly(FlowSide side, const char* kind);   // string literal, EVE anomaly event name,
//   snake_case

// A protocol parser: a plain class, one instance per flow for both directions, living in a slab. It
// never sees a packet, only bytes: in order, never empty, cut anywhere; calls are serialised.
// The concept checks against a sink type; the bodies are templates over any sink.
//
//   class HttpParser {
//    public:
//     // app_proto of the flow record
//     static constexpr std::string_view kName = "http";
//     // Optional: its first bytes are distinctive enough to be looked for behind those of an
//     // unknown protocol.
//     static constexpr bool kFoundLater = true;
//     // Optional: Done after the first exchange, so that of all its flows few have a parser at a
//     // time: a quarter of the places.
//     static constexpr bool kBrief = true;
//     // Optional, see FirstBytes.
//     static constexpr std::array<FirstBytes, 1> kFirstBytes = {{...}};
//     explicit HttpParser(const ParserSetup& setup);
//     // Pure; looks at the first bytes of one side. Must decide when kProbeBytes bytes are there.
//     static Probe probe(FlowSide side, Bytes first_bytes);
//     template <class Sink> ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp time, Sink&
//     sink);
//     // `missing_bytes` of this side were lost at this place; what follows is in order again.
//     template <class Sink> ParseStatus on_gap(FlowSide side, uint32_t missing_bytes, Sink& sink);
//     // Called at most once, last. Emits what is still worth a record (an unanswered request).
//     template <class Sink> void on_end(StreamEnd end, Sink& sink);
//   };
template <class P, class Sink>
concept StreamParser = requires(P parser, const ParserSetup& setup, Sink& sink, Bytes bytes,
                                FlowSide side, Timestamp time) {
  { P::kName } -> std::convertible_to<std::string_view>;
  {P(setup)};
  { P::probe(side, bytes) } -> std::same_as<Probe>;
  { parser.on_bytes(side, bytes, time, sink) } -> std::same_as<ParseStatus>;
  { parser.on_gap(side, uint32_t{}, sink) } -> std::same_as<ParseStatus>;
  {parser.on_end(StreamEnd::Graceful, sink)};
};

// The same for protocols over UDP: one call per datagram, whole payload, in arrival order.
//     // Ports are a hint: they may settle a doubtful payload, they never overrule a clear one.
//     static Probe probe_datagram(Bytes payload, uint16_t source_port, uint16_t destination_port);
//     template <class Sink> ParseStatus on_datagram(FlowSide side, Bytes payload, Timestamp time,
//     Sink&);
template <class P, class Sink>
concept DatagramParser = requires(P parser, const ParserSetup& setup, Sink& sink, Bytes bytes,
                                  FlowSide side, Timestamp time) {
  { P::kName } -> std::convertible_to<std::string_view>;
  {P(setup)};
  { P::probe_datagram(bytes, uint16_t{}, uint16_t{}) } -> std::same_as<Probe>;
  { parser.on_datagram(side, bytes, time, sink) } -> std::same_as<ParseStatus>;
  {parser.on_end(StreamEnd::Graceful, sink)};
};

// A list of types; each protocol folder l7/NAME declares in l7/NAME/NAME.h, inside namespace
// flowscope::NAME, its `StreamParsers` and `DatagramParsers`, and the build joins the lists of all
// folders.
template <class... T>
struct TypeList {};

// The most first bytes of one side that are kept for probing.
inline constexpr uint32_t kProbeBytes = 32;

}  // namespace flowscope
