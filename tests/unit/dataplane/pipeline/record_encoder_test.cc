#include "dataplane/pipeline/record_encoder.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dataplane/pipeline/record_reader.h"
#include "flowcore/base/short_word.h"
#include "tests/unit/dataplane/pipeline/recorded_fields.h"

namespace flowscope {
namespace {

// A record of kind Message whose tokens are written by `describe` into `room` bytes.
template <class Describe>
std::vector<uint8_t> encode(size_t room, Describe describe) {
  std::vector<uint8_t> record(sizeof(RecordHead) + room);
  const RecordHead head = {.kind = RecordKind::Message};
  std::memcpy(record.data(), &head, sizeof head);
  const std::span<uint8_t> place(record);
  RecordEncoder encoder(place.subspan(sizeof(RecordHead)));
  describe(encoder);
  record.resize(sizeof(RecordHead) + encoder.finish());
  return record;
}

std::vector<std::string> decode(const std::vector<uint8_t>& record) {
  RecordedFields fields;
  RecordReader({record.data(), record.size()}, FlowHeads()).replay(fields);
  return fields.lines();
}

// Any description of `fields` fields, nested at random; the same for the same seed.
template <FieldVisitor V>
void describe_at_random(uint32_t seed, int fields, V& visitor) {
  std::mt19937 random(seed);
  std::vector<bool> open_is_object;
  for (int i = 0; i < fields; ++i) {
    const char* name = open_is_object.empty() || open_is_object.back() ? "name" : nullptr;
    switch (random() % 8) {
      case 0:
        visitor.text(name, std::string(random() % 300, 'x'));
        break;
      case 1:
        visitor.number(name, random());
        break;
      case 2:
        visitor.boolean(name, random() % 2 == 0);
        break;
      case 3:
        visitor.begin_object(name);
        open_is_object.push_back(true);
        break;
      case 4:
        visitor.begin_array(name);
        open_is_object.push_back(false);
        break;
      case 5:
        visitor.text(name, ShortWord("word"));
        break;
      default:
        if (open_is_object.empty()) break;
        open_is_object.back() ? visitor.end_object() : visitor.end_array();
        open_is_object.pop_back();
    }
  }
  for (; !open_is_object.empty(); open_is_object.pop_back()) {
    open_is_object.back() ? visitor.end_object() : visitor.end_array();
  }
}

TEST(RecordEncoder, ReplaysEveryKindOfFieldInOrder) {
  const auto record = encode(1000, [](RecordEncoder& encoder) {
    encoder.text("url", "/index");
    encoder.number("status", UINT64_MAX);
    encoder.begin_object("request");
    encoder.boolean("first", true);
    encoder.begin_array("ports");
    encoder.number(nullptr, 0);
    encoder.text(nullptr, "");
    encoder.end_array();
    encoder.end_object();
    encoder.boolean("last", false);
  });
  EXPECT_EQ(decode(record), (std::vector<std::string>{"url='/index'", "status=18446744073709551615",
                                                      "request={", "first=true", "ports=[", "-=0",
                                                      "-=''", "]", "}", "last=false"}));
}

TEST(RecordEncoder, CutsOneTextThatIsTooLongAndKeepsTheFieldsBehindIt) {
  const std::string longest(kRecordTextBytesMax, 'a');
  const auto record = encode(kRecordBytesMax, [&](RecordEncoder& encoder) {
    encoder.text("cut", longest + "b");
    encoder.number("after", 1);
    EXPECT_FALSE(encoder.out_of_room()) << "a larger place would not help";
  });
  EXPECT_EQ(decode(record),
            (std::vector<std::string>{"cut='" + longest + "'", "after=1", "truncated=true"}));
}

TEST(RecordEncoder, KeepsATextOfTheGreatestLengthWhole) {
  const auto record = encode(kRecordBytesMax, [&](RecordEncoder& encoder) {
    encoder.text("whole", std::string(kRecordTextBytesMax, 'a'));
    EXPECT_FALSE(encoder.truncated());
  });
  EXPECT_EQ(decode(record).size(), 1U);
}

TEST(RecordEncoder, LeavesOutWhatLiesTooDeep) {
  const auto record = encode(kRecordBytesMax, [](RecordEncoder& encoder) {
    for (uint32_t i = 0; i < RecordEncoder::kDepthMax + 2; ++i) encoder.begin_object("in");
    encoder.number("deep", 1);
    for (uint32_t i = 0; i < RecordEncoder::kDepthMax + 2; ++i) encoder.end_object();
  });
  const auto lines = decode(record);
  ASSERT_EQ(lines.size(), 2 * RecordEncoder::kDepthMax + 1);
  EXPECT_EQ(lines.back(), "truncated=true");
}

TEST(RecordEncoder, StaysClosedAndInBoundsWhateverTheRoom) {
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RecordedFields whole;
    describe_at_random(seed, 40, whole);
    for (size_t room = RecordEncoder::kReserveBytes; room < 2000; room += 97) {
      const auto lines = decode(
          encode(room, [&](RecordEncoder& encoder) { describe_at_random(seed, 40, encoder); }));
      int depth = 0;
      for (const std::string& line : lines) {
        depth += line.ends_with("={") || line.ends_with("=[") ? 1
                 : line == "}" || line == "]"                 ? -1
                                                              : 0;
        ASSERT_GE(depth, 0);
      }
      ASSERT_EQ(depth, 0);
      if (lines.empty() || lines.back() != "truncated=true") {
        ASSERT_EQ(lines, whole.lines());
      }
    }
  }
}

}  // namespace
}  // namespace flowscope
