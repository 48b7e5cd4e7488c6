#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"

namespace flowscope::tls {

// The header of a DTLS handshake fragment (RFC 6347 4.2.2): which part of which message it is.
struct FragmentHeader {
  uint8_t type = 0;
  uint32_t message_bytes = 0;
  uint16_t message_seq = 0;
  uint32_t offset = 0;
  uint32_t fragment_bytes = 0;

  // Requires: offset and fragment_bytes lie inside the message.
  [[nodiscard]] bool is_whole() const { return fragment_bytes == message_bytes; }
};

// One handshake message in fragments that come in any order, overlap and repeat. Where they differ
// the later one counts, as in OpenSSL. It borrows one block of the pool, as large as the bytes that
// came so far need.
// Thread rule: that of its pool. Cost of a fragment: its bytes and at most kRangesMax steps.
class FragmentJoin {
 public:
  static constexpr uint32_t kMessageBytesMax = 16384;
  // Separate pieces of a message; a fragment that would make one more is not taken.
  static constexpr size_t kRangesMax = 8;

  explicit FragmentJoin(BufferPool& pool) : pool_(&pool) {}
  ~FragmentJoin() { clear(); }
  FragmentJoin(FragmentJoin&& other) noexcept : pool_(other.pool_) { swap(other); }
  FragmentJoin& operator=(FragmentJoin&& other) noexcept {
    swap(other);
    return *this;
  }
  FragmentJoin(const FragmentJoin&) = delete;
  FragmentJoin& operator=(const FragmentJoin&) = delete;

  // Begins a message, or goes on with one. Requires: is_free() or holds(header), message_bytes <=
  // kMessageBytesMax, and a fragment inside the message. False when the pool has no room.
  [[nodiscard]] bool add(const FragmentHeader& header, Bytes fragment);

  [[nodiscard]] bool is_free() const { return range_count_ == 0; }
  [[nodiscard]] bool holds(const FragmentHeader& header) const {
    return !is_free() && header.message_seq == message_seq_ && header.type == type_
           && header.message_bytes == message_bytes_;
  }
  [[nodiscard]] bool is_complete() const {
    return range_count_ == 1 && ranges_[0].begin == 0 && ranges_[0].end == message_bytes_;
  }
  [[nodiscard]] uint8_t type() const { return type_; }
  [[nodiscard]] uint16_t message_seq() const { return message_seq_; }
  // The body. Requires: is_complete(). Valid until the next call that changes this object.
  [[nodiscard]] Bytes message() const { return {block_.data(), message_bytes_}; }
  void clear();

 private:
  struct Range {
    uint16_t begin;
    uint16_t end;
  };

  bool make_room(size_t bytes);
  bool mark(Range range);
  void swap(FragmentJoin& other) noexcept;

  BufferPool* pool_;
  std::span<uint8_t> block_;
  std::array<Range, kRangesMax> ranges_{};  // what is there: apart, in no order
  uint16_t message_bytes_ = 0;
  uint16_t message_seq_ = 0;
  uint8_t type_ = 0;
  uint8_t range_count_ = 0;
};

}  // namespace flowscope::tls
