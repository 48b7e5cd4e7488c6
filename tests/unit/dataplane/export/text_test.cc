#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <random>
#include <string>

#include "dataplane/export/address_text.h"
#include "dataplane/export/json_text.h"
#include "dataplane/export/text_scan.h"
#include "dataplane/export/timestamp_text.h"

namespace flowscope {
namespace {

std::string address_text(const Address& address, uint8_t ip_version) {
  std::array<char, kAddressChars> out;
  return {out.data(), put_address(out.data(), address, ip_version)};
}

std::string system_text(const Address& address, int family) {
  std::array<char, INET6_ADDRSTRLEN> out;
  return inet_ntop(family, address.data(), out.data(), out.size());
}

std::string timestamp_text(Timestamp time) {
  TimestampText timestamps;
  std::array<char, kTimestampChars> out;
  return {out.data(), timestamps.put(out.data(), time)};
}

template <class Block>
std::string plain_front(std::string_view text) {
  std::string out(text.size(), '\0');
  out.resize(copy_plain<Block>(out.data(), text.data(), text.size()));
  return out;
}

TEST(AddressText, AgreesWithTheSystemOnIpv4) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    Address address{};
    for (size_t k = 0; k < 4; ++k) address[k] = static_cast<uint8_t>(random() % (i % 256 + 1));
    ASSERT_EQ(address_text(address, 4), system_text(address, AF_INET));
  }
}

TEST(AddressText, AgreesWithTheSystemOnIpv6WithEveryPatternOfZeros) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (uint32_t zeros = 0; zeros < 256; ++zeros) {
    for (int i = 0; i < 50; ++i) {
      Address address{};
      for (size_t group = 0; group < 8; ++group) {
        if ((zeros >> group & 1) != 0) continue;
        // All lengths of groups, and ffff often, for the IPv4-mapped form.
        const uint64_t value =
            random() % 4 == 0 ? 0xffff : random() % 0x10000 >> (random() % 4 * 4);
        address[2 * group] = static_cast<uint8_t>(value >> 8);
        address[2 * group + 1] = static_cast<uint8_t>(value);
      }
      ASSERT_EQ(address_text(address, 6), system_text(address, AF_INET6));
    }
  }
}

TEST(TimestampText, WritesTheEpoch) {
  EXPECT_EQ(timestamp_text({0}), "1970-01-01T00:00:00.000000+0000");
}

TEST(TimestampText, WritesTheLastMomentOf64Bits) {
  EXPECT_EQ(timestamp_text(Timestamp::max()), "2554-07-21T23:34:33.709551+0000");
}

TEST(TimestampText, CutsNanosecondsWithoutRounding) {
  EXPECT_EQ(timestamp_text(Timestamp::from_parts(1'530'819'759, 999'999'999)),
            "2018-07-05T19:42:39.999999+0000");
}

TEST(TimestampText, FollowsTimeOverMidnightAndBack) {
  TimestampText timestamps;
  std::array<char, kTimestampChars> out;
  // The last and first second around leap day 2020.
  for (const auto& [second, text] :
       {std::pair{1'582'934'399U, "2020-02-28T23:59:59.000000+0000"},
        std::pair{1'582'934'400U, "2020-02-29T00:00:00.000000+0000"},
        std::pair{1'582'934'399U, "2020-02-28T23:59:59.000000+0000"}}) {
    char* end = timestamps.put(out.data(), Timestamp::from_parts(second, 0));
    EXPECT_EQ(std::string(out.data(), end), text);
  }
}

TEST(TimestampText, AgreesWithTheSystem) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const Timestamp time{random()};
    const auto seconds = static_cast<time_t>(time.seconds());
    tm parts = {};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> out;
    ASSERT_NE(strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%S.", &parts), 0U);
    ASSERT_EQ(timestamp_text(time).substr(0, 20), out.data());
  }
}

TEST(TimestampText, KeepsSecondsApartThatHaveTheSamePlace) {
  TimestampText timestamps;
  std::array<char, kTimestampChars> out;
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto time = Timestamp::from_parts(random() % 1000, random() % 1'000'000'000);
    const std::string text(out.data(), timestamps.put(out.data(), time));
    ASSERT_EQ(text, timestamp_text(time));
    ASSERT_EQ(text.substr(19),
              "." + std::to_string(1'000'000 + time.subsecond_ns() / 1000).substr(1) + "+0000");
  }
}

TEST(NumberText, AgreesWithTheLibraryOnEveryLength) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::array<char, kNumberChars> out;
  for (int i = 0; i < 50'000; ++i) {
    const uint64_t value = random() >> (random() % 64);
    ASSERT_EQ(std::string(out.data(), put_number(out.data(), value)), std::to_string(value));
  }
  for (uint64_t power = 1; power < UINT64_MAX / 10; power *= 10) {
    for (const uint64_t value : {power - 1, power, power + 1})
      ASSERT_EQ(std::string(out.data(), put_number(out.data(), value)), std::to_string(value));
  }
}

TEST(NumberText, HoldsBothEnds) {
  std::array<char, kNumberChars> out;
  EXPECT_EQ(std::string(out.data(), put_number(out.data(), 0)), "0");
  EXPECT_EQ(std::string(out.data(), put_number(out.data(), 10)), "10");
  EXPECT_EQ(std::string(out.data(), put_number(out.data(), UINT64_MAX)), "18446744073709551615");
}

TEST(TextScan, TwinsAgreeOnEveryByteAtEveryPlaceOfEveryLength) {
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool care = needs_care(static_cast<uint8_t>(byte));
    for (size_t size = 1; size < 36; ++size) {
      for (size_t place = 0; place < size; ++place) {
        std::string text(size, 'a');
        text[place] = static_cast<char>(byte);
        const std::string expected = text.substr(0, care ? place : size);
        ASSERT_EQ(plain_front<TextBlock>(text), expected)
            << byte << " at " << place << " of " << size;
        ASSERT_EQ(plain_front<portable::TextBlock>(text), expected)
            << byte << " at " << place << " of " << size;
      }
    }
  }
}

TEST(TextScan, TwinsAgreeOnAnyText) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 50'000; ++i) {
    std::string text(random() % 50, '\0');
    for (char& character : text) {
      // Neighbours of the bytes that need care, where borrows between bytes would show.
      constexpr std::string_view kClose = "\x1f\x20\x21\"#[\\]\x7e\x7f\x80\xa0\xa2\xdc\xff";
      character = random() % 8 != 0 ? 'a' : kClose[random() % kClose.size()];
    }
    ASSERT_EQ(plain_front<TextBlock>(text), plain_front<portable::TextBlock>(text)) << text;
  }
}

TEST(TextScan, WritesNothingBehindTheText) {
  for (size_t size = 0; size < 40; ++size) {
    const std::string text(size, 'a');
    std::string out(size + 1, '#');
    EXPECT_EQ(copy_plain<TextBlock>(out.data(), text.data(), size), size);
    EXPECT_EQ(out, text + "#");
  }
}

}  // namespace
}  // namespace flowscope
