#include "flowcore/base/buffer_pool.h"

#include <algorithm>
#include <cstring>

namespace flowscope {

namespace {

// Shares of the pool, in sixteenths, from the smallest block size to the largest: split headers of
// a few hundred bytes, which may have a larger block as well; early segments, which may not; a few
// hellos and bodies of several kilobytes.
constexpr std::array<size_t, BufferPool::kBlockBytes.size()> kSixteenths = {2, 8, 4, 2};

size_t class_bytes(size_t bytes, size_t which) {
  const size_t block = BufferPool::kBlockBytes.at(which);
  return std::max<size_t>(1, bytes / 16 * kSixteenths.at(which) / block) * block;
}

}  // namespace

size_t BufferPool::cost(size_t bytes) {
  size_t sum = 0;
  for (size_t which = 0; which < kBlockBytes.size(); ++which) {
    sum += Arena::cost<uint8_t>(class_bytes(bytes, which));
  }
  return sum;
}

size_t BufferPool::blocks_max(size_t bytes, size_t block_bytes) {
  size_t sum = 0;
  for (size_t which = 0; which < kBlockBytes.size(); ++which) {
    if (kBlockBytes.at(which) >= block_bytes)
      sum += class_bytes(bytes, which) / kBlockBytes.at(which);
  }
  return sum;
}

BufferPool::BufferPool(Arena& arena, size_t bytes) {
  for (size_t which = 0; which < classes_.size(); ++which) {
    classes_.at(which).memory = arena.take<uint8_t>(class_bytes(bytes, which));
  }
}

std::span<uint8_t> BufferPool::take(size_t bytes) {
  for (size_t which = 0; which < classes_.size(); ++which) {
    const size_t block_bytes = kBlockBytes.at(which);
    if (bytes > block_bytes) continue;
    SizeClass& list = classes_.at(which);
    uint8_t* block = list.free;
    if (block != nullptr) {
      std::memcpy(&list.free, block, sizeof list.free);
    } else if (list.touched < list.memory.size()) {
      block = list.memory.data() + list.touched;
      list.touched += block_bytes;
    } else {
      continue;  // a larger block serves as well
    }
    bytes_in_use_ += block_bytes;
    return {block, block_bytes};
  }
  ++refusals_;
  return {};
}

void BufferPool::give_back(std::span<uint8_t> block) {
  const auto* which = std::find(kBlockBytes.begin(), kBlockBytes.end(), block.size());
  FS_CHECK(which != kBlockBytes.end());
  SizeClass& list = classes_.at(static_cast<size_t>(which - kBlockBytes.begin()));
  std::memcpy(block.data(), &list.free, sizeof list.free);
  list.free = block.data();
  bytes_in_use_ -= block.size();
}

bool Buffer::append(Bytes bytes) {
  if (bytes.empty()) return true;
  if (bytes.size() > block_.size() - size_) {
    const std::span<uint8_t> larger = pool_->take(size_ + bytes.size());
    if (larger.empty()) return false;
    if (!block_.empty()) {
      std::memcpy(larger.data(), block_.data(), size_);
      pool_->give_back(block_);
    }
    block_ = larger;
  }
  std::memcpy(block_.data() + size_, bytes.begin(), bytes.size());
  size_ += static_cast<uint32_t>(bytes.size());
  return true;
}

void Buffer::drop_front(size_t count) {
  if (count >= size_) {
    clear();
    return;
  }
  std::memmove(block_.data(), block_.data() + count, size_ - count);
  size_ -= static_cast<uint32_t>(count);
}

void Buffer::clear() {
  if (!block_.empty()) pool_->give_back(std::exchange(block_, {}));
  size_ = 0;
}

}  // namespace flowscope
