#include "l7/http/head_scan.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "l7/http/field_name.h"
#include "l7/http/head.h"
#include "l7/http/head_check.h"
#include "l7/http/syntax.h"

namespace flowscope::http {
namespace {

constexpr unsigned kSeed = 64;

template <class Block>
class HeadBlockTest : public testing::Test {};
using Blocks = testing::Types<portable::HeadBlock
#ifdef __SSE2__
                              ,
                              sse2::HeadBlock
#endif
#ifdef __AVX2__
                              ,
                              avx2::HeadBlock
#endif
                              >;
TYPED_TEST_SUITE(HeadBlockTest, Blocks);

TYPED_TEST(HeadBlockTest, MarksEachCharacterAtItsPlace) {
  for (int code = 0; code < 256; ++code) {
    for (size_t at = 0; at < kBlockBytes; ++at) {
      std::array<char, kBlockBytes> block;
      block.fill(' ');
      block.at(at) = static_cast<char>(code);
      const uint64_t bit = uint64_t{1} << at;
      const HeadMarks expected{.line_feeds = code == '\n' ? bit : 0,
                               .colons = code == ':' ? bit : 0,
                               .controls = code < 0x20 || code == 0x7f ? bit : 0};
      ASSERT_EQ(TypeParam::marks_of(block.data()), expected) << code << " at " << at;
    }
  }
}

// Up to five blocks of characters among which those that count are frequent.
std::string random_text(std::mt19937& random) {
  static constexpr std::string_view kCharacters("xxxxxxxxxxxx::\r\n\r\n\r\n\t \x01\x7f\xff\0", 27);
  std::string text(random() % 320, 'x');
  const bool is_dense = random() % 2 == 0;
  for (char& c : text) {
    if (is_dense || random() % 16 == 0) c = kCharacters[random() % kCharacters.size()];
  }
  return text;
}

bool is_odd_at(const std::string& text, size_t at) {
  const auto code = static_cast<uint8_t>(text[at]);
  if (code == '\n' || (code >= 0x20 && code != 0x7f)) return false;
  return at + 1 == text.size() || text[at + 1] != '\n';
}

TYPED_TEST(HeadBlockTest, ScanFindsWhatASearchOfEachLineFinds) {
  std::mt19937 random(kSeed);
  for (int round = 0; round < 5'000; ++round) {
    SCOPED_TRACE(testing::Message() << "seed " << kSeed << " round " << round);
    const std::string text = random_text(random);
    BasicHeadScan<TypeParam> scan(text);
    bool has_odd = false;
    size_t start = 0;
    for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
      const auto line = scan.next();
      ASSERT_EQ(line.end, end);
      const size_t colon = text.find(':', start);
      ASSERT_EQ(line.colon < end, colon < end);
      if (colon < end) {
        ASSERT_EQ(line.colon, colon);
      }
      for (; start <= end; ++start) has_odd |= is_odd_at(text, start);
      ASSERT_EQ(scan.has_odd_control(start), has_odd);
    }
    ASSERT_EQ(scan.next().end, std::string::npos);
    for (; start < text.size(); ++start) has_odd |= is_odd_at(text, start);
    if (text.empty()) continue;
    ASSERT_EQ(scan.has_odd_control(text.size()), has_odd);
  }
}

// The scan decides whether the characters are looked at one by one: nothing may be missed.
TEST(HeadScan, SparesNoHeadInWhichACharacterIsWrong) {
  std::mt19937 random(kSeed);
  int with_characters = 0;
  for (int round = 0; round < 10'000; ++round) {
    const std::string text = "GET /a HTTP/1.1\r\n" + random_text(random) + "\r\n\r\nbody";
    for (const HeadScope scope : {HeadScope::Growing, HeadScope::Cut}) {
      Head head;
      const HeadResult result = parse_head(text, scope, head);
      ASSERT_EQ(result.status, HeadStatus::Complete);
      Head again;
      again.line = head.line;
      check_characters(std::string_view(text).substr(0, result.bytes), again);
      for (const Anomaly anomaly : {Anomaly::Nul, Anomaly::ControlCharacter,
                                    Anomaly::BareCarriageReturn, Anomaly::ControlInTarget}) {
        ASSERT_EQ(head.anomalies.contains(anomaly), again.anomalies.contains(anomaly))
            << "seed " << kSeed << " round " << round << " " << name_of(anomaly);
        with_characters += again.anomalies.contains(anomaly) ? 1 : 0;
      }
    }
  }
  EXPECT_GT(with_characters, 500);
}

TEST(FieldName, IsTheSameInAnyCaseAndNoOther) {
  for (const std::string name : {"host", "server", "referer", "location", "user-agent",
                                 "x-forwarded-for", "content-encoding"}) {
    const FieldName field(name);
    EXPECT_TRUE(field.is(name));
    EXPECT_FALSE(field.is(name + "x"));
    EXPECT_FALSE(field.is(name.substr(1)));
    for (size_t at = 0; at < name.size(); ++at) {
      for (int code = 0; code < 256; ++code) {
        std::string other = name;
        other[at] = static_cast<char>(code);
        EXPECT_EQ(field.is(other), equals_ignoring_case(other, name)) << name << at << " " << code;
      }
    }
  }
}

}  // namespace
}  // namespace flowscope::http
