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
constexpr size_t kBodyBytesMax = HandshakeReader::kMessageBytesMax - kMessageHeaderBytes;

struct MessageHeader {
  uint8_t type;
  uint32_t body_bytes;
};

// Requires: at least kMessageHeaderBytes.
MessageHeader read_message_header(Bytes bytes) {
  ByteReader reader(bytes);
  const uint8_t type = reader.u8();
  return {type, reader.u24()};
}

// What is to be done about a message. PassOver: nobody wants it. Otherwise: `found` is told, at
// once or, for what is gathered, once all of it is there.
struct Verdict {
  Found found;
  bool is_passed_over;
};
constexpr Verdict kPassOver = {Found::Nothing, true};

bool is_gathered(Found found) {
  return found == Found::ClientHello || found == Found::ServerHello
         || found == Found::DraftRetryRequest || found == Found::Certificate;
}

Found judge_hello(Found hello, size_t body_bytes) {
  // What is shorter is an encrypted message whose first byte happens to be a hello's type.
  if (body_bytes < kHelloBytesMin) return Found::Unreadable;
  return body_bytes <= kBodyBytesMax ? hello : Found::TooLong;
}

// Before its hello a side that says anything else was joined in its middle.
Verdict judge(MessageHeader header, HandshakeReader::Flight flight) {
  using enum HandshakeReader::Flight;
  const bool hello_expected = flight == Hello || flight == SecondHello;
  const bool server_speaks = flight == Server;
  switch (HandshakeType{header.type}) {
    case HandshakeType::HelloRequest:
      return header.body_bytes == 0 ? kPassOver : Verdict{Found::Unreadable, false};
    case HandshakeType::ClientHello:
      // The second one of a client, after a HelloRetryRequest, says nothing new.
      if (flight == Client) return kPassOver;
      if (!hello_expected) break;
      return {judge_hello(Found::ClientHello, header.body_bytes), false};
    case HandshakeType::ServerHello:
      if (!hello_expected) break;
      return {judge_hello(Found::ServerHello, header.body_bytes), false};
    case HandshakeType::DraftHelloRetryRequest:
      if (!hello_expected || header.body_bytes > kDraftRetryBytesMax) break;
      return {Found::DraftRetryRequest, false};
    case HandshakeType::Certificate:
      if (hello_expected) break;
      return {header.body_bytes <= kBodyBytesMax ? Found::Certificate : Found::TooLong, false};
    case HandshakeType::CertificateRequest:
      if (!server_speaks) break;
      return {Found::CertificateRequest, true};
    case HandshakeType::ServerHelloDone:
      if (!server_speaks) break;
      return {Found::ServerHelloDone, true};
    case HandshakeType::ServerKeyExchange:
    case HandshakeType::CertificateStatus:
      if (!server_speaks) break;
      return kPassOver;
    case HandshakeType::Supplement:
      if (hello_expected) break;
      return kPassOver;
    case HandshakeType::HelloVerifyRequest:
      break;
  }
  return {Found::Unreadable, false};
}

// Nothing: its bytes are to be read.
Found judge_record(ContentType type, size_t length, HandshakeReader::Flight flight) {
  switch (type) {
    case ContentType::Handshake:
      return Found::Nothing;
    case ContentType::Alert:
      return length == kAlertBytes ? Found::Nothing : Found::Unreadable;
    case ContentType::ChangeCipherSpec:
      return flight == HandshakeReader::Flight::SecondHello ? Found::Nothing : Found::Unreadable;
    case ContentType::Application:
    case ContentType::Heartbeat:
      return Found::Unreadable;
  }
  return Found::InvalidRecord;
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
  if (record_left_ != 0 || head_bytes_ != 0 || !partial_.empty() || pass_over_left_ != 0)
    return false;
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
  const bool at_start = !begun_ && !after_gap_;
  if (at_start && lead_in_bytes_ == 0 && (head_[0] & 0x80) != 0) {
    const Step step = read_ssl2_header();
    if (step.found != Found::InvalidRecord) return step;
  }
  ByteReader reader(Bytes(head_.data(), head_.size()));
  const ContentType type{reader.u8()};
  const uint8_t major = reader.u8();
  const uint8_t minor = reader.u8();
  const uint16_t length = reader.u16();
  if (major != kVersionMajor || minor > kVersionMinorMax || length > kRecordBytesMax)
    return refuse_record();
  // Behind other bytes only a handshake is taken for a beginning.
  if (lead_in_bytes_ != 0 && at_start && type != ContentType::Handshake) return refuse_record();
  const Found found = judge_record(type, length, flight_);
  if (found == Found::InvalidRecord) return refuse_record();
  begun_ = true;
  after_gap_ = false;
  record_left_ = length;
  content_type_ = type;
  return {found, {}};
}

// No record begins here. In front of the first one it may begin a byte later.
HandshakeReader::Step HandshakeReader::refuse_record() {
  if (after_gap_) return {Found::Unreadable, {}};
  if (begun_ || lead_in_bytes_ == kLeadInBytesMax) return {Found::InvalidRecord, {}};
  ++lead_in_bytes_;
  std::copy(head_.begin() + 1, head_.end(), head_.begin());
  head_bytes_ = kRecordHeaderBytes - 1;
  return {};
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
    begun_ = version_2 || version_3;
    if (begun_) return {Found::Ssl2ClientHello, Bytes(head_.data() + 3, 2)};
  }
  begun_ = head_[2] == kSsl2ServerHello && head_[3] <= 1 && head_[4] <= 1;
  return {begun_ ? Found::Ssl2ServerHello : Found::InvalidRecord, {}};
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
  if (pass_over_left_ != 0) {
    const size_t count = std::min<size_t>(pass_over_left_, fragment.size());
    pass_over_left_ -= static_cast<uint32_t>(count);
    consume(bytes, count);
    return {};
  }
  if (partial_.empty() && fragment.size() >= kMessageHeaderBytes)
    return read_whole_message(bytes, fragment);

  if (partial_.size() < kMessageHeaderBytes) {
    if (!append(bytes, std::min(kMessageHeaderBytes - partial_.size(), fragment.size()))) {
      return {Found::NoMemory, {}};
    }
    if (partial_.size() < kMessageHeaderBytes) return {};
    const MessageHeader header = read_message_header(partial_.bytes());
    const Verdict verdict = judge(header, flight_);
    if (verdict.is_passed_over) {
      partial_.clear();
      pass_over_left_ = header.body_bytes;
    }
    if (!is_gathered(verdict.found)) return {verdict.found, {}};
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
  return {judge(header, flight_).found, partial_.bytes().after(kMessageHeaderBytes)};
}

// The fast case: a message begins here; handed out in place if all of it is here too.
HandshakeReader::Step HandshakeReader::read_whole_message(Bytes& bytes, Bytes fragment) {
  const MessageHeader header = read_message_header(fragment);
  const Verdict verdict = judge(header, flight_);
  if (verdict.is_passed_over) {
    consume(bytes, kMessageHeaderBytes);
    pass_over_left_ = header.body_bytes;
  }
  if (!is_gathered(verdict.found)) return {verdict.found, {}};
  if (header.body_bytes > fragment.size() - kMessageHeaderBytes) {
    if (!append(bytes, fragment.size())) return {Found::NoMemory, {}};
    return {};
  }
  consume(bytes, kMessageHeaderBytes + header.body_bytes);
  return {verdict.found, fragment.sub(kMessageHeaderBytes, header.body_bytes)};
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
