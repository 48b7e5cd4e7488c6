#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "flowcore/base/buffer_pool.h"
#include "flowcore/base/bytes.h"

namespace flowscope::quic {

// The beginning of one role's stream of handshake bytes, put together from CRYPTO frames that come
// in any order, cut anywhere and more than once (RFC 9000 19.6). Where copies differ the first one
// counts. Thread rule and lifetime: those of its pool. Memory: one block of the pool while it holds
// bytes; cost of a frame: a copy and at most kPiecesMax steps.
class CryptoStream {
 public:
  static constexpr size_t kPiecesMax = 32;
  // Bytes of the stream; with the table of pieces they fill a block of 16 KiB.
  static constexpr size_t kBytesMax = 16384 - kPiecesMax * 4;

  enum class Added : uint8_t { Ok, BeyondLimit, TooManyPieces, NoMemory };

  explicit CryptoStream(BufferPool& pool) : pool_(&pool) {}
  ~CryptoStream() { clear(); }
  CryptoStream(const CryptoStream&) = delete;
  CryptoStream& operator=(const CryptoStream&) = delete;

  // Takes a copy of a frame's bytes; other outcomes than Ok leave all as it was.
  [[nodiscard]] Added add(uint64_t offset, Bytes bytes);
  // The bytes from the start of the stream up to the first that is missing. Valid until the next
  // call that changes the stream.
  [[nodiscard]] Bytes front() const;
  [[nodiscard]] bool empty() const { return pieces_ == 0; }
  void clear();

 private:
  // A run of bytes that are there. Pieces are kept in order and never touch each other; their table
  // lies at the start of the block, the stream's bytes behind it.
  struct Piece {
    uint16_t begin = 0;
    uint16_t end = 0;
  };
  static constexpr size_t kTableBytes = kPiecesMax * sizeof(Piece);
  using Table = std::array<Piece, kPiecesMax>;

  [[nodiscard]] Table read_table() const;
  void write_table(const Table& table);
  [[nodiscard]] bool make_room(size_t stream_bytes);
  void copy_missing(const Table& table, Piece fresh, Bytes bytes);

  BufferPool* pool_;
  std::span<uint8_t> block_;
  uint32_t pieces_ = 0;
};
static_assert(CryptoStream::kBytesMax <= UINT16_MAX);

}  // namespace flowscope::quic
