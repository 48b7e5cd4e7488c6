#include "flowcore/stream/tcp_stream.h"

namespace flowscope {

bool TcpStream::hold(uint32_t seq, Bytes bytes, SegmentStore& store) {
  uint32_t before = kNone;
  // Segments mostly come in ascending order, so the end of the list is tried first.
  uint32_t after = first_held_;
  if (last_held_ != kNone && !seq_less(seq, store.get(last_held_).seq)) {
    before = last_held_;
    after = kNone;
  }
  while (!bytes.empty()) {
    while (after != kNone && !seq_less(seq, store.get(after).seq)) {
      before = after;
      after = store.get(after).next;
    }
    if (before != kNone) {
      // Skip what the segment before holds already: the first copy wins.
      const HeldSegment& held = store.get(before);
      const int32_t covered = seq_distance(seq, held.seq + held.size);
      if (covered > 0) {
        bytes = bytes.after(static_cast<uint32_t>(covered));
        seq += static_cast<uint32_t>(covered);
        if (bytes.empty()) return true;
        if (after != kNone && !seq_less(seq, store.get(after).seq)) continue;
      }
    }
    Bytes piece = bytes;
    if (after != kNone) {
      piece = bytes.first(static_cast<uint32_t>(seq_distance(seq, store.get(after).seq)));
    }
    if (held_block_bytes_ >= store.bytes_per_side_max()) return false;
    const uint32_t handle = store.hold(seq, piece);
    if (handle == kNone) return false;
    HeldSegment& held = store.get(handle);
    held.next = after;
    held_block_bytes_ += static_cast<uint32_t>(held.block.size());
    (before == kNone ? first_held_ : store.get(before).next) = handle;
    if (after == kNone) last_held_ = handle;
    before = handle;
    bytes = bytes.after(piece.size());
    seq += static_cast<uint32_t>(piece.size());
  }
  return true;
}

void TcpStream::drop(SegmentStore& store) {
  while (first_held_ != kNone) {
    const uint32_t next = store.get(first_held_).next;
    store.drop(first_held_);
    first_held_ = next;
  }
  last_held_ = kNone;
  held_block_bytes_ = 0;
}

}  // namespace flowscope
