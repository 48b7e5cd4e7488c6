#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <utility>

#include "flowcore/base/arena.h"
#include "l7/http/http.h"

namespace flowscope::http {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;
constexpr std::string_view kShortRequest = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
constexpr std::string_view kShortResponse = "HTTP/1.1 204 No Content\r\n\r\n";

// About 500 bytes, the fields that a browser sends.
constexpr std::string_view kGetRequest =
    "GET /articles/2024/06/how-to-measure-a-network?page=2&sort=newest HTTP/1.1\r\n"
    "Host: www.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "Referer: http://www.example.com/articles/2024/06/\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n"
    "Upgrade-Insecure-Requests: 1\r\n"
    "\r\n";

struct CountingSink {
  void message(FlowSide, const HttpTransaction& transaction) {
    benchmark::DoNotOptimize(&transaction);
    ++messages;
  }
  void anomaly(FlowSide, const char*) { ++anomalies; }
  uint64_t messages = 0;
  uint64_t anomalies = 0;
};

// One flow and what it needs.
struct Bench {
  Arena arena =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Now).value());
  BufferPool pool{arena, kPoolBytes};
  HttpParser parser{ParserSetup{pool}};
  CountingSink sink;

  void client(std::string_view text) { send(FlowSide::Initiator, text); }
  void server(std::string_view text) { send(FlowSide::Responder, text); }
  void send(FlowSide side, std::string_view text) {
    benchmark::DoNotOptimize(parser.on_bytes(side, Bytes::of(text), Timestamp{}, sink));
  }
};

void report(benchmark::State& state, const Bench& bench, double packets_per_round) {
  if (bench.sink.anomalies != 0) state.SkipWithError("the stream was not understood");
  // An inverted rate of 1e-9 packets is nanoseconds per packet.
  state.counters["ns_per_packet"] =
      benchmark::Counter(packets_per_round * 1e-9, benchmark::Counter::kIsIterationInvariantRate
                                                       | benchmark::Counter::kInvert);
}

// A long request and the shortest answer to it.
void get_request(benchmark::State& state) {
  Bench bench;
  for (auto _ : state) {
    bench.client(kGetRequest);
    bench.server(kShortResponse);
  }
  report(state, bench, 2);
}
BENCHMARK(get_request)->Name("http/ours/get_request");

// The shortest request and an answer of 1 KiB in one segment.
void response_1k(benchmark::State& state) {
  std::string response =
      "HTTP/1.1 200 OK\r\nDate: Mon, 10 Jun 2024 10:00:00 GMT\r\nServer: nginx/1.22.1\r\n"
      "Content-Type: text/html; charset=utf-8\r\nContent-Length: 700\r\nConnection: keep-alive\r\n"
      "Last-Modified: Mon, 03 Jun 2024 08:00:00 GMT\r\nETag: \"665d7a00-2bc\"\r\n"
      "Cache-Control: max-age=600\r\nAccept-Ranges: bytes\r\n\r\n";
  response.append(700, 'b');
  Bench bench;
  for (auto _ : state) {
    bench.client(kShortRequest);
    bench.server(response);
  }
  report(state, bench, 2);
}
BENCHMARK(response_1k)->Name("http/ours/response_1k");

// One full segment in the middle of a long body.
void bulk_segment(benchmark::State& state) {
  const std::string segment(1460, 'b');
  Bench bench;
  bench.client(kShortRequest);
  bench.server("HTTP/1.1 200 OK\r\nContent-Length: 4000000000000000000\r\n\r\n");
  for (auto _ : state) bench.server(segment);
  report(state, bench, 1);
}
BENCHMARK(bulk_segment)->Name("http/ours/bulk_segment");

}  // namespace
}  // namespace flowscope::http

BENCHMARK_MAIN();
