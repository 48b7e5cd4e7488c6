#include "l7/quic/crypto_stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace flowscope::quic {
namespace {

constexpr size_t kPoolBytes = size_t{2} << 20;
using Added = CryptoStream::Added;

class CryptoStreamTest : public ::testing::Test {
 protected:
  Added add(uint64_t offset, const std::string& bytes) {
    return stream_.add(offset, Bytes::of(bytes));
  }
  [[nodiscard]] std::string front() const { return std::string(stream_.front().as_text()); }

  Arena arena_ =
      std::move(Arena::create(BufferPool::cost(kPoolBytes), Arena::Populate::Lazily).value());
  BufferPool pool_{arena_, kPoolBytes};
  CryptoStream stream_{pool_};
};

TEST_F(CryptoStreamTest, ShowsBytesUpToTheFirstThatIsMissing) {
  EXPECT_EQ(add(6, "ghi"), Added::Ok);
  EXPECT_EQ(front(), "");
  EXPECT_EQ(add(0, "abc"), Added::Ok);
  EXPECT_EQ(front(), "abc");
  EXPECT_EQ(add(3, "def"), Added::Ok);
  EXPECT_EQ(front(), "abcdefghi");
}

TEST_F(CryptoStreamTest, KeepsTheFirstOfCopiesThatDiffer) {
  EXPECT_EQ(add(2, "cd"), Added::Ok);
  EXPECT_EQ(add(6, "gh"), Added::Ok);
  EXPECT_EQ(add(0, "ABCDEFGHIJ"), Added::Ok);
  EXPECT_EQ(front(), "ABcdEFghIJ");
  EXPECT_EQ(add(1, "xyz"), Added::Ok);
  EXPECT_EQ(front(), "ABcdEFghIJ");
}

TEST_F(CryptoStreamTest, HoldsMemoryOnlyWhileItHoldsBytes) {
  EXPECT_EQ(add(100, ""), Added::Ok);
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  EXPECT_EQ(add(0, "a"), Added::Ok);
  EXPECT_EQ(pool_.bytes_in_use(), BufferPool::kBlockBytes[0]);
  EXPECT_EQ(add(1000, std::string(1000, 'b')), Added::Ok);
  EXPECT_EQ(pool_.bytes_in_use(), BufferPool::kBlockBytes[2]);
  stream_.clear();
  EXPECT_EQ(pool_.bytes_in_use(), 0U);
  EXPECT_TRUE(stream_.empty());
}

TEST_F(CryptoStreamTest, TakesBytesUpToItsLimitAndNotOneMore) {
  EXPECT_EQ(add(0, std::string(CryptoStream::kBytesMax, 'x')), Added::Ok);
  EXPECT_EQ(front().size(), CryptoStream::kBytesMax);
  EXPECT_EQ(add(CryptoStream::kBytesMax, "y"), Added::BeyondLimit);
  EXPECT_EQ(add(CryptoStream::kBytesMax - 1, "yy"), Added::BeyondLimit);
  EXPECT_EQ(add((uint64_t{1} << 62) - 1, "y"), Added::BeyondLimit);
  EXPECT_EQ(pool_.bytes_in_use(), BufferPool::kBlockBytes[2]) << "16 KiB and not more";
}

TEST_F(CryptoStreamTest, RefusesOnePieceTooManyButStillFillsGaps) {
  for (size_t i = 0; i < CryptoStream::kPiecesMax; ++i) EXPECT_EQ(add(2 * i + 2, "p"), Added::Ok);
  EXPECT_EQ(add(1000, "p"), Added::TooManyPieces);
  EXPECT_EQ(add(1, "g"), Added::Ok);
  EXPECT_EQ(add(3, "g"), Added::Ok) << "joins two";
  EXPECT_EQ(add(1000, "p"), Added::Ok);
  EXPECT_EQ(add(0, std::string(1001, 'f')), Added::Ok);
  EXPECT_EQ(front().size(), 1001U);
}

TEST_F(CryptoStreamTest, ChangesNothingWhenThePoolIsEmpty) {
  EXPECT_EQ(add(0, "abc"), Added::Ok);
  std::vector<std::span<uint8_t>> taken;
  for (;;) {
    const auto block = pool_.take(1);
    if (block.empty()) break;
    taken.push_back(block);
  }
  EXPECT_EQ(add(3, std::string(3000, 'd')), Added::NoMemory);
  EXPECT_EQ(front(), "abc");
  for (const auto block : taken) pool_.give_back(block);
  EXPECT_EQ(add(3, "d"), Added::Ok);
  EXPECT_EQ(front(), "abcd");
}

// Against a model that keeps for each byte the first copy that came.
TEST_F(CryptoStreamTest, EqualsAModelForRandomPieces) {
  constexpr uint64_t kSeed = 190006;
  constexpr size_t kModelBytes = 600;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 300; ++round) {
    stream_.clear();
    std::string model(kModelBytes, '?');
    std::vector<bool> is_there(kModelBytes);
    for (int i = 0; i < 60; ++i) {
      const size_t offset = random() % kModelBytes;
      std::string bytes(random() % std::min<size_t>(40, kModelBytes - offset + 1), ' ');
      for (char& byte : bytes) byte = static_cast<char>('a' + random() % 26);
      if (add(offset, bytes) != Added::Ok) continue;
      for (size_t at = 0; at < bytes.size(); ++at) {
        if (!is_there[offset + at]) model[offset + at] = bytes[at];
        is_there[offset + at] = true;
      }
    }
    const auto end = std::find(is_there.begin(), is_there.end(), false) - is_there.begin();
    ASSERT_EQ(front(), model.substr(0, static_cast<size_t>(end)))
        << "seed " << kSeed << ", round " << round;
  }
}

}  // namespace
}  // namespace flowscope::quic
