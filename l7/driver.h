#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "flowcore/base/arena.h"
#include "flowcore/base/result.h"
#include "l7/driver_flows.h"
#include "l7/driver_routing.h"
#include "l7/driver_sessions.h"
#include "l7/session_event.h"
#include "l7/session_turn.h"

namespace flowscope {

// From frames to messages in one object: follows flows by the rules of FlowTracker, puts the
// payload of TCP in order, finds each flow's parser among P, and hands what parsers find to a sink
// (session_event.h). Parsers of streams and of datagrams share one flow table; a flow without a
// parser costs what tracking costs. Use it by one of its names: FlowSessionDriver,
// FlowDatagramDriver, Driver.
//
//   auto made = Driver<FiveTuple, http::HttpParser, dns::DnsUdp>::create({}, FiveTuple());
//   auto& driver = made.value();
//   const auto sink = overloaded(
//       [](const Application<http::HttpTransaction>& http) { ... http.message ... },
//       [](const SessionClosed& closed) { ... closed.stats ... });
//   driver.track({.frame = frame, .time = time, .wire_bytes = frame.size()}, sink);
//   driver.finish(sink);
//
// Exactness: what the sink hears depends on the packets, their times and the calls made, not on how
// packets are cut into bursts. Order for one flow: SessionStarted, messages and SessionParseError
// in the order of the bytes, SessionClosed; bytes that a FIN brings come before it. Ends: FIN from
// both sides, time-out and finish() end a parser's bytes with StreamEnd::Graceful, all else with
// Abort; a flow that TCP closed in order or reset ends its parser at once, and lives on until its
// linger time is over (IdlePolicy::tcp_closed_ns), so that late packets open no flow. Memory: all
// at create(), as far as parsers keep to the pool of ParserSetup; none per packet. Cost:
// FlowTracker's, and for packets with payload one session and one parser, whatever the number of
// flows. Thread rule: one thread. Lifetime: movable.
template <FlowExtractor E, std::move_constructible State, StateInit<State> Init, DriverParser... P>
class BasicDriver {
 public:
  struct Options {
    FlowTrackerOptions tracker;  // `events` of it: Started and Ended mute SessionStarted and
                                 // SessionClosed, the two anomalies turn SessionAnomaly on
    SessionOptions sessions;
    std::array<Routing, sizeof...(P)> routing{};  // of each parser, in the order of P
    JoinFragments fragments{};  // joins IP fragments; without it each is a packet without ports
  };

  static Result<BasicDriver> create(const Options& options, E extractor, Init init = Init());

  // Tracks one packet, or packet[0, count) of a burst, whose layers[] it fills.
  template <class S>
  void track(const PacketView& packet, S&& sink) {
    track_burst(parts_->flows.burst_of(packet), sink);
  }
  template <class S>
  void track_burst(Burst& burst, S&& sink) {
    auto turn = turn_of(sink);
    parts_->flows.track_burst(burst, turn);
  }
  // Ends the flows that are idle for their time-out at `now`, then tells parsers that have on_tick
  // the time: one look at each flow, where any has.
  template <class S>
  void sweep(Timestamp now, S&& sink);
  // Ends every flow as Shutdown, or as what it was already. Packets may follow.
  template <class S>
  void finish(S&& sink) {
    auto turn = turn_of(sink);
    parts_->flows.finish(turn);
  }
  // Ends one flow as Forgotten: what is held of its bytes is still handed on, with gaps between.
  // False when there is none.
  template <class S>
  bool force_close(const FlowKey& key, S&& sink) {
    auto turn = turn_of(sink);
    return parts_->flows.forget(key, turn);
  }

  // From the next packet on, see FlowTracker::set_options; what was made stays as it is.
  template <class S>
  Result<void> set_options(const FlowTrackerOptions& options, S&& sink) {
    SessionTurn<Sessions, std::remove_reference_t<S>> turn(parts_->sessions, options.events, sink);
    return parts_->flows.set_options(options, turn);
  }
  // The idle time of each flow by a rule of the user's, see FlowTracker::set_idle_timeout.
  template <class F>
  void set_idle_timeout(F rule) {
    static_assert(std::is_invocable_r_v<std::optional<uint64_t>, const F&, const FlowKey&, uint8_t>,
                  "a rule is rule(key, l4), and gives nanoseconds or nothing");
    parts_->flows.keep_idle_rule(std::move(rule));
  }
  void clear_idle_timeout() { parts_->flows.set_idle_rule({}); }
  void set_monotonic(bool monotonic) { parts_->flows.set_monotonic(monotonic); }

  // The live flow of a key, untouched; null without one, or when it is idle past its time-out.
  [[nodiscard]] const FlowEntry* get(const FlowKey& key) const { return parts_->flows.get(key); }
  // Counters of a live flow so far.
  [[nodiscard]] std::optional<SessionStats> snapshot_stats(const FlowKey& key) const {
    const FlowEntry* const entry = get(key);
    if (entry == nullptr) return std::nullopt;
    return parts_->sessions.stats_of(*entry);
  }
  // Calls visit(const FlowEntry&) for each live flow, in no order; visit may do nothing else here.
  template <std::invocable<const FlowEntry&> F>
  void for_each_flow(F&& visit) const {
    parts_->flows.for_each([&](const FlowEntry& entry) { visit(entry); });
  }
  // The same with the counters: visit(const FlowEntry&, const SessionStats&).
  template <std::invocable<const FlowEntry&, const SessionStats&> F>
  void snapshot_flow_stats(F&& visit) const {
    for_each_flow([&](const FlowEntry& entry) { visit(entry, parts_->sessions.stats_of(entry)); });
  }
  // The user's state of a flow. Requires: the flow is live.
  [[nodiscard]] State& state_of(const FlowEntry& entry) const {
    return parts_->flows.state_of(entry);
  }

  [[nodiscard]] TrackerStats stats() const { return parts_->flows.stats(); }
  // What became of fragments; null where they are not joined.
  [[nodiscard]] const FragmentCounters* fragments() const { return parts_->flows.fragments(); }
  [[nodiscard]] uint64_t flow_count() const { return parts_->flows.tracker().live(); }
  [[nodiscard]] const SessionCounters& counters() const { return parts_->sessions.counters; }
  template <class OneOfP>
  [[nodiscard]] const ParserCounters& counters_of() const {
    static_assert((std::is_same_v<OneOfP, P> || ...), "this driver has no such parser");
    constexpr std::array<bool, sizeof...(P)> kIs = {std::is_same_v<OneOfP, P>...};
    size_t position = 0;
    while (!kIs[position]) ++position;
    return parts_->sessions.by_parser[position];
  }
  [[nodiscard]] const E& extractor() const { return parts_->flows.extractor(); }
  [[nodiscard]] const FlowTrackerOptions& options() const { return parts_->flows.options(); }
  [[nodiscard]] const BurstTracker& tracker() const { return parts_->flows.tracker(); }

 private:
  using Flows = DriverFlows<E, State, Init>;
  using Sessions = DriverSessions<P...>;
  struct Nobody {};  // hears nothing

  // All that must stay where it is, in one piece.
  struct Parts {
    Parts(Arena memory, const Options& made_with, E&& extractor, Init&& init)
        : arena(std::move(memory)),
          sessions(arena, made_with.sessions, made_with.tracker.flows_max, made_with.routing),
          flows(arena, made_with.tracker, made_with.fragments, std::move(extractor),
                std::move(init)) {}
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts() {
      Nobody nobody;
      SessionTurn<Sessions, Nobody> turn(sessions, EventMask::none(), nobody);
      flows.for_each([&](FlowEntry& entry) { turn.drop(entry); });
    }

    Arena arena;
    Sessions sessions;
    Flows flows;
  };

  explicit BasicDriver(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
  template <class S>
  auto turn_of(S& sink) const {
    return SessionTurn<Sessions, S>(parts_->sessions, parts_->flows.options().events, sink);
  }

  std::unique_ptr<Parts> parts_;
};

namespace detail {

template <FlowExtractor E, class List>
struct DriverOfList;
template <FlowExtractor E, class... P>
struct DriverOfList<E, TypeList<P...>> {
  using Type = BasicDriver<E, NoState, DefaultState<NoState>, P...>;
};

}  // namespace detail

// Many parsers, of streams and of datagrams, over one flow table.
template <FlowExtractor E, DriverParser... P>
using Driver = BasicDriver<E, NoState, DefaultState<NoState>, P...>;

// The same for a list, such as all that are built in: l7/parser_list.h has AllStreamParsers and
// AllDatagramParsers.
template <FlowExtractor E, class... Lists>
using DriverOf = typename detail::DriverOfList<E, typename JoinLists<Lists...>::Type>::Type;

// One parser of streams: every TCP flow that its probe() takes, or every one if it has none.
template <FlowExtractor E, DriverStreamParser P, std::move_constructible State = NoState,
          StateInit<State> Init = DefaultState<State>>
using FlowSessionDriver = BasicDriver<E, State, Init, P>;

// One parser of datagrams: the same for UDP. Flows of other protocols begin and end, no more.
template <FlowExtractor E, DriverDatagramParser P, std::move_constructible State = NoState,
          StateInit<State> Init = DefaultState<State>>
using FlowDatagramDriver = BasicDriver<E, State, Init, P>;

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init, DriverParser... P>
auto BasicDriver<E, State, Init, P...>::create(const Options& options, E extractor, Init init)
    -> Result<BasicDriver> {
  const Result<void> checked = options.tracker.check();
  if (!checked.ok()) return checked.error();
  const uint32_t most = std::max({options.tracker.flows_max, options.sessions.streams_max,
                                  options.sessions.datagrams_max, options.sessions.parsers_max});
  if (most >= FlowEntry::kStreamOff) {
    return Error{"streams_max, datagrams_max and parsers_max must be below "
                 + std::to_string(FlowEntry::kStreamOff)};
  }
  Result<Arena> arena =
      Arena::create(Flows::cost(options.tracker, options.fragments)
                        + Sessions::cost(options.sessions, options.tracker.flows_max),
                    Arena::Populate::Lazily);
  if (!arena.ok()) return arena.error();
  return BasicDriver(std::make_unique<Parts>(std::move(arena.value()), options,
                                             std::move(extractor), std::move(init)));
}

template <FlowExtractor E, std::move_constructible State, StateInit<State> Init, DriverParser... P>
template <class S>
void BasicDriver<E, State, Init, P...>::sweep(Timestamp now, S&& sink) {
  auto turn = turn_of(sink);
  parts_->flows.sweep(now, turn);
  if constexpr (Sessions::kTicks) {
    const Timestamp clock{parts_->flows.clock_ns()};
    parts_->flows.for_each([&](FlowEntry& entry) { turn.tick(entry, clock); });
  }
}

}  // namespace flowscope
