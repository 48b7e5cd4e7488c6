#include "flowcore/stream/segment_store.h"

#include <cstring>

namespace flowscope {

uint32_t SegmentStore::hold(uint32_t seq, Bytes bytes) {
  const std::span<uint8_t> block = buffers_.take(bytes.size());
  if (block.empty()) return Slab<HeldSegment>::kNone;
  const uint32_t handle = segments_.make();
  if (handle == Slab<HeldSegment>::kNone) {
    buffers_.give_back(block);
    return handle;
  }
  std::memcpy(block.data(), bytes.begin(), bytes.size());
  HeldSegment& segment = segments_.get(handle);
  segment.block = block;
  segment.seq = seq;
  segment.size = static_cast<uint32_t>(bytes.size());
  return handle;
}

void SegmentStore::drop(uint32_t handle) {
  buffers_.give_back(segments_.get(handle).block);
  segments_.destroy(handle);
}

}  // namespace flowscope
