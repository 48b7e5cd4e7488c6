#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/base/seq.h"
#include "flowcore/stream/segment_store.h"

namespace flowscope {

// What takes the bytes of one side: in order, each byte once, never empty; and the holes between
// them. Bytes are borrowed for the call. The stream may be dropped from outside only after the call
// returned.
template <class S>
concept StreamSink = requires(S& sink, Bytes bytes, uint32_t missing_bytes) {
  sink.on_bytes(bytes);
  sink.on_gap(missing_bytes);
};

// One side of a TCP flow put back in order. A segment that continues the stream is handed on where
// it lies; one that comes early is copied and held within hard caps; bytes seen before are skipped
// (the first copy wins). A hole that cannot be filled any more becomes an explicit gap:
//   - the peer acknowledged past it (so the peer has the bytes and we missed them) a grace time
//   ago,
//   - or the caps are reached, or the peer was never seen and the wait is over, or the stream ends.
// Thread rule: one worker. Memory: this object, and what it holds in the store.
class TcpStream {
 public:
  // How long an acknowledged hole may still be filled by packets captured out of order, and how
  // long a hole lasts in a capture that holds only this side.
  static constexpr uint64_t kAckGrace_ns = 10'000'000;
  static constexpr uint64_t kOneSidedWait_ns = 1'000'000'000;
  // A segment further ahead than this is stray (forged or of another flow): refused and counted.
  static constexpr int32_t kAheadMax = 16 << 20;

  struct Segment {
    uint32_t seq;           // of the first payload byte
    Bytes payload;          // what was captured
    uint32_t missing_tail;  // payload bytes that the capture cut off
    uint64_t clock_ns;
  };

  [[nodiscard]] bool anchored() const { return anchored_; }
  // The first byte of the stream will have number `seq`.
  void anchor(uint32_t seq) {
    next_ = seq;
    anchored_ = true;
  }

  // Takes a segment with payload. Requires: not ended.
  template <StreamSink S>
  void segment(const Segment& segment, SegmentStore& store, S& sink);
  // The peer acknowledged everything before `ack`.
  template <StreamSink S>
  void peer_acknowledged(uint32_t ack, uint64_t clock_ns, SegmentStore& store, S& sink);
  // The side sent FIN: its number is one past the last byte.
  void fin_at(uint32_t seq) {
    fin_seq_ = seq;
    fin_seen_ = true;
  }
  // Every byte up to the FIN was handed on.
  [[nodiscard]] bool complete() const {
    return fin_seen_ && anchored_ && seq_distance(next_, fin_seq_) <= 0;
  }
  // No more will come: hands on what is held, with gaps between.
  template <StreamSink S>
  void flush(SegmentStore& store, S& sink);
  // Forgets everything held.
  void drop(SegmentStore& store);

  [[nodiscard]] bool holds() const { return first_held_ != kNone; }
  [[nodiscard]] uint64_t gap_bytes() const { return gap_bytes_; }
  [[nodiscard]] uint32_t strays() const { return strays_; }

 private:
  static constexpr uint32_t kNone = Slab<HeldSegment>::kNone;

  template <StreamSink S>
  void pass(Bytes bytes, S& sink);
  template <StreamSink S>
  void gap(uint32_t missing_bytes, S& sink);
  // Hands on held segments that now continue the stream.
  template <StreamSink S>
  void drain(SegmentStore& store, S& sink);
  // Gives up the hole before the first held segment.
  template <StreamSink S>
  void skip_hole(SegmentStore& store, S& sink);
  template <StreamSink S>
  void give_up_old_hole(uint64_t clock_ns, SegmentStore& store, S& sink);
  [[nodiscard]] bool acknowledged(uint32_t hole_end) const {
    return peer_seen_ && seq_distance(hole_end, acknowledged_) >= 0;
  }
  // Copies the parts of an early segment that are not held yet; false when a cap is reached.
  bool hold(uint32_t seq, Bytes bytes, SegmentStore& store);

  uint64_t hole_since_ns_ = 0;  // when the hole before first_held_ was first seen (or acknowledged)
  uint64_t gap_bytes_ = 0;
  uint32_t next_ = 0;  // number of the next byte to hand on
  uint32_t fin_seq_ = 0;
  uint32_t acknowledged_ = 0;
  uint32_t first_held_ = kNone;
  uint32_t last_held_ = kNone;
  uint32_t held_block_bytes_ = 0;
  uint32_t strays_ = 0;
  bool anchored_ = false;
  bool fin_seen_ = false;
  bool peer_seen_ = false;
  bool hole_acknowledged_ = false;
};

template <StreamSink S>
void TcpStream::pass(Bytes bytes, S& sink) {
  next_ += static_cast<uint32_t>(bytes.size());
  if (!bytes.empty()) sink.on_bytes(bytes);
}

template <StreamSink S>
void TcpStream::gap(uint32_t missing_bytes, S& sink) {
  if (missing_bytes == 0) return;
  next_ += missing_bytes;
  gap_bytes_ += missing_bytes;
  sink.on_gap(missing_bytes);
}

template <StreamSink S>
void TcpStream::segment(const Segment& segment, SegmentStore& store, S& sink) {
  if (!anchored_) anchor(segment.seq);
  const int32_t ahead = seq_distance(next_, segment.seq);
  if (ahead > 0) {
    if (ahead > kAheadMax) {
      ++strays_;
      return;
    }
    if (!holds()) {
      hole_since_ns_ = segment.clock_ns;
      hole_acknowledged_ = acknowledged(segment.seq);
    }
    // A cap is reached: the oldest hole is given up until there is room or none is left.
    while (!hold(segment.seq, segment.payload, store)) {
      if (!holds() || seq_distance(next_, segment.seq) <= 0) {
        const int32_t rest = seq_distance(next_, segment.seq);
        if (rest > 0) gap(static_cast<uint32_t>(rest), sink);
        this->segment(segment, store, sink);
        return;
      }
      skip_hole(store, sink);
      hole_since_ns_ = segment.clock_ns;
    }
    give_up_old_hole(segment.clock_ns, store, sink);
    return;
  }
  // Bytes before next_ were handed on already.
  const auto seen = static_cast<uint32_t>(-ahead);
  const auto whole = static_cast<uint32_t>(segment.payload.size()) + segment.missing_tail;
  if (seen >= whole) return;
  pass(segment.payload.after(seen), sink);
  if (segment.missing_tail != 0)
    gap(whole - std::max(seen, static_cast<uint32_t>(segment.payload.size())), sink);
  if (holds()) drain(store, sink);
}

template <StreamSink S>
void TcpStream::drain(SegmentStore& store, S& sink) {
  while (first_held_ != kNone) {
    const uint32_t handle = first_held_;
    const HeldSegment held = store.get(handle);
    const int32_t ahead = seq_distance(next_, held.seq);
    if (ahead > 0) return;
    first_held_ = held.next;
    if (first_held_ == kNone) last_held_ = kNone;
    held_block_bytes_ -= static_cast<uint32_t>(held.block.size());
    pass(Bytes{held.block.data(), held.size}.after(static_cast<uint32_t>(-ahead)), sink);
    store.drop(handle);
  }
}

template <StreamSink S>
void TcpStream::skip_hole(SegmentStore& store, S& sink) {
  const int32_t missing = seq_distance(next_, store.get(first_held_).seq);
  if (missing > 0) gap(static_cast<uint32_t>(missing), sink);
  drain(store, sink);
  hole_acknowledged_ = holds() && acknowledged(store.get(first_held_).seq);
}

template <StreamSink S>
void TcpStream::give_up_old_hole(uint64_t clock_ns, SegmentStore& store, S& sink) {
  if (!holds()) return;
  const uint64_t waited_ns = clock_ns - hole_since_ns_;
  if (hole_acknowledged_ ? waited_ns < kAckGrace_ns : (peer_seen_ || waited_ns < kOneSidedWait_ns))
    return;
  skip_hole(store, sink);
  hole_since_ns_ = clock_ns;
}

template <StreamSink S>
void TcpStream::peer_acknowledged(uint32_t ack, uint64_t clock_ns, SegmentStore& store, S& sink) {
  peer_seen_ = true;
  acknowledged_ = ack;
  if (!holds()) return;
  // The hole's end is the first held byte: acknowledged there or beyond, the peer has what we miss.
  if (!hole_acknowledged_ && acknowledged(store.get(first_held_).seq)) {
    hole_acknowledged_ = true;
    hole_since_ns_ = clock_ns;
  }
  give_up_old_hole(clock_ns, store, sink);
}

template <StreamSink S>
void TcpStream::flush(SegmentStore& store, S& sink) {
  while (holds()) skip_hole(store, sink);
}

}  // namespace flowscope
