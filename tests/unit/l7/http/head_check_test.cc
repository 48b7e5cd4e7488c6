#include "l7/http/head_check.h"

#include <gtest/gtest.h>

#include <string>

namespace flowscope::http {
namespace {

AnomalySet found_in(const std::string& text) {
  Head head;
  check_characters(text, head);
  return head.anomalies;
}

// Of every length and at every place, for the text is looked at in blocks.
TEST(HeadCharacters, AreToldOfWhereverTheyStand) {
  for (size_t size = 1; size <= 70; ++size) {
    ASSERT_TRUE(found_in(std::string(size, 'x')).empty()) << size;
    for (size_t at = 0; at < size; ++at) {
      const auto with = [&](char c) {
        std::string text(size, 'x');
        text[at] = c;
        return found_in(text);
      };
      EXPECT_TRUE(with('\x01').contains(Anomaly::ControlCharacter)) << at << " of " << size;
      EXPECT_TRUE(with('\x7f').contains(Anomaly::ControlCharacter)) << at << " of " << size;
      EXPECT_TRUE(with('\0').contains(Anomaly::Nul)) << at << " of " << size;
      EXPECT_TRUE(with('\r').contains(Anomaly::BareCarriageReturn)) << at << " of " << size;
      for (const char fine : {'\n', '\t', ' ', '\x80', '\xff'})
        EXPECT_TRUE(with(fine).empty()) << at << " of " << size;
    }
  }
}

TEST(HeadCharacters, AllowACarriageReturnThatEndsALine) {
  for (size_t size = 2; size <= 70; ++size) {
    for (size_t at = 0; at + 1 < size; ++at) {
      std::string text(size, 'x');
      text[at] = '\r';
      text[at + 1] = '\n';
      EXPECT_TRUE(found_in(text).empty()) << at << " of " << size;
    }
  }
}

}  // namespace
}  // namespace flowscope::http
