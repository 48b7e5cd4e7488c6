#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <map>
#include <random>

#include "flowcore/base/keyed_hash.h"
#include "flowcore/table/flow_table.h"

namespace flowscope {
namespace {

struct Key {
  std::array<uint64_t, 6> words;
  friend bool operator==(const Key&, const Key&) = default;
};
static_assert(sizeof(Key) == 48);

struct Record {
  Key key;
  uint64_t value;
};
using Table = FlowTable<Record>;

constexpr uint64_t kSeed = 90125;
// Class is rank, up to kRankKept.
constexpr VictimRanks kRanks = {0, 1, 2, 3};

// The table beside a plain model of it: a map for membership and a list in the order of touches.
class Twin {
 public:
  explicit Twin(uint32_t entries)
      : arena_(std::move(Arena::create(2 * Table::cost(entries), Arena::Populate::Lazily).value())),
        table_(arena_, entries, kRanks),
        sets_(arena_, table_.sets(), kRanks) {}

  uint64_t hash_of(const Record& record) const { return hash_(&record.key); }
  uint64_t hash_of(uint64_t key) const {
    const Key words = key_of(key);
    return hash_(&words);
  }
  static Key key_of(uint64_t key) { return {{key, ~key, key * 3, key << 7, 42}}; }
  Table& table() { return table_; }
  size_t size() const { return model_.size(); }
  uint64_t moves() const { return moves_; }
  uint64_t crowded() const { return crowded_; }
  // The first key not below `least`, or the first of all.
  uint64_t key_from(uint64_t least) const {
    const auto known = model_.lower_bound(least);
    return known == model_.end() ? model_.begin()->first : known->first;
  }

  void expect_same(uint64_t key) {
    const uint64_t hash = hash_of(key);
    const Table::Slot slot = table_.find(hash, key_of(key), table_.guess(hash));
    const auto known = model_.find(key);
    if (known == model_.end()) {
      ASSERT_EQ(slot, Table::kNone);
    } else {
      ASSERT_EQ(slot, known->second.slot);
      ASSERT_EQ(table_.entry(slot).value, key);
      ASSERT_EQ(table_.class_of(slot), known->second.entry_class);
    }
  }

  // Touches the key, or adds it; a victim must be one that may go.
  void touch_or_add(uint64_t key, EntryClass entry_class, uint16_t tick) {
    if (const auto known = model_.find(key); known != model_.end()) {
      table_.touch(known->second.slot, tick);
      table_.set_class(known->second.slot, entry_class);
      known->second.tick = tick;
      known->second.entry_class = entry_class;
      return;
    }
    const Table::Slot slot = room_for(hash_of(key));
    table_.place(slot, hash_of(key), entry_class, tick) = {key_of(key), key};
    model_[key] = {slot, tick, entry_class};
  }

  void remove(uint64_t key) {
    const auto known = model_.find(key);
    ASSERT_NE(known, model_.end());
    table_.vacate(known->second.slot, hash_of(key));
    model_.erase(known);
  }

  [[nodiscard]] static bool may_move(Table::Slot) { return true; }
  void moved(Table::Slot, Table::Slot to) {
    ++moves_;
    model_.at(table_.entry(to).value).slot = to;
  }

 private:
  struct Known {
    Table::Slot slot = Table::kNone;
    uint16_t tick = 0;
    EntryClass entry_class = 0;
  };

  Table::Slot room_for(uint64_t hash) {
    const Table::Choice choice = table_.choose(hash);
    if (choice.crowded) {
      EXPECT_LT(size(), table_.entries_max());
      const Table::Slot slot = table_.make_way(hash, *this);
      if (slot != Table::kNone) return slot;
      ++crowded_;
    }
    if (choice.victim != Table::kNone) {
      const uint64_t victim = table_.entry(choice.victim).value;
      expect_first_to_go(victim, choice, hash);
      remove(victim);
    }
    return choice.slot;
  }

  // Nobody in the home set of a lower rank, or of the same and older, is left behind; and who is
  // worth keeping goes only when nobody else is there.
  void expect_first_to_go(uint64_t victim_key, const Table::Choice& choice, uint64_t hash) {
    const Known& victim = model_.at(victim_key);
    EXPECT_TRUE(choice.crowded || size() == table_.entries_max());
    const auto now = table_.now();
    const auto age = [&](const Known& known) { return static_cast<uint16_t>(now - known.tick); };
    for (const auto& [key, known] : model_) {
      const bool is_at_hand =
          known.slot / Table::kWays == sets_.home_of(hash)
          || (victim.entry_class >= kRankKept && known.slot / Table::kWays == sets_.spill_of(hash));
      const bool is_of_home = victim.slot / Table::kWays == sets_.home_of(hash);
      if (!is_at_hand || (!is_of_home && victim.entry_class < kRankKept)) continue;
      EXPECT_GE(known.entry_class, victim.entry_class) << "key " << key;
      if (known.entry_class == victim.entry_class) {
        EXPECT_LE(age(known), age(victim));
      }
    }
    if (victim.entry_class < kRankKept && victim.slot / Table::kWays != sets_.home_of(hash)) {
      for (const auto& [key, known] : model_) {
        if (known.slot / Table::kWays != sets_.home_of(hash)) continue;
        EXPECT_EQ(known.entry_class, kRankKept) << "a newcomer elsewhere went, not key " << key;
      }
    }
  }

  Arena arena_;
  Table table_;
  SetIndex sets_;  // empty; knows which sets belong to a hash
  KeyedHash hash_{kSeed, 1};
  std::map<uint64_t, Known> model_;
  uint64_t moves_ = 0;
  uint64_t crowded_ = 0;
};

void run_random_operations(uint32_t entries, uint32_t keys, int operations) {
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  Twin twin(entries);
  uint16_t tick = 65000;  // wraps early
  for (int i = 0; i < operations && !testing::Test::HasFailure(); ++i) {
    const uint64_t key = random() % keys;
    const uint64_t what = random() % 100;
    if (what < 70) {
      twin.touch_or_add(key, static_cast<EntryClass>(random() % 4), tick);
    } else if (what < 80 && twin.size() > 0) {
      twin.remove(twin.key_from(key));
    } else {
      twin.expect_same(key);
    }
    if (i % 50 == 0) ++tick;
    if (i % 1000 == 0) {
      twin.table().sweep(UINT32_MAX, UINT32_MAX, tick, U16Choice({}),
                         [](Table::Slot, Record&) { return false; });
    }
    ASSERT_EQ(twin.table().size(), twin.size());
    ASSERT_LE(twin.size(), entries);
  }
  for (uint64_t key = 0; key < keys; ++key) twin.expect_same(key);
}

TEST(FlowTableModel, AMillionRandomOperationsWithRoomToSpare) {
  run_random_operations(4096, 3000, 1'000'000);
}
TEST(FlowTableModel, RandomOperationsOnAFullTable) { run_random_operations(256, 1000, 100'000); }
TEST(FlowTableModel, RandomOperationsOnOneSet) { run_random_operations(11, 40, 50'000); }
TEST(FlowTableModel, RandomOperationsOnTwoSets) { run_random_operations(22, 60, 50'000); }

// Evictions for want of a way, in entries of a million inserts, while flows come and go in order
// and `load_percent` of what the table is made for is alive.
uint64_t crowded_of_a_turnover(uint64_t load_percent, uint64_t* moves) {
  constexpr uint32_t kEntries = 45'000;
  Twin twin(kEntries);
  const uint64_t live = kEntries * load_percent / 100;
  constexpr uint64_t kInserts = uint64_t{10} * kEntries;
  uint64_t oldest = 0;
  for (uint64_t key = 0; key < live + kInserts; ++key) {
    if (key >= live) {
      const uint64_t first = twin.key_from(oldest);
      if (first == oldest) twin.remove(oldest);
      ++oldest;
    }
    twin.touch_or_add(key, kRankKept, static_cast<uint16_t>(key >> 8));
  }
  *moves = twin.moves();
  return twin.crowded() * 1'000'000 / kInserts;
}

// The claim is one in a thousand at the load that the table is made for; without moves it would be
// four.
TEST(FlowTableModel, EvictsNothingBeforeItIsFull) {
  uint64_t moves = 0;
  EXPECT_LE(crowded_of_a_turnover(100, &moves), 10U);
  EXPECT_GT(moves, 0U) << "else this shows nothing";
  EXPECT_EQ(crowded_of_a_turnover(85, &moves), 0U);
}

}  // namespace
}  // namespace flowscope
