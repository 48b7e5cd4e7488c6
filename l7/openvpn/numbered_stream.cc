#include "l7/openvpn/numbered_stream.h"

#include <cstring>

namespace flowscope::openvpn {

NumberedStream::Taken NumberedStream::take(uint32_t number, Bytes payload) {
  if (number < next_) return Taken::Again;
  if (number == next_) {
    ++next_;
    return Taken::Next;
  }
  if (number - next_ > kWaitingMax) return Taken::Refused;
  if (find(number) != used_) return Taken::Again;
  const Head head{.number = number, .bytes = static_cast<uint32_t>(payload.size())};
  if (payload.size() > kWaitingBytesMax || used_ + sizeof(head) + payload.size() > kWaitingBytesMax)
    return Taken::Refused;
  if (block_.empty()) block_ = pool_->take(kWaitingBytesMax);
  if (block_.empty()) return Taken::Refused;
  std::memcpy(&block_[used_], &head, sizeof(head));
  used_ += sizeof(head);
  if (!payload.empty()) std::memcpy(&block_[used_], payload.begin(), payload.size());
  used_ += head.bytes;
  ++waiting_;
  return Taken::Waits;
}

bool NumberedStream::take_waiting(Bytes& payload) {
  if (waiting_ == 0) {
    release();
    return false;
  }
  const uint32_t offset = find(next_);
  if (offset == used_) return false;
  payload = Bytes(&block_[offset] + sizeof(Head), head_at(offset).bytes);
  ++next_;
  --waiting_;
  return true;
}

void NumberedStream::restart() {
  release();
  next_ = 0;
}

void NumberedStream::release() {
  if (!block_.empty()) pool_->give_back(block_);
  block_ = {};
  used_ = 0;
  waiting_ = 0;
}

NumberedStream::Head NumberedStream::head_at(uint32_t offset) const {
  Head head;
  std::memcpy(&head, &block_[offset], sizeof(head));
  return head;
}

uint32_t NumberedStream::find(uint32_t number) const {
  for (uint32_t offset = 0; offset < used_;) {
    const Head head = head_at(offset);
    if (head.number == number) return offset;
    offset += static_cast<uint32_t>(sizeof(head)) + head.bytes;
  }
  return used_;
}

}  // namespace flowscope::openvpn
