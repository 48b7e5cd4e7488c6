#include "l7/dns/pending_queries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/l7/dns/message_builder.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

// Name, type and class.
std::string question(std::string_view name, uint16_t type = 1) {
  return wire_name(name) + static_cast<char>(type >> 8) + static_cast<char>(type & 0xff) + "\0\1"s;
}

class DnsPendingQueries : public ::testing::Test {
 protected:
  bool push(uint16_t id, const std::string& asked, FlowSide asker = FlowSide::Initiator) {
    return queries_.push({.tx_id = next_tx_id_++, .id = id, .asker = asker}, Bytes::of(asked));
  }
  // The tx_id of what is found; -1 for nothing.
  int64_t find(uint16_t id, const std::string& asked, FlowSide asker = FlowSide::Initiator) {
    const auto position = queries_.find(id, asker, Bytes::of(asked));
    return position == PendingQueries::kNone ? -1 : int64_t{queries_.at(position).head.tx_id};
  }
  void remove(uint16_t id) { queries_.remove(queries_.find(id, FlowSide::Initiator)); }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(1 << 20), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, 1 << 20};
  PendingQueries queries_{pool_};
  uint32_t next_tx_id_ = 0;
};

TEST_F(DnsPendingQueries, FindsByIdAskerAndQuestion) {
  push(7, question("a.test"));
  EXPECT_EQ(find(7, question("a.test")), 0);
  EXPECT_EQ(find(8, question("a.test")), -1);
  EXPECT_EQ(find(7, question("b.test")), -1);
  EXPECT_EQ(find(7, question("a.test", 28)), -1);
  EXPECT_EQ(find(7, question("a.test.x")), -1);
  EXPECT_EQ(find(7, question("a.test"), FlowSide::Responder), -1);
}

// RFC 1035 section 2.3.3. A type whose bytes are letters is none.
TEST_F(DnsPendingQueries, ComparesNamesWithoutCaseAndTypesWithIt) {
  push(7, question("WwW.eXample.TEST", 65));
  EXPECT_EQ(find(7, question("www.example.test", 65)), 0);
  EXPECT_EQ(find(7, question("www.example.test", 97)), -1);
}

TEST_F(DnsPendingQueries, FindsTheOldestOfEquals) {
  push(7, question("a.test"));
  push(7, question("b.test"));
  EXPECT_EQ(queries_.find(7, FlowSide::Initiator),
            queries_.find(7, FlowSide::Initiator, Bytes::of(question("a.test"))));
  EXPECT_EQ(queries_.find(7, FlowSide::Responder), PendingQueries::kNone);
}

TEST_F(DnsPendingQueries, RemovesFromAnyPlace) {
  for (uint16_t gone = 1; gone <= 3; ++gone) {
    for (uint16_t id = 1; id <= 3; ++id) push(id, question("n" + std::to_string(id) + ".test"));
    remove(gone);
    for (uint16_t id = 1; id <= 3; ++id) {
      EXPECT_EQ(find(id, question("n" + std::to_string(id) + ".test")) >= 0, id != gone)
          << gone << " was removed";
    }
    queries_.clear();
  }
}

TEST_F(DnsPendingQueries, HoldsOneSmallBlockWhileAnyWaits) {
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  push(1, question("a.test"));
  push(2, question("b.test"));
  EXPECT_EQ(pool_.bytes_in_use(), 512U);
  remove(1);
  EXPECT_EQ(pool_.bytes_in_use(), 512U);
  remove(2);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(DnsPendingQueries, TakesNoLargeBlockForItsFirst) {
  std::vector<std::span<uint8_t>> taken;
  do {
    taken.push_back(pool_.take(1));
  } while (taken.back().size() == 512);
  EXPECT_FALSE(push(1, question("a.test")));
  EXPECT_TRUE(queries_.empty());
  pool_.give_back(taken.front());
  EXPECT_TRUE(push(1, question("a.test")));
}

TEST_F(DnsPendingQueries, StopsAtTheLimitOfCount) {
  for (uint32_t i = 0; i < kPendingQueriesMax; ++i)
    ASSERT_TRUE(push(static_cast<uint16_t>(i), question("a.test"))) << i;
  EXPECT_FALSE(push(9999, question("a.test")));
  queries_.pop_front();
  EXPECT_TRUE(push(9999, question("a.test")));
  EXPECT_EQ(find(9999, question("a.test")), kPendingQueriesMax + 1);
}

TEST_F(DnsPendingQueries, StopsAtTheLimitOfBytes) {
  const std::string label = std::string(60, 'x');
  const std::string longest = question(label + "." + label + "." + label + "." + label);
  uint32_t count = 0;
  while (push(1, longest)) ++count;
  EXPECT_EQ(count, 16384 / (sizeof(PendingQueries::Head) + longest.size()));
  EXPECT_EQ(pool_.bytes_in_use(), 16384U);
}

// Against a plain list.
TEST_F(DnsPendingQueries, AgreesWithAModel) {
  const uint32_t seed = 20240611;
  std::mt19937 random(seed);
  std::vector<std::pair<uint16_t, std::string>> model;
  for (int step = 0; step < 20000; ++step) {
    const auto id = static_cast<uint16_t>(random() % 400);
    if (random() % 2 == 0) {
      const std::string asked = question(std::string(1 + random() % 60, 'a'));
      while (!push(id, asked)) {
        ASSERT_FALSE(model.empty());
        queries_.pop_front();
        model.erase(model.begin());
      }
      model.emplace_back(id, asked);
    } else {
      const auto position = queries_.find(id, FlowSide::Initiator);
      const auto known = std::find_if(model.begin(), model.end(),
                                      [&](const auto& entry) { return entry.first == id; });
      ASSERT_EQ(position != PendingQueries::kNone, known != model.end())
          << "seed " << seed << ", step " << step;
      if (known == model.end()) continue;
      ASSERT_EQ(queries_.at(position).question.as_text(), known->second);
      queries_.remove(position);
      model.erase(known);
    }
    ASSERT_EQ(queries_.count(), model.size());
    if (!model.empty()) {
      ASSERT_EQ(queries_.front().question.as_text(), model.front().second);
    }
  }
}

}  // namespace
}  // namespace flowscope::dns
