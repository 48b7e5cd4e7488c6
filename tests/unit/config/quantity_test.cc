#include "config/quantity.h"

#include <gtest/gtest.h>

#include <random>

namespace flowscope {
namespace {

TEST(Quantity, ReadsCountsWithThousands) {
  EXPECT_EQ(parse_count("0"), 0U);
  EXPECT_EQ(parse_count("1000000"), 1'000'000U);
  EXPECT_EQ(parse_count("64k"), 64'000U);
  EXPECT_EQ(parse_count("2M"), 2'000'000U);
  EXPECT_EQ(parse_count("3G"), 3'000'000'000U);
}

TEST(Quantity, ReadsSizes) {
  EXPECT_EQ(parse_bytes("512"), 512U);
  EXPECT_EQ(parse_bytes("64KiB"), 65'536U);
  EXPECT_EQ(parse_bytes("64MiB"), 67'108'864U);
  EXPECT_EQ(parse_bytes("2GiB"), 2'147'483'648U);
  EXPECT_EQ(parse_bytes("64k"), 64'000U);
}

TEST(Quantity, ReadsTimesAndTakesPlainNumbersAsSeconds) {
  EXPECT_EQ(parse_duration_ns("5"), 5'000'000'000U);
  EXPECT_EQ(parse_duration_ns("5s"), 5'000'000'000U);
  EXPECT_EQ(parse_duration_ns("100ms"), 100'000'000U);
  EXPECT_EQ(parse_duration_ns("250us"), 250'000U);
  EXPECT_EQ(parse_duration_ns("10min"), 600'000'000'000U);
  EXPECT_EQ(parse_duration_ns("1h"), 3'600'000'000'000U);
}

TEST(Quantity, ReadsMasksAsHexadecimal) {
  EXPECT_EQ(parse_mask("0x1f"), 0x1fU);
  EXPECT_EQ(parse_mask("10"), 0x10U);
  EXPECT_EQ(parse_mask("ffffffffffffffff"), UINT64_MAX);
}

TEST(Quantity, ReadsFlags) {
  for (const char* yes : {"true", "yes", "on"}) EXPECT_EQ(parse_flag(yes), true);
  for (const char* no : {"false", "no", "off"}) EXPECT_EQ(parse_flag(no), false);
  for (const char* other : {"", "1", "True ", "y"}) EXPECT_EQ(parse_flag(other), std::nullopt);
}

TEST(Quantity, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"", "k", "-1", "+1", " 1", "1 ", "1.5M", "0x10", "1KB", "1kk", "1K", "one"}) {
    EXPECT_EQ(parse_count(text), std::nullopt) << text;
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
    EXPECT_EQ(parse_duration_ns(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_count("1KiB"), std::nullopt);
  EXPECT_EQ(parse_duration_ns("5ns"), std::nullopt);
  for (const char* text : {"", "0x", "g", "0x1g"})
    EXPECT_EQ(parse_mask(text), std::nullopt) << text;
}

TEST(Quantity, RefusesWhatDoesNotFit) {
  EXPECT_EQ(parse_count("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_count("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_count("18446744073709552k"), std::nullopt);
  EXPECT_EQ(parse_bytes("17179869184GiB"), std::nullopt);
  EXPECT_EQ(parse_duration_ns("18446744074"), std::nullopt);
  EXPECT_EQ(parse_mask("10000000000000000"), std::nullopt);
}

TEST(Quantity, ReadsBackWhatItWrites) {
  const uint32_t seed = 4711;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const uint64_t value = random() >> random() % 64;
    EXPECT_EQ(parse_count(format_count(value)), value) << "seed " << seed;
    EXPECT_EQ(parse_bytes(format_bytes(value)), value) << "seed " << seed;
    EXPECT_EQ(parse_mask(format_mask(value)), value) << "seed " << seed;
    const uint64_t microseconds_ns = value % 1'000'000'000'000'000 * 1'000;
    EXPECT_EQ(parse_duration_ns(format_duration_ns(microseconds_ns)), microseconds_ns)
        << "seed " << seed;
  }
}

TEST(Quantity, WritesTheLargestUnitThatFits) {
  EXPECT_EQ(format_bytes(0), "0");
  EXPECT_EQ(format_bytes(64 << 20), "64MiB");
  EXPECT_EQ(format_bytes(1536), "1536");
  EXPECT_EQ(format_duration_ns(300'000'000'000), "300s");
  EXPECT_EQ(format_duration_ns(1'500'000'000), "1500ms");
  EXPECT_EQ(format_duration_ns(1'500'000), "1500us");
}

}  // namespace
}  // namespace flowscope
