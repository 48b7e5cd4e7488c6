#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "l7/ssh/wire.h"

namespace flowscope::ssh {

// What SideReader::next came upon. Unreadable: bytes that say nothing any more, because some before
// them are missing or the side was joined in its middle.
enum class Found : uint8_t {
  Nothing,
  Preamble,      // a line before the banner; told once
  Banner,        // body: the line, without its end
  LongBanner,    // the same, cut to kBannerBytesMax
  BrokenBanner,  // a NUL ends it
  KexInit,       // body: the message behind its type
  KexMethod,     // the same, at most kMessageBytesMax of it
  Disconnect,    // the same
  NewKeys,       // no body: what follows on this side is encrypted
  Other,         // no body: any other message
  LongPacket,    // passed over
  LongKexInit,   // passed over
  BinaryLine,    // from here on nothing can be read
  LongPreamble,
  InvalidPacket,
  Unreadable,
  NoMemory,
};

// The clear beginning of one side of an SSH stream: lines up to the banner, then packets up to
// NEWKEYS, wherever segments cut them. What lies whole in one run of bytes is handed out in place;
// only parts are copied, and of messages only those that are read. A side joined behind its banner
// is told by the zero that every packet begins with.
// Thread rule: that of the pool. Memory: itself, and one block of the pool while something is in
// parts. Cost: each byte is looked at once, or passed over.
class SideReader {
 public:
  // Lines before the banner: as many as OpenSSH's client accepts, and their bytes.
  static constexpr uint32_t kPreambleLinesMax = 1024;
  static constexpr uint32_t kPreambleBytesMax = 64 << 10;
  // A packet whose length field says more is none: that is the most OpenSSH takes.
  static constexpr uint32_t kPacketLengthMax = 256 << 10;
  // What is read of a message, at most. A KEXINIT above it is passed over.
  static constexpr uint32_t kMessageBytesMax = 15'800;

  struct Step {
    Found found = Found::Nothing;
    uint8_t message_type = 0;  // of a packet
    // The packet's size or padding is not as RFC 4253 6 asks.
    bool is_irregular = false;
    Bytes body;  // valid until the next call
  };

  explicit SideReader(BufferPool& buffers) : partial_(buffers) {}

  // Reads on in `bytes`, moving its start, up to the next thing found. Nothing: all bytes are used
  // up. Do not call again once it found NewKeys or what stands from BinaryLine on.
  Step next(Bytes& bytes);

  // `missing_bytes` are lost at this place. Inside a packet they are counted off; elsewhere what
  // follows may be anything without being a fault, and reading goes on if a packet or a line begins
  // there.
  void skip_gap(uint32_t missing_bytes);

  // The banner that came without its line end; empty when there is none. For the end of the stream.
  [[nodiscard]] Bytes unfinished_banner() const;
  // Gives back the memory of what is in parts.
  void release() { partial_.clear(); }

 private:
  Step read_line(Bytes& bytes);
  Step finish_line(Bytes line, bool ends_in_nul);
  Step open_packet();
  Step expect(Found found, uint32_t body_bytes);
  Step read_packet(Bytes& bytes);
  [[nodiscard]] Step packet_step(Found found, Bytes body = {}) const;
  bool gather(Bytes& bytes, size_t count);

  Buffer partial_;            // the beginning of a line or of a message's body
  uint32_t packet_left_ = 0;  // bytes of the open packet that have not come yet
  uint32_t body_left_ = 0;    // those among them that are read
  uint32_t line_bytes_ = 0;   // of the open line
  uint32_t text_bytes_ = 0;   // of all lines
  uint32_t lines_ = 0;
  std::array<uint8_t, kPacketHeaderBytes> head_{};  // a packet header that came in parts
  uint8_t head_bytes_ = 0;
  Found expected_ = Found::Nothing;  // what the open packet will be once its body is there
  uint8_t message_type_ = 0;
  bool packet_is_irregular_ = false;
  bool in_packets_ = false;
  bool after_gap_ = false;
  bool line_is_preamble_ = false;
  bool preamble_told_ = false;
  bool partial_is_handed_out_ = false;
};

}  // namespace flowscope::ssh
