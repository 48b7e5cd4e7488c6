#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/bytes.h"
#include "flowcore/base/check.h"
#include "flowcore/base/prefetch.h"

namespace flowscope {

// A ring of byte records of any size between one producer and one consumer thread. The producer
// reserves, fills and commits records, and shows them to the consumer with publish(); the consumer
// takes them in order and gives their room back with release(). Records are 8-byte aligned.
class ByteRing {
 public:
  static size_t cost(size_t bytes) { return Arena::cost<uint8_t>(std::bit_ceil(bytes)); }
  ByteRing(Arena& arena, size_t bytes) : memory_(arena.take<uint8_t>(std::bit_ceil(bytes))) {}

  // Producer side. Room for `bytes_max` bytes, or nothing while the ring is too full. A second call
  // before commit() replaces the first.
  [[nodiscard]] std::span<uint8_t> reserve(size_t bytes_max) {
    const size_t needed = kHeadBytes + round_up(bytes_max);
    if (needed > memory_.size() / 2) return {};
    const size_t to_end = memory_.size() - offset(write_);
    const size_t skipped = to_end < needed ? to_end : 0;
    if (!has_room(skipped + needed)) return {};
    if (skipped != 0) {
      store_head(write_, kSkip);
      write_ += skipped;
    }
    return memory_.subspan(offset(write_) + kHeadBytes, bytes_max);
  }
  // Requires: bytes is not above what was reserved last.
  void commit(size_t bytes) {
    store_head(write_, bytes);
    write_ += kHeadBytes + round_up(bytes);
  }
  // Pairs with the acquire load in front().
  void publish() { published_.store(write_, std::memory_order_release); }

  // Consumer side. The oldest record not popped yet, or nothing.
  [[nodiscard]] Bytes front() {
    for (;;) {
      if (read_ == published_seen_) {
        published_seen_ = published_.load(std::memory_order_acquire);
        if (read_ == published_seen_) return {};
      }
      const uint64_t bytes = load_head(read_);
      if (bytes != kSkip) return {memory_.data() + offset(read_) + kHeadBytes, bytes};
      read_ += memory_.size() - offset(read_);
    }
  }
  void pop() { read_ += kHeadBytes + round_up(load_head(read_)); }
  // Pairs with the acquire load in has_room().
  void release() { released_.store(read_, std::memory_order_release); }

 private:
  static constexpr size_t kHeadBytes = 8;
  static constexpr uint64_t kSkip = UINT64_MAX;
  static size_t round_up(size_t bytes) { return (bytes + 7) & ~size_t{7}; }
  [[nodiscard]] size_t offset(uint64_t position) const { return position & (memory_.size() - 1); }
  bool has_room(size_t bytes) {
    if (memory_.size() - (write_ - released_seen_) >= bytes) return true;
    released_seen_ = released_.load(std::memory_order_acquire);
    return memory_.size() - (write_ - released_seen_) >= bytes;
  }
  void store_head(uint64_t position, uint64_t value) {
    std::memcpy(memory_.data() + offset(position), &value, sizeof value);
  }
  [[nodiscard]] uint64_t load_head(uint64_t position) const {
    uint64_t value;
    std::memcpy(&value, memory_.data() + offset(position), sizeof value);
    return value;
  }

  std::span<uint8_t> memory_;
  alignas(kCacheLineBytes) uint64_t write_ = 0;
  uint64_t released_seen_ = 0;
  alignas(kCacheLineBytes) std::atomic<uint64_t> published_{0};
  alignas(kCacheLineBytes) uint64_t read_ = 0;
  uint64_t published_seen_ = 0;
  alignas(kCacheLineBytes) std::atomic<uint64_t> released_{0};
};

}  // namespace flowscope
