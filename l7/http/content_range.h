#pragma once

#include <cstdint>
#include <string_view>

namespace flowscope::http {

// What a Content-Range field says (RFC 9110 section 14.4), in bytes; both ends belong to the range.
struct ContentRange {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t size = 0;  // of the whole content
  bool has_range = false;
  bool has_size = false;
};

// Reads "bytes 0-499/1234", "bytes 0-499/*", "bytes */1234"; what is not so is left out.
[[nodiscard]] ContentRange parse_content_range(std::string_view text);

}  // namespace flowscope::http
