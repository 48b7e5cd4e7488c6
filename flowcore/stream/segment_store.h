#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/slab.h"
#include "flowcore/stream/held_places.h"
#include "flowcore/stream/overflow_policy.h"
#include "flowcore/stream/segment_overlap.h"

namespace flowscope {

// The bytes of one side from a sequence number that is a multiple of the store's block_bytes() on,
// as far as they came too early. A node of the side's tree.
// PERF: what the way through the tree reads, and a block of one run, lie in one cache line.
struct alignas(64) HeldBlock {
  static constexpr uint32_t kOwnerBytes = 4;  // for each byte, where segments are compared

  explicit HeldBlock(uint32_t begin_seq) : seq(begin_seq) {}

  uint32_t seq;
  uint32_t left = 0;  // handles in the store, 0 where there is none
  uint32_t right = 0;
  std::span<uint8_t> bytes;   // from the pool, block_bytes() or more
  std::span<uint8_t> owners;  // where ranges are compared: for each byte how far its segment
                              // reached before and behind it, 16 bits each; else empty
  HeldPlaces places;
};

// A worker's store of bytes that came too early, shared by all its streams, with caps for each side
// and each flow; the pool is the worker's own cap. Memory is counted as it is borrowed, in blocks.
// Thread rule: one worker. Lifetime: the pool must outlive it. Cost: constant time per call.
class SegmentStore {
 public:
  struct Options {
    uint32_t segments_max = 1 << 14;           // blocks of all streams together
    uint32_t bytes_per_side_max = 256 << 10;   // memory one side may hold
    uint32_t bytes_per_flow_max = UINT32_MAX;  // memory both sides of a flow may hold together
    SegmentOverlap overlap = SegmentOverlap::First;
    OverflowPolicy overflow = OverflowPolicy::SlidingWindow;
  };
  // What a side and its flow's other side hold by now.
  struct Held {
    uint32_t side_bytes = 0;
    uint32_t peer_bytes = 0;
  };

  static size_t cost(const Options& options) { return Slab<HeldBlock>::cost(options.segments_max); }
  SegmentStore(Arena& arena, BufferPool& buffers, const Options& options)
      : blocks_(arena, options.segments_max),
        buffers_(buffers),
        options_(options),
        block_bytes_(block_bytes_of(options)) {}

  // An empty block for the numbers from `seq` on, or kNone when a cap or the pool leaves none.
  [[nodiscard]] uint32_t make(uint32_t seq, Held held);
  void drop(uint32_t handle);
  [[nodiscard]] HeldBlock& get(uint32_t handle) { return blocks_.get(handle); }
  // Memory that a block has borrowed from the pool.
  [[nodiscard]] uint32_t bytes_of(uint32_t handle) const {
    const HeldBlock& block = blocks_.get(handle);
    return static_cast<uint32_t>(block.bytes.size() + block.owners.size());
  }

  [[nodiscard]] const Options& options() const { return options_; }
  // Numbers of a block: a small one where segments are compared, for it comes with four times its
  // size for their ranges; and where a side may hold a few large ones only.
  static constexpr uint32_t block_bytes_of(const Options& options) {
    constexpr uint32_t kSmall = 512;
    constexpr uint32_t kLarge = HeldPlaces::kPlaces;
    const bool is_small =
        compares_ranges(options.overlap) || options.bytes_per_side_max < 16 * kLarge;
    return is_small ? kSmall : kLarge;
  }
  [[nodiscard]] uint32_t block_bytes() const { return block_bytes_; }
  // As many blocks as a pool of so many bytes could ever fill.
  static uint32_t blocks_max(size_t pool_bytes, const Options& options) {
    constexpr size_t kMost = 1 << 20;
    return static_cast<uint32_t>(
        std::min(BufferPool::blocks_max(pool_bytes, block_bytes_of(options)), kMost));
  }
  [[nodiscard]] uint32_t bytes_per_side_max() const { return options_.bytes_per_side_max; }
  // Blocks in use.
  [[nodiscard]] uint32_t live() const { return blocks_.live(); }

 private:
  [[nodiscard]] std::span<uint8_t> borrow(size_t bytes);

  Slab<HeldBlock> blocks_;
  BufferPool& buffers_;
  Options options_;
  uint32_t block_bytes_;
};

}  // namespace flowscope
