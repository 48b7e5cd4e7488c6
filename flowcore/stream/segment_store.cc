#include "flowcore/stream/segment_store.h"

namespace flowscope {

// A larger block serves as well, but one that is much too large is left to those who need it.
std::span<uint8_t> SegmentStore::borrow(size_t bytes) {
  constexpr size_t kWasteMax = 4;
  const std::span<uint8_t> block = buffers_.take(bytes);
  if (block.size() <= kWasteMax * bytes) return block;
  buffers_.give_back(block);
  return {};
}

uint32_t SegmentStore::make(uint32_t seq, Held held) {
  const uint32_t handle = blocks_.make(seq);
  if (handle == Slab<HeldBlock>::kNone) return handle;
  const bool has_owners = compares_ranges(options_.overlap);
  HeldBlock& block = blocks_.get(handle);
  block.bytes = borrow(block_bytes_);
  if (has_owners) block.owners = borrow(size_t{block_bytes_} * HeldBlock::kOwnerBytes);
  const uint64_t side_bytes = uint64_t{held.side_bytes} + bytes_of(handle);
  const bool is_whole = !block.bytes.empty() && block.owners.empty() != has_owners;
  if (is_whole && side_bytes <= options_.bytes_per_side_max
      && side_bytes + held.peer_bytes <= options_.bytes_per_flow_max)
    return handle;
  drop(handle);
  return Slab<HeldBlock>::kNone;
}

void SegmentStore::drop(uint32_t handle) {
  HeldBlock& block = blocks_.get(handle);
  if (!block.bytes.empty()) buffers_.give_back(block.bytes);
  if (!block.owners.empty()) buffers_.give_back(block.owners);
  blocks_.destroy(handle);
}

}  // namespace flowscope
