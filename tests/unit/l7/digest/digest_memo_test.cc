#include "l7/digest/digest_memo.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace flowscope {
namespace {

class DigestMemoTest : public testing::Test {
 protected:
  Arena arena_ = std::move(Arena::create(DigestMemo::cost(), Arena::Populate::Lazily).value());
  DigestMemo memo_{arena_};
};

std::string hex(Bytes digest) {
  std::string text(2 * digest.size(), ' ');
  write_hex(digest, text);
  return text;
}
template <class Digest>
std::string hex(const Digest& digest) {
  return hex(Bytes(digest.data(), digest.size()));
}

TEST_F(DigestMemoTest, GivesTheDigestsOfTheStandardsExamples) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(hex(memo_.md5(Bytes::of("abc"))), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(hex(memo_.sha256(Bytes::of("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const DigestMemo::FileDigests of_file = memo_.file_digests(Bytes::of("abc"));
    EXPECT_EQ(hex(of_file.sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(hex(of_file.sha256),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }
}

TEST_F(DigestMemoTest, ComputesWhatComesAgainOnce) {
  const std::string text(300, 'x');
  for (int i = 0; i < 5; ++i) {
    (void)memo_.md5(Bytes::of(text));
    (void)memo_.sha256(Bytes::of(text));
    (void)memo_.file_digests(Bytes::of(text));
  }
  EXPECT_EQ(memo_.computed(), 3U);
}

TEST_F(DigestMemoTest, ComputesNothingAndWhatIsTooLongEveryTime) {
  const std::string long_text(600, 'x');
  const std::string long_file(2048, 'x');
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(memo_.md5({}), md5({}));
    EXPECT_EQ(memo_.sha256(Bytes::of(long_text)), sha256(Bytes::of(long_text)));
    EXPECT_EQ(memo_.file_digests(Bytes::of(long_file)),
              file_digests(Bytes::of(long_file), nullptr));
  }
  EXPECT_EQ(memo_.computed(), 9U);
}

// More runs of bytes than places, of every length, many of them alike but for one byte, so that
// places change hands all the time.
TEST_F(DigestMemoTest, NeverGivesTheDigestOfOtherBytes) {
  constexpr unsigned kSeed = 20;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 5'000; ++round) {
    std::string text(random() % 600, 'x');
    if (!text.empty()) text[random() % text.size()] = static_cast<char>('a' + random() % 3);
    ASSERT_EQ(memo_.md5(Bytes::of(text)), md5(Bytes::of(text))) << "seed " << kSeed;
    ASSERT_EQ(memo_.sha256(Bytes::of(text)), sha256(Bytes::of(text))) << "seed " << kSeed;
    ASSERT_EQ(memo_.file_digests(Bytes::of(text)), file_digests(Bytes::of(text), nullptr))
        << "seed " << kSeed;
  }
  EXPECT_LT(memo_.computed(), uint64_t{15'000});
}

// The place of a text goes by its bytes up to the first ones, of a file by its last ones.
TEST_F(DigestMemoTest, KeepsTextsThatDifferAnywhereAndFilesThatDifferAtTheirEnd) {
  for (int i = 0; i < 2; ++i) {
    for (char c = 'a'; c < 'i'; ++c) {
      const std::string text(200, 'x');
      (void)memo_.md5(Bytes::of(c + text));
      (void)memo_.sha256(Bytes::of(text + c + text.substr(150)));
      (void)memo_.file_digests(Bytes::of(std::string(1000, 'x') + c + text));
    }
  }
  EXPECT_EQ(memo_.computed(), 24U);
}

}  // namespace
}  // namespace flowscope
