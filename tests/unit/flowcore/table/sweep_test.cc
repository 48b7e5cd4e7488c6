#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "flowcore/table/flow_table.h"

namespace flowscope {
namespace {

struct Record {
  uint64_t key;
};
using Table = FlowTable<Record>;

constexpr uint32_t kSets = 64;

constexpr VictimRanks kRanks = {0, 1, 2, 3};
constexpr uint32_t kEntries = kSets * Table::kWays * Table::kLoadPercent / 100;

// A hash whose home set is key % kSets.
constexpr uint64_t hash_of(uint64_t key) {
  return (key + 1) << 52 | (((key % kSets) << 32) / kSets + 1);
}

class SweepTest : public testing::Test {
 protected:
  Table::Slot add(uint64_t key, uint16_t tick) {
    const Table::Slot slot = table_.choose(hash_of(key)).slot;
    table_.place(slot, hash_of(key), 0, tick).key = key;
    return slot;
  }
  static U16Choice ages(uint16_t age_min) {
    std::array<uint16_t, kEntryClasses> ages{};
    ages.fill(age_min);
    return U16Choice(ages);
  }
  std::vector<uint64_t> due_keys(uint32_t sets_max, uint16_t now, uint16_t age_min) {
    std::vector<uint64_t> keys;
    table_.sweep(sets_max, UINT32_MAX, now, ages(age_min), [&](Table::Slot, Record& record) {
      keys.push_back(record.key);
      return false;
    });
    return keys;
  }

  Arena arena_ = std::move(Arena::create(Table::cost(kEntries), Arena::Populate::Lazily).value());
  Table table_{arena_, kEntries, kRanks};
};

TEST_F(SweepTest, CallsForEntriesThatAreOldEnough) {
  add(1, 100);
  add(2, 101);
  add(3, 102);
  EXPECT_EQ(due_keys(kSets, 111, 10), (std::vector<uint64_t>{1, 2}));
}

TEST_F(SweepTest, GoesOnWhereTheLastOneEnded) {
  for (uint64_t key = 0; key < kSets; ++key) add(key, 0);
  std::vector<uint64_t> keys;
  for (uint32_t part = 0; part < kSets; part += 8) {
    const auto some = due_keys(8, 50, 50);
    EXPECT_EQ(some.size(), 8U);
    keys.insert(keys.end(), some.begin(), some.end());
  }
  for (uint64_t key = 0; key < kSets; ++key) EXPECT_EQ(keys.at(key), key);
  EXPECT_EQ(due_keys(1, 50, 50), std::vector<uint64_t>{0}) << "starts over";
}

TEST_F(SweepTest, VisitsNoSetTwiceInOneCall) {
  for (uint64_t key = 0; key < kSets; ++key) add(key, 0);
  EXPECT_EQ(due_keys(UINT32_MAX, 50, 50).size(), kSets);
}

// Random entries come, are touched, change class and go while the clock runs on: each round over
// all sets finds just what a look at every entry finds.
TEST_F(SweepTest, FindsWhatIsDueAndNothingElse) {
  std::array<uint16_t, kEntryClasses> ages{};
  for (size_t i = 0; i < ages.size(); ++i) ages.at(i) = static_cast<uint16_t>(7 + 31 * i * i);
  std::mt19937 random(11);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  struct Live {
    Table::Slot slot;
    uint16_t tick;
    EntryClass entry_class;
  };
  std::map<uint64_t, Live> live;
  uint16_t now = 0;
  uint64_t found = 0;
  for (int round = 0; round < 3000; ++round) {
    now = static_cast<uint16_t>(now + below(40));
    for (int act = 0; act < 6; ++act) {
      const uint64_t key = below(400);
      const auto at = live.find(key);
      const auto entry_class = static_cast<EntryClass>(below(kEntryClasses));
      if (at == live.end()) {
        const Table::Slot slot = table_.choose(hash_of(key)).slot;
        table_.place(slot, hash_of(key), entry_class, now).key = key;
        live[key] = {slot, now, entry_class};
      } else if (below(3) == 0) {
        table_.set_class(at->second.slot, entry_class);
        at->second.entry_class = entry_class;
      } else {
        table_.touch(at->second.slot, now);
        at->second.tick = now;
      }
    }
    if (below(200) == 0) ages.at(below(kEntryClasses)) = static_cast<uint16_t>(below(3000));
    std::set<uint64_t> expected;
    for (const auto& [key, entry] : live) {
      const auto age = static_cast<uint16_t>(now - entry.tick);
      if (age >= ages.at(entry.entry_class)) expected.insert(key);
    }
    std::set<uint64_t> due;
    table_.sweep(kSets, UINT32_MAX, now, U16Choice(ages), [&](Table::Slot slot, Record& record) {
      due.insert(record.key);
      if (record.key % 3 == 0) return false;  // is to be looked at again the next time
      live.erase(record.key);
      table_.vacate(slot, hash_of(record.key));
      return true;
    });
    ASSERT_EQ(due, expected) << "round " << round;
    found += due.size();
    // What stays for ever would grow too old to tell.
    for (auto& [key, entry] : live) {
      if (static_cast<uint16_t>(now - entry.tick) < 0x4000) continue;
      table_.touch(entry.slot, now);
      entry.tick = now;
    }
  }
  EXPECT_GT(found, 3000U);
}

TEST_F(SweepTest, MayVacateWhatIsDue) {
  for (uint64_t key = 0; key < 300; ++key) add(key, static_cast<uint16_t>(key % 2));
  table_.sweep(kSets, UINT32_MAX, 100, ages(100), [&](Table::Slot slot, Record& record) {
    table_.vacate(slot, hash_of(record.key));
    return true;
  });
  EXPECT_EQ(table_.size(), 150U);
  EXPECT_TRUE(due_keys(kSets, 100, 100).empty());
}

TEST_F(SweepTest, OldEntriesStayOldWhenTheClockWraps) {
  const Table::Slot slot = add(1, 0);
  uint16_t now = 0;
  for (int steps = 0; steps < 12; ++steps) {
    now = static_cast<uint16_t>(now + 0x3000);
    for (int round = 0; round < 16; ++round) (void)due_keys(kSets, now, 0xffff);
    const int ticks = (steps + 1) * 0x3000;
    EXPECT_EQ(table_.age(slot, now), std::min(ticks, 0x8000)) << "after " << ticks << " ticks";
  }
}

TEST_F(SweepTest, StopsWhereEnoughWasVacated) {
  for (uint64_t key = 0; key < kSets; ++key) add(key, 0);
  const auto vacate = [&](Table::Slot slot, Record& record) {
    table_.vacate(slot, hash_of(record.key));
    return true;
  };
  table_.sweep(kSets, 10, 50, ages(50), vacate);
  EXPECT_EQ(table_.size(), kSets - 10);
  table_.sweep(kSets, UINT32_MAX, 50, ages(50), vacate);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(SweepTest, AfterALeapOfTheClockWhatWasNotTouchedSinceIsOld) {
  const Table::Slot old = add(1, 90);
  const Table::Slot fresh = add(2, 90);
  // Once around: by its tick the old entry would be twelve ticks old.
  table_.touch(fresh, 0x4000);
  table_.touch(fresh, 0x8000);
  table_.touch(fresh, 0xc000);
  table_.touch(fresh, 98);
  table_.touch(fresh, 102);
  EXPECT_EQ(due_keys(kSets, 102, 0x4000), std::vector<uint64_t>{1});
  EXPECT_EQ(table_.age(old, 102), SetLine::kAgeMax);
  EXPECT_EQ(table_.age(fresh, 102), 0U);
}

TEST_F(SweepTest, AnEntryNewerThanTheSweepsClockIsNotDue) {
  add(1, 105);
  EXPECT_TRUE(due_keys(kSets, 100, 1).empty());
}

}  // namespace
}  // namespace flowscope
