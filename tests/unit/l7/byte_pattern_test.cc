#include "l7/byte_pattern.h"

#include <gtest/gtest.h>

#include <string_view>

#include "l7/first_bytes_table.h"

namespace flowscope {
namespace {

using namespace std::string_view_literals;  // NOLINT(google-build-using-namespace)

// Patterns are read at compile time only.
constexpr BytePattern kLiteral("AB\\x00\\r\\.");
constexpr BytePattern kClasses("[a-c\\xff][^a-c]\\d.");
constexpr BytePattern kAnyCase("(?i)he[l-m]o 1");
constexpr BytePattern kRepeated("\\x01{3}.{2}Z");
constexpr BytePattern kGap("<[^>]{0,4}>!");
constexpr BytePattern kOpenEnd("a{1,3}");

Probe match(const BytePattern& pattern, std::string_view text) {
  return pattern.match(Bytes::of(text));
}

TEST(BytePattern, MatchesLiteralsByteByByte) {
  EXPECT_EQ(match(kLiteral, "AB\0\r.and more"sv), Probe::Match);
  EXPECT_EQ(match(kLiteral, "AB\0\r"sv), Probe::NeedMore);
  EXPECT_EQ(match(kLiteral, ""sv), Probe::NeedMore);
  EXPECT_EQ(match(kLiteral, "AB\0\rx"sv), Probe::NoMatch);
  EXPECT_EQ(match(kLiteral, "x"sv), Probe::NoMatch);
}

TEST(BytePattern, MatchesClasses) {
  EXPECT_EQ(match(kClasses,
                  "b\xff"
                  "7\0"sv),
            Probe::Match);
  EXPECT_EQ(match(kClasses,
                  "\xff"
                  "d0z"sv),
            Probe::Match);
  EXPECT_EQ(match(kClasses, "d"sv), Probe::NoMatch);
  EXPECT_EQ(match(kClasses, "ab"sv), Probe::NoMatch);
  EXPECT_EQ(match(kClasses, "axx"sv), Probe::NoMatch);
}

TEST(BytePattern, IgnoresTheCaseOfLettersOnly) {
  EXPECT_EQ(match(kAnyCase, "HELO 1"sv), Probe::Match);
  EXPECT_EQ(match(kAnyCase, "heMo 1"sv), Probe::Match);
  EXPECT_EQ(match(kAnyCase, "HELO\0"sv), Probe::NoMatch) << "a space has no case";
  EXPECT_EQ(match(kAnyCase, "HELO \x11"sv), Probe::NoMatch) << "nor has a digit";
}

TEST(BytePattern, RepeatsAnElement) {
  EXPECT_EQ(match(kRepeated, "\1\1\1abZ"sv), Probe::Match);
  EXPECT_EQ(match(kRepeated, "\1\1a"sv), Probe::NoMatch);
}

TEST(BytePattern, FindsWhatStandsBehindAGap) {
  EXPECT_EQ(match(kGap, "<>!"sv), Probe::Match);
  EXPECT_EQ(match(kGap, "<abcd>!"sv), Probe::Match);
  EXPECT_EQ(match(kGap, "<abcde>!"sv), Probe::NoMatch) << "wider than the gap may be";
  EXPECT_EQ(match(kGap, "<ab>"sv), Probe::NeedMore);
  EXPECT_EQ(match(kGap, "<ab"sv), Probe::NeedMore);
  EXPECT_EQ(match(kGap, "<ab>x"sv), Probe::NoMatch) << "the gap may not hold the mark";
  EXPECT_EQ(match(kOpenEnd, "a"sv), Probe::Match);
  EXPECT_EQ(match(kOpenEnd, "b"sv), Probe::NoMatch);
}

TEST(FirstBytesTable, LeavesTheOwnersWhoseBytesFitAndThoseThatDeclareNone) {
  constexpr std::array<FirstBytesRule, 3> kRules = {
      FirstBytesRule::of(0, {.pattern = "ABCD"}), FirstBytesRule::of(1, {.pattern = "AB"}),
      FirstBytesRule::of(2, {.pattern = "D", .offset = 3})};
  constexpr FirstBytesTable kTable(kRules, 0x100);
  EXPECT_EQ(kTable.candidates(Bytes::of("ABCD")), 0x107U);
  EXPECT_EQ(kTable.candidates(Bytes::of("ABxx")), 0x102U);
  EXPECT_EQ(kTable.candidates(Bytes::of("xxxD")), 0x104U);
  EXPECT_EQ(kTable.candidates(Bytes::of("xxxx")), 0x100U);
  EXPECT_EQ(kTable.candidates(Bytes::of("ABC")), 0x107U) << "what is not there yet may fit";
}

TEST(FirstBytesRule, HoldsTheMessageToTheLengthThatItStates) {
  using Of = FirstBytesRule::Of;
  constexpr FirstBytesRule kRule = FirstBytesRule::of(
      0, {.pattern = "A",
          .length = {
              .offset = 1, .bytes = 2, .order = ByteOrder::Little, .adds = 3, .bytes_max = 100}});
  const auto match_of = [&](std::string_view text, Of of) {
    return kRule.match(Bytes::of(text), text.size(), of);
  };
  EXPECT_EQ(match_of("A\x02\0xx"sv, Of::Datagram), Probe::Match);
  EXPECT_EQ(match_of("A\x02\0x"sv, Of::Datagram), Probe::NoMatch);
  EXPECT_EQ(match_of("A\x02\0x"sv, Of::Stream), Probe::Match) << "the rest may still come";
  EXPECT_EQ(match_of("A\x02\0xxx"sv, Of::Stream), Probe::NoMatch) << "more than the message has";
  EXPECT_EQ(match_of("A\xff\0xx"sv, Of::Stream), Probe::NoMatch) << "more than any message has";
  EXPECT_EQ(match_of("A\x02"sv, Of::Stream), Probe::NeedMore);
}

}  // namespace
}  // namespace flowscope
