#include "flowcore/base/spsc_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <span>
#include <string>
#include <thread>

namespace flowscope {
namespace {

constexpr size_t kRingBytes = 1024;
constexpr uint64_t kSeed = 7001;

class ByteRingTest : public testing::Test {
 protected:
  bool push(const std::string& text) {
    const std::span<uint8_t> room = ring_.reserve(text.size());
    if (room.empty()) return false;
    std::copy(text.begin(), text.end(), room.begin());
    ring_.commit(text.size());
    return true;
  }
  std::string pop() {
    std::string text(ring_.front().as_text());
    if (!text.empty()) ring_.pop();
    return text;
  }

  void TearDown() override {
    for (const uint64_t word : behind_) EXPECT_EQ(word, 0U) << "written behind the ring";
  }

  Arena arena_ =
      std::move(Arena::create(ByteRing::cost(kRingBytes) + 64, Arena::Populate::Lazily).value());
  ByteRing ring_{arena_, kRingBytes};
  std::span<const uint64_t> behind_ = arena_.take<uint64_t>(8);
};

TEST_F(ByteRingTest, ShowsNothingBeforePublish) {
  ASSERT_TRUE(push("one"));
  EXPECT_TRUE(ring_.front().empty());
  ring_.publish();
  EXPECT_EQ(ring_.front().as_text(), "one");
}

TEST_F(ByteRingTest, FrontStaysTheSameUntilPop) {
  ASSERT_TRUE(push("one"));
  ASSERT_TRUE(push("two"));
  ring_.publish();
  EXPECT_EQ(ring_.front().as_text(), "one");
  EXPECT_EQ(ring_.front().as_text(), "one");
  ring_.pop();
  EXPECT_EQ(ring_.front().as_text(), "two");
  ring_.pop();
  EXPECT_TRUE(ring_.front().empty());
}

TEST_F(ByteRingTest, RecordsAreAlignedToEightBytes) {
  for (size_t bytes = 1; bytes < 20; ++bytes) {
    const std::span<uint8_t> room = ring_.reserve(bytes);
    ASSERT_EQ(room.size(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(room.data()) % 8, 0U);
    ring_.commit(bytes);
  }
}

TEST_F(ByteRingTest, CommitMayBeShorterThanReserve) {
  ASSERT_EQ(ring_.reserve(400).size(), 400U);
  ring_.commit(3);
  ASSERT_TRUE(push(std::string(400, 'x'))) << "the unused room is free again";
  ring_.publish();
  EXPECT_EQ(ring_.front().size(), 3U);
}

TEST_F(ByteRingTest, ReserveWithoutCommitLeavesNoTrace) {
  while (push(std::string(100, 'a'))) ring_.publish();
  for (int i = 0; i < 5; ++i) (void)pop();
  ring_.release();
  ASSERT_FALSE(ring_.reserve(300).empty()) << "starts over at the beginning, behind a skip";
  ASSERT_TRUE(push("b"));
  ring_.publish();
  std::string last;
  for (std::string text = pop(); !text.empty(); text = pop()) last = text;
  EXPECT_EQ(last, "b");
}

TEST_F(ByteRingTest, RefusesARecordThatCouldNeverFit) {
  EXPECT_TRUE(ring_.reserve(ring_.record_bytes_max() + 1).empty());
  EXPECT_TRUE(ring_.reserve(SIZE_MAX).empty());
  EXPECT_TRUE(ring_.reserve(0).empty());
}

TEST_F(ByteRingTest, TakesTheLongestRecordWhereverTheRingStands) {
  const std::string longest(ring_.record_bytes_max(), 'x');
  for (size_t step = 1; step < 300; step += 7) {
    ASSERT_TRUE(push(std::string(step, 'a')));
    ring_.publish();
    (void)pop();
    ring_.release();
    ASSERT_TRUE(push(longest)) << "step " << step;
    ring_.publish();
    ASSERT_EQ(pop(), longest);
    ring_.release();
  }
}

TEST_F(ByteRingTest, IsFullUntilTheConsumerReleases) {
  size_t pushed = 0;
  while (push(std::string(56, 'x'))) ++pushed;
  EXPECT_EQ(pushed, kRingBytes / 64) << "the whole ring is usable";
  ring_.publish();
  (void)pop();
  EXPECT_FALSE(push("x")) << "popped, not yet given back";
  ring_.release();
  EXPECT_TRUE(push("x"));
}

TEST_F(ByteRingTest, SparesTheRoomThatItIsAskedToSpare) {
  constexpr size_t kSpared = kRingBytes / 2;
  constexpr size_t kTaken = 64;
  size_t taken = 0;
  for (; !ring_.reserve(kTaken - 8, kSpared).empty(); taken += kTaken) ring_.commit(kTaken - 8);
  EXPECT_EQ(taken, kSpared);
  EXPECT_FALSE(ring_.reserve(kTaken - 8).empty()) << "there is room for whom nothing is spared";
  ring_.publish();
  ASSERT_FALSE(ring_.front().empty());
  ring_.pop();
  ring_.release();
  EXPECT_FALSE(ring_.reserve(kTaken - 8, kSpared).empty());
}

TEST_F(ByteRingTest, TellsTheRoomThatTheConsumerHasGivenBack) {
  EXPECT_EQ(ring_.bytes_free(), kRingBytes);
  ASSERT_TRUE(push("one"));  // a header and eight bytes
  EXPECT_EQ(ring_.bytes_free(), kRingBytes - 16);
  ring_.publish();
  EXPECT_EQ(pop(), "one");
  EXPECT_EQ(ring_.bytes_free(), kRingBytes - 16);
  ring_.release();
  EXPECT_EQ(ring_.bytes_free(), kRingBytes);
}

TEST_F(ByteRingTest, BehavesLikeAQueue) {
  SCOPED_TRACE(testing::Message() << "seed " << kSeed);
  std::mt19937_64 random(kSeed);
  std::deque<std::string> committed;
  std::deque<std::string> published;
  for (int step = 0; step < 200000; ++step) {
    switch (random() % 8) {
      case 0:
      case 1:
      case 2: {
        const std::string text(1 + random() % (random() % 4 == 0 ? 500 : 60),
                               static_cast<char>('a' + random() % 26));
        if (push(text)) committed.push_back(text);
        break;
      }
      case 3:
        ring_.publish();
        published.insert(published.end(), committed.begin(), committed.end());
        committed.clear();
        break;
      case 4:
        ring_.release();
        break;
      default: {
        const std::string text = pop();
        ASSERT_EQ(text, published.empty() ? "" : published.front()) << "step " << step;
        if (!published.empty()) published.pop_front();
      }
    }
  }
}

// Records of changing length, each filled from its sequence number, cross from one thread to the
// other.
TEST_F(ByteRingTest, CarriesEveryRecordInOrderBetweenTwoThreads) {
  constexpr uint64_t kRecords = 200000;
  const auto length_of = [](uint64_t sequence) { return 8 + sequence * 2654435761U % 93; };
  std::thread producer([&] {
    for (uint64_t sequence = 0; sequence < kRecords; ++sequence) {
      std::span<uint8_t> room;
      while ((room = ring_.reserve(length_of(sequence))).empty()) {
        ring_.publish();
        std::this_thread::yield();
      }
      std::memset(room.data(), static_cast<int>(sequence & 0xff), room.size());
      std::memcpy(room.data(), &sequence, sizeof sequence);
      ring_.commit(room.size());
      if (sequence % 5 == 0) ring_.publish();
    }
    ring_.publish();
  });
  uint64_t wrong = 0;
  for (uint64_t expected = 0; expected < kRecords; ++expected) {
    Bytes record;
    while ((record = ring_.front()).empty()) {
      ring_.release();
      std::this_thread::yield();
    }
    uint64_t sequence = 0;
    std::memcpy(&sequence, record.begin(), sizeof sequence);
    const auto fill = static_cast<uint8_t>(expected & 0xff);
    const Bytes rest = record.after(sizeof sequence);
    const bool right =
        sequence == expected && record.size() == length_of(expected)
        && std::all_of(rest.begin(), rest.end(), [=](uint8_t x) { return x == fill; });
    wrong += right ? 0 : 1;
    ring_.pop();
    if (expected % 3 == 0) ring_.release();
  }
  producer.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_TRUE(ring_.front().empty());
}

}  // namespace
}  // namespace flowscope
