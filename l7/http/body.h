#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/http/head.h"

namespace flowscope::http {

// How the end of a body is known (RFC 9112 section 6.3). Unknown: it is not, what follows must be
// searched for the next start line.
enum class Framing : uint8_t { None, Length, Chunked, UntilClose, Unknown };

struct BodyPlan {
  Framing framing = Framing::None;
  uint64_t length = 0;
};

// How the body of this message is framed; what is wrong with its framing fields is added to
// `head.anomalies`. For a response `answered` is the method of its request.
[[nodiscard]] BodyPlan plan_request_body(Head& head);
[[nodiscard]] BodyPlan plan_response_body(Head& head, MethodKind answered);

// Follows a body to its end without keeping any of it. Runs of content are passed over by count, so
// that bulk costs one subtraction a call whatever its size.
class Body {
 public:
  // Requires: a framing other than Unknown.
  void start(BodyPlan plan);

  // Passes over `size` bytes of content if the body goes on after them; the fast way.
  [[nodiscard]] bool skip_content(size_t size) {
    if (size >= remaining_) return false;
    remaining_ -= size;
    content_bytes_ += size;
    return true;
  }
  // How many of the bytes belong to the body: all, unless it is over or bad afterwards.
  size_t take(Bytes bytes);
  // Passes over lost bytes. False when they may have held more than content.
  [[nodiscard]] bool skip_gap(uint32_t missing_bytes);

  [[nodiscard]] bool is_over() const { return stage_ == Stage::Over; }
  // A chunk broke the rules of RFC 9112 section 7.1; the end of the body is lost.
  [[nodiscard]] bool is_bad() const { return stage_ == Stage::Bad; }
  [[nodiscard]] uint64_t content_bytes() const { return content_bytes_; }
  // Gives up the rest of the body.
  void stop() {
    stage_ = Stage::Over;
    remaining_ = 0;
  }

 private:
  enum class Stage : uint8_t {
    Content,    // remaining_ bytes, then the body is over
    SizeStart,  // before the first digit of a chunk size
    Size,
    Extension,  // what follows the digits up to the line end
    Chunk,      // remaining_ bytes, then ChunkEnd
    ChunkEnd,   // CR LF or LF
    ChunkEndLf,
    Trailers,
    Over,
    Bad,
  };

  void take_size_char(char c);
  void take_chunk_end_char(char c);
  void end_size_line();
  void end_content() { stage_ = stage_ == Stage::Chunk ? Stage::ChunkEnd : Stage::Over; }

  // Content left before the next thing to read; zero in all stages but Content and Chunk.
  uint64_t remaining_ = 0;
  uint64_t content_bytes_ = 0;
  uint64_t chunk_size_ = 0;
  Stage stage_ = Stage::Over;
  EmptyLineFinder trailers_{EmptyLineFinder::Start::AtLineStart};
};

}  // namespace flowscope::http
