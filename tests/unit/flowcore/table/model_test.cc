#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <list>
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

// The table beside a plain model of it: a map for membership and a list in the order of touches.
class Twin {
 public:
  explicit Twin(uint32_t entries)
      : arena_(std::move(Arena::create(2 * Table::cost(entries), Arena::Populate::Lazily).value())),
        table_(arena_, entries),
        sets_(arena_, table_.capacity() / Table::kWays) {}

  uint64_t hash_of(uint64_t key) const {
    const Key words = key_of(key);
    return hash_(&words);
  }
  static Key key_of(uint64_t key) { return {{key, ~key, key * 3, key << 7, 42}}; }
  Table& table() { return table_; }
  size_t size() const { return model_.size(); }
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
    }
  }

  // Touches the key, or adds it; a victim must be the one touched longest ago among the two sets.
  void touch_or_add(uint64_t key, uint16_t tick) {
    const uint64_t hash = hash_of(key);
    if (const auto known = model_.find(key); known != model_.end()) {
      table_.touch(known->second.slot, tick);
      known->second.tick = tick;
      order_.splice(order_.end(), order_, known->second.place);
      return;
    }
    const Table::Choice choice = table_.choose(hash);
    if (choice.occupied) {
      const uint64_t victim = table_.entry(choice.slot).value;
      expect_oldest(victim, hash);
      remove(victim);
    }
    Record& record = table_.place(choice.slot, hash, tick);
    record = {key_of(key), key};
    model_[key] = {choice.slot, tick, order_.insert(order_.end(), key)};
  }

  void remove(uint64_t key) {
    const auto known = model_.find(key);
    ASSERT_NE(known, model_.end());
    table_.vacate(known->second.slot, hash_of(key));
    order_.erase(known->second.place);
    model_.erase(known);
  }

 private:
  struct Known {
    Table::Slot slot;
    uint16_t tick;
    std::list<uint64_t>::iterator place;
  };

  // The first of the list that lives in one of the two sets must be as old as the victim.
  void expect_oldest(uint64_t victim, uint64_t hash) {
    uint32_t in_both = 0;
    for (const uint64_t key : order_) {
      const Known& known = model_.at(key);
      const uint32_t set = known.slot / Table::kWays;
      if (set != sets_.home_of(hash) && set != sets_.spill_of(hash)) continue;
      if (in_both == 0) {
        EXPECT_EQ(known.tick, model_.at(victim).tick) << "key " << key << " was older";
      }
      ++in_both;
    }
    EXPECT_EQ(in_both, sets_.home_of(hash) == sets_.spill_of(hash) ? 16U : 32U)
        << "a victim while a way was free";
  }

  Arena arena_;
  Table table_;
  SetIndex sets_;  // empty; knows which sets belong to a hash
  KeyedHash hash_{kSeed, 1};
  std::map<uint64_t, Known> model_;
  std::list<uint64_t> order_;
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
      twin.touch_or_add(key, tick);
    } else if (what < 80 && twin.size() > 0) {
      twin.remove(twin.key_from(key));
    } else {
      twin.expect_same(key);
    }
    if (i % 50 == 0) ++tick;
    if (i % 1000 == 0) twin.table().sweep(UINT32_MAX, tick, 0xffff, [](Table::Slot, Record&) {});
    ASSERT_EQ(twin.table().size(), twin.size());
  }
  for (uint64_t key = 0; key < keys; ++key) twin.expect_same(key);
}

TEST(FlowTableModel, AMillionRandomOperationsWithRoomToSpare) {
  run_random_operations(4096, 3000, 1'000'000);
}
TEST(FlowTableModel, RandomOperationsOnAFullTable) { run_random_operations(256, 1000, 100'000); }
TEST(FlowTableModel, RandomOperationsOnOneSet) { run_random_operations(16, 40, 50'000); }
TEST(FlowTableModel, RandomOperationsOnTwoSets) { run_random_operations(32, 60, 50'000); }

// A large table without a model beside it, for rates.
class Churn {
 public:
  static constexpr uint32_t kCapacity = 1U << 16;

  // Adds a key never seen before; true when a live entry had to go for it.
  bool add() {
    const uint64_t hash = twin_.hash_of(next_);
    const Table::Choice choice = twin_.table().choose(hash);
    if (choice.occupied) {
      twin_.table().vacate(choice.slot, twin_.hash_of(twin_.table().entry(choice.slot).value));
    }
    Record& record = twin_.table().place(choice.slot, hash, static_cast<uint16_t>(next_ >> 8));
    record = {Twin::key_of(next_), next_};
    ++next_;
    return choice.occupied;
  }
  // Ends the oldest flow, unless it was evicted before.
  void end_oldest() {
    const uint64_t hash = twin_.hash_of(oldest_);
    const Table::Slot slot =
        twin_.table().find(hash, Twin::key_of(oldest_), twin_.table().guess(hash));
    if (slot != Table::kNone) twin_.table().vacate(slot, hash);
    ++oldest_;
  }

 private:
  Twin twin_{kCapacity};
  uint64_t next_ = 0;
  uint64_t oldest_ = 0;
};

// Evictions in percent of inserts while an empty table is filled up to `load`.
double evictions_of_a_fill(double load) {
  Churn churn;
  uint64_t evicted = 0;
  const auto inserts = static_cast<uint64_t>(load * Churn::kCapacity);
  for (uint64_t i = 0; i < inserts; ++i) evicted += churn.add() ? 1 : 0;
  return 100.0 * static_cast<double>(evicted) / static_cast<double>(inserts);
}

// The same while flows come and go in order and `load` of the capacity is meant to be alive.
double evictions_of_a_turnover(double load) {
  Churn churn;
  const auto live = static_cast<uint64_t>(load * Churn::kCapacity);
  for (uint64_t i = 0; i < live; ++i) (void)churn.add();
  uint64_t evicted = 0;
  constexpr uint64_t kInserts = uint64_t{6} * Churn::kCapacity;
  for (uint64_t i = 0; i < kInserts; ++i) {
    churn.end_oldest();
    evicted += churn.add() ? 1 : 0;
  }
  return 100.0 * static_cast<double>(evicted) / static_cast<double>(kInserts);
}

struct Bounds {
  double load;
  double fill_percent_max;
  double turnover_percent_max;
};

// While it fills, a design with spill sets evicts 0.0002, 0.009, 0.09, 0.50, 1.9 and 5.3 %
// (simulated), one without 0.08 to 9.9 %. Turned over it evicts more, since every insert then meets
// the full load: 0.001, 0.04, 0.3, 2.2, 13 and 48 %. The bounds leave half as much again for
// chance.
TEST(FlowTableModel, EvictsFewLiveEntriesBelowItsAdvertisedLoad) {
  for (const Bounds& bounds : {Bounds{0.5, 0.004, 0.004},
                               {0.6, 0.02, 0.06},
                               {0.7, 0.14, 0.5},
                               {0.8, 0.75, 3.3},
                               {0.9, 2.8, 19},
                               {1.0, 8.0, 60}}) {
    SCOPED_TRACE(testing::Message() << "load " << bounds.load);
    EXPECT_LE(evictions_of_a_fill(bounds.load), bounds.fill_percent_max);
    EXPECT_LE(evictions_of_a_turnover(bounds.load), bounds.turnover_percent_max);
  }
}

}  // namespace
}  // namespace flowscope
