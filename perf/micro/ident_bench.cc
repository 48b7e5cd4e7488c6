// What it costs to find out which protocol a run of first bytes belongs to: by the table, by asking
// every declaration, and by Hyperscan.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "l7/known/known.h"
#include "l7/known/rules.h"
#include "l7/parser_list.h"
#include "l7/scan/pattern_database.h"

namespace flowscope::known {
namespace {

using namespace std::string_literals;

constexpr Ports kPorts{40'000, 50'000};

// First runs as they come: mostly HTTP and TLS, some of protocols without a parser, some of none.
std::vector<std::string> mixed_runs() {
  std::mt19937_64 random(20'260'704);
  std::vector<std::string> runs;
  for (int i = 0; i < 1024; ++i) {
    std::string run;
    switch (random() % 8) {
      case 0:
        run = "220 mail.example.com ESMTP Postfix\r\n";
        break;
      case 1:
        run =
            "\x13"
            "BitTorrent protocol";
        break;
      case 2:
      case 3:
        run = "GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n";
        break;
      case 4:
      case 5:
        run = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s;
        break;
      default:
        break;
    }
    while (run.size() < 64) run += static_cast<char>(random());
    runs.push_back(std::move(run));
  }
  return runs;
}

void per_run(benchmark::State& state) {
  state.counters["ns_per_packet"] =
      benchmark::Counter(1e-9 * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

template <class F>
void over_runs(benchmark::State& state, F&& look) {
  const std::vector<std::string> runs = mixed_runs();
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(look(Bytes::of(runs[i++ % runs.size()])));
  per_run(state);
}

void known_candidates(benchmark::State& state) {
  over_runs(state, [](Bytes run) { return stream_candidates(run); });
}
void known_by_table(benchmark::State& state) {
  over_runs(state, [](Bytes run) { return look_at_stream(run, kPorts).found; });
}
void known_by_all(benchmark::State& state) {
  over_runs(state, [](Bytes run) {
    uint64_t found = 0;
    for (const FirstBytesRule& rule : stream_rules()) {
      if (rule.match(run, run.size(), FirstBytesRule::Of::Stream) == Probe::Match)
        found |= uint64_t{1} << rule.owner;
    }
    return found;
  });
}

// `open_only`: the declarations that the table cannot decide, with a variable part.
void known_by_hyperscan(benchmark::State& state, bool open_only) {
  std::vector<Pattern> patterns;
  for (const FirstBytesRule& rule : stream_rules()) {
    if (!open_only || rule.pattern.has_gap())
      patterns.push_back(
          {.expression = expression_of(rule), .id = rule.owner, .single_match = true});
  }
  auto database = PatternDatabase::compile(patterns, ScanMode::Block);
  ScanScratch scratch;
  if (!database.ok() || !scratch.fit(database.value()).ok())
    return state.SkipWithError("this build has no Hyperscan");
  over_runs(state, [&](Bytes run) {
    uint64_t found = 0;
    PatternScan::block(database.value(), scratch, run.first(kLookedAtBytes),
                       [&](uint32_t id, uint64_t) {
                         found |= uint64_t{1} << id;
                         return true;
                       });
    return found;
  });
}

using StreamSet = ParserSet<AllStreamParsers>;
template <bool kByTable>
void parsers(benchmark::State& state) {
  over_runs(state, [](Bytes run) {
    const Bytes first_bytes = run.first(kProbeBytes);
    const uint32_t asked = kByTable ? StreamSet::candidates(first_bytes) : UINT32_MAX;
    bool maybe = false;
    return StreamSet::identify(
        asked, maybe, [&]<class P>() { return P::probe(FlowSide::Initiator, first_bytes); });
  });
}

BENCHMARK(known_candidates)->Name("ident/ours/known_candidates");
BENCHMARK(known_by_table)->Name("ident/ours/known_by_table");
BENCHMARK(known_by_all)->Name("ident/ours/known_by_all_declarations");
BENCHMARK_CAPTURE(known_by_hyperscan, all, false)->Name("ident/hyperscan/known_all");
BENCHMARK_CAPTURE(known_by_hyperscan, open, true)->Name("ident/hyperscan/known_open");
BENCHMARK(parsers<true>)->Name("ident/ours/parsers_by_table");
BENCHMARK(parsers<false>)->Name("ident/ours/parsers_by_all_probes");

}  // namespace
}  // namespace flowscope::known

BENCHMARK_MAIN();
