#pragma once

// How a TcpStream takes segments and evidence; included by tcp_stream.h only, for reading one idea
// per file.
#include <algorithm>

#include "flowcore/stream/tcp_stream.h"

namespace flowscope {

template <StreamSink S>
void TcpStream::pass(Bytes bytes, S& sink) {
  next_ += static_cast<uint32_t>(bytes.size());
  handed_on_ += bytes.size();
  sink.on_bytes(bytes);
}

template <StreamSink S>
void TcpStream::gap(uint32_t missing_bytes, Cause cause, S& sink) {
  next_ += missing_bytes;
  gap_bytes_ += missing_bytes;
  if (cause == Cause::Room) dropped_bytes_ += missing_bytes;
  sink.on_gap(missing_bytes);
}

template <StreamSink S>
void TcpStream::segment(const Segment& segment, SegmentStore& store, S& sink) {
  const bool goes_on = segment.seq == next_ && anchored_ && !poisoned_;
  if (goes_on && held_.empty() && segment.missing_tail == 0) [[likely]] {
    if (!segment.payload.empty()) pass(segment.payload, sink);
    return;
  }
  if (poisoned_) {
    dropped_bytes_ += segment.payload.size();
    return;
  }
  if (!anchored_) anchor(segment.seq);
  if (seq_distance(next_, segment.seq) > kAheadMax && !catch_up(segment.seq, store, sink)) {
    ++strays_;
    return;
  }
  if (seq_distance(next_, segment.seq) > 0) {
    take_early(segment, store, sink);
  } else {
    take_next(segment, store, sink);
  }
}

// Begins at next_ or before. Bytes before next_ were handed on already.
template <StreamSink S>
void TcpStream::take_next(const Segment& segment, SegmentStore& store, S& sink) {
  const int32_t ahead = seq_distance(next_, segment.seq);
  const bool had_hole = holds();
  const uint32_t hole_end = held_.first_seq();
  const auto captured = static_cast<uint32_t>(segment.payload.size());
  const uint32_t seen = std::min(static_cast<uint32_t>(-ahead), captured);
  HeldBytes::Found found;
  if (seen < captured) weave(piece_of(segment, seen), found, store, sink);
  if (segment.missing_tail != 0)
    gap_until(segment.seq + captured + segment.missing_tail, store, sink);
  drain(store, sink);
  if (had_hole && holds()) {
    if (held_.first_seq() != hole_end) begin_hole(segment.clock_ns);
    give_up_old_hole(segment.clock_ns, store, sink);
  }
  classify(segment, ahead, seen + found.known_bytes, found);
}

template <StreamSink S>
void TcpStream::take_early(const Segment& segment, SegmentStore& store, S& sink) {
  const int32_t ahead = seq_distance(next_, segment.seq);
  const bool had_hole = holds();
  HeldBytes::Found found;
  HeldBytes::Piece rest = piece_of(segment, 0);
  bool made_room = false;
  for (;;) {
    const uint32_t done = held_.put(rest, segment.peer_held_bytes, store, found);
    high_watermark_ = std::max(high_watermark_, held_.memory_bytes());
    rest.seq += done;
    rest.bytes = rest.bytes.after(done);
    if (rest.bytes.empty()) break;
    // A cap is reached.
    if (store.options().overflow == OverflowPolicy::DropFlow) {
      poison(rest.bytes.size(), store);
      return;
    }
    made_room = true;
    if (holds() && seq_less(held_.first_seq(), rest.seq)) {
      skip_hole(Cause::Room, store, sink);
      if (next_ != rest.seq) continue;
    } else {
      gap(static_cast<uint32_t>(seq_distance(next_, rest.seq)), Cause::Room, sink);
    }
    weave(rest, found, store, sink);
    drain(store, sink);
    break;
  }
  if (holds()) {
    if (made_room || !had_hole) begin_hole(segment.clock_ns);
    note_evidence(segment.clock_ns);
    give_up_old_hole(segment.clock_ns, store, sink);
  }
  classify(segment, ahead, found.known_bytes, found);
}

template <StreamSink S>
void TcpStream::weave(const HeldBytes::Piece& piece, HeldBytes::Found& found, SegmentStore& store,
                      S& sink) {
  held_.settle(piece, store, found);
  for (Bytes bytes = piece.bytes; !bytes.empty();) {
    Bytes run = bytes;
    if (holds()) {
      const auto until_held = static_cast<uint32_t>(seq_distance(next_, held_.first_seq()));
      if (until_held == 0) {
        // Settled above: what is held is what stays.
        const Bytes held = held_.first_run(store);
        const auto count = static_cast<uint32_t>(held.size());
        pass(held, sink);
        held_.drop_first(count, store);
        bytes = bytes.after(count);
        continue;
      }
      run = bytes.first(until_held);
    }
    pass(run, sink);
    bytes = bytes.after(run.size());
  }
}

template <StreamSink S>
void TcpStream::drain(SegmentStore& store, S& sink) {
  while (holds() && held_.first_seq() == next_) {
    const Bytes run = held_.first_run(store);
    const auto count = static_cast<uint32_t>(run.size());
    pass(run, sink);
    held_.drop_first(count, store);
  }
}

template <StreamSink S>
void TcpStream::gap_until(uint32_t seq, SegmentStore& store, S& sink) {
  for (;;) {
    drain(store, sink);
    const int32_t missing = seq_distance(next_, seq);
    if (missing <= 0) return;
    auto hole = static_cast<uint32_t>(missing);
    if (holds()) {
      const auto until_held = static_cast<uint32_t>(seq_distance(next_, held_.first_seq()));
      hole = std::min(hole, until_held);
    }
    gap(hole, Cause::Evidence, sink);
  }
}

template <StreamSink S>
void TcpStream::skip_hole(Cause cause, SegmentStore& store, S& sink) {
  gap(static_cast<uint32_t>(seq_distance(next_, held_.first_seq())), cause, sink);
  drain(store, sink);
}

template <StreamSink S>
void TcpStream::give_up_old_hole(uint64_t clock_ns, SegmentStore& store, S& sink) {
  if (!holds() || !is_old(clock_ns)) return;
  skip_hole(Cause::Evidence, store, sink);
  if (holds()) begin_hole(clock_ns);
}

// The capture lost more than kAheadMax bytes at a time. When the peer acknowledges near the segment
// it is no forgery: all before is lost.
template <StreamSink S>
bool TcpStream::catch_up(uint32_t seq, SegmentStore& store, S& sink) {
  const int32_t beyond = seq_distance(seq, acknowledged_);
  if (!peer_seen_ || beyond > kAheadMax || beyond < -kAheadMax) return false;
  gap_until(beyond < 0 ? acknowledged_ : seq, store, sink);
  return seq_distance(next_, seq) <= kAheadMax;
}

template <StreamSink S>
void TcpStream::peer_acknowledged(uint32_t ack, uint64_t clock_ns, SegmentStore& store, S& sink) {
  peer_seen_ = true;
  acknowledged_ = ack;
  if (!holds()) [[likely]]
    return;
  peer_spoke_ = true;
  note_evidence(clock_ns);
  give_up_old_hole(clock_ns, store, sink);
}

template <StreamSink S>
void TcpStream::flush(SegmentStore& store, S& sink) {
  while (holds()) skip_hole(Cause::Evidence, store, sink);
  if (!fin_seen_ || !anchored_ || poisoned_) return;
  const int32_t missing = seq_distance(next_, fin_seq_);
  if (missing > 0 && missing <= kAheadMax)
    gap(static_cast<uint32_t>(missing), Cause::Evidence, sink);
}

}  // namespace flowscope
