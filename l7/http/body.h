#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "l7/http/anomaly.h"
#include "l7/http/head.h"
#include "l7/http/trailers.h"

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

// Follows a body to its end and tells its content from its framing, without keeping any of either.
// Thread rule: a value. Cost: content is passed over by count; framing costs one step a byte.
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
  // The next bytes of the body: `taken` of them, of which `content`, the last ones, may be empty.
  struct Piece {
    size_t taken = 0;
    Bytes content;
  };
  // Reads up to the end of the next run of content, or of the body. Takes all bytes unless the body
  // is over or bad afterwards or content was found.
  [[nodiscard]] Piece next(Bytes bytes);
  // Passes over lost bytes. False when they may have held more than content.
  [[nodiscard]] bool skip_gap(uint32_t missing_bytes);

  [[nodiscard]] bool is_over() const { return stage_ == Stage::Over; }
  // A chunk broke the rules of RFC 9112 section 7.1; the end of the body is lost.
  [[nodiscard]] bool is_bad() const { return stage_ == Stage::Bad; }
  // The stream's end is the body's.
  [[nodiscard]] bool runs_until_close() const { return until_close_ && stage_ == Stage::Content; }
  [[nodiscard]] uint64_t content_bytes() const { return content_bytes_; }
  // What was wrong with its chunks and trailers up to now.
  [[nodiscard]] AnomalySet anomalies() const { return anomalies_; }
  // Gives up the rest of the body.
  void stop() {
    stage_ = Stage::Over;
    remaining_ = 0;
    anomalies_ = {};
  }

 private:
  enum class Stage : uint8_t {
    Content,      // remaining_ bytes, then the body is over
    SizeStart,    // before the first digit of a chunk size
    Size,         // after a digit
    SizeBlank,    // blanks after the digits
    SizeLineEnd,  // after the CR of the line
    Extension,    // from ";" up to the line end
    Chunk,        // remaining_ bytes, then ChunkEnd
    ChunkEnd,     // CR LF or LF
    ChunkEndLf,
    Trailers,
    Over,
    Bad,
  };

  void take_size_char(char c);
  void take_after_size(char c);
  [[nodiscard]] size_t take_extension(std::string_view text);
  void take_chunk_end_char(char c);
  void end_size_line();
  void end_content() { stage_ = stage_ == Stage::Chunk ? Stage::ChunkEnd : Stage::Over; }
  void fail(Anomaly anomaly) {
    anomalies_.add(anomaly);
    stage_ = Stage::Bad;
  }

  // Content left before the next thing to read; zero in all stages but Content and Chunk.
  uint64_t remaining_ = 0;
  uint64_t content_bytes_ = 0;
  uint64_t chunk_size_ = 0;
  AnomalySet anomalies_;
  TrailerReader trailers_;
  Stage stage_ = Stage::Over;
  bool until_close_ = false;
  bool after_cr_ = false;  // the last byte of an extension was a CR
};

}  // namespace flowscope::http
