#include "flowcore/table/flow_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace flowscope {
namespace {

struct Record {
  uint64_t key;
  uint64_t value;
};
using Table = FlowTable<Record>;

constexpr uint32_t kWays = Table::kWays;

// Class is rank, up to kRankKept.
constexpr VictimRanks kRanks = {0, 1, 2, 3};
constexpr EntryClass kKept = 3;

// A table in an arena of its own, with the calls that a tracker makes for one packet.
class TableTest : public testing::Test {
 protected:
  void make(uint32_t entries_max) {
    arena_ = std::move(Arena::create(Table::cost(entries_max), Arena::Populate::Lazily).value());
    table_ = std::make_unique<Table>(arena_, entries_max, kRanks);
  }
  // The most entries that a table of so many sets is made for.
  void make_sets(uint32_t sets) {
    make(sets * kWays * Table::kLoadPercent / 100);
    ASSERT_EQ(table_->sets(), sets);
  }
  // A hash whose set and signature are chosen by the test.
  uint64_t hash_of(uint32_t set, uint64_t signature) const {
    const uint64_t sets = table_->sets();
    return signature << 52 | ((uint64_t{set} << 32) + sets - 1) / sets;
  }
  Table::Slot find(uint64_t hash, uint64_t key) {
    table_->prefetch_set(hash);
    const Table::Slot guess = table_->guess(hash);
    table_->prefetch_entry(
        guess != Table::kNone ? guess : table_->expect_beyond(hash, table_->expect(hash)));
    return table_->find(hash, key, guess);
  }
  // Adds where a way is free; false when a victim would have to go.
  bool add(uint64_t hash, uint64_t key, uint16_t tick, EntryClass entry_class = kKept) {
    const Table::Choice choice = table_->choose(hash);
    if (choice.victim != Table::kNone) return false;
    table_->place(choice.slot, hash, entry_class, tick) = {key, hash};
    return true;
  }
  // Adds in place of a victim, whose key it gives.
  uint64_t replace(uint64_t hash, uint64_t key, uint16_t tick, EntryClass entry_class = kKept) {
    const Table::Choice choice = table_->choose(hash);
    EXPECT_NE(choice.victim, Table::kNone);
    const Record victim = table_->entry(choice.victim);
    table_->vacate(choice.victim, victim.value);
    table_->place(choice.slot, hash, entry_class, tick) = {key, hash};
    return victim.key;
  }

  Arena arena_;
  std::unique_ptr<Table> table_;
};

// Moves whatever make_way() likes to move.
struct AnyMover {
  std::vector<std::pair<Table::Slot, Table::Slot>> moves;
  bool allowed = true;
  [[nodiscard]] uint64_t hash_of(const Record& record) const { return record.value; }
  [[nodiscard]] bool may_move(Table::Slot) const { return allowed; }
  void moved(Table::Slot from, Table::Slot to) { moves.emplace_back(from, to); }
};

TEST_F(TableTest, HasASlotMoreThanItsLoadAsks) {
  make(1);
  EXPECT_EQ(table_->slots(), 16U);
  make(11);
  EXPECT_EQ(table_->slots(), 16U);
  make(12);
  EXPECT_EQ(table_->slots(), 32U);
  make(700);
  EXPECT_EQ(table_->slots(), 1008U) << "sets need not be a power of two";
  EXPECT_EQ(table_->entries_max(), 700U);
}

TEST_F(TableTest, UsesTheMemoryThatCostNames) {
  make(1000);
  EXPECT_EQ(arena_.used(), Table::cost(1000));
}

TEST_F(TableTest, TakesAtMost192BytesForEachEntryOf128) {
  struct Large {
    uint64_t key;
    std::array<uint64_t, 15> rest;
  };
  static_assert(sizeof(Large) == 128);
  for (const uint32_t entries : {100'000U, 1'000'000U, 10'000'000U}) {
    EXPECT_LE(FlowTable<Large>::cost(entries), uint64_t{192} * entries);
  }
}

TEST_F(TableTest, KeepsRoomBehindEachRecordInItsPage) {
  struct Large {
    uint64_t key;
    std::array<uint64_t, 15> rest;
  };
  constexpr size_t kBeside = 192;
  const size_t bytes = FlowTable<Large>::cost(100) + FlowTable<Large>::slots_for(100) * kBeside;
  Arena arena = std::move(Arena::create(bytes, Arena::Populate::Lazily).value());
  FlowTable<Large> table(arena, 100, kRanks, kBeside);
  EXPECT_EQ(arena.used(), bytes);
  for (uint32_t slot = 0; slot < table.slots(); ++slot) {
    Large& record = table.entry(slot);
    EXPECT_EQ(table.slot_of(record), slot);
    uint8_t* const beside = table.beside() + slot * table.stride();
    EXPECT_EQ(beside, reinterpret_cast<const uint8_t*>(&record + 1));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(beside) % kCacheLineBytes, 0U);
    std::fill_n(beside, kBeside, uint8_t{0xff});
    EXPECT_EQ(record.key, 0U) << "that of the next one is not touched";
  }
}

TEST_F(TableTest, FindsWhatWasPlacedAndNothingElse) {
  make_sets(4);
  ASSERT_TRUE(add(hash_of(2, 7), 11, 0));
  EXPECT_NE(find(hash_of(2, 7), 11), Table::kNone);
  EXPECT_EQ(find(hash_of(2, 7), 12), Table::kNone) << "same hash, other key";
  EXPECT_EQ(find(hash_of(2, 8), 11), Table::kNone);
  EXPECT_EQ(find(hash_of(1, 7), 11), Table::kNone);
}

TEST_F(TableTest, ForgetsWhatWasVacatedThoughTheRecordStays) {
  make_sets(4);
  const uint64_t hash = hash_of(2, 7);
  ASSERT_TRUE(add(hash, 11, 0));
  const Table::Slot guess = table_->guess(hash);
  table_->vacate(guess, hash);
  EXPECT_EQ(table_->entry(guess).key, 11U);
  EXPECT_EQ(table_->find(hash, 11, guess), Table::kNone) << "the guess is older than the vacation";
  EXPECT_EQ(table_->size(), 0U);
}

TEST_F(TableTest, TellsApartKeysWithOneSignature) {
  make_sets(4);
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
  make_sets(1);
  ASSERT_TRUE(add(hash_of(0, 0), 5, 0));
  ASSERT_TRUE(add(hash_of(0, 1), 6, 0)) << "shares its signature";
  EXPECT_EQ(table_->entry(find(hash_of(0, 0), 5)).key, 5U);
  EXPECT_EQ(table_->entry(find(hash_of(0, 1), 6)).key, 6U);
  EXPECT_EQ(table_->size(), 2U);
}

TEST_F(TableTest, ChangingAClassChangesNothingElse) {
  make_sets(1);
  ASSERT_TRUE(add(hash_of(0, 9), 5, 3, 1));
  const Table::Slot slot = find(hash_of(0, 9), 5);
  for (EntryClass entry_class = 0; entry_class < kEntryClasses; ++entry_class) {
    table_->set_class(slot, entry_class);
    EXPECT_EQ(table_->class_of(slot), entry_class);
    EXPECT_EQ(find(hash_of(0, 9), 5), slot);
    EXPECT_EQ(table_->age(slot, 4), 1U);
  }
}

TEST_F(TableTest, SpillsOnlyWhatTheHomeSetCannotHold) {
  make_sets(4);
  for (uint16_t i = 0; i < kWays; ++i) ASSERT_TRUE(add(hash_of(1, 40), i, 0));
  EXPECT_EQ(table_->spilled_from(hash_of(1, 0)), 0U);
  ASSERT_TRUE(add(hash_of(1, 40), 100, 0));
  EXPECT_EQ(table_->spilled_from(hash_of(1, 0)), 1U);
  EXPECT_NE(find(hash_of(1, 40), 100) / kWays, 1U);
}

TEST_F(TableTest, LowersTheOverflowFlagWhenTheLastSpilledEntryGoes) {
  make_sets(4);
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
  make_sets(1024);
  std::vector<uint64_t> hashes;
  for (uint64_t signature = 1; hashes.size() < kWays + 600; ++signature) {
    const uint64_t hash = hash_of(9, 0) | signature << 40;  // of many spill sets
    if (add(hash, signature, 0)) hashes.push_back(hash);
  }
  EXPECT_EQ(table_->spilled_from(hash_of(9, 0)), 255U);
  for (const uint64_t hash : hashes) ASSERT_NE(find(hash, hash >> 40), Table::kNone);
  for (size_t i = 0; i + 1 < hashes.size(); ++i) {
    table_->vacate(find(hashes[i], hashes[i] >> 40), hashes[i]);
  }
  EXPECT_NE(find(hashes.back(), hashes.back() >> 40), Table::kNone) << "the flag must not fall";
}

TEST_F(TableTest, OfAFullTableTheEntryTouchedLongestAgoIsTheVictim) {
  make_sets(1);
  for (uint16_t i = 0; i < 11; ++i) ASSERT_TRUE(add(hash_of(0, i), i, 10));
  for (uint16_t i = 0; i < 11; ++i) {
    if (i != 6) table_->touch(find(hash_of(0, i), i), 11);
  }
  EXPECT_EQ(replace(hash_of(0, 99), 99, 12), 6U);
  EXPECT_EQ(table_->size(), 11U);
  EXPECT_NE(find(hash_of(0, 99), 99), Table::kNone);
}

TEST_F(TableTest, HoldsNoMoreThanItIsAskedTo) {
  make(2);
  ASSERT_TRUE(add(hash_of(0, 1), 1, 1));
  ASSERT_TRUE(add(hash_of(0, 2), 2, 2));
  EXPECT_EQ(replace(hash_of(0, 3), 3, 3), 1U);
  table_->set_entries_max(1);
  EXPECT_EQ(replace(hash_of(0, 4), 4, 4), 2U);
}

TEST_F(TableTest, RankGoesBeforeAgeAndHomeBeforeTheRest) {
  make_sets(2);
  for (uint16_t i = 0; i < 22; ++i) {
    const EntryClass entry_class = i == 5 ? 2 : i == 20 ? 1 : kKept;
    ASSERT_TRUE(add(hash_of(i / 11, i), i, i, entry_class));
  }
  EXPECT_EQ(replace(hash_of(0, 50), 50, 30), 5U)
      << "20 ranks below, but is no entry of the home set";
  EXPECT_EQ(replace(hash_of(0, 51), 51, 30), 20U) << "a newcomer of a low rank, wherever it is";
  EXPECT_EQ(replace(hash_of(0, 52), 52, 30), 0U) << "then the oldest of both sets";
}

TEST_F(TableTest, AmongNewcomersTheFirstToComeGoes) {
  make_sets(64);
  uint16_t key = 0;
  for (uint32_t set = 0; key < 716 - 3; ++key, ++set) {
    ASSERT_TRUE(add(hash_of(set % 64, key), key, 1));
  }
  for (const uint32_t set : {7U, 8U, 9U}) {
    ASSERT_TRUE(add(hash_of(set, key), key, 1));
    ++key;
  }
  // All are worth keeping; a few are passed over each time.
  for (uint16_t i = 0; i < 3; ++i) (void)replace(hash_of(40, 800 + i), 800 + i, 1);
  table_->set_class(find(hash_of(8, 714), 714), 2);
  table_->set_class(find(hash_of(9, 715), 715), 2);
  const Table::Choice choice = table_->choose(hash_of(30, 900));
  EXPECT_EQ(table_->entry(choice.victim).key, 714U);
  EXPECT_EQ(choice.slot / kWays, 30U) << "the new entry lives at home";
  EXPECT_EQ(table_->choose(hash_of(30, 900)).victim, choice.victim) << "asking changes nothing";
  EXPECT_EQ(replace(hash_of(30, 900), 900, 2, kKept), 714U);
  EXPECT_EQ(replace(hash_of(31, 901), 901, 2, kKept), 715U);
}

TEST_F(TableTest, TheLastNewcomerGoesWhileThoseBeforeItAreWorthKeeping) {
  make_sets(64);
  uint16_t key = 0;
  for (uint32_t set = 0; key < 716 - 1; ++key, ++set) {
    ASSERT_TRUE(add(hash_of(set % 64, key), key, 1));
  }
  ASSERT_TRUE(add(hash_of(9, key), key, 1, 2));
  EXPECT_EQ(table_->entry(table_->choose(hash_of(30, 900)).victim).key, 715U);
}

// Both sets full of what is worth keeping, the table too: what is worth less goes, from elsewhere.
TEST_F(TableTest, NamesANewcomerToGoOnceAWayIsMade) {
  make_sets(64);
  const uint64_t hash = hash_of(3, 900);
  uint16_t key = 0;
  for (; key < 32; ++key) ASSERT_TRUE(add(hash, key, 1));
  for (uint32_t set = 0; key < 716 - 1; ++set) {
    if (add(hash_of(set % 64, key), key, 1)) ++key;
  }
  table_->set_entries_max(716);
  uint32_t set = 10;
  while (!add(hash_of(set, key), key, 1, 2)) ++set;
  const Table::Choice choice = table_->choose(hash);
  EXPECT_FALSE(choice.crowded);
  ASSERT_NE(choice.newcomer, Table::kNone);
  EXPECT_EQ(table_->entry(choice.newcomer).key, 715U);
  EXPECT_EQ(table_->rank_of(choice.victim), kRankKept) << "what goes where no way can be made";
}

TEST_F(TableTest, AnEntryGoesWhereverItIsWhenTheSetsAtHandAreEmpty) {
  make_sets(2);
  for (uint16_t i = 0; i < 16; ++i) ASSERT_TRUE(add(hash_of(0, i), i, i));
  table_->set_entries_max(16);
  // Of three sets only one is in use.
  make_sets(3);
  for (uint16_t i = 0; i < 16; ++i) ASSERT_TRUE(add(hash_of(0, i), i, i));
  table_->set_entries_max(16);
  for (uint64_t bits = 0; bits < 64; ++bits) {
    const uint64_t hash = hash_of(1, 3) | bits << 40;
    const Table::Choice choice = table_->choose(hash);
    ASSERT_NE(choice.victim, Table::kNone);
    EXPECT_EQ(choice.victim / kWays, 0U);
  }
}

// Fills set 1 and the spill set of `hash`, whose home is set 1.
TEST_F(TableTest, MakesAWayByMovingAnEntryToItsOtherSet) {
  make_sets(64);
  const uint64_t hash = hash_of(1, 40);
  // 32 entries of the same two sets.
  for (uint64_t key = 0; key < 2 * kWays; ++key) ASSERT_TRUE(add(hash, key, 1));
  AnyMover mover;
  EXPECT_TRUE(table_->choose(hash).crowded);
  EXPECT_EQ(table_->make_way(hash, mover), Table::kNone) << "both sets of every entry are full";
  // One that may live elsewhere, too.
  const uint64_t other = hash_of(1, 77);
  table_->vacate(find(hash, 3), hash);
  ASSERT_TRUE(add(other, 100, 9, 1));
  ASSERT_EQ(find(other, 100) / kWays, 1U);
  ASSERT_TRUE(table_->choose(hash).crowded);
  mover.allowed = false;
  EXPECT_EQ(table_->make_way(hash, mover), Table::kBusy);
  EXPECT_TRUE(mover.moves.empty());
  mover.allowed = true;
  const Table::Slot freed = table_->make_way(hash, mover);
  ASSERT_EQ(mover.moves.size(), 1U);
  EXPECT_EQ(mover.moves[0].first, freed);
  const Table::Slot moved = find(other, 100);
  EXPECT_EQ(moved, mover.moves[0].second);
  EXPECT_EQ(table_->entry(moved).key, 100U);
  EXPECT_EQ(table_->class_of(moved), 1U);
  EXPECT_EQ(table_->age(moved, 10), 1U);
  EXPECT_EQ(table_->spilled_from(hash), kWays + 1) << "it counts as spilled now";
  table_->place(freed, hash, kKept, 9) = {200, hash};
  EXPECT_EQ(find(hash, 200), freed);
  table_->vacate(moved, other);
  EXPECT_EQ(table_->spilled_from(hash), kWays);
}

TEST_F(TableTest, APacketOutOfOrderDoesNotMakeOthersOld) {
  make_sets(1);
  for (uint16_t i = 0; i < 11; ++i) ASSERT_TRUE(add(hash_of(0, i), i, 1000));
  table_->touch(find(hash_of(0, 3), 3), 990);
  EXPECT_EQ(table_->entry(table_->choose(hash_of(0, 99)).victim).key, 3U);
}

TEST_F(TableTest, AgeCountsAcrossTheWrapOfTheClock) {
  make_sets(1);
  ASSERT_TRUE(add(hash_of(0, 1), 1, 0xfffe));
  EXPECT_EQ(table_->age(find(hash_of(0, 1), 1), 3), 5U);
}

TEST_F(TableTest, ForEachVisitsEveryEntryOnceAndMayVacateIt) {
  make_sets(8);
  for (uint16_t i = 0; i < 60; ++i) ASSERT_TRUE(add(hash_of(i % 8, i), i, 0));
  std::multiset<uint64_t> keys;
  table_->for_each([&](Table::Slot slot, Record& record) {
    keys.insert(record.key);
    table_->vacate(slot, record.value);
  });
  EXPECT_EQ(keys.size(), 60U);
  EXPECT_EQ(std::set<uint64_t>(keys.begin(), keys.end()).size(), 60U);
  EXPECT_EQ(table_->size(), 0U);
}

}  // namespace
}  // namespace flowscope
