#include "l7/http/content_range.h"

#include <charconv>

#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

// A number that is all of `text`.
bool parse_number(std::string_view text, uint64_t& value) {
  if (text.empty() || !is_digit(text.front())) return false;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value);
  return error == std::errc{} && end == text.end();
}

}  // namespace

ContentRange parse_content_range(std::string_view text) {
  ContentRange range;
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash < 5) return range;
  if (!equals_ignoring_case(text.substr(0, 5), "bytes")) return range;
  range.has_size = parse_number(trim(text.substr(slash + 1)), range.size);
  const std::string_view ends = trim(text.substr(5, slash - 5));
  const size_t dash = ends.find('-');
  if (dash == std::string_view::npos) return range;
  range.has_range = parse_number(ends.substr(0, dash), range.start)
                    && parse_number(ends.substr(dash + 1), range.end) && range.start <= range.end;
  return range;
}

}  // namespace flowscope::http
