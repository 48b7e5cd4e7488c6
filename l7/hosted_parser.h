#pragma once

#include <array>
#include <concepts>
#include <string_view>

#include "flowcore/base/prefetch.h"
#include "l7/parser.h"
#include "l7/parser_set.h"

namespace flowscope {

// Takes whatever a parser says; stands for any sink where a parser is checked.
struct AnyParserSink {
  template <class M>
  void message(FlowSide /*from*/, const M& /*message*/) {}
  void anomaly(FlowSide /*from*/, const char* /*kind*/) {}
};

// What a driver asks of a parser of streams, and of one of datagrams: a name and one call. The rest
// of the contracts in l7/parser.h may be left out: without probe() every flow (that its Routing
// lets through) is the parser's, gaps are passed over, the end is not told. These may be there as
// well:
//   std::string_view poison_reason() const;                           // after Poisoned, UTF-8
//   template <class Sink> void on_tick(Timestamp now, Sink& sink);    // with each sweep() of the
//                                                                     // driver, while it lives
// A parser is made by P(const ParserSetup&), or by P().
template <class P>
concept DriverStreamParser = requires(P parser, AnyParserSink& sink, Bytes bytes, FlowSide side,
                                      Timestamp time) {
  { P::kName } -> std::convertible_to<std::string_view>;
  { parser.on_bytes(side, bytes, time, sink) } -> std::same_as<ParseStatus>;
};
template <class P>
concept DriverDatagramParser = requires(P parser, AnyParserSink& sink, Bytes bytes, FlowSide side,
                                        Timestamp time) {
  { P::kName } -> std::convertible_to<std::string_view>;
  { parser.on_datagram(side, bytes, time, sink) } -> std::same_as<ParseStatus>;
};
template <class P>
concept DriverParser = DriverStreamParser<P> || DriverDatagramParser<P>;

// A parser with all that it may leave out. Costs nothing of its own.
template <class P>
class HostedParser {
 public:
  static constexpr std::string_view kName = P::kName;
  static constexpr bool kFoundLater = found_later<P>();
  static constexpr bool kTicks = requires(P parser, Timestamp now, AnyParserSink& sink) {
    parser.on_tick(now, sink);
  };
  // The first bytes say whether it is its protocol.
  static constexpr bool kProbes = requires(FlowSide side, Bytes bytes) { P::probe(side, bytes); };
  static constexpr bool kProbesDatagrams = requires(Bytes payload, uint16_t port) {
    P::probe_datagram(payload, port, port);
  };

  // Without a probe every flow is its, whatever it declares.
  static constexpr auto kFirstBytes = [] {
    if constexpr (kProbes || kProbesDatagrams) {
      return first_bytes_of<P>();
    } else {
      return std::array<FirstBytes, 0>{};
    }
  }();

  explicit HostedParser(const ParserSetup& setup) : parser_(make(setup)) {}

  static Probe probe(FlowSide side, Bytes first_bytes) {
    if constexpr (kProbes) return P::probe(side, first_bytes);
    return Probe::Match;
  }
  static Probe probe_datagram(Bytes payload, uint16_t source_port, uint16_t destination_port) {
    if constexpr (kProbesDatagrams) {
      return P::probe_datagram(payload, source_port, destination_port);
    }
    return Probe::Match;
  }
  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp time, Sink& sink) {
    return parser_.on_bytes(side, bytes, time, sink);
  }
  template <class Sink>
  ParseStatus on_datagram(FlowSide side, Bytes payload, Timestamp time, Sink& sink) {
    return parser_.on_datagram(side, payload, time, sink);
  }
  template <class Sink>
  ParseStatus on_gap(FlowSide side, uint32_t missing_bytes, Sink& sink) {
    if constexpr (requires { parser_.on_gap(side, missing_bytes, sink); })
      return parser_.on_gap(side, missing_bytes, sink);
    return ParseStatus::Ok;
  }
  template <class Sink>
  void on_end(StreamEnd end, Sink& sink) {
    if constexpr (requires { parser_.on_end(end, sink); }) parser_.on_end(end, sink);
  }
  template <class Sink>
  void on_tick(Timestamp now, Sink& sink) {
    if constexpr (kTicks) parser_.on_tick(now, sink);
  }
  [[nodiscard]] std::string_view poison_reason() const {
    if constexpr (requires { parser_.poison_reason(); }) return parser_.poison_reason();
    return {};
  }
  void prefetch() const { prefetch_write(&parser_); }

 private:
  static P make(const ParserSetup& setup) {
    if constexpr (std::constructible_from<P, const ParserSetup&>) {
      return P(setup);
    } else {
      return P();
    }
  }

  P parser_;
};

}  // namespace flowscope
