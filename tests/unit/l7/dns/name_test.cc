#include "l7/dns/name.h"

#include <gtest/gtest.h>

#include <string>

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
