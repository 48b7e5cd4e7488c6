#include "flowcore/stream/tcp_stream.h"

namespace flowscope {

HeldBytes::Piece TcpStream::piece_of(const Segment& segment, uint32_t from) {
  const auto whole = static_cast<uint32_t>(segment.payload.size()) + segment.missing_tail;
  return {.seq = segment.seq + from,
          .bytes = segment.payload.after(from),
          .range = {segment.seq, segment.seq + whole}};
}

void TcpStream::begin_hole(uint64_t clock_ns) {
  hole_since_ns_ = clock_ns;
  hole_acknowledged_ = acknowledged(held_.first_seq());
  peer_spoke_ = false;
}

// The hole's end is the first held byte: acknowledged there or beyond, the peer has what we miss.
void TcpStream::note_evidence(uint64_t clock_ns) {
  if (hole_acknowledged_ || !acknowledged(held_.first_seq())) return;
  hole_acknowledged_ = true;
  hole_since_ns_ = clock_ns;
}

bool TcpStream::is_old(uint64_t clock_ns) const {
  const uint64_t waited_ns = clock_ns > hole_since_ns_ ? clock_ns - hole_since_ns_ : 0;
  if (hole_acknowledged_) return waited_ns >= kAckGrace_ns;
  if (!peer_seen_) return waited_ns >= kOneSidedWait_ns;
  return !peer_spoke_ && waited_ns >= kSilentPeerWait_ns;
}

void TcpStream::poison(size_t rest_bytes, SegmentStore& store) {
  dropped_bytes_ += rest_bytes + held_.clear(store);
  poisoned_ = true;
}

void TcpStream::classify(const Segment& segment, int32_t ahead, uint32_t known_bytes,
                         const HeldBytes::Found& found) {
  if (found.differing_bytes != 0) ++conflicts_;
  const auto captured = static_cast<uint32_t>(segment.payload.size());
  if (captured == 0) return;
  if (known_bytes >= captured) {
    const bool keeps_alive = ahead == -1 && captured == 1 && !holds();
    ++(keeps_alive ? keep_alives_ : retransmitted_);
    return;
  }
  if (known_bytes != 0) ++overlapping_;
  if (ahead > 0) ++out_of_order_;
}

}  // namespace flowscope
