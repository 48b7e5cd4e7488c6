#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "flowcore/stream/fragment_table.h"
#include "tests/support/fragment_rig.h"

namespace flowscope {
namespace {

using testing::FragmentRig;
using testing::Frame;
using testing::PacketBuilder;

// One letter for each eight bytes.
struct Piece {
  size_t begin;
  const char* letters;
};

Frame frame_of(const Piece& piece, bool more) {
  std::string bytes;
  for (const char letter : std::string(piece.letters)) bytes.append(8, letter);
  return PacketBuilder()
      .ethernet()
      .ipv4("10.0.0.1", "10.0.0.2",
            {.fragment_offset = static_cast<uint16_t>(piece.begin * 8),
             .more_fragments = more,
             .protocol = 99})
      .payload(bytes)
      .build();
}

// The letters of the datagram that pieces and a last piece "zzzz" at 12 make; empty: none.
std::string join(FragmentOverlap overlap, const std::vector<Piece>& pieces) {
  FragmentRig rig({.overlap = overlap});
  for (const Piece& piece : pieces) rig.give(frame_of(piece, true));
  const testing::JoinedRow row = rig.give(frame_of({12, "zzzz"}, false));
  std::string letters;
  if (!row.is_whole()) return letters;
  const Frame payload = row.ip_payload();
  for (size_t i = 0; i < payload.size(); i += 8) letters += static_cast<char>(payload[i]);
  return letters;
}

struct PolicyCase {
  FragmentOverlap overlap;
  const char* name;
  const char* expected;
};

class OverlapPolicy : public ::testing::TestWithParam<PolicyCase> {};

TEST_P(OverlapPolicy, DecidesEachKindOfOverlap) {
  const std::vector<Piece> pieces = {
      {0, "aa"}, {1, "xx"},   // begins inside and ends later
      {4, "bb"}, {3, "yy"},   // begins before and ends inside
      {6, "cc"}, {6, "vvv"},  // begins at the same place and ends later
      {10, "d"}, {9, "www"},  // begins before and ends later
  };
  EXPECT_EQ(join(GetParam().overlap, pieces), GetParam().expected);
}

TEST_P(OverlapPolicy, WhatIsNotOverlappedIsTheSameForAll) {
  EXPECT_EQ(join(GetParam().overlap, {{0, "abcd"}, {8, "ijkl"}, {4, "efgh"}}), "abcdefghijklzzzz");
}

INSTANTIATE_TEST_SUITE_P(
    All, OverlapPolicy,
    ::testing::Values(PolicyCase{FragmentOverlap::Refuse, "Refuse", ""},
                      PolicyCase{FragmentOverlap::First, "First", "aaxybbccvwdwzzzz"},
                      PolicyCase{FragmentOverlap::Last, "Last", "axxyybvvvwwwzzzz"},
                      PolicyCase{FragmentOverlap::Bsd, "Bsd", "aaxyybccvwwwzzzz"},
                      PolicyCase{FragmentOverlap::BsdRight, "BsdRight", "axxybbvvvwdwzzzz"},
                      PolicyCase{FragmentOverlap::Linux, "Linux", "aaxyybvvvwwwzzzz"},
                      PolicyCase{FragmentOverlap::Windows, "Windows", "aaxybbccvwwwzzzz"},
                      PolicyCase{FragmentOverlap::Solaris, "Solaris", "aaxybbccvwwwzzzz"}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(FragmentOverlapPolicy, WindowsAndSolarisDifferWhereBothEndAtTheSamePlace) {
  const std::vector<Piece> pieces = {{2, "aa"}, {0, "xxxx"}, {4, "bbbbbbbb"}};
  EXPECT_EQ(join(FragmentOverlap::Windows, pieces), "xxaabbbbbbbbzzzz");
  EXPECT_EQ(join(FragmentOverlap::Solaris, pieces), "xxxxbbbbbbbbzzzz");
}

TEST(FragmentOverlapPolicy, ComparesWithTheFragmentThatTheBytesCameFrom) {
  // y reaches beyond a on both sides, but x took a's place and ends later than y.
  EXPECT_EQ(join(FragmentOverlap::Windows, {{2, "aa"}, {1, "xxxxx"}, {0, "yyyyy"}, {6, "cccccc"}}),
            "yxxxxxcccccczzzz");
}

TEST(FragmentOverlapPolicy, TellsOfOverlapsWithOtherBytesOnly) {
  FragmentRig rig({.overlap = FragmentOverlap::First});
  rig.give(frame_of({0, "aa"}, true));
  rig.give(frame_of({1, "ab"}, true));
  EXPECT_TRUE(rig.conflicts().empty());
  rig.give(frame_of({1, "x"}, true));
  EXPECT_EQ(rig.conflicts(), std::vector{FragmentConflict::OtherBytes});
  EXPECT_EQ(rig.counters().overlaps.value(), 1U);
}

}  // namespace
}  // namespace flowscope
