#include "flowcore/stream/buffered_reassembler.h"

#include <algorithm>
#include <utility>

namespace flowscope {

void BufferedReassembler::segment(uint32_t seq, Bytes payload, uint64_t clock_ns) {
  if (payload.empty() || is_poisoned()) return;
  Tail tail{*this};
  stream_.segment({.seq = seq, .payload = payload, .missing_tail = 0, .clock_ns = clock_ns}, store_,
                  tail);
  if (poisoned_) stream_.drop(store_);
}

void BufferedReassembler::peer_acknowledged(uint32_t ack, uint64_t clock_ns) {
  if (is_poisoned()) return;
  Tail tail{*this};
  stream_.peer_acknowledged(ack, clock_ns, store_, tail);
  if (poisoned_) stream_.drop(store_);
}

void BufferedReassembler::fin() {
  if (is_poisoned()) return;
  Tail tail{*this};
  stream_.flush(store_, tail);
}

std::vector<uint8_t> BufferedReassembler::take() {
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<ptrdiff_t>(begin_));
  begin_ = 0;
  return std::exchange(kept_, {});
}

uint64_t BufferedReassembler::dropped_segments() const {
  return uint64_t{stream_.retransmitted()} + stream_.keep_alives() + stream_.strays();
}

void BufferedReassembler::append(Bytes bytes) {
  if (poisoned_) return;
  const size_t max = options_.buffer_bytes_max;
  if (bytes.size() <= max && buffered_bytes() <= max - bytes.size()) {
    kept_.insert(kept_.end(), bytes.begin(), bytes.end());
  } else if (options_.overflow == OverflowPolicy::DropFlow) {
    dropped_oversize_ += bytes.size();
    kept_.clear();
    begin_ = 0;
    poisoned_ = true;
    return;
  } else {
    slide(bytes);
  }
  high_watermark_ = std::max(high_watermark_, buffered_bytes());
}

// The newest buffer_bytes_max bytes stay.
void BufferedReassembler::slide(Bytes bytes) {
  const Bytes newest =
      bytes.after(bytes.size() - std::min(bytes.size(), options_.buffer_bytes_max));
  const size_t oldest = buffered_bytes() - (options_.buffer_bytes_max - newest.size());
  dropped_oversize_ += oldest + (bytes.size() - newest.size());
  forget_oldest(oldest);
  kept_.insert(kept_.end(), newest.begin(), newest.end());
}

// What is forgotten stays in place until it is as much as what is kept: each byte moves once, on
// average.
void BufferedReassembler::forget_oldest(size_t count) {
  begin_ += count;
  if (begin_ < buffered_bytes()) return;
  kept_.erase(kept_.begin(), kept_.begin() + static_cast<ptrdiff_t>(begin_));
  begin_ = 0;
}

}  // namespace flowscope
