#include "l7/dns/pending_queries.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace flowscope::dns {

namespace {

constexpr size_t kTypeAndClassBytes = 4;

// Length bytes are below the letters, so that whole names may be folded.
constexpr uint8_t to_lower(uint8_t c) {
  return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c + ('a' - 'A')) : c;
}

}  // namespace

bool same_question(Bytes a, Bytes b) {
  if (a == b) return true;
  if (a.size() != b.size() || a.size() < kTypeAndClassBytes) return false;
  const size_t name_bytes = a.size() - kTypeAndClassBytes;
  return a.after(name_bytes) == b.after(name_bytes)
         && std::equal(a.begin(), a.begin() + name_bytes, b.begin(),
                       [](uint8_t x, uint8_t y) { return to_lower(x) == to_lower(y); });
}

bool PendingQueries::push(Head head, Bytes question) {
  const auto bytes = static_cast<uint32_t>(sizeof head + question.size());
  if (count_ == kPendingQueriesMax || !make_room(bytes)) return false;
  head.question_bytes = static_cast<uint16_t>(question.size());
  const std::span<uint8_t> place = std::span(block_, block_bytes_).subspan(end_);
  std::memcpy(place.data(), &head, sizeof head);
  if (!question.empty())
    std::memcpy(place.subspan(sizeof head).data(), question.begin(), question.size());
  end_ = static_cast<uint16_t>(end_ + bytes);
  ++count_;
  return true;
}

template <class Fits>
PendingQueries::Position PendingQueries::find_if(Fits&& fits) const {
  for (Position position = front_; position < end_;) {
    const Head head = head_at(position);
    if (fits(position, head)) return position;
    position += static_cast<uint32_t>(sizeof head) + head.question_bytes;
  }
  return kNone;
}

PendingQueries::Position PendingQueries::find(uint16_t id, FlowSide asker, Bytes question) const {
  return find_if([&](Position position, const Head& head) {
    return head.id == id && head.asker == asker && same_question(at(position).question, question);
  });
}

PendingQueries::Position PendingQueries::find(uint16_t id, FlowSide asker) const {
  return find_if([&](Position, const Head& head) { return head.id == id && head.asker == asker; });
}

void PendingQueries::set(Position position, const Head& head) {
  FS_DCHECK(head.question_bytes == head_at(position).question_bytes);
  std::memcpy(std::span(block_, block_bytes_).subspan(position).data(), &head, sizeof head);
}

// Most answers are to one of the oldest, so what lies before the entry moves up.
void PendingQueries::remove(Position position) {
  const uint32_t bytes = static_cast<uint32_t>(sizeof(Head)) + head_at(position).question_bytes;
  if (--count_ == 0) return clear();
  const std::span<uint8_t> older =
      std::span(block_, block_bytes_).subspan(front_, position - front_);
  if (!older.empty()) std::memmove(older.data() + bytes, older.data(), older.size());
  front_ = static_cast<uint16_t>(front_ + bytes);
}

// Entries move to the front of the block, or to a larger one, only when the end is reached.
bool PendingQueries::make_room(uint32_t bytes) {
  const uint32_t used = end_ - front_;
  if (bytes <= static_cast<uint32_t>(block_bytes_ - end_)) return true;
  if (bytes <= block_bytes_ - used) {
    std::memmove(block_, block_ + front_, used);
  } else {
    const std::span<uint8_t> larger = pool_->take(used + bytes);
    const size_t allowed = block_ == nullptr ? BufferPool::kBlockBytes[0] : kBlockBytesMax;
    if (larger.size() > allowed) pool_->give_back(larger);
    if (larger.empty() || larger.size() > allowed) return false;
    if (used != 0) std::memcpy(larger.data(), block_ + front_, used);
    if (block_ != nullptr) pool_->give_back({block_, block_bytes_});
    block_ = larger.data();
    block_bytes_ = static_cast<uint16_t>(larger.size());
  }
  front_ = 0;
  end_ = static_cast<uint16_t>(used);
  return true;
}

void PendingQueries::clear() {
  if (block_ != nullptr) pool_->give_back({std::exchange(block_, nullptr), block_bytes_});
  block_bytes_ = front_ = end_ = 0;
  count_ = 0;
}

}  // namespace flowscope::dns
