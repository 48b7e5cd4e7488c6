#include "dataplane/pcap/block_buffer.h"

#include <cstring>

#include "dataplane/pcap/capture_walk.h"

namespace flowscope {

BlockBuffer::BlockBuffer(size_t block_bytes)
    : block_(std::make_unique_for_overwrite<uint8_t[]>(block_bytes)), block_bytes_(block_bytes) {
  FS_CHECK(block_bytes > 0);
}

void BlockBuffer::consume(size_t bytes) {
  FS_DCHECK(bytes <= window_.size());
  window_ = window_.after(bytes);
  consumed_ += bytes;
}

ByteSource::Outcome BlockBuffer::refill(ByteSource& source, size_t needed) {
  FS_DCHECK(needed > window_.size());
  const std::span<uint8_t> block = block_for(needed);
  const size_t kept = window_.size();
  // The kept bytes may lie in this block, further back, or in the other one.
  if (kept != 0) std::memmove(block.data(), window_.begin(), kept);
  window_ = {block.data(), kept};
  const ByteSource::Got got = source.read(block.subspan(kept));
  window_ = {block.data(), kept + got.bytes};
  return got.outcome;
}

// Untouched pages of the large block cost no memory, so it is made as large as any record may be.
std::span<uint8_t> BlockBuffer::block_for(size_t needed) {
  if (needed <= block_bytes_) return {block_.get(), block_bytes_};
  FS_CHECK(needed <= kCaptureRecordBytesMax);
  if (!large_block_)
    large_block_ = std::make_unique_for_overwrite<uint8_t[]>(kCaptureRecordBytesMax);
  return {large_block_.get(), needed};
}

}  // namespace flowscope
