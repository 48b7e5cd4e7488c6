#include "l7/http/body.h"

#include <algorithm>
#include <utility>

#include "flowcore/base/check.h"
#include "l7/http/syntax.h"

namespace flowscope::http {

namespace {

constexpr uint64_t kChunkBytesMax = uint64_t{1} << 62;

// The value of a hexadecimal digit, or 16.
unsigned hex_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a') + 10 : 16;
}

// RFC 9112 section 6.3 rules 3 to 5, the same for both kinds of message. `otherwise` is the framing
// of a message that has neither field, `when_wrong` that of one whose fields say nothing usable.
BodyPlan plan_by_fields(Head& head, Framing otherwise, Framing when_wrong) {
  if (head.has_transfer_encoding) {
    if (head.has_content_length) head.anomalies.add(Anomaly::LengthAndEncoding);
    if (head.line.minor_version == 0) head.anomalies.add(Anomaly::EncodingInOldVersion);
    if (head.ends_chunked) return {Framing::Chunked};
    head.anomalies.add(Anomaly::EncodingInvalid);
    return {when_wrong};
  }
  if (head.has_content_length) {
    return {head.content_length == 0 ? Framing::None : Framing::Length, head.content_length};
  }
  return {head.anomalies.contains(Anomaly::ContentLengthInvalid) ? when_wrong : otherwise};
}

}  // namespace

BodyPlan plan_request_body(Head& head) {
  // Rule 7: a request without either field has no content.
  const BodyPlan plan = plan_by_fields(head, Framing::None, Framing::Unknown);
  return head.cut ? BodyPlan{Framing::Unknown} : plan;
}

BodyPlan plan_response_body(Head& head, MethodKind answered) {
  const uint16_t status = head.line.status;
  // Rule 8: a response without either field runs until the stream closes, as does one whose last
  // coding is not chunked (rule 4).
  const BodyPlan plan = plan_by_fields(head, Framing::UntilClose, Framing::UntilClose);
  // Rule 1.
  if (answered == MethodKind::Head || status < 200 || status == 204 || status == 304) {
    return {head.cut ? Framing::Unknown : Framing::None};
  }
  return head.cut ? BodyPlan{Framing::Unknown} : plan;
}

void Body::start(BodyPlan plan) {
  *this = Body{};
  switch (plan.framing) {
    case Framing::Length:
      remaining_ = plan.length;
      stage_ = Stage::Content;
      return;
    case Framing::UntilClose:
      remaining_ = UINT64_MAX;
      stage_ = Stage::Content;
      return;
    case Framing::Chunked:
      stage_ = Stage::SizeStart;
      return;
    case Framing::None:
    case Framing::Unknown:
      FS_DCHECK(plan.framing == Framing::None);
      return;
  }
}

size_t Body::take(Bytes bytes) {
  const std::string_view text = bytes.as_text();
  size_t position = 0;
  while (position < text.size()) {
    switch (stage_) {
      case Stage::Content:
      case Stage::Chunk: {
        const size_t size =
            static_cast<size_t>(std::min<uint64_t>(remaining_, text.size() - position));
        position += size;
        content_bytes_ += size;
        remaining_ -= size;
        if (remaining_ == 0) end_content();
        break;
      }
      case Stage::SizeStart:
      case Stage::Size:
        take_size_char(text[position++]);
        break;
      case Stage::Extension: {
        const size_t line_end = text.find('\n', position);
        if (line_end == std::string_view::npos) return text.size();
        position = line_end + 1;
        end_size_line();
        break;
      }
      case Stage::ChunkEnd:
      case Stage::ChunkEndLf:
        take_chunk_end_char(text[position++]);
        break;
      case Stage::Trailers: {
        const size_t end = trailers_.find_end(text.substr(position));
        if (end == std::string_view::npos) return text.size();
        position += end;
        stage_ = Stage::Over;
        break;
      }
      case Stage::Over:
      case Stage::Bad:
        return position;
    }
  }
  return position;
}

bool Body::skip_gap(uint32_t missing_bytes) {
  if (missing_bytes > remaining_) return false;
  remaining_ -= missing_bytes;
  if (remaining_ == 0) end_content();
  return true;
}

// RFC 9112 section 7.1: chunk-size = 1*HEXDIG, then [ chunk-ext ] CRLF. Leading zeros are legal.
void Body::take_size_char(char c) {
  const unsigned digit = hex_value(c);
  if (digit < 16) {
    stage_ = chunk_size_ > kChunkBytesMax / 16 ? Stage::Bad : Stage::Size;
    chunk_size_ = chunk_size_ * 16 + digit;
  } else if (stage_ == Stage::SizeStart) {
    stage_ = Stage::Bad;
  } else if (c == '\n') {
    end_size_line();
  } else if (c == ';' || is_space(c)) {
    stage_ = Stage::Extension;
  } else {
    stage_ = Stage::Bad;
  }
}

void Body::end_size_line() {
  if (chunk_size_ == 0) {
    stage_ = Stage::Trailers;
    return;
  }
  remaining_ = std::exchange(chunk_size_, 0);
  stage_ = Stage::Chunk;
}

void Body::take_chunk_end_char(char c) {
  if (c == '\n') {
    stage_ = Stage::SizeStart;
  } else {
    stage_ = c == '\r' && stage_ == Stage::ChunkEnd ? Stage::ChunkEndLf : Stage::Bad;
  }
}

}  // namespace flowscope::http
