#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "l7/http/anomaly.h"
#include "l7/http/start_line.h"
#include "l7/http/transaction.h"

namespace flowscope::http {

// The most bytes of one head (start line, field lines and the empty line) that are kept together.
inline constexpr size_t kHeadBytesMax = 65536;
// More field lines than this in one head are told of; they are read all the same.
inline constexpr uint32_t kFieldsMax = 256;

// The start line and the fields that we read of one message. Texts are borrowed from the head's
// bytes and already trimmed; of a repeated field the first one counts.
struct Head {
  StartLine line;
  std::string_view field_lines;  // all of them, with their line ends, without the empty line
  std::string_view host;
  std::string_view user_agent;
  std::string_view referer;
  std::string_view forwarded_for;
  std::string_view content_type;
  std::string_view content_encoding;
  std::string_view content_range;
  std::string_view location;
  std::string_view server;
  std::string_view upgrade;
  uint64_t content_length = 0;  // of the first good Content-Length
  uint32_t fields = 0;          // field lines, folded ones counted once
  bool has_content_length = false;
  bool has_transfer_encoding = false;
  bool ends_chunked = false;  // the last transfer coding is chunked, and no other is
  bool closes = false;        // Connection: close
  bool folded = false;        // a line was folded, so texts may hold line ends
  bool cut = false;           // the end of the head is missing
  AnomalySet anomalies;
};

enum class HeadStatus : uint8_t { Complete, NeedMore, Malformed };

struct HeadResult {
  HeadStatus status = HeadStatus::NeedMore;
  size_t bytes = 0;  // what the head takes, or the bad line when Malformed
};

// Whether more of the head can come. Cut: what is there is all; its complete lines count.
enum class HeadScope : uint8_t { Growing, Cut };

// Reads the head that `text` begins with (RFC 9112 sections 2 to 6) and notes what is wrong with
// its lines. `head` must be fresh. Cost: one pass over all, and a few comparisons for each line;
// nothing is copied.
[[nodiscard]] HeadResult parse_head(std::string_view text, HeadScope scope, Head& head);

// The host and port that a request target or a Host field names. Texts are borrowed.
struct Authority {
  std::string_view host;
  uint16_t port = 0;  // 0: none
};
[[nodiscard]] Authority parse_authority(std::string_view authority);
// RFC 9112 sections 3.2.2 and 3.2.3: what the target itself names, in place of Host; else empty.
[[nodiscard]] std::string_view authority_of_target(const StartLine& line);

// The fields a record is made of, cut to their limits.
[[nodiscard]] RequestFields request_fields(const Head& head);
[[nodiscard]] ResponseFields response_fields(const Head& head);

// Finds the empty line that ends a head, in text that arrives cut anywhere: one byte of state
// instead of a second look at what was seen before.
class EmptyLineFinder {
 public:
  // How many bytes of `text` belong to what the empty line ends, itself included; npos: all, and
  // more.
  [[nodiscard]] size_t find_end(std::string_view text);

 private:
  enum class State : uint8_t { WithinLine, LineStart, AfterCr };
  State state_ = State::WithinLine;
};

}  // namespace flowscope::http
