#include "l7/quic/frames.h"

#include <array>

#include "l7/quic/packet_header.h"

namespace flowscope::quic {
namespace {

constexpr uint8_t kPadding = 0x00;

// RFC 9000 19, those allowed in an Initial.
constexpr uint8_t kPing = 0x01;
constexpr uint8_t kAck = 0x02;
constexpr uint8_t kAckWithCounts = 0x03;
constexpr uint8_t kCrypto = 0x06;
constexpr uint8_t kClose = 0x1c;

// The same in Google's numbers.
constexpr uint8_t kGoogleClose = 0x02;
constexpr uint8_t kGooglePing = 0x07;
constexpr uint8_t kGoogleCrypto = 0x08;
constexpr uint8_t kGoogleAckMask = 0xc0;
constexpr uint8_t kGoogleAck = 0x40;

}  // namespace

Frame FrameWalk::next() {
  while (reader_.ok() && reader_.remaining() > 0) {
    const uint8_t type = reader_.u8();
    if (type == kPadding) {
      skip_padding();
      continue;
    }
    if (dialect_ == FrameDialect::Google) {
      if (type == kGoogleCrypto) return read_crypto();
      if (type == kGoogleClose) return read_google_close();
      if ((type & kGoogleAckMask) == kGoogleAck) {
        skip_google_acknowledgement(type);
      } else if (type != kGooglePing) {
        reader_.fail();
      }
      continue;
    }
    if (type == kCrypto) return read_crypto();
    if (type == kClose) return read_close();
    if (type == kAck || type == kAckWithCounts) {
      skip_acknowledgement(type == kAckWithCounts);
    } else if (type != kPing) {
      reader_.fail();
    }
  }
  return {.kind = reader_.ok() ? FrameKind::None : FrameKind::Invalid};
}

// Half of an Initial is padding as a rule.
void FrameWalk::skip_padding() {
  while (reader_.remaining() >= sizeof(uint64_t) && load_be64(reader_.rest(), 0) == 0)
    reader_.skip(sizeof(uint64_t));
}

// RFC 9000 19.6: offset, length, bytes.
Frame FrameWalk::read_crypto() {
  Frame frame{.kind = FrameKind::Crypto};
  frame.offset = read_varint(reader_);
  frame.bytes = reader_.bytes(read_varint(reader_));
  if (!reader_.ok()) frame.kind = FrameKind::Invalid;
  return frame;
}

// RFC 9000 19.19: error code, type of the frame at fault, reason behind its length.
Frame FrameWalk::read_close() {
  Frame frame{.kind = FrameKind::Close};
  frame.error_code = read_varint(reader_);
  (void)read_varint(reader_);
  reader_.skip(read_varint(reader_));
  if (!reader_.ok()) frame.kind = FrameKind::Invalid;
  return frame;
}

Frame FrameWalk::read_google_close() {
  Frame frame{.kind = FrameKind::Close};
  frame.error_code = reader_.u32();
  reader_.skip(reader_.u16());
  if (!reader_.ok()) frame.kind = FrameKind::Invalid;
  return frame;
}

// RFC 9000 19.3: largest, delay, number of ranges, first range, ranges of two numbers each, and
// three counts of marked packets.
void FrameWalk::skip_acknowledgement(bool has_counts) {
  (void)read_varint(reader_);
  (void)read_varint(reader_);
  const uint64_t ranges = read_varint(reader_);
  (void)read_varint(reader_);
  // Each takes two bytes at least.
  if (ranges > reader_.remaining() / 2) return reader_.fail();
  for (uint64_t i = 0; i < 2 * ranges; ++i) (void)read_varint(reader_);
  for (int i = 0; has_counts && i < 3; ++i) (void)read_varint(reader_);
}

// Type 01nullmm: largest (width ll), delay (2), number of further blocks if n (1), first block
// (width mm), blocks of gap (1) and length (mm), number of timestamps (1), the first of five bytes,
// further ones of three.
void FrameWalk::skip_google_acknowledgement(uint8_t type) {
  constexpr std::array<size_t, 4> kWidths = {1, 2, 4, 6};
  const size_t block_bytes = kWidths[type & 3];
  reader_.skip(kWidths[type >> 2 & 3] + 2);
  const size_t blocks = (type & 0x20) != 0 ? reader_.u8() : 0;
  reader_.skip(block_bytes + blocks * (1 + block_bytes));
  const size_t timestamps = reader_.u8();
  if (timestamps != 0) reader_.skip(5 + (timestamps - 1) * 3);
}

}  // namespace flowscope::quic
