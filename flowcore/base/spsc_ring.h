#pragma once

#include <algorithm>
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

// A ring of records of any length between two threads: one produces, one consumes, neither ever
// waits. Records lie contiguous and 8-byte aligned, each behind a header with its length. Both
// sides work in batches: what the producer committed is seen at its next publish(), and the space
// that the consumer popped is given back at its next release(), so that a batch moves each index
// line once between cores.
//
// Memory: ... | header | record, padded to 8 | header | record | skip mark ~ end of ring |
// Positions count bytes since the start and never wrap (2^64 bytes); a position's place is its
// remainder by the size. A record that does not fit before the end starts at the beginning, behind
// a skip mark.
//
// Thread rule: reserve, commit and publish belong to one thread, front, pop and release to one
// other. Lifetime: the arena outlives the ring, the ring outlives both threads' use of it.
class ByteRing {
 public:
  // `bytes` is a power of two of at least 64.
  static constexpr size_t cost(size_t bytes) { return Arena::cost<uint8_t>(bytes); }
  ByteRing(Arena& arena, size_t bytes) : memory_(arena.take<uint8_t>(bytes).data()), size_(bytes) {
    FS_CHECK(std::has_single_bit(bytes) && bytes >= kBytesMin);
  }
  ByteRing(const ByteRing&) = delete;
  ByteRing& operator=(const ByteRing&) = delete;
  ~ByteRing() = default;

  [[nodiscard]] size_t bytes() const { return size_; }
  // The longest record: half of the ring, so that one always fits once the ring is empty, wherever
  // it would start.
  [[nodiscard]] size_t record_bytes_max() const { return size_ / 2 - kHeaderBytes; }

  // Producer: room for one record of up to `bytes_max`; empty when the ring is full now, or for
  // ever when `bytes_max` is 0 or above record_bytes_max(). The ring counts as full when less than
  // `bytes_spared` would stay free behind the record, so that records of less worth leave room for
  // others. Requires: bytes_spared <= half of the ring. A second reserve() takes the place of the
  // first.
  [[nodiscard]] std::span<uint8_t> reserve(size_t bytes_max, size_t bytes_spared = 0);
  // Producer: makes the first `bytes` of the room a record. Requires: 0 < bytes <= the bytes_max of
  // the reserve() before it, which gave room.
  void commit(size_t bytes);
  // Producer: bytes that hold no record, or one that the consumer is done with.
  [[nodiscard]] size_t bytes_free() const {
    // acquire: pairs with the release store in release().
    return size_ - (written_ - released_.load(std::memory_order_acquire));
  }
  // Producer: shows the consumer all that was committed.
  void publish() {
    // release: pairs with the acquire load in front(); the records are written before they are
    // seen.
    published_.store(written_, std::memory_order_release);
  }

  // Consumer: the oldest record not yet popped, or empty when none is published. Valid until
  // release().
  [[nodiscard]] Bytes front();
  // Consumer: passes over the record that front() gave. Requires: front() gave one.
  void pop();
  // Consumer: gives the space of all popped records back to the producer.
  void release() {
    // release: pairs with the acquire load in reserve(); the reads of the records end before their
    // space is written again.
    released_.store(read_, std::memory_order_release);
  }

 private:
  static constexpr size_t kBytesMin = 64;
  static constexpr size_t kHeaderBytes = 8;
  // In a header: no record here, the next one starts after as many bytes as the rest says.
  static constexpr uint64_t kSkip = 0x8000'0000'0000'0000;

  // PERF: on a busy ring every line was last in the other side's cache. Asking for the next
  // records' lines while this one is made or read took 10 to 20 % off a run that writes a record
  // per packet.
  static constexpr size_t kAheadBytes = 768;
  static constexpr size_t kAheadLines = 8;
  static constexpr size_t kAheadEndBytes = kAheadBytes + kAheadLines * kCacheLineBytes;
  void prefetch_to_read(uint64_t position) const {
    for (size_t i = 0; i < kAheadLines; ++i) {
      prefetch_read(memory_ + place_of(position + kAheadBytes + i * kCacheLineBytes));
    }
  }
  // Each line once: those that came within reach by a record from `begin` to `end`, of a long
  // record the last.
  void prefetch_to_write(uint64_t begin, uint64_t end) const {
    constexpr uint64_t kLine = kCacheLineBytes;
    const uint64_t first = std::max(begin + kAheadEndBytes, end + kAheadBytes);
    uint8_t* const memory = memory_;  // a prefetch is a write for all a compiler knows
    const size_t mask = size_ - 1;
    for (uint64_t at = (first + kLine - 1) / kLine * kLine; at < end + kAheadEndBytes;
         at += kLine) {
      prefetch_write(memory + (at & mask));
    }
  }

  static constexpr size_t padded(size_t bytes) { return (bytes + 7) / 8 * 8; }
  [[nodiscard]] size_t place_of(uint64_t position) const { return position & (size_ - 1); }
  [[nodiscard]] uint64_t header_at(uint64_t position) const {
    uint64_t header;
    std::memcpy(&header, memory_ + place_of(position), sizeof header);
    return header;
  }
  void set_header(uint64_t position, uint64_t header) {
    std::memcpy(memory_ + place_of(position), &header, sizeof header);
  }

  // Both sides read these and nobody writes them after the start.
  uint8_t* const memory_;
  const size_t size_;

  // The producer's own line.
  alignas(kCacheLineBytes) uint64_t written_ = 0;  // end of the last committed record
  uint64_t reserved_ = 0;       // where the reserved record starts: written_, or after the skip
  uint64_t released_seen_ = 0;  // the last value read from released_; never above it

  // Written by the producer, read by the consumer.
  alignas(kCacheLineBytes) std::atomic<uint64_t> published_{0};

  // The consumer's own line.
  alignas(kCacheLineBytes) uint64_t read_ = 0;  // start of the next record
  uint64_t published_seen_ = 0;  // the last value read from published_; never above it

  // Written by the consumer, read by the producer.
  alignas(kCacheLineBytes) std::atomic<uint64_t> released_{0};
};

inline std::span<uint8_t> ByteRing::reserve(size_t bytes_max, size_t bytes_spared) {
  FS_DCHECK(bytes_spared <= size_ / 2);
  if (bytes_max - 1 >= record_bytes_max()) return {};  // 0 wraps to the largest number
  const size_t record = kHeaderBytes + padded(bytes_max);
  const size_t to_end = size_ - place_of(written_);
  const size_t skip = record <= to_end ? 0 : to_end;
  const uint64_t end = written_ + skip + record + bytes_spared;
  if (end - released_seen_ > size_) {
    // acquire: pairs with the release store in release().
    released_seen_ = released_.load(std::memory_order_acquire);
    if (end - released_seen_ > size_) return {};
  }
  reserved_ = written_ + skip;
  return {memory_ + place_of(reserved_) + kHeaderBytes, bytes_max};
}

inline void ByteRing::commit(size_t bytes) {
  FS_DCHECK(bytes > 0 && bytes <= record_bytes_max());
  const uint64_t begin = written_;
  if (reserved_ != written_) set_header(written_, kSkip | (reserved_ - written_));
  set_header(reserved_, bytes);
  written_ = reserved_ + kHeaderBytes + padded(bytes);
  reserved_ = written_;
  prefetch_to_write(begin, written_);
}

inline Bytes ByteRing::front() {
  if (read_ == published_seen_) {
    // acquire: pairs with the release store in publish().
    published_seen_ = published_.load(std::memory_order_acquire);
    if (read_ == published_seen_) return {};
  }
  uint64_t header = header_at(read_);
  if ((header & kSkip) != 0) {
    read_ += header & ~kSkip;  // a record always follows: both were committed together
    header = header_at(read_);
  }
  // Lines that are not published yet belong to the producer's cache.
  if (published_seen_ - read_ > kAheadEndBytes) prefetch_to_read(read_);
  return {memory_ + place_of(read_) + kHeaderBytes, header};
}

inline void ByteRing::pop() {
  FS_DCHECK(read_ != published_seen_);
  read_ += kHeaderBytes + padded(header_at(read_));
}

}  // namespace flowscope
