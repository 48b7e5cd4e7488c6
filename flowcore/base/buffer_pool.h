#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "flowcore/base/arena.h"
#include "flowcore/base/bytes.h"

namespace flowscope {

// A worker's store of byte blocks in four sizes, from which parsers and streams borrow what they
// must keep past a packet. All memory is reserved at the start; when it is used up the borrower
// gets nothing. Thread rule: one thread. Cost: constant time per call.
class BufferPool {
 public:
  static constexpr std::array<uint32_t, 4> kBlockBytes = {512, 2048, 16384, 65536};
  static constexpr uint32_t kBlockBytesMax = kBlockBytes.back();

  // What an arena must hold for a pool of about `bytes`.
  static size_t cost(size_t bytes);
  // How many blocks of at least `block_bytes` a pool of so many bytes has.
  static size_t blocks_max(size_t bytes, size_t block_bytes);
  BufferPool() = default;
  BufferPool(Arena& arena, size_t bytes);

  // A block of at least `bytes`, or an empty span when no block is left or `bytes` is above
  // kBlockBytesMax.
  [[nodiscard]] std::span<uint8_t> take(size_t bytes);
  // Requires: `block` came from take() of this pool.
  void give_back(std::span<uint8_t> block);

  [[nodiscard]] size_t bytes_in_use() const { return bytes_in_use_; }
  // Times that take() had nothing to give.
  [[nodiscard]] uint64_t refusals() const { return refusals_; }

 private:
  // Free blocks of one size form a list whose links lie in the blocks themselves.
  struct SizeClass {
    std::span<uint8_t> memory;
    uint8_t* free = nullptr;
    size_t touched = 0;
  };

  std::array<SizeClass, kBlockBytes.size()> classes_;
  size_t bytes_in_use_ = 0;
  uint64_t refusals_ = 0;
};

// A growing run of bytes, contiguous, borrowed from a pool block by block size; returns its block
// when it is emptied or dies. Starts without memory. Thread rule: that of its pool. Lifetime: the
// pool must outlive it.
class Buffer {
 public:
  explicit Buffer(BufferPool& pool) : pool_(&pool) {}
  ~Buffer() { clear(); }
  Buffer(Buffer&& other) noexcept
      : pool_(other.pool_),
        block_(std::exchange(other.block_, {})),
        size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(block_, other.block_);
    std::swap(size_, other.size_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // Adds a copy of `bytes` at the end. False, and nothing changes, when the pool cannot hold the
  // sum.
  [[nodiscard]] bool append(Bytes bytes);
  // Removes the first `count` bytes (all, when there are fewer); gives the block back when none is
  // left.
  void drop_front(size_t count);
  void clear();

  // Valid until the next call that changes the buffer.
  [[nodiscard]] Bytes bytes() const { return {block_.data(), size_}; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  BufferPool* pool_;
  std::span<uint8_t> block_;
  uint32_t size_ = 0;
};

}  // namespace flowscope
