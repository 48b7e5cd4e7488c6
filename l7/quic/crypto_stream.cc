#include "l7/quic/crypto_stream.h"

#include <algorithm>
#include <cstring>

namespace flowscope::quic {

CryptoStream::Added CryptoStream::add(uint64_t offset, Bytes bytes) {
  if (bytes.empty()) return Added::Ok;
  if (offset > kBytesMax || bytes.size() > kBytesMax - offset) return Added::BeyondLimit;
  const Piece fresh = {static_cast<uint16_t>(offset), static_cast<uint16_t>(offset + bytes.size())};
  Table table = read_table();

  // The pieces from `first` up to `last` touch the fresh one and grow together with it.
  const auto pieces = std::span(table).first(pieces_);
  size_t first = 0;
  while (first < pieces.size() && pieces[first].end < fresh.begin) ++first;
  size_t last = first;
  while (last < pieces.size() && pieces[last].begin <= fresh.end) ++last;
  if (first == last && pieces_ == kPiecesMax) return Added::TooManyPieces;
  if (!make_room(fresh.end)) return Added::NoMemory;
  copy_missing(table, fresh, bytes);

  Piece joined = fresh;
  if (first == last) {
    std::copy_backward(table.begin() + static_cast<ptrdiff_t>(first),
                       table.begin() + static_cast<ptrdiff_t>(pieces_),
                       table.begin() + static_cast<ptrdiff_t>(pieces_) + 1);
    ++pieces_;
  } else {
    joined = {std::min(table[first].begin, fresh.begin), std::max(table[last - 1].end, fresh.end)};
    std::copy(table.begin() + static_cast<ptrdiff_t>(last),
              table.begin() + static_cast<ptrdiff_t>(pieces_),
              table.begin() + static_cast<ptrdiff_t>(first) + 1);
    pieces_ -= static_cast<uint32_t>(last - first - 1);
  }
  table[first] = joined;
  write_table(table);
  return Added::Ok;
}

Bytes CryptoStream::front() const {
  if (pieces_ == 0) return {};
  const Piece first = read_table()[0];
  return first.begin == 0 ? Bytes(block_.data(), block_.size()).sub(kTableBytes, first.end)
                          : Bytes();
}

void CryptoStream::clear() {
  if (!block_.empty()) pool_->give_back(block_);
  block_ = {};
  pieces_ = 0;
}

CryptoStream::Table CryptoStream::read_table() const {
  Table table;
  if (pieces_ != 0) std::memcpy(table.data(), block_.data(), pieces_ * sizeof(Piece));
  return table;
}

void CryptoStream::write_table(const Table& table) {
  std::memcpy(block_.data(), table.data(), pieces_ * sizeof(Piece));
}

// Moves to a larger block when the present one ends before `stream_bytes`.
bool CryptoStream::make_room(size_t stream_bytes) {
  const size_t bytes = kTableBytes + stream_bytes;
  if (bytes <= block_.size()) return true;
  const std::span<uint8_t> larger = pool_->take(bytes);
  if (larger.empty()) return false;
  std::copy(block_.begin(), block_.end(), larger.begin());
  if (!block_.empty()) pool_->give_back(block_);
  block_ = larger;
  return true;
}

// Copies those of the fresh bytes that no piece has yet.
void CryptoStream::copy_missing(const Table& table, Piece fresh, Bytes bytes) {
  const auto copy = [&](size_t begin, size_t end) {
    const Bytes part = bytes.sub(begin - fresh.begin, end - begin);
    std::copy(part.begin(), part.end(),
              block_.begin() + static_cast<ptrdiff_t>(kTableBytes + begin));
  };
  size_t at = fresh.begin;
  for (const Piece piece : std::span(table).first(pieces_)) {
    if (piece.end <= at) continue;
    if (piece.begin >= fresh.end) break;
    if (piece.begin > at) copy(at, piece.begin);
    at = piece.end;
  }
  if (at < fresh.end) copy(at, fresh.end);
}

}  // namespace flowscope::quic
