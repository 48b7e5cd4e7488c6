#include "flowcore/table/flow_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

namespace flowscope {
namespace {

struct Record {
  uint64_t key;
  uint64_t value;
};
using Table = FlowTable<Record>;

constexpr uint32_t kWays = Table::kWays;

// A hash whose set and signature are chosen by the test.
constexpr uint64_t hash_of(uint32_t set, uint16_t signature) {
  return uint64_t{signature} << 48 | set;
}

// A table in an arena of its own, with the calls that a tracker makes for one packet.
class TableTest : public testing::Test {
 protected:
  void make(uint32_t entries_min) {
    arena_ = std::move(Arena::create(Table::cost(entries_min), Arena::Populate::Lazily).value());
    table_ = std::make_unique<Table>(arena_, entries_min);
  }
  Table::Slot find(uint64_t hash, uint64_t key) {
    table_->prefetch_set(hash);
    const Table::Slot guess = table_->guess(hash);
    if (guess == Table::kNone) table_->prefetch_beyond(hash);
    return table_->find(hash, key, guess);
  }
  // Adds where a way is free; false when a victim would have to go.
  bool add(uint64_t hash, uint64_t key, uint16_t tick) {
    const Table::Choice choice = table_->choose(hash);
    if (choice.occupied) return false;
    table_->place(choice.slot, hash, tick).key = key;
    return true;
  }

  Arena arena_;
  std::unique_ptr<Table> table_;
};

TEST_F(TableTest, RoundsSetsUpToAPowerOfTwo) {
  make(1);
  EXPECT_EQ(table_->capacity(), 16U);
  make(17);
  EXPECT_EQ(table_->capacity(), 32U);
  make(1000);
  EXPECT_EQ(table_->capacity(), 1024U);
}

TEST_F(TableTest, UsesTheMemoryThatCostNames) {
  make(1000);
  EXPECT_EQ(arena_.used(), Table::cost(1000));
}

TEST_F(TableTest, FindsWhatWasPlacedAndNothingElse) {
  make(64);
  ASSERT_TRUE(add(hash_of(2, 7), 11, 0));
  EXPECT_NE(find(hash_of(2, 7), 11), Table::kNone);
  EXPECT_EQ(find(hash_of(2, 7), 12), Table::kNone) << "same hash, other key";
  EXPECT_EQ(find(hash_of(2, 8), 11), Table::kNone);
  EXPECT_EQ(find(hash_of(1, 7), 11), Table::kNone);
}

TEST_F(TableTest, ForgetsWhatWasVacatedThoughTheRecordStays) {
  make(64);
  const uint64_t hash = hash_of(2, 7);
  ASSERT_TRUE(add(hash, 11, 0));
  const Table::Slot guess = table_->guess(hash);
  table_->vacate(guess, hash);
  EXPECT_EQ(table_->entry(guess).key, 11U);
  EXPECT_EQ(table_->find(hash, 11, guess), Table::kNone) << "the guess is older than the vacation";
  EXPECT_EQ(table_->size(), 0U);
}

TEST_F(TableTest, TellsApartKeysWithOneSignature) {
  make(64);
  const uint64_t hash = hash_of(3, 500);
  for (uint64_t key = 0; key < 20; ++key) ASSERT_TRUE(add(hash, key, 0)) << "4 of them spill";
  std::set<Table::Slot> slots;
  for (uint64_t key = 0; key < 20; ++key) {
    const Table::Slot slot = find(hash, key);
    ASSERT_NE(slot, Table::kNone);
    EXPECT_EQ(table_->entry(slot).key, key);
    slots.insert(slot);
  }
  EXPECT_EQ(slots.size(), 20U);
  EXPECT_EQ(find(hash, 20), Table::kNone);
}

TEST_F(TableTest, ASignatureOfZeroIsAnEntryToo) {
  make(16);
  ASSERT_TRUE(add(hash_of(0, 0), 5, 0));
  ASSERT_TRUE(add(hash_of(0, 1), 6, 0)) << "shares its signature";
  EXPECT_EQ(table_->entry(find(hash_of(0, 0), 5)).key, 5U);
  EXPECT_EQ(table_->entry(find(hash_of(0, 1), 6)).key, 6U);
  EXPECT_EQ(table_->size(), 2U);
}

TEST_F(TableTest, SpillsOnlyWhatTheHomeSetCannotHold) {
  make(4 * kWays);
  for (uint16_t i = 0; i < kWays; ++i) ASSERT_TRUE(add(hash_of(1, 40), i, 0));
  EXPECT_EQ(table_->spilled_from(1), 0U);
  ASSERT_TRUE(add(hash_of(1, 40), 100, 0));
  EXPECT_EQ(table_->spilled_from(1), 1U);
  EXPECT_NE(find(hash_of(1, 40), 100) / kWays, 1U);
}

TEST_F(TableTest, LowersTheOverflowFlagWhenTheLastSpilledEntryGoes) {
  make(4 * kWays);
  const uint64_t hash = hash_of(1, 40);
  for (uint64_t key = 0; key < kWays + 3; ++key) ASSERT_TRUE(add(hash, key, 0));
  EXPECT_EQ(table_->spilled_from(hash), 3U);
  table_->vacate(find(hash, 0), hash);
  EXPECT_EQ(table_->spilled_from(hash), 3U) << "a home entry went";
  for (uint64_t key = kWays; key < kWays + 3; ++key) table_->vacate(find(hash, key), hash);
  EXPECT_EQ(table_->spilled_from(hash), 0U);
}

// More spilled entries of one home set than a byte counts: only equal set numbers do this.
TEST_F(TableTest, FindsSpilledEntriesBeyondTheCountersRange) {
  make(1024 * kWays);
  std::vector<uint64_t> hashes;
  for (uint16_t signature = 1; hashes.size() < kWays + 600; ++signature) {
    const uint64_t hash = hash_of(9, signature);
    if (add(hash, signature, 0)) hashes.push_back(hash);
  }
  EXPECT_EQ(table_->spilled_from(9), 255U);
  for (const uint64_t hash : hashes) ASSERT_NE(find(hash, hash >> 48), Table::kNone);
  for (size_t i = 0; i + 1 < hashes.size(); ++i) {
    table_->vacate(find(hashes[i], hashes[i] >> 48), hashes[i]);
  }
  EXPECT_NE(find(hashes.back(), hashes.back() >> 48), Table::kNone) << "the flag must not fall";
}

TEST_F(TableTest, OfAFullTableTheEntryTouchedLongestAgoIsTheVictim) {
  make(kWays);
  for (uint16_t i = 0; i < kWays; ++i) ASSERT_TRUE(add(hash_of(0, i), i, 10));
  for (uint16_t i = 0; i < kWays; ++i) {
    if (i != 6) table_->touch(find(hash_of(0, i), i), 11);
  }
  const Table::Choice choice = table_->choose(hash_of(0, 99));
  EXPECT_TRUE(choice.occupied);
  EXPECT_EQ(table_->entry(choice.slot).key, 6U);
}

TEST_F(TableTest, TheVictimMayBeInTheSpillSet) {
  make(2 * kWays);
  for (uint16_t i = 0; i < 2 * kWays; ++i) {
    ASSERT_TRUE(add(hash_of(i / kWays, i), i, i == 20 ? 1 : 2));
  }
  const Table::Choice choice = table_->choose(hash_of(0, 99));
  EXPECT_TRUE(choice.occupied);
  EXPECT_EQ(table_->entry(choice.slot).key, 20U);
}

TEST_F(TableTest, AVictimsPlaceIsReused) {
  make(kWays);
  for (uint16_t i = 0; i < 10 * kWays; ++i) {
    const uint64_t hash = hash_of(0, i);
    const Table::Choice choice = table_->choose(hash);
    if (choice.occupied)
      table_->vacate(choice.slot, hash_of(0, table_->entry(choice.slot).key & 0xffff));
    table_->place(choice.slot, hash, i).key = i;
    ASSERT_EQ(table_->size(), std::min<uint32_t>(i + 1, kWays));
    for (int old = i; old >= 0 && old > i - static_cast<int>(kWays); --old) {
      const auto key = static_cast<uint16_t>(old);
      ASSERT_NE(find(hash_of(0, key), key), Table::kNone);
    }
  }
}

TEST_F(TableTest, RankGoesBeforeAge) {
  make(2 * kWays);
  for (uint16_t i = 0; i < 2 * kWays; ++i) ASSERT_TRUE(add(hash_of(i / kWays, i), i, i));
  const auto rank = [](const Record& record) {
    return static_cast<uint8_t>(record.key == 9 || record.key == 25 ? 1 : 2);
  };
  const Table::Choice choice = table_->choose(hash_of(0, 99), rank);
  EXPECT_TRUE(choice.occupied);
  EXPECT_EQ(table_->entry(choice.slot).key, 9U) << "the older of the two of the lowest rank";
}

TEST_F(TableTest, TheFirstWayOfTheHomeSetGoesWhenRanksAndAgesAreEqual) {
  make(2 * kWays);
  for (uint16_t i = 0; i < 2 * kWays; ++i) ASSERT_TRUE(add(hash_of(1, i), i, 7));
  const auto rank = [](const Record&) { return uint8_t{3}; };
  EXPECT_EQ(table_->choose(hash_of(1, 99)).slot, kWays);
  EXPECT_EQ(table_->choose(hash_of(1, 99), rank).slot, kWays);
}

TEST_F(TableTest, RankIsNotAskedWhileAWayIsFree) {
  make(2 * kWays);
  for (uint16_t i = 0; i < 2 * kWays - 1; ++i) ASSERT_TRUE(add(hash_of(0, i), i, i));
  int asked = 0;
  const auto rank = [&asked](const Record&) { return static_cast<uint8_t>(++asked); };
  EXPECT_FALSE(table_->choose(hash_of(0, 99), rank).occupied);
  EXPECT_EQ(asked, 0);
}

TEST_F(TableTest, RankIsAskedOnceWhenTheOldestHasTheLowest) {
  make(2 * kWays);
  for (uint16_t i = 0; i < 2 * kWays; ++i) ASSERT_TRUE(add(hash_of(0, i), i, i));
  int asked = 0;
  const auto rank = [&asked](const Record&) { return static_cast<uint8_t>(asked++); };
  EXPECT_EQ(table_->entry(table_->choose(hash_of(0, 99), rank).slot).key, 0U);
  EXPECT_EQ(asked, 1);
}

TEST_F(TableTest, APacketOutOfOrderDoesNotMakeOthersOld) {
  make(kWays);
  for (uint16_t i = 0; i < kWays; ++i) ASSERT_TRUE(add(hash_of(0, i), i, 1000));
  table_->touch(find(hash_of(0, 3), 3), 990);
  EXPECT_EQ(table_->entry(table_->choose(hash_of(0, 99)).slot).key, 3U);
}

TEST_F(TableTest, AgeCountsAcrossTheWrapOfTheClock) {
  make(kWays);
  ASSERT_TRUE(add(hash_of(0, 1), 1, 0xfffe));
  EXPECT_EQ(table_->age(find(hash_of(0, 1), 1), 3), 5U);
}

TEST_F(TableTest, ForEachVisitsEveryEntryOnceAndMayVacateIt) {
  make(8 * kWays);
  for (uint16_t i = 0; i < 60; ++i) ASSERT_TRUE(add(hash_of(i % 8, i), i, 0));
  std::multiset<uint64_t> keys;
  table_->for_each([&](Table::Slot slot, Record& record) {
    keys.insert(record.key);
    table_->vacate(slot, hash_of(static_cast<uint32_t>(record.key % 8), record.key & 0xffff));
  });
  EXPECT_EQ(keys.size(), 60U);
  EXPECT_EQ(std::set<uint64_t>(keys.begin(), keys.end()).size(), 60U);
  EXPECT_EQ(table_->size(), 0U);
}

}  // namespace
}  // namespace flowscope
