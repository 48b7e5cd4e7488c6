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

bool has_no_content(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "CONNECT" || method == "TRACE";
}

}  // namespace

BodyPlan plan_request_body(Head& head) {
  // Rule 7: a request without either field has no content.
  const BodyPlan plan = plan_by_fields(head, Framing::None, Framing::Unknown);
  // RFC 9110 sections 9.3.1, 9.3.2, 9.3.6, 9.3.8: content of these means nothing, and not all agree
  // where it ends.
  if (plan.framing != Framing::None && has_no_content(head.line.method))
    head.anomalies.add(Anomaly::BodyUnexpected);
  return head.cut ? BodyPlan{Framing::Unknown} : plan;
}

BodyPlan plan_response_body(Head& head, MethodKind answered) {
  const uint16_t status = head.line.status;
  // Rule 8: a response without either field runs until the stream closes, as does one whose last
  // coding is not chunked (rule 4).
  const BodyPlan plan = plan_by_fields(head, Framing::UntilClose, Framing::UntilClose);
  // RFC 9110 section 8.6 and RFC 9112 section 6.1: such a response has neither field.
  if ((status < 200 || status == 204) && (head.has_content_length || head.has_transfer_encoding))
    head.anomalies.add(Anomaly::LengthWithoutBody);
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
      until_close_ = true;
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

Body::Piece Body::next(Bytes bytes) {
  const std::string_view text = bytes.as_text();
  size_t position = 0;
  while (position < text.size()) {
    switch (stage_) {
      case Stage::Content:
      case Stage::Chunk: {
        const size_t size =
            static_cast<size_t>(std::min<uint64_t>(remaining_, text.size() - position));
        content_bytes_ += size;
        remaining_ -= size;
        if (remaining_ == 0) end_content();
        return {position + size, bytes.sub(position, size)};
      }
      case Stage::SizeStart:
      case Stage::Size:
        take_size_char(text[position++]);
        break;
      case Stage::SizeBlank:
      case Stage::SizeLineEnd:
        take_after_size(text[position++]);
        break;
      case Stage::Extension:
        position += take_extension(text.substr(position));
        break;
      case Stage::ChunkEnd:
      case Stage::ChunkEndLf:
        take_chunk_end_char(text[position++]);
        break;
      case Stage::Trailers: {
        const size_t end = trailers_.take(text.substr(position));
        anomalies_.add(trailers_.anomalies());
        if (end == std::string_view::npos) return {text.size(), {}};
        position += end;
        stage_ = Stage::Over;
        break;
      }
      case Stage::Over:
      case Stage::Bad:
        return {position, {}};
    }
  }
  return {position, {}};
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
    if (chunk_size_ > kChunkBytesMax / 16) return fail(Anomaly::ChunkSizeTooLarge);
    stage_ = Stage::Size;
    chunk_size_ = chunk_size_ * 16 + digit;
  } else if (stage_ == Stage::SizeStart) {
    fail(Anomaly::ChunkSizeInvalid);
  } else {
    take_after_size(c);
  }
}

// What may follow the digits, or blanks behind them. A CR that ends no line is passed over as some
// recipients do, and told of.
void Body::take_after_size(char c) {
  if (c == '\n') {
    if (stage_ != Stage::SizeLineEnd) anomalies_.add(Anomaly::BareLineFeed);
    return end_size_line();
  }
  if (stage_ == Stage::SizeLineEnd) {
    anomalies_.add(Anomaly::BareCarriageReturn);
    stage_ = Stage::Extension;
    after_cr_ = c == '\r';
  } else if (c == ';') {
    stage_ = Stage::Extension;
    after_cr_ = false;
  } else if (c == '\r') {
    // RFC 9112 section 7.1.1: blanks stand only before ";".
    if (stage_ == Stage::SizeBlank) anomalies_.add(Anomaly::ChunkExtensionInvalid);
    stage_ = Stage::SizeLineEnd;
  } else if (is_blank(c)) {
    stage_ = Stage::SizeBlank;
  } else if (stage_ == Stage::SizeBlank) {
    anomalies_.add(Anomaly::ChunkExtensionInvalid);
    stage_ = Stage::Extension;
    after_cr_ = false;
  } else {
    fail(Anomaly::ChunkSizeInvalid);
  }
}

// Chunk extensions are passed over up to the line end. Requires: `text` is not empty.
size_t Body::take_extension(std::string_view text) {
  const size_t line_end = text.find('\n');
  const std::string_view line = text.substr(0, line_end);
  if (after_cr_ && line_end != 0) anomalies_.add(Anomaly::BareCarriageReturn);
  const size_t cr = line.find('\r');
  if (cr != std::string_view::npos && cr + 1 != line.size())
    anomalies_.add(Anomaly::BareCarriageReturn);
  if (line.find('\0') != std::string_view::npos) anomalies_.add(Anomaly::Nul);
  if (!line.empty()) after_cr_ = line.back() == '\r';
  if (line_end == std::string_view::npos) return text.size();
  if (!after_cr_) anomalies_.add(Anomaly::BareLineFeed);
  end_size_line();
  return line_end + 1;
}

void Body::end_size_line() {
  after_cr_ = false;
  if (chunk_size_ == 0) {
    stage_ = Stage::Trailers;
    return;
  }
  remaining_ = std::exchange(chunk_size_, 0);
  stage_ = Stage::Chunk;
}

void Body::take_chunk_end_char(char c) {
  if (c == '\n') {
    if (stage_ == Stage::ChunkEnd) anomalies_.add(Anomaly::BareLineFeed);
    stage_ = Stage::SizeStart;
  } else if (c == '\r' && stage_ == Stage::ChunkEnd) {
    stage_ = Stage::ChunkEndLf;
  } else {
    fail(Anomaly::ChunkEndMissing);
  }
}

}  // namespace flowscope::http
