#pragma once

#include <cstdint>
#include <span>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/slab.h"

namespace flowscope {

// A run of bytes that came too early, kept until the hole before it is filled.
struct HeldSegment {
  std::span<uint8_t> block;  // from the pool; the first `size` bytes are used
  uint32_t seq = 0;
  uint32_t size = 0;
  Slab<HeldSegment>::Handle next = Slab<HeldSegment>::kNone;  // of the same stream, ascending
};

// A worker's store of held segments, shared by all its streams, with one cap for each stream side.
// Thread rule: one worker.
class SegmentStore {
 public:
  struct Options {
    uint32_t segments_max = 1 << 15;          // of all streams together
    uint32_t bytes_per_side_max = 256 << 10;  // memory one side may hold, counted in blocks
  };
  static size_t cost(const Options& options) {
    return Slab<HeldSegment>::cost(options.segments_max);
  }
  SegmentStore(Arena& arena, BufferPool& buffers, const Options& options)
      : segments_(arena, options.segments_max),
        buffers_(buffers),
        bytes_per_side_max_(options.bytes_per_side_max) {}

  // A copy of `bytes`, or kNone when segments or blocks are used up.
  [[nodiscard]] uint32_t hold(uint32_t seq, Bytes bytes);
  void drop(uint32_t handle);
  [[nodiscard]] HeldSegment& get(uint32_t handle) { return segments_.get(handle); }
  [[nodiscard]] uint32_t bytes_per_side_max() const { return bytes_per_side_max_; }
  [[nodiscard]] uint32_t live() const { return segments_.live(); }

 private:
  Slab<HeldSegment> segments_;
  BufferPool& buffers_;
  uint32_t bytes_per_side_max_;
};

}  // namespace flowscope
