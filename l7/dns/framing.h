#pragma once

#include <cstdint>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"
#include "l7/parser.h"

namespace flowscope::dns {

// Cuts one side of a TCP stream into messages by their two length bytes (RFC 1035 section 4.2.2).
// A message that lies whole in one run is borrowed from it, others are put together in a buffer.
// Thread rule and lifetime: those of its pool.
class Framing {
 public:
  explicit Framing(BufferPool& pool) : partial_(pool) {}

  // Drained: all bytes are consumed, no message is whole. Refused: the pool had no room, so the
  // present message is lost, and only it.
  enum class Outcome : uint8_t { Message, Drained, Refused };

  // Consumes from the front of `bytes` until something comes out. A message is valid until the
  // bytes or this object change; call message_done() after it.
  Outcome next(Bytes& bytes, Bytes& message);
  void message_done() { partial_.clear(); }

  // `missing_bytes` are lost. Inside one message only that one is lost; when a border may lie among
  // them the framing is lost too.
  void skip_gap(uint32_t missing_bytes);
  [[nodiscard]] bool is_lost() const { return is_lost_; }
  // The next byte is the first of a frame.
  void restart() { is_lost_ = false; }

 private:
  bool read_length(Bytes& bytes);
  void drop_message();

  Buffer partial_;
  uint32_t body_bytes_ = 0;  // of the present message; 0 while its length is awaited
  uint32_t skip_bytes_ = 0;  // rest of a lost message
  uint8_t length_high_ = 0;  // first length byte, once half a length is there
  bool has_length_high_ = false;
  bool is_lost_ = false;
};

// Whether the first bytes of a side look like a frame with a DNS message in it. Decides as soon as
// the message or kProbeBytes of it are there.
[[nodiscard]] Probe probe_frame(Bytes first_bytes);

}  // namespace flowscope::dns
