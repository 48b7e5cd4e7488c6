#include "l7/owned_message.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

// A message with all that a description may have.
struct Nested {
  static constexpr const char* kEvent = "nested";
  std::string_view word = "hello";

  template <FieldVisitor V>
  void describe(V& visitor) const {
    visitor.text("word", word);
    visitor.number("count", 7);
    visitor.begin_object("inner");
    visitor.boolean("yes", true);
    visitor.begin_array("list");
    visitor.number(nullptr, 1);
    visitor.text(nullptr, "two");
    visitor.begin_object(nullptr);
    visitor.text("deep", "d");
    visitor.end_object();
    visitor.number(nullptr, 4);
    visitor.end_array();
    visitor.end_object();
    visitor.boolean("last", false);
  }
};

TEST(OwnedMessage, NamesEveryFieldByItsWay) {
  const OwnedMessage message = OwnedMessage::of(Nested());
  std::vector<std::string> names;
  for (const OwnedMessage::Field& field : message) names.push_back(field.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"word", "count", "inner.yes", "inner.list.0", "inner.list.1",
                                      "inner.list.2.deep", "inner.list.3", "last"}));
  EXPECT_EQ(message.kind(), "nested");
  EXPECT_EQ(message.size(), names.size());
}

TEST(OwnedMessage, GivesValuesByNameAndType) {
  const OwnedMessage message = OwnedMessage::of(Nested());
  EXPECT_EQ(message.text("word"), "hello");
  EXPECT_EQ(message.number("count"), 7U);
  EXPECT_EQ(message.boolean("last"), false);
  EXPECT_EQ(message.text("inner.list.2.deep"), "d");
  EXPECT_EQ(message.number("inner.list.3"), 4U);
  EXPECT_EQ(message.number("word"), std::nullopt);
  EXPECT_EQ(message.text("nothing"), std::nullopt);
}

TEST(OwnedMessage, OutlivesTheMessage) {
  OwnedMessage kept;
  {
    const std::string text = "of a packet that is gone";
    kept = OwnedMessage::of(Nested{text});
  }
  const OwnedMessage copy = kept;
  EXPECT_EQ(copy.text("word"), "of a packet that is gone");
  EXPECT_EQ(copy, kept);
  EXPECT_NE(copy, OwnedMessage::of(Nested()));
}

}  // namespace
}  // namespace flowscope
