#include "l7/openvpn/numbered_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace flowscope::openvpn {
namespace {

using Taken = NumberedStream::Taken;

class NumberedStreamTest : public ::testing::Test {
 protected:
  static constexpr size_t kPoolBytes = size_t{1} << 20;

  // Gives one packet and adds what continues the stream to `text_`.
  Taken give(uint32_t number, const std::string& payload) {
    const Taken taken = stream_.take(number, Bytes::of(payload));
    if (taken != Taken::Next) return taken;
    text_ += payload;
    for (Bytes waiting; stream_.take_waiting(waiting);) text_ += waiting.as_text();
    return taken;
  }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  NumberedStream stream_{pool_};
  std::string text_;
};

TEST_F(NumberedStreamTest, KeepsNothingOfWhatComesInOrder) {
  EXPECT_EQ(give(0, "a"), Taken::Next);
  EXPECT_EQ(give(1, "b"), Taken::Next);
  EXPECT_EQ(text_, "ab");
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(NumberedStreamTest, PutsWhatComesEarlyInOrder) {
  EXPECT_EQ(give(2, "c"), Taken::Waits);
  EXPECT_EQ(give(1, ""), Taken::Waits);
  EXPECT_EQ(give(4, "e"), Taken::Waits);
  EXPECT_EQ(give(0, "a"), Taken::Next);
  EXPECT_EQ(text_, "ac");
  EXPECT_EQ(give(3, "d"), Taken::Next);
  EXPECT_EQ(text_, "acde");
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
}

TEST_F(NumberedStreamTest, PassesOverWhatComesAgain) {
  give(2, "c");
  EXPECT_EQ(give(2, "x"), Taken::Again);
  give(0, "a");
  EXPECT_EQ(give(0, "x"), Taken::Again);
  give(1, "b");
  EXPECT_EQ(give(2, "x"), Taken::Again);
  EXPECT_EQ(text_, "abc");
}

TEST_F(NumberedStreamTest, RefusesWhatIsTooFarAhead) {
  EXPECT_EQ(give(NumberedStream::kWaitingMax + 1, "x"), Taken::Refused);
  EXPECT_EQ(give(UINT32_MAX, "x"), Taken::Refused);
  EXPECT_EQ(give(NumberedStream::kWaitingMax, "x"), Taken::Waits);
}

TEST_F(NumberedStreamTest, RefusesMoreThanItsBlockHolds) {
  EXPECT_EQ(give(1, std::string(NumberedStream::kWaitingBytesMax, 'x')), Taken::Refused);
  EXPECT_EQ(give(1, std::string(10'000, 'b')), Taken::Waits);
  EXPECT_EQ(give(2, std::string(10'000, 'c')), Taken::Refused);
  EXPECT_EQ(give(0, "a"), Taken::Next);
  EXPECT_EQ(give(2, "c"), Taken::Next);
  EXPECT_EQ(text_, "a" + std::string(10'000, 'b') + "c");
}

TEST_F(NumberedStreamTest, RefusesWhatThePoolHasNoRoomFor) {
  std::vector<std::span<uint8_t>> taken;
  for (auto block = pool_.take(NumberedStream::kWaitingBytesMax); !block.empty();
       block = pool_.take(NumberedStream::kWaitingBytesMax))
    taken.push_back(block);
  EXPECT_EQ(give(1, "b"), Taken::Refused);
  for (const auto block : taken) pool_.give_back(block);
}

TEST_F(NumberedStreamTest, BeginsAnew) {
  give(0, "a");
  give(2, "c");
  stream_.restart();
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  EXPECT_EQ(give(0, "A"), Taken::Next);
  EXPECT_EQ(text_, "aA");
}

// However they come, within what may be ahead, and some of them twice.
TEST_F(NumberedStreamTest, AnyOrderGivesTheSameStream) {
  constexpr uint64_t kSeed = 11;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 300; ++round) {
    std::vector<uint32_t> numbers(NumberedStream::kWaitingMax);
    std::iota(numbers.begin(), numbers.end(), 0U);
    for (int again = 0; again < 4; ++again)
      numbers.push_back(static_cast<uint32_t>(random() % NumberedStream::kWaitingMax));
    std::shuffle(numbers.begin(), numbers.end(), random);
    stream_.restart();
    text_.clear();
    std::string expected;
    for (uint32_t i = 0; i < NumberedStream::kWaitingMax; ++i)
      expected += std::string(i, static_cast<char>('a' + i));
    for (const uint32_t number : numbers)
      give(number, std::string(number, static_cast<char>('a' + number)));
    ASSERT_EQ(text_, expected) << "seed " << kSeed << ", round " << round;
    ASSERT_EQ(pool_.bytes_in_use(), 0U);
  }
}

}  // namespace
}  // namespace flowscope::openvpn
