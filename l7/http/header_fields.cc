#include "l7/http/header_fields.h"

#include <algorithm>

#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

// Takes the first line and those that continue it off `lines`. Empty when there is none.
std::string_view take_line(std::string_view& lines) {
  size_t line_end = lines.find('\n');
  while (line_end != std::string_view::npos && line_end + 1 < lines.size()
         && is_blank(lines[line_end + 1])) {
    line_end = lines.find('\n', line_end + 1);
  }
  const size_t size = line_end == std::string_view::npos ? lines.size() : line_end + 1;
  const std::string_view line = lines.substr(0, size);
  lines.remove_prefix(size);
  return line_end == std::string_view::npos ? std::string_view{} : line;
}

}  // namespace

HeaderFields::Iterator& HeaderFields::Iterator::operator++() {
  for (;;) {
    const std::string_view line = take_line(rest_);
    if (line.empty()) {
      *this = Iterator{};
      return *this;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || is_blank(line.front())) continue;
    field_ = {trim(line.substr(0, colon)), trim(line.substr(colon + 1))};
    if (!field_.name.empty()) return *this;
  }
}

std::string_view HeaderFields::find(std::string_view name) const {
  const auto is_same = [](char a, char b) { return to_lower(a) == to_lower(b); };
  for (const HeaderField& field : *this) {
    if (std::equal(name.begin(), name.end(), field.name.begin(), field.name.end(), is_same))
      return field.value;
  }
  return {};
}

}  // namespace flowscope::http
