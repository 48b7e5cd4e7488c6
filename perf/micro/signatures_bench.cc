// What it costs to look for signatures: streams in segments of 1460 bytes as flows bring them, with
// blocks of the same size as the floor, over text like that of HTTP in which nothing is found.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "l7/signatures/signature_scan.h"

namespace flowscope {
namespace {

constexpr size_t kSegmentBytes = 1460;
constexpr uint32_t kDepthBytes = 16'384;
constexpr uint32_t kSeed = 20'260'101;
enum class Kind : int64_t { Literals, Mixed };

std::string random_word(std::mt19937& random, size_t bytes_min, size_t bytes_max) {
  std::string word;
  const size_t bytes = bytes_min + random() % (bytes_max - bytes_min + 1);
  for (size_t i = 0; i < bytes; ++i) word += static_cast<char>('a' + random() % 26);
  return word;
}

// Request lines, headers and markup, of words that no signature has.
std::string traffic() {
  std::mt19937 random(kSeed);
  std::string text;
  while (text.size() < size_t{1} << 20) {
    text +=
        "GET /" + random_word(random, 3, 9) + "/" + random_word(random, 3, 9) + ".html?id="
        + std::to_string(random()) + " HTTP/1.1\r\nHost: www." + random_word(random, 4, 12)
        + ".example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html\r\n\r\n";
    for (int i = 0; i < 20; ++i)
      text += "<div class=\"" + random_word(random, 3, 8) + "\">" + random_word(random, 2, 11) + " "
              + random_word(random, 2, 11) + "</div>\n";
  }
  return text;
}

std::vector<Signature> signatures(Kind kind, int64_t count) {
  std::mt19937 random(kSeed + 1);
  std::vector<Signature> made;
  for (int64_t i = 0; i < count; ++i) {
    Signature signature;
    signature.sid = static_cast<uint32_t>(i + 1);
    signature.message = "bench";
    signature.pattern.id = static_cast<uint32_t>(i);
    signature.pattern.single_match = true;
    // Digits in the middle keep them apart from the traffic's words.
    const std::string word = random_word(random, 3, 8) + std::to_string(random() % 1000) + "_"
                             + random_word(random, 3, 8);
    const bool is_expression = kind == Kind::Mixed && i % 2 == 1;
    signature.pattern.expression =
        is_expression ? random_word(random, 4, 7) + "[0-9]{2,4}=" + word + "[^&\\r\\n]+;"
                      : literal_expression(Bytes::of(word));
    made.push_back(std::move(signature));
  }
  return made;
}

void report(benchmark::State& state, size_t bytes_per_iteration, uint64_t alerts) {
  const auto bytes =
      static_cast<double>(state.iterations()) * static_cast<double>(bytes_per_iteration);
  state.counters["gbit_per_s"] = benchmark::Counter(bytes * 8e-9, benchmark::Counter::kIsRate);
  state.counters["alerts"] = static_cast<double>(alerts);
}

void streaming(benchmark::State& state) {
  auto set =
      SignatureSet::compile(signatures(static_cast<Kind>(state.range(0)), state.range(1)), nullptr);
  if (!set.ok()) return state.SkipWithError(set.error().message.c_str());
  constexpr ScanOptions kOptions{.flows_max = 64, .depth_bytes = kDepthBytes};
  auto seat = ScanSeat::create(*set.value(), SignatureScan::streams_max(kOptions));
  Arena arena =
      std::move(Arena::create(SignatureScan::cost(kOptions), Arena::Populate::Now).value());
  SignatureScan scan(arena, kOptions);
  if (!seat.ok()) return state.SkipWithError(seat.error().message.c_str());
  (void)scan.exchange(std::move(seat.value()));
  const std::string text = traffic();
  const auto flow = [] { return ScannedFlow{.responder_port = 80, .app_proto = "http"}; };
  uint64_t alerts = 0;
  const auto tell = [&alerts](FlowSide, const Alert&) { ++alerts; };
  // Each flow is scanned to its depth, opening and closing included.
  for (auto _ : state) {
    for (Bytes rest = Bytes::of(text); !rest.empty(); rest = rest.after(kDepthBytes)) {
      SignatureScan::Handle handle = SignatureScan::kNone;
      uint64_t end = 0;
      for (Bytes side = rest.first(kDepthBytes); !side.empty(); side = side.after(kSegmentBytes)) {
        const Bytes segment = side.first(kSegmentBytes);
        end += segment.size();
        scan.on_bytes(handle, FlowSide::Responder, segment, end, flow, tell);
      }
      scan.on_end(handle, flow, tell);
    }
  }
  report(state, text.size(), alerts);
  state.counters["stream_bytes"] = static_cast<double>(set.value()->streams()->stream_bytes());
}

void blocks(benchmark::State& state) {
  std::vector<Pattern> patterns;
  for (const Signature& signature : signatures(static_cast<Kind>(state.range(0)), state.range(1))) {
    patterns.push_back(signature.pattern);
    patterns.back().single_match = false;
  }
  auto database = PatternDatabase::compile(patterns, ScanMode::Block);
  ScanScratch scratch;
  if (!database.ok() || !scratch.fit(database.value()).ok())
    return state.SkipWithError("no Hyperscan");
  const std::string text = traffic();
  uint64_t found = 0;
  for (auto _ : state) {
    for (Bytes rest = Bytes::of(text); !rest.empty(); rest = rest.after(kSegmentBytes)) {
      PatternScan::block(database.value(), scratch, rest.first(kSegmentBytes),
                         [&found](uint32_t, uint64_t) {
                           ++found;
                           return true;
                         });
    }
  }
  report(state, text.size(), found);
}

void each_set(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"mixed", "signatures"});
  for (const Kind kind : {Kind::Literals, Kind::Mixed}) {
    for (const int64_t count : {50, 1000, 5000}) bench->Args({static_cast<int64_t>(kind), count});
  }
  bench->Unit(benchmark::kMicrosecond);
}
BENCHMARK(streaming)->Name("signatures/ours/streaming")->Apply(each_set);
BENCHMARK(blocks)->Name("signatures/hyperscan/blocks")->Apply(each_set);

}  // namespace
}  // namespace flowscope

BENCHMARK_MAIN();
