#pragma once

#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/stream/segment_overlap.h"
#include "flowcore/stream/segment_store.h"

namespace flowscope {

// The bytes of one side of a flow that came too early, each at its sequence number, in blocks (see
// SegmentStore::block_bytes). However they are cut into segments, a byte takes the same place, so
// memory does not depend on the cutting. Blocks form a splay tree ordered by sequence number, whose
// root is the block touched last; they may span up to 2^31 numbers. Memory: 16 bytes, and the
// blocks in the store. Thread rule: one worker. Cost: a segment touches the blocks it lies in, each
// in O(log of the number of blocks) amortized, and looks at 64 bytes at a time.
class HeldBytes {
 public:
  // A segment, or what is left of it: `bytes` begin at `seq`. The range is that of its header.
  struct Piece {
    uint32_t seq = 0;
    Bytes bytes;
    SegmentRange range;
  };
  // What a piece brought, summed over calls.
  struct Found {
    uint32_t fresh_bytes = 0;      // were not there yet
    uint32_t known_bytes = 0;      // were there
    uint32_t differing_bytes = 0;  // of these, with another value
  };

  [[nodiscard]] bool empty() const { return root_ == kNone; }
  // The number of the first byte held, and one past all that are. Meaningless when empty.
  [[nodiscard]] uint32_t first_seq() const { return first_seq_; }
  [[nodiscard]] uint32_t end_seq() const { return end_seq_; }
  // Memory taken from the store.
  [[nodiscard]] uint32_t memory_bytes() const { return memory_bytes_; }

  // Settles by the store's policy whose bytes stay where the piece overlaps with what is held, and
  // holds the others. Gives how many bytes of the piece it got through; fewer than all when there
  // was no room for the next. `peer_bytes`: what the flow's other side holds.
  uint32_t put(const Piece& piece, uint32_t peer_bytes, SegmentStore& store, Found& found);
  // The same without holding what is not held yet. Takes no memory.
  void settle(const Piece& piece, SegmentStore& store, Found& found);

  // The run of bytes held from first_seq() on: in one block, and up to where a segment began, for
  // messages often begin with one and whoever lost its place looks there. Requires: not empty.
  // Valid until the next change.
  [[nodiscard]] Bytes first_run(SegmentStore& store);
  // Forgets the first `count` bytes of that run. Requires: no more than it has.
  void drop_first(uint32_t count, SegmentStore& store);
  // Forgets everything; gives how many bytes that were.
  uint32_t clear(SegmentStore& store);

 private:
  static constexpr uint32_t kNone = Slab<HeldBlock>::kNone;

  // Brings the block of `seq`, or a neighbour of where it would be, to the root. Requires: not
  // empty.
  void splay(uint32_t seq, SegmentStore& store);
  void bring_first_to_root(SegmentStore& store);
  // The block of `seq` at the root, or a neighbour of where it would be: then false.
  bool find(uint32_t seq, SegmentStore& store);
  bool insert(uint32_t seq, uint32_t peer_bytes, SegmentStore& store);
  void remove_first_block(SegmentStore& store);
  [[nodiscard]] bool overlaps(const Piece& piece) const;

  uint32_t root_ = kNone;
  uint32_t first_seq_ = 0;
  uint32_t end_seq_ = 0;
  uint32_t memory_bytes_ = 0;
};

}  // namespace flowscope
