#include "flowcore/stream/held_bytes.h"

#include <algorithm>
#include <cstring>

#include "flowcore/base/check.h"
#include "flowcore/base/seq.h"

namespace flowscope {

namespace {

constexpr uint32_t kOwnerBytes = HeldBlock::kOwnerBytes;

// Blocks begin at multiples of their size, which is a power of two.
uint32_t place_of(uint32_t seq, const SegmentStore& store) {
  return seq & (store.block_bytes() - 1);
}
uint32_t block_seq_of(uint32_t seq, const SegmentStore& store) {
  return seq - place_of(seq, store);
}

// Where the segment that a held byte is of begins and ends: how far before in the low 16 bits of
// its owner's word, how far behind in the high ones.
SegmentRange owner_of(const HeldBlock& block, uint32_t at) {
  uint32_t owner = 0;
  std::memcpy(&owner, block.owners.data() + size_t{at} * kOwnerBytes, sizeof owner);
  return {block.seq + at - (owner & UINT16_MAX), block.seq + at + (owner >> 16)};
}

// Of the bytes [from, to). Whole segments reach 65,535 bytes at most to either side; of longer
// ones, which no packet carries, that much is kept.
void set_owners(HeldBlock& block, uint32_t from, uint32_t to, SegmentRange range) {
  constexpr uint32_t kReachMax = UINT16_MAX;
  // PERF: values of the loop in locals, so that the compiler makes vectors of it.
  uint8_t* const place = block.owners.data() + size_t{from} * kOwnerBytes;
  const uint32_t count = to - from;
  const uint32_t before = block.seq + from - range.begin;
  const uint32_t behind = range.end - block.seq - from;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t owner = std::min(before + i, kReachMax) | std::min(behind - i, kReachMax) << 16;
    std::memcpy(place + size_t{i} * kOwnerBytes, &owner, sizeof owner);
  }
}

// Places [from, from + bytes.size()) of the block get these bytes; none is held there.
void store_run(HeldBlock& block, uint32_t from, Bytes bytes, SegmentRange range) {
  const uint32_t to = from + static_cast<uint32_t>(bytes.size());
  std::memcpy(block.bytes.data() + from, bytes.begin(), bytes.size());
  block.places.add(from, to, block.seq + from == range.begin);
  if (!block.owners.empty()) set_owners(block, from, to, range);
}

// The same places are all held: the policy says for each whose byte stays. Gives the number of
// those that differ.
uint32_t settle_run(HeldBlock& block, uint32_t from, Bytes bytes, SegmentRange range,
                    SegmentOverlap overlap) {
  uint8_t* held = block.bytes.data() + from;
  const bool is_equal = std::memcmp(held, bytes.begin(), bytes.size()) == 0;
  uint32_t differing = 0;
  for (size_t i = 0; i < bytes.size() && !is_equal; ++i) differing += held[i] != bytes[i] ? 1U : 0U;
  if (!compares_ranges(overlap)) {
    if (!is_equal && fresh_wins(overlap, {}, {})) std::memcpy(held, bytes.begin(), bytes.size());
    return differing;
  }
  for (uint32_t i = 0; i < bytes.size(); ++i) {
    if (!fresh_wins(overlap, owner_of(block, from + i), range)) continue;
    held[i] = bytes[i];
    set_owners(block, from + i, from + i + 1, range);
  }
  return differing;
}

enum class Missing : uint8_t { Hold, Leave };

void merge(HeldBlock& block, const HeldBytes::Piece& piece, Missing missing, SegmentOverlap overlap,
           HeldBytes::Found& found) {
  const uint32_t begin = piece.seq - block.seq;
  const auto end = begin + static_cast<uint32_t>(piece.bytes.size());
  for (uint32_t at = begin; at < end;) {
    const uint32_t until = block.places.alike_until(at, end);
    const Bytes run = piece.bytes.sub(at - begin, until - at);
    if (block.places.is_held(at)) {
      found.known_bytes += until - at;
      found.differing_bytes += settle_run(block, at, run, piece.range, overlap);
    } else if (missing == Missing::Hold) {
      found.fresh_bytes += until - at;
      store_run(block, at, run, piece.range);
    }
    at = until;
  }
}

// The part of a piece, from its byte `done` on, that lies in one block.
HeldBytes::Piece part_in_block(const HeldBytes::Piece& piece, uint32_t done,
                               const SegmentStore& store) {
  const uint32_t seq = piece.seq + done;
  return {seq, piece.bytes.sub(done, store.block_bytes() - place_of(seq, store)), piece.range};
}

}  // namespace

uint32_t HeldBytes::put(const Piece& piece, uint32_t peer_bytes, SegmentStore& store,
                        Found& found) {
  uint32_t done = 0;
  while (done < piece.bytes.size()) {
    const Piece part = part_in_block(piece, done, store);
    const uint32_t block_seq = block_seq_of(part.seq, store);
    const auto part_end = part.seq + static_cast<uint32_t>(part.bytes.size());
    const bool was_empty = empty();
    if (!find(block_seq, store) && !insert(block_seq, peer_bytes, store)) return done;
    if (was_empty || seq_less(part.seq, first_seq_)) first_seq_ = part.seq;
    if (was_empty || seq_less(end_seq_, part_end)) end_seq_ = part_end;
    merge(store.get(root_), part, Missing::Hold, store.options().overlap, found);
    done += static_cast<uint32_t>(part.bytes.size());
  }
  return done;
}

void HeldBytes::settle(const Piece& piece, SegmentStore& store, Found& found) {
  if (!overlaps(piece)) return;
  for (uint32_t done = 0; done < piece.bytes.size();) {
    const Piece part = part_in_block(piece, done, store);
    if (find(block_seq_of(part.seq, store), store))
      merge(store.get(root_), part, Missing::Leave, store.options().overlap, found);
    done += static_cast<uint32_t>(part.bytes.size());
  }
}

bool HeldBytes::overlaps(const Piece& piece) const {
  const uint32_t end = piece.seq + static_cast<uint32_t>(piece.bytes.size());
  return !empty() && seq_less(first_seq_, end) && seq_less(piece.seq, end_seq_);
}

Bytes HeldBytes::first_run(SegmentStore& store) {
  FS_DCHECK(!empty());
  bring_first_to_root(store);
  const HeldBlock& block = store.get(root_);
  const uint32_t from = first_seq_ - block.seq;
  return {block.bytes.data() + from, block.places.run_end(from) - from};
}

void HeldBytes::drop_first(uint32_t count, SegmentStore& store) {
  FS_DCHECK(!empty() && count != 0);
  bring_first_to_root(store);
  HeldBlock& block = store.get(root_);
  const uint32_t from = first_seq_ - block.seq;
  const uint32_t next = block.places.drop_first(from, from + count);
  if (next < HeldPlaces::kPlaces) {
    first_seq_ = block.seq + next;
  } else {
    remove_first_block(store);
  }
}

void HeldBytes::bring_first_to_root(SegmentStore& store) {
  // Nothing lies before it: where the root has no block before it, that is the first.
  if (store.get(root_).left != kNone) splay(block_seq_of(first_seq_, store), store);
}

// The first block, at the root, has given all it had.
void HeldBytes::remove_first_block(SegmentStore& store) {
  const uint32_t handle = root_;
  FS_DCHECK(store.get(handle).left == kNone);
  root_ = store.get(handle).right;
  memory_bytes_ -= store.bytes_of(handle);
  store.drop(handle);
  if (empty()) return;
  bring_first_to_root(store);
  const HeldBlock& block = store.get(root_);
  FS_DCHECK(block.left == kNone);
  first_seq_ = block.seq + block.places.first();
}

// From the root on each left child is hung below its right one, so that a path becomes a list: no
// recursion, no memory.
uint32_t HeldBytes::clear(SegmentStore& store) {
  uint32_t bytes = 0;
  while (root_ != kNone) {
    HeldBlock& block = store.get(root_);
    if (block.left != kNone) {
      const uint32_t left = block.left;
      block.left = store.get(left).right;
      store.get(left).right = root_;
      root_ = left;
      continue;
    }
    bytes += block.places.count();
    const uint32_t right = block.right;
    store.drop(root_);
    root_ = right;
  }
  memory_bytes_ = 0;
  return bytes;
}

bool HeldBytes::find(uint32_t seq, SegmentStore& store) {
  if (empty()) return false;
  // PERF: most blocks come in ascending order, each behind all others.
  const HeldBlock& top = store.get(root_);
  if (top.seq != seq && (top.right != kNone || !seq_less(top.seq, seq))) splay(seq, store);
  return store.get(root_).seq == seq;
}

// After find(): the root is a neighbour of the new block.
bool HeldBytes::insert(uint32_t seq, uint32_t peer_bytes, SegmentStore& store) {
  const uint32_t handle = store.make(seq, {.side_bytes = memory_bytes_, .peer_bytes = peer_bytes});
  if (handle == kNone) return false;
  memory_bytes_ += store.bytes_of(handle);
  HeldBlock& block = store.get(handle);
  if (!empty()) {
    HeldBlock& neighbour = store.get(root_);
    if (seq_less(neighbour.seq, seq)) {
      block.left = root_;
      block.right = neighbour.right;
      neighbour.right = kNone;
    } else {
      block.right = root_;
      block.left = neighbour.left;
      neighbour.left = kNone;
    }
  }
  root_ = handle;
  return true;
}

// Sleator and Tarjan's top-down splaying (1985): what lies before and behind `seq` on the way down
// is hung into two trees, which become the new root's.
void HeldBytes::splay(uint32_t seq, SegmentStore& store) {
  uint32_t before = kNone;
  uint32_t behind = kNone;
  uint32_t* before_end = &before;
  uint32_t* behind_end = &behind;
  uint32_t at = root_;
  for (HeldBlock* block = &store.get(at); block->seq != seq; block = &store.get(at)) {
    const bool go_left = seq_less(seq, block->seq);
    const uint32_t child = go_left ? block->left : block->right;
    if (child == kNone) break;
    HeldBlock* below = &store.get(child);
    if (below->seq != seq && seq_less(seq, below->seq) == go_left) {
      // Two steps the same way: a rotation first, which halves long paths.
      uint32_t& inner = go_left ? below->right : below->left;
      (go_left ? block->left : block->right) = inner;
      inner = at;
      at = child;
      block = below;
      if ((go_left ? block->left : block->right) == kNone) break;
    }
    if (go_left) {
      *behind_end = at;
      behind_end = &block->left;
      at = block->left;
    } else {
      *before_end = at;
      before_end = &block->right;
      at = block->right;
    }
  }
  HeldBlock& top = store.get(at);
  *before_end = top.left;
  *behind_end = top.right;
  top.left = before;
  top.right = behind;
  root_ = at;
}

}  // namespace flowscope
