#include "l7/tls/fragment_join.h"

#include <algorithm>
#include <cstring>

#include "flowcore/base/check.h"

namespace flowscope::tls {

bool FragmentJoin::add(const FragmentHeader& header, Bytes fragment) {
  FS_DCHECK(is_free() || holds(header));
  FS_DCHECK(header.message_bytes <= kMessageBytesMax);
  FS_DCHECK(header.offset + fragment.size() <= header.message_bytes);
  const size_t end = header.offset + fragment.size();
  if (fragment.empty()) return true;
  if (!make_room(end)) return false;
  type_ = header.type;
  message_seq_ = header.message_seq;
  message_bytes_ = static_cast<uint16_t>(header.message_bytes);
  if (!mark({static_cast<uint16_t>(header.offset), static_cast<uint16_t>(end)})) return true;
  std::memcpy(block_.data() + header.offset, fragment.begin(), fragment.size());
  return true;
}

void FragmentJoin::clear() {
  if (!block_.empty()) pool_->give_back(block_);
  block_ = {};
  range_count_ = 0;
}

bool FragmentJoin::make_room(size_t bytes) {
  if (bytes <= block_.size()) return true;
  const std::span<uint8_t> larger = pool_->take(bytes);
  if (larger.empty()) return false;
  if (!block_.empty()) {
    std::memcpy(larger.data(), block_.data(), block_.size());
    pool_->give_back(block_);
  }
  block_ = larger;
  return true;
}

// Adds a range, joined with those that it touches. False when there would be too many.
bool FragmentJoin::mark(Range range) {
  size_t kept = 0;
  for (size_t i = 0; i < range_count_; ++i) {
    const Range other = ranges_[i];
    if (other.begin <= range.end && range.begin <= other.end) {
      range = {std::min(range.begin, other.begin), std::max(range.end, other.end)};
    } else {
      ranges_[kept++] = other;
    }
  }
  if (kept == kRangesMax) return false;
  ranges_[kept++] = range;
  range_count_ = static_cast<uint8_t>(kept);
  return true;
}

void FragmentJoin::swap(FragmentJoin& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(block_, other.block_);
  std::swap(ranges_, other.ranges_);
  std::swap(message_bytes_, other.message_bytes_);
  std::swap(message_seq_, other.message_seq_);
  std::swap(type_, other.type_);
  std::swap(range_count_, other.range_count_);
}

}  // namespace flowscope::tls
