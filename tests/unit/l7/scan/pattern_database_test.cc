#include "l7/scan/pattern_database.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace flowscope {
namespace {

using Matches = std::vector<std::pair<uint32_t, uint64_t>>;

// All that needs the library is skipped where it is not built in.
class PatternDatabaseTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_scan_patterns()) GTEST_SKIP() << "no Hyperscan in this build";
  }

  static PatternDatabase compiled(const std::vector<Pattern>& patterns, ScanMode mode) {
    auto database = PatternDatabase::compile(patterns, mode);
    if (!database.ok()) ADD_FAILURE() << database.error().message;
    return std::move(database.value());
  }

  static ScanScratch scratch_for(const PatternDatabase& database) {
    ScanScratch scratch;
    EXPECT_TRUE(scratch.fit(database).ok());
    return scratch;
  }

  static Matches block(const PatternDatabase& database, std::string_view text) {
    ScanScratch scratch = scratch_for(database);
    Matches matches;
    PatternScan::block(database, scratch, Bytes::of(text), [&](uint32_t id, uint64_t end) {
      matches.emplace_back(id, end);
      return true;
    });
    return matches;
  }
};

TEST_F(PatternDatabaseTest, FindsLiteralsAndExpressionsInABlock) {
  const auto database = compiled({{.expression = literal_expression(Bytes::of("a.c")), .id = 7},
                                  {.expression = "x[0-9]+y", .id = 9}},
                                 ScanMode::Block);
  EXPECT_EQ(block(database, "abc a.c x12y"), (Matches{{7, 7}, {9, 12}}));
}

TEST_F(PatternDatabaseTest, FlagsAreThePatternsOwn) {
  const auto database = compiled({{.expression = "one", .id = 1, .caseless = true},
                                  {.expression = "two", .id = 2},
                                  {.expression = "a.b", .id = 3, .dot_is_any = false},
                                  {.expression = "^line", .id = 4, .multi_line = true},
                                  {.expression = "rep", .id = 5, .single_match = true}},
                                 ScanMode::Block);
  EXPECT_EQ(block(database, "ONE TWO a\nb\nline rep rep"), (Matches{{1, 3}, {4, 16}, {5, 20}}));
}

TEST_F(PatternDatabaseTest, FindsAMatchAcrossEverySplitOfAStream) {
  constexpr std::string_view kText{"01 nee\0dle 45", 14};
  const auto database = compiled(
      {{.expression = literal_expression(Bytes::of({"nee\0dle", 7})), .id = 3}}, ScanMode::Stream);
  ScanScratch scratch = scratch_for(database);
  auto pool = StreamPool::create(database, 1);
  ASSERT_TRUE(pool.ok());
  for (size_t split = 0; split <= kText.size(); ++split) {
    const StreamPool::Handle stream = pool.value().take();
    ASSERT_NE(stream, StreamPool::kNone);
    Matches matches;
    for (const Bytes piece : {Bytes::of(kText).first(split), Bytes::of(kText).after(split)}) {
      PatternScan::stream(pool.value(), stream, scratch, piece, [&](uint32_t id, uint64_t end) {
        matches.emplace_back(id, end);
        return true;
      });
    }
    EXPECT_EQ(matches, (Matches{{3, 10}})) << "split at " << split;
    pool.value().give_back(stream);
  }
}

TEST_F(PatternDatabaseTest, ARestartedOrReusedStreamRemembersNothing) {
  const auto database =
      compiled({{.expression = "ab", .id = 1, .single_match = true}}, ScanMode::Stream);
  ScanScratch scratch = scratch_for(database);
  auto pool = StreamPool::create(database, 1);
  ASSERT_TRUE(pool.ok());
  Matches matches;
  const auto scan = [&](StreamPool::Handle stream, std::string_view text) {
    PatternScan::stream(pool.value(), stream, scratch, Bytes::of(text),
                        [&](uint32_t id, uint64_t end) {
                          matches.emplace_back(id, end);
                          return true;
                        });
  };
  StreamPool::Handle stream = pool.value().take();
  scan(stream, "ab ab a");
  pool.value().restart(stream);
  scan(stream, "b ab");
  pool.value().give_back(stream);
  stream = pool.value().take();
  scan(stream, "b");
  scan(stream, "ab");
  EXPECT_EQ(matches, (Matches{{1, 2}, {1, 4}, {1, 3}}));
}

TEST_F(PatternDatabaseTest, APoolGivesNoMorePlacesThanItHas) {
  const auto database = compiled({{.expression = "ab"}}, ScanMode::Stream);
  auto pool = StreamPool::create(database, 2);
  ASSERT_TRUE(pool.ok());
  const StreamPool::Handle first = pool.value().take();
  EXPECT_NE(first, StreamPool::kNone);
  EXPECT_NE(pool.value().take(), StreamPool::kNone);
  EXPECT_EQ(pool.value().take(), StreamPool::kNone);
  pool.value().give_back(first);
  EXPECT_EQ(pool.value().take(), first);
  EXPECT_EQ(pool.value().live(), 2U);
}

TEST_F(PatternDatabaseTest, TheTakerOfAMatchMayStopTheScan) {
  const auto database = compiled({{.expression = "a"}}, ScanMode::Block);
  ScanScratch scratch = scratch_for(database);
  uint32_t told = 0;
  EXPECT_EQ(PatternScan::block(database, scratch, Bytes::of("aaa"),
                               [&](uint32_t, uint64_t) { return ++told < 2; }),
            ScanStatus::Stopped);
  EXPECT_EQ(told, 2U);
}

TEST_F(PatternDatabaseTest, TellsWhichPatternCannotBeCompiled) {
  const std::vector<Pattern> patterns = {{.expression = "fine"}, {.expression = "a(b"}};
  PatternFault fault;
  const auto database = PatternDatabase::compile(patterns, ScanMode::Block, &fault);
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(fault.index, 1U);
  EXPECT_NE(fault.text.find("parenthes"), std::string::npos) << fault.text;
  EXPECT_NE(database.error().message.find("pattern 1 (a(b): "), std::string::npos);
}

TEST_F(PatternDatabaseTest, ChecksOnePatternWithoutCompilingIt) {
  EXPECT_TRUE(check_pattern({.expression = "a+b"}).ok());
  EXPECT_TRUE(check_pattern({.expression = "ab$", .multi_line = true}).ok());
  EXPECT_NE(check_pattern({.expression = "a*"}).error().message.find("matches nothing at all"),
            std::string::npos);
  EXPECT_NE(check_pattern({.expression = "ab$"}).error().message.find("leave the $ out"),
            std::string::npos);
  EXPECT_NE(check_pattern({.expression = std::string("a\0b", 3)}).error().message.find("\\x00"),
            std::string::npos);
  EXPECT_FALSE(check_pattern({.expression = "[a"}).ok());
  // A construct that Hyperscan does not have.
  EXPECT_FALSE(check_pattern({.expression = "(a)\\1"}).ok());
}

TEST_F(PatternDatabaseTest, ASerializedDatabaseFindsTheSame) {
  const auto database = compiled({{.expression = "needle", .id = 5}}, ScanMode::Block);
  const auto text = database.serialize();
  ASSERT_TRUE(text.ok());
  const auto again = PatternDatabase::deserialize(Bytes::of(text.value()), ScanMode::Block);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(block(again.value(), "a needle"), (Matches{{5, 8}}));
}

TEST_F(PatternDatabaseTest, BytesThatAreNoDatabaseAreRefused) {
  const auto database = compiled({{.expression = "needle"}}, ScanMode::Block);
  std::string text = database.serialize().value();
  EXPECT_FALSE(PatternDatabase::deserialize(Bytes::of(text), ScanMode::Stream).ok());
  EXPECT_FALSE(PatternDatabase::deserialize(Bytes{}, ScanMode::Block).ok());
  EXPECT_FALSE(PatternDatabase::deserialize(Bytes::of(text).first(40), ScanMode::Block).ok());
  text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 1);
  EXPECT_FALSE(PatternDatabase::deserialize(Bytes::of(text), ScanMode::Block).ok());
}

TEST(PatternDatabase, WithoutTheLibraryEveryCallSaysSo) {
  if (can_scan_patterns()) GTEST_SKIP() << "Hyperscan is in this build";
  const std::vector<Pattern> patterns = {{.expression = "a"}};
  EXPECT_NE(
      PatternDatabase::compile(patterns, ScanMode::Block).error().message.find("no Hyperscan"),
      std::string::npos);
  EXPECT_FALSE(check_pattern(patterns[0]).ok());
}

TEST(LiteralExpression, WritesEveryByteAsItsNumber) {
  EXPECT_EQ(literal_expression(Bytes::of({"a\0.\xff", 4})), "\\x61\\x00\\x2e\\xff");
}

}  // namespace
}  // namespace flowscope
