#include "l7/dns/framing.h"

#include <algorithm>

#include "l7/dns/name.h"
#include "l7/dns/survey.h"
#include "l7/dns/wire.h"

namespace flowscope::dns {

namespace {

constexpr size_t kLengthBytes = 2;

// What a header at the start of a stream must look like beyond header_fits: first messages carry
// one question (a zone transfer's first answer does too), and requests no answers.
bool header_opens_stream(const DnsHeader& header, size_t message_bytes) {
  if (!header_fits(header, message_bytes) || header.claimed[0] != 1) return false;
  if (header.has(kFlagResponse)) return header.rcode() <= 11;
  // An update (RFC 2136) uses the counts for other things; a transfer request carries a SOA.
  return header.opcode() != 0
         || (header.claimed[1] == 0 && header.claimed[2] <= 1 && header.claimed[3] <= 4);
}

// As far as the header is there: flags that no message has. Says early that a stream is something
// else.
bool flags_fit(Bytes flag_bytes) {
  const auto opcode = static_cast<uint8_t>(flag_bytes[0] >> 3 & 0xf);
  if (opcode > 6 || opcode == 3) return false;
  return flag_bytes.size() < 2 || (flag_bytes[1] & kFlagZ) == 0;
}

// Whether the labels from `offset` on can start a name, as far as they are there.
bool labels_fit(Bytes message, size_t offset) {
  while (offset < message.size()) {
    const uint8_t label_bytes = message[offset];
    if (label_bytes == 0) return true;
    if (label_bytes > 63) return false;  // no pointer has anything to point to yet
    const Bytes label = message.sub(offset + 1, label_bytes);
    if (std::any_of(label.begin(), label.end(), [](uint8_t c) { return c < 0x20 || c == 0x7f; }))
      return false;
    offset += label_bytes + size_t{1};
  }
  return true;
}

}  // namespace

Framing::Outcome Framing::next(Bytes& bytes, Bytes& message) {
  while (!bytes.empty()) {
    if (skip_bytes_ != 0) {
      const size_t skipped = std::min<size_t>(skip_bytes_, bytes.size());
      bytes = bytes.after(skipped);
      skip_bytes_ -= static_cast<uint32_t>(skipped);
      continue;
    }
    if (body_bytes_ == 0) {
      if (!read_length(bytes)) continue;
      if (bytes.size() >= body_bytes_) {
        message = bytes.first(body_bytes_);
        bytes = bytes.after(body_bytes_);
        body_bytes_ = 0;
        return Outcome::Message;
      }
      if (bytes.empty()) break;
    }
    const Bytes piece = bytes.first(body_bytes_ - partial_.size());
    if (!partial_.append(piece)) {
      drop_message();
      return Outcome::Refused;
    }
    bytes = bytes.after(piece.size());
    if (partial_.size() == body_bytes_) {
      message = partial_.bytes();
      body_bytes_ = 0;
      return Outcome::Message;
    }
  }
  return Outcome::Drained;
}

// False while the length is not whole or zero (an empty frame, which is skipped).
bool Framing::read_length(Bytes& bytes) {
  if (!has_length_high_) {
    length_high_ = bytes[0];
    has_length_high_ = true;
    bytes = bytes.after(1);
    if (bytes.empty()) return false;
  }
  body_bytes_ = static_cast<uint32_t>(length_high_ << 8 | bytes[0]);
  has_length_high_ = false;
  bytes = bytes.after(1);
  return body_bytes_ != 0;
}

void Framing::drop_message() {
  skip_bytes_ = body_bytes_ - static_cast<uint32_t>(partial_.size());
  body_bytes_ = 0;
  partial_.clear();
}

void Framing::skip_gap(uint32_t missing_bytes) {
  if (body_bytes_ != 0) drop_message();
  is_lost_ |= missing_bytes > skip_bytes_ || has_length_high_;
  skip_bytes_ = is_lost_ ? 0 : skip_bytes_ - missing_bytes;
  has_length_high_ = false;
}

Probe probe_frame(Bytes first_bytes) {
  const Bytes flags = first_bytes.sub(kLengthBytes + 2, 2);
  if (!flags.empty() && !flags_fit(flags)) return Probe::NoMatch;
  if (first_bytes.size() < kLengthBytes) return Probe::NeedMore;
  const size_t message_bytes = load_be16(first_bytes, 0);
  if (message_bytes < kHeaderBytes) return Probe::NoMatch;
  const Bytes message = first_bytes.sub(kLengthBytes, message_bytes);
  if (message.size() == message_bytes)
    return is_clearly_dns(message) ? Probe::Match : Probe::NoMatch;
  if (message.size() < kHeaderBytes) return Probe::NeedMore;
  if (!header_opens_stream(read_header(message), message_bytes)
      || !labels_fit(message, kHeaderBytes)) {
    return Probe::NoMatch;
  }
  return first_bytes.size() < kProbeBytes ? Probe::NeedMore : Probe::Match;
}

}  // namespace flowscope::dns
