// What the Initial packets of one QUIC flow cost, from datagrams to described fields, and the parts
// of that: keys, opening a packet, stepping over a packet of another kind.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "l7/quic/quic.h"
#include "perf/micro/counting_visitor.h"
#include "tests/unit/l7/quic/packet_sealer.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::quic {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;

struct CountingSink {
  uint64_t sessions = 0;
  uint64_t anomalies = 0;

  void message(FlowSide, const QuicSession& session) {
    bench::CountingVisitor visitor;
    session.describe(visitor);
    benchmark::DoNotOptimize(visitor.bytes);
    ++sessions;
  }
  void anomaly(FlowSide, const char*) { ++anomalies; }
};

struct Datagram {
  FlowSide side;
  std::string bytes;
};

std::string client_message(size_t key_bytes) {
  return tls::test::message(1, tls::test::client_hello_body(tls::test::browser_hello(key_bytes)));
}
std::string client_initial(const std::string& frames, uint32_t number = 0) {
  return test::seal_initial({.number = number, .payload_bytes_min = 1162}, frames);
}
Datagram answer() {
  const std::string hello =
      tls::test::message(2, tls::test::server_hello_body(tls::test::tls13_answer()));
  return {FlowSide::Responder, test::seal_initial({.sender = Role::Server,
                                                   .destination_id = "src",
                                                   .key_id = "12345678",
                                                   .payload_bytes_min = 1162},
                                                  test::crypto_frame(0, hello))};
}

void count_packets(benchmark::State& state, size_t packets) {
  state.counters["ns_per_packet"] = benchmark::Counter(
      1e-9 * static_cast<double>(static_cast<uint64_t>(state.iterations()) * packets),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// One flow per iteration; counts each datagram as a packet.
void one_flow(benchmark::State& state, const std::vector<Datagram>& datagrams) {
  auto arena = std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Now).value());
  BufferPool pool(arena, kPoolBytes);
  CountingSink sink;
  for (auto _ : state) {
    QuicParser parser(ParserSetup{pool});
    for (const Datagram& datagram : datagrams) {
      benchmark::DoNotOptimize(
          parser.on_datagram(datagram.side, Bytes::of(datagram.bytes), Timestamp{}, sink));
    }
    parser.on_end(StreamEnd::Graceful, sink);
  }
  const auto iterations = static_cast<uint64_t>(state.iterations());
  if (sink.anomalies != 0 || sink.sessions != iterations) state.SkipWithError("hello not read");
  count_packets(state, datagrams.size());
}

void client_hello(benchmark::State& state) {
  one_flow(state,
           {{FlowSide::Initiator, client_initial(test::crypto_frame(0, client_message(32)))}});
}
BENCHMARK(client_hello)->Name("quic/ours/client_initial");

void both_hellos(benchmark::State& state) {
  one_flow(state, {{FlowSide::Initiator, client_initial(test::crypto_frame(0, client_message(32)))},
                   answer()});
}
BENCHMARK(both_hellos)->Name("quic/ours/both_hellos");

void post_quantum_hello(benchmark::State& state) {
  const std::string hello = client_message(1216);
  one_flow(state,
           {{FlowSide::Initiator, client_initial(test::crypto_frame(1100, hello.substr(1100)))},
            {FlowSide::Initiator, client_initial(test::crypto_frame(0, hello.substr(0, 1100)), 1)},
            answer()});
}
BENCHMARK(post_quantum_hello)->Name("quic/ours/post_quantum_hellos");

void keys(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        derive_initial_keys(*protections_of(Version::V1)[0], Bytes::of("12345678"), Role::Client));
  }
  count_packets(state, 1);
}
BENCHMARK(keys)->Name("quic/ours/keys");

void open(benchmark::State& state) {
  const std::string datagram = client_initial("");
  const auto packet = read_long_packet(Bytes::of(datagram), FixedBit::Required);
  const PacketKeys client_keys =
      derive_initial_keys(*protections_of(Version::V1)[0], Bytes::of("12345678"), Role::Client);
  OpenSpace space;
  for (auto _ : state) {
    const auto opened = open_packet(*packet, client_keys, NumberSpace{}, space);
    if (!opened) state.SkipWithError("packet not opened");
    benchmark::DoNotOptimize(opened->payload.begin());
  }
  count_packets(state, 1);
}
BENCHMARK(open)->Name("quic/ours/open_1200_bytes");

void probe(benchmark::State& state) {
  const std::string datagram = client_initial("");
  for (auto _ : state)
    benchmark::DoNotOptimize(QuicParser::probe_datagram(Bytes::of(datagram), 40000, 443));
  count_packets(state, 1);
}
BENCHMARK(probe)->Name("quic/ours/probe");

}  // namespace
}  // namespace flowscope::quic

BENCHMARK_MAIN();
