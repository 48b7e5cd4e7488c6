#include "config/lcore_list.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace flowscope {

namespace {

std::optional<uint32_t> parse_lcore(std::string_view text) {
  uint32_t lcore = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, fault] = std::from_chars(text.data(), end, lcore);
  if (fault != std::errc() || stopped != end || lcore > kLcoreMax) return std::nullopt;
  return lcore;
}

}  // namespace

Result<std::vector<uint32_t>> parse_lcores(std::span<const std::string> items) {
  std::vector<uint32_t> lcores;
  for (const std::string& item : items) {
    const size_t dash = item.find('-');
    const auto first = parse_lcore(std::string_view(item).substr(0, dash));
    const auto last =
        dash == std::string::npos ? first : parse_lcore(std::string_view(item).substr(dash + 1));
    if (!first || !last || *last < *first) {
      return Error{"\"" + item + "\" is no lcore; expected a number up to "
                   + std::to_string(kLcoreMax) + ", or a range such as 2-5"};
    }
    for (uint32_t lcore = *first; lcore <= *last; ++lcore) {
      if (std::find(lcores.begin(), lcores.end(), lcore) != lcores.end())
        return Error{"lcore " + std::to_string(lcore) + " is there twice"};
      lcores.push_back(lcore);
    }
  }
  return lcores;
}

}  // namespace flowscope
