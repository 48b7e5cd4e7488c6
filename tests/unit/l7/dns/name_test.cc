#include "l7/dns/name.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "l7/dns/name_block.h"
#include "tests/unit/l7/dns/message_builder.h"

namespace flowscope::dns {
namespace {

using namespace std::string_literals;

struct ReadName {
  std::string text;
  bool is_whole;
  friend bool operator==(const ReadName&, const ReadName&) = default;
};

ReadName read_at(const std::string& bytes, size_t offset) {
  NameText text;
  const bool is_whole = read_name(Bytes::of(bytes), offset, text);
  EXPECT_EQ(is_whole, name_is_sound(Bytes::of(bytes), offset));
  return {std::string(text.view()), is_whole};
}

TEST(DnsName, JoinsLabelsWithDots) {
  EXPECT_EQ(read_at(wire_name("www.Example.com"), 0), (ReadName{"www.Example.com", true}));
}

TEST(DnsName, RootIsTheEmptyText) { EXPECT_EQ(read_at("\0"s, 0), (ReadName{"", true})); }

TEST(DnsName, FollowsPointersBackwards) {
  const std::string bytes = "\3com\0\7example\300\0\3www\300\5"s;
  EXPECT_EQ(read_at(bytes, 15), (ReadName{"www.example.com", true}));
  EXPECT_EQ(end_of_name(Bytes::of(bytes), 15), 21U);
}

TEST(DnsName, RefusesPointersThatGoNowhereNew) {
  EXPECT_EQ(read_at("\300\0"s, 0), (ReadName{"", false})) << "to itself";
  EXPECT_EQ(read_at("\300\2\300\0"s, 2), (ReadName{"", false})) << "to a pointer forwards";
  EXPECT_EQ(read_at("\1a\300\0"s, 0), (ReadName{"a", false})) << "to the run it ends";
  EXPECT_EQ(read_at("\1a\0\300\77"s, 3), (ReadName{"", false})) << "past the end";
}

TEST(DnsName, RefusesALabelTypeThatWasNeverUsed) {
  EXPECT_EQ(read_at("\1a\100b\0"s, 0), (ReadName{"a", false}));
  EXPECT_EQ(end_of_name(Bytes::of("\1a\200b\0"s), 0), 0U);
}

TEST(DnsName, KeepsWhatIsThereOfACutName) {
  EXPECT_EQ(read_at("\3www\7exam"s, 0), (ReadName{"www", false}));
  EXPECT_EQ(read_at("\3www"s, 0), (ReadName{"www", false}));
  EXPECT_EQ(read_at("\3www\300"s, 0), (ReadName{"www", false}));
  EXPECT_EQ(read_at("", 0), (ReadName{"", false}));
}

TEST(DnsName, EscapesDotsBackslashesAndUnprintableBytes) {
  EXPECT_EQ(read_at("\11a.b\\c\1 \377~\0"s, 0), (ReadName{"a\\.b\\\\c\\001 \\255~", true}));
}

TEST(DnsName, AcceptsNamesOf255BytesAndNotOneMore) {
  const std::string label = "\77" + std::string(63, 'x');
  const std::string longest = label + label + label + "\75" + std::string(61, 'y') + "\0"s;
  ASSERT_EQ(longest.size(), kNameBytesMax);
  EXPECT_TRUE(read_at(longest, 0).is_whole);
  EXPECT_EQ(end_of_name(Bytes::of(longest), 0), kNameBytesMax);
  const std::string too_long = label + label + label + "\76" + std::string(62, 'y') + "\0"s;
  EXPECT_FALSE(read_at(too_long, 0).is_whole);
}

TEST(DnsName, LongestNameOfEscapedBytesFits) {
  const std::string label = "\77" + std::string(63, '\1');
  const std::string longest = label + label + label + "\75" + std::string(61, '\1') + "\0"s;
  EXPECT_EQ(read_at(longest, 0).text.size(), 4U * (3 * 63 + 61) + 3);
}

// One label after the other, which is how a name is read that is not plain throughout.
ReadName read_by_label(const std::string& bytes, size_t offset) {
  NameText text;
  LabelWalk walk(Bytes::of(bytes), offset);
  for (Bytes label; walk.next(label);) text.append_label(label);
  return {std::string(text.view()), walk.sound()};
}

TEST(DnsName, ReadsPlainNamesAsLabelByLabel) {
  constexpr uint32_t kSeed = 1035;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  uint32_t plain = 0;
  for (int round = 0; round < 5'000; ++round) {
    // Labels of which few hold a byte that is escaped, roots, and pointers to anywhere.
    std::string bytes;
    std::vector<size_t> starts = {0};
    for (size_t part = random() % 12; part > 0; --part) {
      const size_t kind = random() % 8;
      if (kind > 2) starts.push_back(bytes.size());
      if (kind == 0) bytes += '\0';
      if (kind == 1) {
        bytes += static_cast<char>(0xc0);
        bytes += static_cast<char>(random() % (bytes.size() + 8));
      }
      if (kind < 2) continue;
      const size_t size = 1 + random() % (kind == 2 ? 80 : 12);
      bytes += static_cast<char>(size);
      for (size_t i = 0; i < size; ++i)
        bytes += static_cast<char>(random() % 200 == 0 ? random() : 'a' + random() % 26);
    }
    bytes.resize(bytes.size() - (bytes.empty() ? 0 : random() % 2));
    const size_t offset =
        round % 4 == 0 ? random() % (bytes.size() + 1) : starts[random() % starts.size()];
    ASSERT_EQ(read_at(bytes, offset), read_by_label(bytes, offset)) << round;
    NameText text;
    plain += text.take_plain(Bytes::of(bytes), offset) ? 1 : 0;
  }
  EXPECT_GT(plain, 500U);
}

TEST(DnsName, CountsEscapedBytesAlikeOnEveryInstructionSet) {
  for (uint32_t byte = 0; byte < 256; ++byte) {
    std::string block(NameBlock::kBytes, 'a');
    block[byte % NameBlock::kBytes] = static_cast<char>(byte);
    block[0] = '.';
    const uint32_t expected =
        1 + (byte % NameBlock::kBytes != 0 && is_escaped(static_cast<uint8_t>(byte)) ? 1 : 0);
    EXPECT_EQ(portable::NameBlock::escaped_in(block.data()), expected) << byte;
    EXPECT_EQ(NameBlock::escaped_in(block.data()), expected) << byte;
  }
}

TEST(DnsName, CountsLabelsBehindPointersAgainstTheLimit) {
  // Each round prepends one label by a pointer to the round before.
  std::string bytes = "\0"s;
  size_t last = 0;
  for (int i = 0; i < 200; ++i) {
    const size_t here = bytes.size();
    bytes += "\1a"s + static_cast<char>(0xc0 | last >> 8) + static_cast<char>(last & 0xff);
    last = here;
  }
  const ReadName read = read_at(bytes, last);
  EXPECT_FALSE(read.is_whole);
  EXPECT_LE(read.text.size(), kNameBytesMax);
}

TEST(DnsName, BoundsTheNumberOfPointers) {
  std::string bytes = "\0"s;
  size_t last = 0;
  for (uint32_t i = 0; i <= kNamePointersMax; ++i) {
    EXPECT_TRUE(name_is_sound(Bytes::of(bytes), last)) << i << " pointers";
    const size_t here = bytes.size();
    bytes += {static_cast<char>(0xc0 | last >> 8), static_cast<char>(last & 0xff)};
    last = here;
  }
  EXPECT_FALSE(name_is_sound(Bytes::of(bytes), last));
}

}  // namespace
}  // namespace flowscope::dns
