#pragma once

#include <cstdint>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"

namespace flowscope::openvpn {

// Cuts one side of a TCP stream into packets by the two length bytes in front of each. A packet
// that lies whole in one run is borrowed from it, others are put together in a buffer. Thread rule
// and lifetime: those of its pool.
class PacketReader {
 public:
  // No link has packets that are longer (OpenVPN's own limit is below 2,048 but for data).
  static constexpr uint32_t kPacketBytesMax = 16384;

  enum class Outcome : uint8_t { Packet, Drained, Refused };

  explicit PacketReader(BufferPool& pool) : partial_(pool) {}

  // Consumes from the front of `bytes` until something comes out. Refused: no packet can be so
  // long, or there was no memory; do not go on. A packet is valid until the next call.
  [[nodiscard]] Outcome next(Bytes& bytes, Bytes& packet);
  void release() { partial_.clear(); }

 private:
  static constexpr uint32_t kLengthBytes = 2;

  Buffer partial_;  // length bytes included
  bool is_handed_out_ = false;
};

}  // namespace flowscope::openvpn
