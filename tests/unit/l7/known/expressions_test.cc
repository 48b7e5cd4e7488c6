// The same declarations, matched by the portable matcher, left by the table, and found by Hyperscan
// must agree.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "l7/known/known.h"
#include "l7/known/rules.h"
#include "l7/scan/pattern_database.h"
#include "tests/unit/l7/known/samples.h"

namespace flowscope::known {
namespace {

using Found = std::set<uint32_t>;

// Positions of the rules whose patterns match, lengths and ports aside.
Found by_matcher(std::span<const FirstBytesRule> rules, Bytes run) {
  Found found;
  for (uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].pattern.match(run.first(kLookedAtBytes).after(rules[i].offset)) == Probe::Match)
      found.insert(i);
  }
  return found;
}

class Expressions {
 public:
  explicit Expressions(std::span<const FirstBytesRule> rules) {
    std::vector<Pattern> patterns;
    for (uint32_t i = 0; i < rules.size(); ++i)
      patterns.push_back({.expression = expression_of(rules[i]), .id = i, .single_match = true});
    auto compiled = PatternDatabase::compile(patterns, ScanMode::Block);
    EXPECT_TRUE(compiled.ok()) << compiled.error().message;
    database_.push_back(std::move(compiled.value()));
    EXPECT_TRUE(scratch_.fit(database_.front()).ok());
  }
  Found operator()(Bytes run) {
    Found found;
    PatternScan::block(database_.front(), scratch_, run.first(kLookedAtBytes),
                       [&](uint32_t id, uint64_t) { return found.insert(id), true; });
    return found;
  }

 private:
  std::vector<PatternDatabase> database_;
  ScanScratch scratch_;
};

// Samples, their prefixes, samples with some bytes changed, and noise.
class Runs {
 public:
  explicit Runs(std::vector<Sample> samples) : samples_(std::move(samples)) {}

  std::string next() {
    const Sample& sample = samples_[random_() % samples_.size()];
    std::string run = sample.server.empty() || random_() % 2 == 0 ? sample.client : sample.server;
    if (random_() % 4 == 0) run.resize(1 + random_() % run.size());
    if (random_() % 8 == 0) run.insert(random_() % run.size(), 1 + random_() % 12, any_byte());
    for (uint64_t changes = random_() % 4; changes != 0; --changes)
      run[random_() % std::min<size_t>(run.size(), 40)] = any_byte();
    if (random_() % 16 == 0) std::generate(run.begin(), run.end(), [&] { return any_byte(); });
    return run;
  }
  static constexpr uint64_t kSeed = 20'260'702;

 private:
  char any_byte() { return static_cast<char>(random_()); }

  std::vector<Sample> samples_;
  std::mt19937_64 random_{kSeed};
};

void compare_with_hyperscan(std::span<const FirstBytesRule> rules, std::vector<Sample> samples) {
  if (!can_scan_patterns()) GTEST_SKIP() << "this build has no Hyperscan";
  Expressions expressions(rules);
  Runs runs(std::move(samples));
  SCOPED_TRACE("seed " + std::to_string(Runs::kSeed));
  size_t matches = 0;
  for (int round = 0; round < 12'000; ++round) {
    const std::string run = runs.next();
    const Found portable = by_matcher(rules, Bytes::of(run));
    matches += portable.size();
    ASSERT_EQ(portable, expressions(Bytes::of(run))) << ::testing::PrintToString(run);
  }
  EXPECT_GT(matches, 5'000);
}

TEST(KnownExpressions, HyperscanFindsWhatTheMatcherFindsInStreams) {
  compare_with_hyperscan(stream_rules(), stream_samples());
}

TEST(KnownExpressions, HyperscanFindsWhatTheMatcherFindsInDatagrams) {
  compare_with_hyperscan(datagram_rules(), datagram_samples());
}

void expect_candidates(std::span<const FirstBytesRule> rules, uint64_t (*candidates)(Bytes),
                       std::vector<Sample> samples) {
  Runs runs(std::move(samples));
  SCOPED_TRACE("seed " + std::to_string(Runs::kSeed));
  for (int round = 0; round < 12'000; ++round) {
    const std::string run = runs.next();
    const Bytes looked_at = Bytes::of(run).first(kLookedAtBytes);
    const uint64_t left = candidates(Bytes::of(run));
    for (const FirstBytesRule& rule : rules) {
      if (rule.pattern.match(looked_at.after(rule.offset)) == Probe::NoMatch) continue;
      ASSERT_NE(left >> rule.owner & 1, 0)
          << rule.pattern.text() << " of " << ::testing::PrintToString(run);
    }
  }
}

TEST(KnownExpressions, TheTableLeavesWhatMayMatchInStreams) {
  expect_candidates(stream_rules(), &stream_candidates, stream_samples());
}

TEST(KnownExpressions, TheTableLeavesWhatMayMatchInDatagrams) {
  expect_candidates(datagram_rules(), &datagram_candidates, datagram_samples());
}

TEST(KnownExpressions, TheTableLeavesFewCandidates) {
  Runs runs(stream_samples());
  uint64_t candidates = 0;
  constexpr uint64_t kRuns = 10'000;
  for (uint64_t i = 0; i < kRuns; ++i)
    candidates +=
        static_cast<uint64_t>(std::popcount(stream_candidates(Bytes::of(runs.next()).first(32))));
  EXPECT_LT(candidates, 6 * kRuns);
}

}  // namespace
}  // namespace flowscope::known
