#include "flowcore/base/short_word.h"

#include <gtest/gtest.h>

#include <string>

namespace flowscope {
namespace {

TEST(ShortWord, HoldsUpToFifteenCharacters) {
  const std::string longest = "fifteen letters";
  for (size_t size = 0; size <= ShortWord::kCharactersMax; ++size) {
    const ShortWord word(std::string_view(longest).substr(0, size));
    EXPECT_EQ(std::string_view(word), longest.substr(0, size));
    EXPECT_EQ(word.size(), size);
    EXPECT_EQ(word.empty(), size == 0);
  }
}

TEST(ShortWord, IsCopiedAsSixteenBytesThatBeginWithIt) {
  std::array<uint8_t, sizeof(ShortWord) + 1> place{};
  place.back() = 0xee;
  ShortWord("NOERROR").copy_to(place.data());
  EXPECT_EQ(std::string(place.begin(), place.begin() + 7), "NOERROR");
  EXPECT_EQ(place.back(), 0xee);
}

}  // namespace
}  // namespace flowscope
