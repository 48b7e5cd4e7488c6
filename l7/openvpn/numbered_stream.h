#pragma once

#include <cstdint>
#include <span>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"

namespace flowscope::openvpn {

// One side's control packets in the order of their numbers: those that come early wait, those that
// come again are passed over. A sender sends what was lost again, with its number, so a missing one
// is waited for. Thread rule and lifetime: those of its pool. Memory: one block of the pool while
// packets wait. Cost: at most kWaitingMax steps for a packet.
class NumberedStream {
 public:
  // A sender has no more than this on the way (TLS_RELIABLE_N_SEND_BUFFERS is 6, later 12).
  static constexpr uint32_t kWaitingMax = 16;
  // With a few bytes in front of each: the size of the block.
  static constexpr uint32_t kWaitingBytesMax = 16384;

  enum class Taken : uint8_t { Next, Waits, Again, Refused };

  explicit NumberedStream(BufferPool& pool) : pool_(&pool) {}
  ~NumberedStream() { release(); }
  NumberedStream(const NumberedStream&) = delete;
  NumberedStream& operator=(const NumberedStream&) = delete;

  // Next: `payload` continues the stream; after it, ask take_waiting() until nothing is left.
  // Refused: too far ahead, or no room; its sender will not send it again once it was answered.
  [[nodiscard]] Taken take(uint32_t number, Bytes payload);
  // Moves `payload` to what continues the stream of that which waits; false when nothing does.
  // Valid until the next call.
  [[nodiscard]] bool take_waiting(Bytes& payload);
  // The next packet is number 0.
  void restart();
  // Gives back the memory, and with it what waits.
  void release();

 private:
  // In front of each payload in the block.
  struct Head {
    uint32_t number = 0;
    uint32_t bytes = 0;
  };
  [[nodiscard]] Head head_at(uint32_t offset) const;
  // Where the packet lies in the block; used_ when it is not there.
  [[nodiscard]] uint32_t find(uint32_t number) const;

  BufferPool* pool_;
  std::span<uint8_t> block_;
  uint32_t used_ = 0;  // of the block; packets that were taken out stay until all are
  uint32_t next_ = 0;
  uint32_t waiting_ = 0;  // packets
};

}  // namespace flowscope::openvpn
