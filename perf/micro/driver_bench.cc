// The library's drivers (frames to messages) beside what tracking alone costs, with few and many
// flows that all carry payload, and with one, eight and thirty-two parsers: the scenarios S1 to S5
// by which drivers of this kind are compared.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "flowcore/extract/five_tuple.h"
#include "flowcore/track/flow_tracker.h"
#include "l7/dns/dns.h"
#include "l7/driver.h"
#include "l7/flow_driver.h"
#include "perf/micro/ns_per_packet.h"
#include "perf/micro/session_stock.h"

namespace flowscope::bench {
namespace {

using Kind = SessionStock::Kind;

constexpr uint32_t kBurst = 64;
constexpr uint32_t kFlowsMax = 1 << 18;
constexpr std::string_view kPayload =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

// A parser that does next to nothing, so that what is timed is the way to it: one message a run.
struct Run {
  static constexpr const char* kEvent = "run";
  uint64_t bytes;
};
template <uint32_t kNumber>
struct PortParser {
  static constexpr std::string_view kName = "port";
  uint64_t bytes_seen = 0;
  template <class Sink>
  ParseStatus on_bytes(FlowSide side, Bytes bytes, Timestamp, Sink& sink) {
    bytes_seen += bytes.size();
    sink.message(side, Run{bytes_seen});
    return ParseStatus::Ok;
  }
};
// The same, known by its first bytes: the last of several is the one that fits.
template <uint32_t kNumber, uint32_t kFits>
struct ContentParser : PortParser<kNumber> {
  static Probe probe(FlowSide, Bytes first_bytes) {
    constexpr uint8_t kFirst = kNumber == kFits ? '0' : 'A' + kNumber;
    return first_bytes[0] == kFirst ? Probe::Match : Probe::NoMatch;
  }
};

template <class Sequence>
struct DriverOfPorts;
template <uint32_t... kNumber>
struct DriverOfPorts<std::integer_sequence<uint32_t, kNumber...>> {
  using Type = Driver<FiveTuple, PortParser<kNumber>...>;
  using Heuristic = Driver<FiveTuple, ContentParser<kNumber, sizeof...(kNumber) - 1>...>;
};
template <uint32_t kParsers>
using Ports = DriverOfPorts<std::make_integer_sequence<uint32_t, kParsers>>;

struct Count {
  uint64_t heard = 0;
  void operator()(const Application<Run>& event) { heard += event.message.bytes; }
  void operator()(const Application<dns::DnsMessage>& event) { heard += event.message.id(); }
  void operator()(const StreamBytes& event) { heard += event.bytes.size(); }
};

template <class D, class S>
void run(benchmark::State& state, D& driver, SessionStock& stock, S& sink) {
  const auto burst = std::make_unique<Burst>();
  const auto pass = [&] {
    for (size_t at = 0; at + kBurst <= stock.size(); at += kBurst) {
      stock.fill(*burst, at, kBurst);
      driver.track_burst(*burst, sink);
    }
  };
  pass();
  for (auto _ : state) {
    state.PauseTiming();
    stock.renew();
    state.ResumeTiming();
    pass();
  }
  report_ns_per_packet(state, stock.size() / kBurst * kBurst);
}

FlowTrackerOptions tracking() {
  return {.flows_max = kFlowsMax, .events = EventMask::of({EventKind::Started, EventKind::Ended})};
}
SessionStock stock_of(Kind kind, benchmark::State& state, uint32_t ports) {
  return SessionStock({.kind = kind,
                       .flows = static_cast<uint32_t>(state.range(0)),
                       .ports = ports,
                       .payload = kPayload});
}

void track_only(benchmark::State& state, Kind kind) {
  auto tracker =
      std::move(FlowTracker<FiveTuple>::create(tracking(), FiveTuple::bidirectional()).value());
  SessionStock stock = stock_of(kind, state, 1);
  const auto sink = [](const FlowEvent&) {};
  run(state, tracker, stock, sink);
}

void bytes_only(benchmark::State& state, Kind kind) {
  auto driver = std::move(
      FlowDriver<FiveTuple>::create({.tracker = tracking()}, FiveTuple::bidirectional()).value());
  SessionStock stock = stock_of(kind, state, 1);
  Count count;
  run(state, driver, stock, count);
  if (count.heard == 0) std::abort();
}

template <class D>
void messages(benchmark::State& state, Kind kind, uint32_t ports, Routing::By by) {
  typename D::Options options{.tracker = tracking()};
  for (uint32_t i = 0; i < options.routing.size(); ++i)
    options.routing[i] = {.by = by, .ports = {static_cast<uint16_t>(1000 + i)}};
  auto driver = std::move(D::create(options, FiveTuple::bidirectional()).value());
  SessionStock stock = stock_of(kind, state, ports);
  Count count;
  run(state, driver, stock, count);
  if (count.heard == 0 || driver.counters().refused.value() != 0) std::abort();
}

void register_all() {
  constexpr std::pair<Kind, const char*> kKinds[] = {{Kind::Bulk, "bulk"}, {Kind::Short, "short"}};
  constexpr auto kPorts = Routing::By::Ports;
  // Short sessions are as many packets as flows, so that more of them would tell of other memory.
  const auto add = [](const std::string& name, auto body) {
    auto* const made = benchmark::RegisterBenchmark(("driver/ours/" + name).c_str(), body);
    made->ArgName("flows")->Arg(10'000);
    if (name.find("/short") == std::string::npos) made->Arg(100)->Arg(100'000);
  };
  for (const auto& [kind, name] : kKinds) {
    const std::string way = name;
    const Kind of = kind;
    add("track_only/" + way, [of](benchmark::State& state) { track_only(state, of); });
    add("bytes_only/" + way, [of](benchmark::State& state) { bytes_only(state, of); });
    add("s1_one_port/" + way,
        [of](benchmark::State& state) { messages<Ports<1>::Type>(state, of, 1, kPorts); });
    add("s2_eight_ports/" + way,
        [of](benchmark::State& state) { messages<Ports<8>::Type>(state, of, 8, kPorts); });
    add("s3_thirty_two_ports/" + way,
        [of](benchmark::State& state) { messages<Ports<32>::Type>(state, of, 32, kPorts); });
    add("s4_first_bytes_of_eight/" + way, [of](benchmark::State& state) {
      messages<Ports<8>::Heuristic>(state, of, 1, Routing::By::Content);
    });
  }
  add("track_only/dns", [](benchmark::State& state) { track_only(state, Kind::Dns); });
  add("s5_dns", [](benchmark::State& state) {
    messages<Driver<FiveTuple, dns::DnsDatagramParser>>(state, Kind::Dns, 1, Routing::By::Content);
  });
}

}  // namespace
}  // namespace flowscope::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  flowscope::bench::register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
