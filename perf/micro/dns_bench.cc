// What one DNS message costs from its bytes to its described fields.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "l7/dns/dns.h"
#include "perf/micro/counting_visitor.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

struct CountingSink {
  uint64_t bytes = 0;
  uint64_t anomalies = 0;

  template <class M>
  void message(FlowSide, const M& message) {
    bench::CountingVisitor visitor;
    message.describe(visitor);
    bytes += visitor.bytes;
  }
  void anomaly(FlowSide, const char*) { ++anomalies; }
};

std::string make_query() { return "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1"s; }

// One alias, two addresses and an OPT record: a common answer of a resolver.
std::string make_response() {
  const std::string question = "\3www\7example\3com\0\0\1\0\1"s;
  const std::string alias = "\300\14\0\5\0\1\0\0\1\54\0\16\3www\4edge\3net\0"s;
  const std::string address = "\300\55\0\1\0\1\0\0\0\74\0\4\300\0\2\1"s;
  const std::string opt = "\0\0\51\4\320\0\0\0\0\0\0"s;
  return "\x12\x34\201\200\0\1\0\3\0\0\0\1"s + question + alias + address + address + opt;
}

void parse(benchmark::State& state, const std::string& payload) {
  auto arena = std::move(Arena::create(BufferPool::cost(1 << 16), Arena::Populate::Now).value());
  BufferPool pool(arena, 1 << 16);
  // As mDNS, which is not paired: one message alone.
  DnsDatagramParser parser(ParserSetup{.buffers = pool, .destination_port = kMdnsPort});
  CountingSink sink;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        parser.on_datagram(FlowSide::Initiator, Bytes::of(payload), Timestamp{}, sink));
  }
  if (sink.anomalies != 0) state.SkipWithError("the message is not sound");
  state.counters["ns_per_packet"] =
      benchmark::Counter(1e-9 * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void query(benchmark::State& state) { parse(state, make_query()); }
void response(benchmark::State& state) { parse(state, make_response()); }

// Both, paired; a packet is one of the two.
void exchange(benchmark::State& state) {
  auto arena = std::move(Arena::create(BufferPool::cost(1 << 16), Arena::Populate::Now).value());
  BufferPool pool(arena, 1 << 16);
  DnsDatagramParser parser(ParserSetup{pool});
  CountingSink sink;
  const std::string asked = make_query();
  const std::string answered = make_response();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        parser.on_datagram(FlowSide::Initiator, Bytes::of(asked), Timestamp{}, sink));
    benchmark::DoNotOptimize(
        parser.on_datagram(FlowSide::Responder, Bytes::of(answered), Timestamp{}, sink));
  }
  if (sink.anomalies != 0) state.SkipWithError("the messages are no pair");
  state.counters["ns_per_packet"] =
      benchmark::Counter(2e-9 * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(query)->Name("dns/ours/query");
BENCHMARK(response)->Name("dns/ours/response");
BENCHMARK(exchange)->Name("dns/ours/exchange");

}  // namespace
}  // namespace flowscope::dns

BENCHMARK_MAIN();
