#include "l7/tls/handshake_reader.h"

#include <algorithm>

namespace flowscope::tls {
namespace {

constexpr uint8_t kVersionMajor = 3;
constexpr uint8_t kVersionMinorMax = 4;
constexpr size_t kAlertBytes = 2;
// Version, random and a cipher suite: what every hello has, in any version and draft.
constexpr size_t kHelloBytesMin = 36;
constexpr size_t kDraftRetryBytesMax = 1024;

struct MessageHeader {
  uint8_t type;
  size_t body_bytes;
};

// Requires: at least kMessageHeaderBytes.
MessageHeader read_message_header(Bytes bytes) {
  ByteReader reader(bytes);
  const uint8_t type = reader.u8();
  return {type, reader.u24()};
}

// Whether a message of this kind is one to wait for; only hellos are.
Found judge(MessageHeader header) {
  Found found = Found::Unreadable;
  switch (HandshakeType{header.type}) {
    case HandshakeType::HelloRequest:
      return header.body_bytes == 0 ? Found::Nothing : Found::Unreadable;
    case HandshakeType::ClientHello:
      found = Found::ClientHello;
      break;
    case HandshakeType::ServerHello:
      found = Found::ServerHello;
      break;
    case HandshakeType::DraftHelloRetryRequest:
      return header.body_bytes <= kDraftRetryBytesMax ? Found::DraftRetryRequest
                                                      : Found::Unreadable;
  }
  // What is shorter is an encrypted message whose first byte happens to be a hello's type.
  if (header.body_bytes < kHelloBytesMin) return Found::Unreadable;
  constexpr size_t kBodyBytesMax = HandshakeReader::kMessageBytesMax - kMessageHeaderBytes;
  return found == Found::Unreadable || header.body_bytes <= kBodyBytesMax ? found : Found::TooLong;
}

bool is_hello(Found found) {
  return found == Found::ClientHello || found == Found::ServerHello
         || found == Found::DraftRetryRequest;
}

}  // namespace

HandshakeReader::Step HandshakeReader::next(Bytes& bytes) {
  if (partial_is_handed_out_) {
    partial_is_handed_out_ = false;
    partial_.clear();
  }
  while (!bytes.empty()) {
    Step step;
    if (record_left_ == 0) {
      if (gather(bytes, kRecordHeaderBytes)) step = open_record();
    } else if (content_type_ == ContentType::Handshake) {
      step = read_handshake(bytes);
    } else if (content_type_ == ContentType::Alert) {
      step = read_alert(bytes);
    } else {
      consume(bytes, std::min<size_t>(record_left_, bytes.size()));
    }
    if (step.found != Found::Nothing) return step;
  }
  return {};
}

bool HandshakeReader::skip_gap() {
  if (record_left_ != 0 || head_bytes_ != 0 || !partial_.empty()) return false;
  after_gap_ = true;
  return true;
}

// Collects `count` bytes in head_ over as many calls as they need.
bool HandshakeReader::gather(Bytes& bytes, size_t count) {
  const Bytes piece = bytes.first(count - head_bytes_);
  std::copy(piece.begin(), piece.end(), head_.begin() + head_bytes_);
  head_bytes_ = static_cast<uint8_t>(head_bytes_ + piece.size());
  bytes = bytes.after(piece.size());
  if (head_bytes_ < count) return false;
  head_bytes_ = 0;
  return true;
}

// RFC 8446 5.1: type, version (2), length (2).
HandshakeReader::Step HandshakeReader::open_record() {
  const bool first = !begun_;
  begun_ = true;
  if (first && !after_gap_ && (head_[0] & 0x80) != 0) return read_ssl2_header();

  ByteReader reader(Bytes(head_.data(), head_.size()));
  const uint8_t type = reader.u8();
  const uint8_t major = reader.u8();
  const uint8_t minor = reader.u8();
  const uint16_t length = reader.u16();
  if (major != kVersionMajor || minor > kVersionMinorMax || length > kRecordBytesMax) {
    begun_ = !first;
    return {after_gap_ ? Found::Unreadable : Found::InvalidRecord, {}};
  }
  after_gap_ = false;
  record_left_ = length;
  content_type_ = ContentType{type};
  switch (content_type_) {
    case ContentType::Handshake:
      return {};
    case ContentType::Alert:
      return {length == kAlertBytes ? Found::Nothing : Found::Unreadable, {}};
    case ContentType::ChangeCipherSpec:
      return {second_hello_expected_ ? Found::Nothing : Found::Unreadable, {}};
    case ContentType::Application:
    case ContentType::Heartbeat:
      return {Found::Unreadable, {}};
  }
  begun_ = !first;
  return {Found::InvalidRecord, {}};
}

// A version 2 hello that may lead to any later version (RFC 5246 E.2): length with its top bit set
// (2), type, and for a client the version (2), for a server a flag (session id hit) and a
// certificate type.
HandshakeReader::Step HandshakeReader::read_ssl2_header() {
  constexpr uint8_t kSsl2ClientHello = 1;
  constexpr uint8_t kSsl2ServerHello = 4;
  if (head_[2] == kSsl2ClientHello) {
    const bool version_2 = head_[3] == 0 && head_[4] == 2;
    const bool version_3 = head_[3] == kVersionMajor && head_[4] <= kVersionMinorMax;
    if (version_2 || version_3) return {Found::Ssl2ClientHello, Bytes(head_.data() + 3, 2)};
  }
  if (head_[2] == kSsl2ServerHello && head_[3] <= 1 && head_[4] <= 1)
    return {Found::Ssl2ServerHello, {}};
  begun_ = false;
  return {Found::InvalidRecord, {}};
}

HandshakeReader::Step HandshakeReader::read_alert(Bytes& bytes) {
  const size_t before = bytes.size();
  const bool complete = gather(bytes, kAlertBytes);
  record_left_ = static_cast<uint16_t>(record_left_ - (before - bytes.size()));
  if (!complete) return {};
  if (head_[0] != 1 && head_[0] != 2) return {Found::Unreadable, {}};
  return {Found::Alert, Bytes(head_.data(), kAlertBytes)};
}

HandshakeReader::Step HandshakeReader::read_handshake(Bytes& bytes) {
  const Bytes fragment = bytes.first(record_left_);
  if (partial_.empty() && fragment.size() >= kMessageHeaderBytes)
    return read_whole_message(bytes, fragment);

  if (partial_.size() < kMessageHeaderBytes) {
    if (!append(bytes, std::min(kMessageHeaderBytes - partial_.size(), fragment.size()))) {
      return {Found::NoMemory, {}};
    }
    if (partial_.size() < kMessageHeaderBytes) return {};
    const Found found = judge(read_message_header(partial_.bytes()));
    if (found == Found::Nothing) partial_.clear();
    if (!is_hello(found)) return {found, {}};
  } else {
    const size_t message_bytes =
        kMessageHeaderBytes + read_message_header(partial_.bytes()).body_bytes;
    if (!append(bytes, std::min(message_bytes - partial_.size(), fragment.size()))) {
      return {Found::NoMemory, {}};
    }
  }
  const MessageHeader header = read_message_header(partial_.bytes());
  if (partial_.size() < kMessageHeaderBytes + header.body_bytes) return {};
  partial_is_handed_out_ = true;
  return {judge(header), partial_.bytes().after(kMessageHeaderBytes)};
}

// The fast case: a message begins here; handed out in place if all of it is here too.
HandshakeReader::Step HandshakeReader::read_whole_message(Bytes& bytes, Bytes fragment) {
  const MessageHeader header = read_message_header(fragment);
  const Found found = judge(header);
  if (found == Found::Nothing) {
    consume(bytes, kMessageHeaderBytes);
    return {};
  }
  if (!is_hello(found)) return {found, {}};
  if (header.body_bytes > fragment.size() - kMessageHeaderBytes) {
    if (!append(bytes, fragment.size())) return {Found::NoMemory, {}};
    return {};
  }
  consume(bytes, kMessageHeaderBytes + header.body_bytes);
  return {found, fragment.sub(kMessageHeaderBytes, header.body_bytes)};
}

bool HandshakeReader::append(Bytes& bytes, size_t count) {
  if (!partial_.append(bytes.first(count))) return false;
  consume(bytes, count);
  return true;
}

void HandshakeReader::consume(Bytes& bytes, size_t count) {
  FS_DCHECK(count <= record_left_);
  record_left_ = static_cast<uint16_t>(record_left_ - count);
  bytes = bytes.after(count);
}

}  // namespace flowscope::tls
