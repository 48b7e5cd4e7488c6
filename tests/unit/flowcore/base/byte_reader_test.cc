#include "flowcore/base/byte_reader.h"

#include <gtest/gtest.h>

#include <array>

namespace flowscope {
namespace {

constexpr std::array<uint8_t, 10> kCounting = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

TEST(ByteReader, ReadsNumbersInNetworkOrder) {
  ByteReader reader({kCounting.data(), kCounting.size()});
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u24(), 0x040506U);
  EXPECT_EQ(reader.u32(), 0x0708090aU);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteReader, ReadsEightBytes) {
  ByteReader reader({kCounting.data(), kCounting.size()});
  EXPECT_EQ(reader.u64(), 0x0102030405060708U);
}

TEST(ByteReader, FailureSticks) {
  ByteReader reader({kCounting.data(), 3});
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0U) << "a byte is left, but the reader has failed";
  EXPECT_TRUE(reader.rest().empty());
}

TEST(ByteReader, RefusesALengthThatWouldWrapAround) {
  ByteReader reader({kCounting.data(), kCounting.size()});
  reader.skip(4);
  EXPECT_TRUE(reader.bytes(SIZE_MAX).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Bytes, CutsAreClamped) {
  const Bytes bytes(kCounting.data(), kCounting.size());
  EXPECT_EQ(bytes.sub(8, 100).size(), 2U);
  EXPECT_TRUE(bytes.after(11).empty());
  EXPECT_EQ(bytes.first(100).size(), 10U);
}

}  // namespace
}  // namespace flowscope
