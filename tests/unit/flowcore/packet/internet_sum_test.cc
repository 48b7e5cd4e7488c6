#include "flowcore/packet/internet_sum.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "flowcore/packet/crc32c.h"

namespace flowscope {
namespace {

constexpr uint32_t kSeed = 1071;
constexpr size_t kBytesMax = 2000;
constexpr size_t kAlignments = 16;

// RFC 1071 section 4.1, word by word.
uint16_t naive_sum(Bytes bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// RFC 9260 appendix A, bit by bit.
uint32_t naive_crc32c(Bytes bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

std::vector<uint8_t> random_bytes(size_t count) {
  std::mt19937 random(kSeed);
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

uint16_t sum_of(Bytes bytes) {
  InternetSum sum;
  sum.add(bytes);
  return sum.folded();
}

TEST(InternetSum, AgreesWithRfc1071Section3) {
  const std::vector<uint8_t> example = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(sum_of({example.data(), example.size()}), 0xddf2);
}

TEST(InternetSum, AgreesWithTheNaiveSumForEveryLengthAndAlignment) {
  SCOPED_TRACE(kSeed);
  const std::vector<uint8_t> bytes = random_bytes(kBytesMax + kAlignments);
  const Bytes all(bytes.data(), bytes.size());
  for (size_t count = 0; count <= kBytesMax; ++count) {
    for (size_t offset = 0; offset < kAlignments; ++offset) {
      const Bytes run = all.sub(offset, count);
      ASSERT_EQ(sum_of(run), naive_sum(run)) << count << " bytes from " << offset;
    }
  }
}

TEST(InternetSum, KeepsEveryCarry) {
  const std::vector<uint8_t> ones(65'535, 0xff);
  for (const size_t count : {size_t{2}, size_t{8}, size_t{64}, size_t{1460}, size_t{65'534}}) {
    EXPECT_EQ(sum_of(Bytes(ones.data(), count)), 0xffff) << count;
  }
  EXPECT_EQ(sum_of(Bytes(ones.data(), ones.size())), 0xff00);
}

TEST(InternetSum, OfPartsIsThatOfTheWhole) {
  const std::vector<uint8_t> bytes = random_bytes(301);
  const Bytes all(bytes.data(), bytes.size());
  for (size_t cut = 0; cut <= all.size(); cut += 2) {
    InternetSum sum;
    sum.add(all.first(cut));
    sum.add(all.after(cut));
    EXPECT_EQ(sum.folded(), naive_sum(all)) << cut;
  }
}

TEST(InternetSum, TakesWordsInOurByteOrder) {
  InternetSum sum;
  sum.add_word(0x1234);
  sum.add_word(0x0001);
  EXPECT_EQ(sum.folded(), 0x1235);
  EXPECT_FALSE(sum.is_right());
  sum.add_word(0xffff - 0x1235);
  EXPECT_TRUE(sum.is_right());
}

TEST(InternetSum, OfNothingButZerosIsWrong) {
  EXPECT_FALSE(InternetSum().is_right());  // the checksum would have been 0xffff
}

template <class Crc>
uint32_t crc_of(Bytes bytes) {
  Crc crc;
  crc.add(bytes);
  return crc.value();
}

TEST(Crc32c, AgreesWithRfc3720AppendixB4) {
  const std::vector<uint8_t> zeros(32);
  const std::vector<uint8_t> ones(32, 0xff);
  EXPECT_EQ(crc_of<Crc32c>({zeros.data(), zeros.size()}), 0x8a9136aaU);
  EXPECT_EQ(crc_of<Crc32c>({ones.data(), ones.size()}), 0x62a8ab43U);
}

TEST(Crc32c, AgreesWithTheNaiveOneInBothForms) {
  SCOPED_TRACE(kSeed);
  const std::vector<uint8_t> bytes = random_bytes(300);
  const Bytes all(bytes.data(), bytes.size());
  for (size_t count = 0; count < 200; ++count) {
    for (size_t offset = 0; offset < 8; ++offset) {
      const Bytes run = all.sub(offset, count);
      ASSERT_EQ(crc_of<Crc32c>(run), naive_crc32c(run)) << count << " bytes from " << offset;
      ASSERT_EQ(crc_of<portable::Crc32c>(run), naive_crc32c(run)) << count;
    }
  }
}

TEST(Crc32c, OfPartsIsThatOfTheWhole) {
  const std::vector<uint8_t> bytes = random_bytes(61);
  const Bytes all(bytes.data(), bytes.size());
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    Crc32c crc;
    crc.add(all.first(cut));
    crc.add(all.after(cut));
    EXPECT_EQ(crc.value(), naive_crc32c(all)) << cut;
  }
}

}  // namespace
}  // namespace flowscope
