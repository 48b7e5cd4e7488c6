// What the hellos of one TLS flow cost, from bytes to described fields, fingerprints included.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "l7/digest/digest_memo.h"
#include "l7/tls/tls.h"
#include "perf/micro/counting_visitor.h"
#include "tests/unit/l7/tls/certificate_builder.h"
#include "tests/unit/l7/tls/hello_builder.h"

namespace flowscope::tls {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;

struct CountingSink {
  uint64_t sessions = 0;
  uint64_t anomalies = 0;

  void message(FlowSide, const TlsSession& session) {
    bench::CountingVisitor visitor;
    session.describe(visitor);
    benchmark::DoNotOptimize(visitor.bytes);
    ++sessions;
  }
  void anomaly(FlowSide, const char*) { ++anomalies; }
};

// Whether what is hashed was seen before, as that of most clients and servers was.
enum class Digests : uint8_t { Computed, Remembered };

// One flow per iteration, given `bytes` in segments of `segment_bytes`; counts each segment as a
// packet.
void one_side(benchmark::State& state, FlowSide side, const std::string& bytes,
              size_t segment_bytes, Digests digests = Digests::Computed) {
  auto arena = std::move(
      Arena::create(BufferPool::cost(kPoolBytes) + DigestMemo::cost(), Arena::Populate::Now)
          .value());
  BufferPool pool(arena, kPoolBytes);
  DigestMemo memo(arena);
  CountingSink sink;
  for (auto _ : state) {
    TlsParser parser(
        ParserSetup{.buffers = pool, .digests = digests == Digests::Remembered ? &memo : nullptr});
    for (Bytes rest = Bytes::of(bytes); !rest.empty(); rest = rest.after(segment_bytes)) {
      benchmark::DoNotOptimize(parser.on_bytes(side, rest.first(segment_bytes), Timestamp{}, sink));
    }
    parser.on_end(StreamEnd::Graceful, sink);
  }
  const auto iterations = static_cast<uint64_t>(state.iterations());
  if (sink.anomalies != 0 || sink.sessions != iterations) state.SkipWithError("hello not read");
  const size_t packets = (bytes.size() + segment_bytes - 1) / segment_bytes;
  state.counters["ns_per_packet"] =
      benchmark::Counter(1e-9 * static_cast<double>(iterations * packets),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void client_hello(benchmark::State& state) {
  const std::string bytes = test::client_hello(test::browser_hello(32));
  one_side(state, FlowSide::Initiator, bytes, bytes.size());
}
BENCHMARK(client_hello)->Name("tls/ours/client_hello");

void client_hello_seen_before(benchmark::State& state) {
  const std::string bytes = test::client_hello(test::browser_hello(32));
  one_side(state, FlowSide::Initiator, bytes, bytes.size(), Digests::Remembered);
}
BENCHMARK(client_hello_seen_before)->Name("tls/ours/client_hello_seen_before");

void post_quantum_client_hello(benchmark::State& state) {
  one_side(state, FlowSide::Initiator, test::client_hello(test::browser_hello(1216)), 1448);
}
BENCHMARK(post_quantum_client_hello)->Name("tls/ours/client_hello_two_segments");

void server_hello(benchmark::State& state) {
  const std::string bytes = test::server_hello(test::tls13_answer());
  one_side(state, FlowSide::Responder, bytes, bytes.size());
}
BENCHMARK(server_hello)->Name("tls/ours/server_hello");

// What a server of TLS 1.2 says: its hello, two certificates, the rest up to ServerHelloDone.
std::string server_flight_bytes() {
  const std::string certificate =
      test::make_certificate({.alternative_names = "DNS:www.example.org,DNS:example.org"});
  return test::records(test::message(2, test::server_hello_body({.cipher = 0xc02f}))
                       + test::certificate_message({certificate, certificate})
                       + test::message(12, std::string(300, 'k')) + test::server_hello_done());
}

void server_flight(benchmark::State& state) {
  one_side(state, FlowSide::Responder, server_flight_bytes(), 1448);
}
BENCHMARK(server_flight)->Name("tls/ours/server_flight");

void server_flight_seen_before(benchmark::State& state) {
  one_side(state, FlowSide::Responder, server_flight_bytes(), 1448, Digests::Remembered);
}
BENCHMARK(server_flight_seen_before)->Name("tls/ours/server_flight_seen_before");

}  // namespace
}  // namespace flowscope::tls

BENCHMARK_MAIN();
