#include "l7/ssh/side_reader.h"

#include <algorithm>
#include <cstring>

#include "flowcore/base/byte_reader.h"

namespace flowscope::ssh {
namespace {

// Smallest and unit of a packet without cipher, and its least padding (RFC 4253 6).
constexpr uint32_t kPacketUnitBytes = 8;
constexpr uint32_t kPacketBytesMin = 16;
constexpr uint8_t kPaddingBytesMin = 4;
constexpr uint32_t kLengthFieldBytes = 4;

struct PacketHeader {
  uint32_t length;  // of what follows the length field
  uint8_t padding;
  uint8_t type;

  // It can be one at all, so that its end is known.
  [[nodiscard]] bool is_sound() const {
    return length <= SideReader::kPacketLengthMax && padding + uint32_t{2} <= length && type != 0;
  }
  // It has the size and padding that the RFC asks for.
  [[nodiscard]] bool is_regular() const {
    return length + kLengthFieldBytes >= kPacketBytesMin
           && (length + kLengthFieldBytes) % kPacketUnitBytes == 0 && padding >= kPaddingBytesMin;
  }
  // A message that can be sent before new keys; encrypted bytes are rarely taken for one.
  [[nodiscard]] bool is_clear() const {
    return type <= static_cast<uint8_t>(MessageType::Debug)
           || (type >= static_cast<uint8_t>(MessageType::KexInit)
               && type <= static_cast<uint8_t>(MessageType::KexMethodLast));
  }
  // Of the message behind its type. Requires: is_sound().
  [[nodiscard]] uint32_t body_bytes() const { return length - padding - 2; }
};

PacketHeader read_packet_header(Bytes bytes) {
  ByteReader reader(bytes);
  const uint32_t length = reader.u32();
  const uint8_t padding = reader.u8();
  return {length, padding, reader.u8()};
}

bool could_be_banner(Bytes line) {
  return kBannerStart.starts_with(line.first(kBannerStart.size()).as_text());
}

// Where the first LF or NUL is, or the end.
size_t find_line_end(Bytes bytes) {
  const void* line_feed = std::memchr(bytes.begin(), '\n', bytes.size());
  const size_t text_bytes =
      line_feed == nullptr
          ? bytes.size()
          : static_cast<size_t>(static_cast<const uint8_t*>(line_feed) - bytes.begin());
  const void* nul = std::memchr(bytes.begin(), '\0', text_bytes);
  return nul == nullptr ? text_bytes
                        : static_cast<size_t>(static_cast<const uint8_t*>(nul) - bytes.begin());
}

Bytes without_carriage_return(Bytes line) {
  return !line.empty() && line[line.size() - 1] == '\r' ? line.first(line.size() - 1) : line;
}

}  // namespace

SideReader::Step SideReader::next(Bytes& bytes) {
  if (partial_is_handed_out_) {
    partial_is_handed_out_ = false;
    partial_.clear();
  }
  while (!bytes.empty()) {
    Step step;
    if (!in_packets_) {
      step = read_line(bytes);
    } else if (packet_left_ != 0) {
      step = read_packet(bytes);
    } else if (gather(bytes, kPacketHeaderBytes)) {
      step = open_packet();
    }
    if (step.found != Found::Nothing) return step;
  }
  return {};
}

void SideReader::skip_gap(uint32_t missing_bytes) {
  partial_.clear();
  if (!in_packets_) {
    line_bytes_ = 0;
    line_is_preamble_ = false;
    preamble_told_ = true;
    after_gap_ = true;
    return;
  }
  body_left_ = 0;
  if (packet_left_ != 0 && missing_bytes <= packet_left_) {
    packet_left_ -= missing_bytes;
    return;
  }
  packet_left_ = 0;
  head_bytes_ = 0;
  after_gap_ = true;
}

Bytes SideReader::unfinished_banner() const {
  if (in_packets_ || !partial_.bytes().starts_with(kBannerStart)) return {};
  return without_carriage_return(partial_.bytes());
}

// RFC 4253 4.2: the banner ends in CR LF, in practice also in LF alone; a server may send other
// lines before it.
SideReader::Step SideReader::read_line(Bytes& bytes) {
  if (line_bytes_ == 0 && bytes[0] == 0) {  // no line, but a packet: its length is below 2^24
    in_packets_ = true;
    after_gap_ = true;
    return {};
  }
  const size_t end = find_line_end(bytes);
  const bool is_over = end < bytes.size();
  const bool ends_in_nul = is_over && bytes[end] == 0;
  const Bytes piece = bytes.first(end);
  const bool is_whole = is_over && line_bytes_ == 0;
  bytes = bytes.after(end + (is_over ? 1 : 0));

  text_bytes_ += static_cast<uint32_t>(piece.size()) + (is_over ? 1 : 0);
  if (text_bytes_ > kPreambleBytesMax) {
    return {after_gap_ ? Found::Unreadable : Found::LongPreamble};
  }
  line_bytes_ += static_cast<uint32_t>(piece.size());
  Bytes line = piece.first(kBannerBytesMax);
  if (!is_whole && !line_is_preamble_) {
    if (!partial_.append(piece.first(kBannerBytesMax - partial_.size()))) return {Found::NoMemory};
    line = partial_.bytes();
  }
  if (line_is_preamble_ || !could_be_banner(line)) {
    line_is_preamble_ = true;
    partial_.clear();
  }
  if (is_over) return finish_line(line, ends_in_nul);
  if (!line_is_preamble_ || preamble_told_) return {};
  preamble_told_ = true;
  return {Found::Preamble};
}

// `line` is cut to kBannerBytesMax; nothing of it is needed when it is no banner.
SideReader::Step SideReader::finish_line(Bytes line, bool ends_in_nul) {
  const bool is_banner = !line_is_preamble_ && line.size() >= kBannerStart.size();
  const bool is_long = line_bytes_ >= kBannerBytesMax;
  line_bytes_ = 0;
  line_is_preamble_ = false;
  if (is_banner) {
    in_packets_ = true;
    partial_is_handed_out_ = !partial_.empty();
    const Found found = ends_in_nul ? Found::BrokenBanner
                        : is_long   ? Found::LongBanner
                                    : Found::Banner;
    return {.found = found, .body = without_carriage_return(line)};
  }
  partial_.clear();
  if (ends_in_nul) return {after_gap_ ? Found::Unreadable : Found::BinaryLine};
  if (++lines_ > kPreambleLinesMax) {
    return {after_gap_ ? Found::Unreadable : Found::LongPreamble};
  }
  if (preamble_told_) return {};
  preamble_told_ = true;
  return {Found::Preamble};
}

SideReader::Step SideReader::open_packet() {
  const PacketHeader header = read_packet_header(Bytes(head_.data(), head_.size()));
  if (after_gap_ && !(header.is_sound() && header.is_regular() && header.is_clear()))
    return {Found::Unreadable};
  if (!header.is_sound()) return {Found::InvalidPacket};
  after_gap_ = false;
  packet_is_irregular_ = !header.is_regular();
  packet_left_ = header.length - 2;
  body_left_ = 0;
  message_type_ = header.type;
  if (header.length + kLengthFieldBytes > kPacketBytesMax) return packet_step(Found::LongPacket);
  switch (MessageType{header.type}) {
    case MessageType::KexInit:
      if (header.body_bytes() > kMessageBytesMax) return packet_step(Found::LongKexInit);
      return expect(Found::KexInit, header.body_bytes());
    case MessageType::Disconnect:
      return expect(Found::Disconnect, header.body_bytes());
    case MessageType::NewKeys:
      return packet_step(Found::NewKeys);
    default:
      break;
  }
  if (header.type >= static_cast<uint8_t>(MessageType::KexMethodFirst)
      && header.type <= static_cast<uint8_t>(MessageType::KexReplyLast)) {
    return expect(Found::KexMethod, header.body_bytes());
  }
  return packet_step(Found::Other);
}

// The body of this message is read; one without a body is there already.
SideReader::Step SideReader::expect(Found found, uint32_t body_bytes) {
  expected_ = found;
  body_left_ = std::min(body_bytes, kMessageBytesMax);
  if (body_left_ == 0) return packet_step(found);
  return {};
}

SideReader::Step SideReader::read_packet(Bytes& bytes) {
  const size_t wanted = body_left_ != 0 ? body_left_ : packet_left_;
  const Bytes piece = bytes.first(wanted);
  const auto piece_bytes = static_cast<uint32_t>(piece.size());
  bytes = bytes.after(piece_bytes);
  packet_left_ -= piece_bytes;
  if (body_left_ == 0) return {};

  const bool is_whole = partial_.empty() && piece_bytes == body_left_;
  if (!is_whole && !partial_.append(piece)) return {Found::NoMemory};
  body_left_ -= piece_bytes;
  if (body_left_ != 0) return {};
  partial_is_handed_out_ = !is_whole;
  return packet_step(expected_, is_whole ? piece : partial_.bytes());
}

SideReader::Step SideReader::packet_step(Found found, Bytes body) const {
  return {found, message_type_, packet_is_irregular_, body};
}

// Collects `count` bytes in head_ over as many calls as they need.
bool SideReader::gather(Bytes& bytes, size_t count) {
  const Bytes piece = bytes.first(count - head_bytes_);
  std::copy(piece.begin(), piece.end(), head_.begin() + head_bytes_);
  head_bytes_ = static_cast<uint8_t>(head_bytes_ + piece.size());
  bytes = bytes.after(piece.size());
  if (head_bytes_ < count) return false;
  head_bytes_ = 0;
  return true;
}

}  // namespace flowscope::ssh
