#include "flowcore/track/side_counters.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstdint>

namespace flowscope {
namespace {

constexpr uint64_t kOnes = ~uint64_t{0};

// As counted so far, from the words that the counts are the tops of.
SideCounters counted(uint64_t packets_word, uint64_t bytes_word) {
  return std::bit_cast<SideCounters>(std::array<uint64_t, 3>{0, packets_word, bytes_word});
}

TEST(SideCounters, PacketsStayAtTheMostAndTheFieldsBesideThemAsTheyAre) {
  SideCounters side = counted(kOnes << 25, 0);
  side.set_vlan_id(0x123);
  side.set_fin_seen();
  EXPECT_EQ(side.packets(), SideCounters::kPacketsMax - 1);
  for (int i = 0; i < 3; ++i) {
    side.count(60);
    EXPECT_EQ(side.packets(), SideCounters::kPacketsMax);
  }
  EXPECT_EQ(side.vlan_id(), 0x123);
  EXPECT_TRUE(side.fin_seen());
  EXPECT_FALSE(side.next_known());
  EXPECT_EQ(side.bytes(), 180U);
}

TEST(SideCounters, BytesStayAtTheMostAndTheFlagsGoOn) {
  SideCounters side = counted(0, (kOnes << 8) - (uint64_t{100} << 8));
  side.count(60, 0x10);
  EXPECT_EQ(side.bytes(), SideCounters::kBytesMax - 40);
  side.count(60, 0x08);
  EXPECT_EQ(side.bytes(), SideCounters::kBytesMax);
  side.count(1500, 0x01);
  EXPECT_EQ(side.bytes(), SideCounters::kBytesMax);
  EXPECT_EQ(side.tcp_flags(), 0x19);
  EXPECT_EQ(side.packets(), 3U);
}

TEST(SideCounters, BothGoOnWhereEachIsKnownAndHasNotEnded) {
  const auto side = [](bool is_known, bool has_ended) {
    SideCounters counters;
    if (is_known) counters.set_next(1);
    if (has_ended) counters.set_fin_seen();
    return counters;
  };
  for (unsigned i = 0; i < 16; ++i) {
    const SideCounters x = side((i & 1) != 0, (i & 2) != 0);
    const SideCounters y = side((i & 4) != 0, (i & 8) != 0);
    EXPECT_EQ(SideCounters::both_go_on(x, y), x.goes_on() && y.goes_on()) << i;
  }
}

}  // namespace
}  // namespace flowscope
