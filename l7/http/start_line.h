#pragma once

#include <cstdint>
#include <string_view>

#include "l7/parser.h"

namespace flowscope::http {

enum class MessageKind : uint8_t { Request, Response };

// The minor version of a request line that has none, as in HTTP/0.9.
inline constexpr uint8_t kNoVersion = 255;

// The first line of a message (RFC 9112 section 2.1). Texts are borrowed from the line.
struct StartLine {
  MessageKind kind = MessageKind::Request;
  uint8_t minor_version = 1;  // of HTTP/1.x, or kNoVersion
  uint16_t status = 0;        // of a response
  std::string_view method;    // of a request
  std::string_view target;
  std::string_view reason;           // of a response; may be empty
  bool has_blank_in_target = false;  // words stand between target and version
  bool has_odd_blanks = false;       // other than one space between two words, or any at the end
};

// Reads a line without its end. False when it is not a start line of HTTP/1.x, nor a request of
// HTTP/0.9 by a method in use today.
[[nodiscard]] bool parse_start_line(std::string_view line, StartLine& parsed);

// Whether `text` is a start line with its line end.
[[nodiscard]] bool is_start_line(std::string_view text);
// The bytes of the first line of `text`, its end included; all when it has none.
[[nodiscard]] inline size_t line_bytes(std::string_view text) {
  const size_t line_end = text.find('\n');
  return line_end == std::string_view::npos ? text.size() : line_end + 1;
}

// Whether a message may begin with `text`, going by the characters alone (any method is welcome),
// so that a stream that is not HTTP is recognised before 64 KiB of it are kept waiting for a line
// end.
[[nodiscard]] bool may_be_start_line(std::string_view text);
// may_be_start_line looks no further than this.
inline constexpr size_t kStartLineSignBytes = 34;

// Whether `text` begins a message with a method in use today, or a status line. Decides within
// kProbeBytes; when the line end is in sight the whole line must be right.
[[nodiscard]] Probe probe_start_line(std::string_view text);

// What is looked for after a loss: a side that is known to ask does not answer.
enum class Seek : uint8_t { Any, Request, Response };

// Where in `text` the next message could begin: at its first byte or after a line end.
struct StartLinePlace {
  size_t offset = 0;             // text.size() when there is none
  Probe probe = Probe::NoMatch;  // NeedMore: the text ends within what may be a start line
};
// Stricter than the probe, for it looks into content: a version must be there, and the line behind
// the start line, where it is in sight, must be a field line or empty.
[[nodiscard]] StartLinePlace find_start_line(std::string_view text, Seek seek);
// Where behind the first line of `text` the last such line begins; 0: there is none.
[[nodiscard]] size_t find_last_start_line(std::string_view text, Seek seek);
[[nodiscard]] Probe probe_within_content(std::string_view text, Seek seek);

}  // namespace flowscope::http
