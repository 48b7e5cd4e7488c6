#include "dataplane/export/json_writer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace flowscope {
namespace {

class JsonWriterTest : public testing::Test {
 protected:
  // One line with whatever `describe` tells the writer.
  template <class Describe>
  std::string line(Describe describe) {
    JsonWriter json(buffer_, texts_);
    describe(json);
    json.finish();
    const std::string text(buffer_.text());
    buffer_.clear();
    return text;
  }
  // The text of the line's only field, as written between the quotation marks.
  std::string escaped(std::string_view text) {
    const std::string written = line([&](JsonWriter& json) { json.text("t", text); });
    return written.substr(6, written.size() - 9);
  }

  // Small, so that lines outgrow it.
  TextBuffer buffer_{16};
  LineTexts texts_;
};

TEST_F(JsonWriterTest, WritesAnEmptyObject) {
  EXPECT_EQ(line([](JsonWriter&) {}), "{}\n");
}

TEST_F(JsonWriterTest, SeparatesFieldsAndClosesWhatIsEmpty) {
  const std::string written = line([](JsonWriter& json) {
    json.number("a", 1);
    json.begin_object("b");
    json.end_object();
    json.begin_array("c");
    json.begin_object(nullptr);
    json.boolean("d", true);
    json.end_object();
    json.text(nullptr, "e");
    json.begin_array(nullptr);
    json.end_array();
    json.end_array();
    json.boolean("f", false);
  });
  EXPECT_EQ(written, "{\"a\":1,\"b\":{},\"c\":[{\"d\":true},\"e\",[]],\"f\":false}\n");
}

TEST_F(JsonWriterTest, AppendsNothingBeforeTheLineIsFinished) {
  JsonWriter json(buffer_, texts_);
  json.number("a", 1);
  EXPECT_EQ(buffer_.size(), 0U);
}

TEST_F(JsonWriterTest, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(escaped("\"\\\b\f\n\r\t\x01\x1f\x7f"), "\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f");
}

TEST_F(JsonWriterTest, PassesUtf8OfEveryLength) {
  const std::string text =
      "\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xef\xbf\xbf \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf";
  EXPECT_EQ(escaped(text), text);
}

TEST_F(JsonWriterTest, WritesBytesThatAreNotUtf8AsHexText) {
  EXPECT_EQ(escaped("a\xff z"), "a\\\\xff z");
  EXPECT_EQ(escaped("\xc0\x80"), "\\\\xc0\\\\x80") << "overlong";
  EXPECT_EQ(escaped("\xe0\x9f\xbf"), "\\\\xe0\\\\x9f\\\\xbf") << "overlong";
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\\\xed\\\\xa0\\\\x80") << "surrogate";
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\\\xf4\\\\x90\\\\x80\\\\x80") << "above U+10FFFF";
  EXPECT_EQ(escaped("\xe2\x82"), "\\\\xe2\\\\x82") << "cut at the end";
  EXPECT_EQ(escaped("\xe2(\x82"), "\\\\xe2(\\\\x82") << "broken inside";
}

TEST_F(JsonWriterTest, IsValidJsonForAnyBytes) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 5'000; ++i) {
    std::string text(random() % 200, '\0');
    // Mostly bytes that matter: quotes, controls, the leads and tails of UTF-8.
    for (char& character : text) {
      constexpr std::string_view kHostile = "\"\\\n\x7f\x80\xbf\xc0\xc2\xe0\xed\xf0\xf4\xff";
      character =
          random() % 2 == 0 ? kHostile[random() % kHostile.size()] : static_cast<char>(random());
    }
    const std::string written = line([&](JsonWriter& json) { json.text("t", text); });
    ASSERT_TRUE(nlohmann::json::accept(written)) << written;
  }
}

TEST_F(JsonWriterTest, ReadsBackAsTheTextThatWasGiven) {
  const std::string text = "line\n\"quoted\" \\ \x02 \xc3\xa9 end of a text above sixteen bytes";
  const std::string written = line([&](JsonWriter& json) { json.text("t", text); });
  EXPECT_EQ(nlohmann::json::parse(written)["t"], text);
}

TEST_F(JsonWriterTest, TakesMoreNamesThanItKeepsAndLongOnes) {
  // Each at an address of its own, as literals have.
  std::vector<std::string> names;
  for (size_t i = 0; i < 1'000; ++i)
    names.push_back(std::string(1 + i % 60, 'n') + std::to_string(i));
  for (int round = 0; round < 2; ++round) {
    const std::string written = line([&](JsonWriter& json) {
      for (const std::string& name : names) json.number(name.c_str(), 7);
    });
    std::string expected;
    for (const std::string& name : names) expected += ",\"" + name + "\":7";
    expected[0] = '{';
    ASSERT_EQ(written, expected + "}\n");
  }
}

TEST_F(JsonWriterTest, WritesLiteralsAsValues) {
  EXPECT_EQ(line([](JsonWriter& json) { json.literal("a", "some_word"); }),
            "{\"a\":\"some_word\"}\n");
}

TEST_F(JsonWriterTest, MeasuresNamesThatAreNotLiterals) {
  std::string name = "first";
  const std::string written = line([&](JsonWriter& json) {
    json.number(std::string_view(name), 1);
    name = "other";
    json.number(std::string_view(name), 2);
  });
  EXPECT_EQ(written, "{\"first\":1,\"other\":2}\n");
}

TEST_F(JsonWriterTest, GrowsTheBufferForALongLine) {
  const std::string text(100'000, '\x01');
  const std::string written = line([&](JsonWriter& json) { json.text("t", text); });
  EXPECT_EQ(nlohmann::json::parse(written)["t"], text);
}

}  // namespace
}  // namespace flowscope
