#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/pcap/byte_source.h"
#include "flowcore/base/bytes.h"

namespace flowscope {

// The block of a capture that is being walked: bytes stay where they were read until the next
// refill, which keeps what was not consumed. A record longer than the block goes to a second,
// larger one, made when the first such record comes.
// Thread rule: one thread. Cost: one read per block; what is left at a block's end is moved to the
// front.
class BlockBuffer {
 public:
  explicit BlockBuffer(size_t block_bytes);

  // The bytes not consumed yet; valid until the next refill().
  [[nodiscard]] Bytes window() const { return window_; }
  // Requires: window().size() >= bytes.
  void consume(size_t bytes);
  // Reads once from `source`, with room for a window of `needed` bytes. Invalidates the window.
  // Requires: needed is more than the window has, and at most kCaptureRecordBytesMax.
  [[nodiscard]] ByteSource::Outcome refill(ByteSource& source, size_t needed);

  // Bytes of the source that lie before the window.
  [[nodiscard]] uint64_t consumed() const { return consumed_; }
  [[nodiscard]] uint64_t bytes_read() const { return consumed_ + window_.size(); }

 private:
  [[nodiscard]] std::span<uint8_t> block_for(size_t needed);

  std::unique_ptr<uint8_t[]> block_;
  std::unique_ptr<uint8_t[]> large_block_;
  size_t block_bytes_;
  Bytes window_;
  uint64_t consumed_ = 0;
};

}  // namespace flowscope
