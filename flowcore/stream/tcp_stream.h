#pragma once

#include <concepts>
#include <cstdint>

#include "flowcore/base/bytes.h"
#include "flowcore/base/seq.h"
#include "flowcore/stream/held_bytes.h"
#include "flowcore/stream/segment_store.h"

namespace flowscope {

// What takes the bytes of one side: in order, each byte once, never empty; and the holes between
// them. A run of bytes begins where a segment began, or where a longer run was cut. Bytes are
// borrowed for the call. The stream may be dropped from outside only after the call
// returned.
template <class S>
concept StreamSink = requires(S& sink, Bytes bytes, uint32_t missing_bytes) {
  sink.on_bytes(bytes);
  sink.on_gap(missing_bytes);
};

// One side of a TCP flow put back in order; the standard model of Reassembler (reassembler.h). A
// segment that continues the stream is handed on where it lies; one that comes early is copied and
// held within the store's caps. Where early segments claim the same bytes, and where one that comes
// in order claims bytes that are held, the store's SegmentOverlap decides. Bytes that were handed
// on are gone: a later copy of them is skipped, whatever the policy, and not compared.
//
// A hole that cannot be filled any more becomes an explicit gap:
//   - the peer acknowledged past it (so the peer has the bytes and we missed them) a grace time
//     ago,
//   - or the caps are reached, or the peer was not heard and the wait is over, or the stream ends.
// Without that it waits: the bytes will be sent again.
//
// Thread rule: one worker. Memory: this object, and what it holds in the store. Cost: a segment in
// order some ten instructions beside the sink's; an early one a copy and O(log n) for each
// block (see HeldBytes), whatever the number of holes.
// PERF: 16 and 112 bytes, so that in a flow's session what segments in order touch of both sides
// lies in a cache line each.
class alignas(16) TcpStream {
 public:
  // How long an acknowledged hole may still be filled by packets captured out of order; how long a
  // hole lasts in a capture that holds only this side; and how long where the peer was heard before
  // but has fallen silent since (it would repeat its acknowledgment for every early segment).
  static constexpr uint64_t kAckGrace_ns = 10'000'000;
  static constexpr uint64_t kOneSidedWait_ns = 1'000'000'000;
  static constexpr uint64_t kSilentPeerWait_ns = 10'000'000'000;
  // A segment further ahead than this is stray (forged or of another flow): refused and counted,
  // unless the peer's acknowledgments have come as far.
  static constexpr int32_t kAheadMax = 16 << 20;

  struct Segment {
    uint32_t seq;                  // of the first payload byte
    Bytes payload;                 // what was captured
    uint32_t missing_tail;         // payload bytes that the capture cut off
    uint64_t clock_ns;             // never going back
    uint32_t peer_held_bytes = 0;  // held_bytes() of the flow's other side, for the cap of both
  };

  [[nodiscard]] bool anchored() const { return anchored_; }
  // The first byte of the stream will have number `seq`: one past that of the SYN. Requires:
  // nothing was handed on or is held. Without it the first segment's number is taken.
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
  // No more will come: hands on what is held, with gaps between, and before the FIN.
  template <StreamSink S>
  void flush(SegmentStore& store, S& sink);
  // Forgets everything held. Nothing may be given to the stream afterwards.
  void drop(SegmentStore& store) { held_.clear(store); }

  [[nodiscard]] bool holds() const { return !held_.empty(); }
  // Memory taken from the store, in bytes, and the most that ever was.
  [[nodiscard]] uint32_t held_bytes() const { return held_.memory_bytes(); }
  [[nodiscard]] uint32_t high_watermark() const { return high_watermark_; }
  // How far the stream has come, gaps included.
  [[nodiscard]] uint64_t offset() const { return handed_on_ + gap_bytes_; }
  [[nodiscard]] uint64_t gap_bytes() const { return gap_bytes_; }
  // What the caps cost: SlidingWindow: bytes of holes given up to make room, part of gap_bytes();
  // DropFlow: bytes thrown away.
  [[nodiscard]] uint64_t dropped_bytes() const { return dropped_bytes_; }
  // A cap was reached under OverflowPolicy::DropFlow: the stream takes nothing any more.
  [[nodiscard]] bool is_poisoned() const { return poisoned_; }

  // Segments by what they brought; those that went on where the side stood are in none. Modulo
  // 2^32.
  [[nodiscard]] uint32_t retransmitted() const { return retransmitted_; }  // nothing new
  [[nodiscard]] uint32_t overlapping() const { return overlapping_; }      // new and known bytes
  [[nodiscard]] uint32_t out_of_order() const { return out_of_order_; }    // new, behind a hole
  // The last byte again, alone, with nothing behind it (RFC 9293 section 3.8.4).
  [[nodiscard]] uint32_t keep_alives() const { return keep_alives_; }
  [[nodiscard]] uint32_t strays() const { return strays_; }
  // Segments with other bytes than those held at the same place.
  [[nodiscard]] uint32_t conflicts() const { return conflicts_; }

 private:
  // Why a hole is given up.
  enum class Cause : uint8_t { Evidence, Room };

  template <StreamSink S>
  void pass(Bytes bytes, S& sink);
  template <StreamSink S>
  void gap(uint32_t missing_bytes, Cause cause, S& sink);
  // Hands on held bytes that now continue the stream.
  template <StreamSink S>
  void drain(SegmentStore& store, S& sink);
  // A piece that begins at next_: hands it on, and the held bytes where it overlaps with them.
  template <StreamSink S>
  void weave(const HeldBytes::Piece& piece, HeldBytes::Found& found, SegmentStore& store, S& sink);
  // A gap up to `seq`, but for what is held before.
  template <StreamSink S>
  void gap_until(uint32_t seq, SegmentStore& store, S& sink);
  template <StreamSink S>
  void take_early(const Segment& segment, SegmentStore& store, S& sink);
  template <StreamSink S>
  void take_next(const Segment& segment, SegmentStore& store, S& sink);
  // Gives up the hole before the first held byte.
  template <StreamSink S>
  void skip_hole(Cause cause, SegmentStore& store, S& sink);
  template <StreamSink S>
  void give_up_old_hole(uint64_t clock_ns, SegmentStore& store, S& sink);
  // A segment beyond kAheadMax: whether it can be taken after all.
  template <StreamSink S>
  bool catch_up(uint32_t seq, SegmentStore& store, S& sink);

  [[nodiscard]] bool acknowledged(uint32_t hole_end) const {
    return peer_seen_ && seq_distance(hole_end, acknowledged_) >= 0;
  }
  // The hole before the first held byte is another one than before.
  void begin_hole(uint64_t clock_ns);
  void note_evidence(uint64_t clock_ns);
  [[nodiscard]] bool is_old(uint64_t clock_ns) const;
  void poison(size_t rest_bytes, SegmentStore& store);
  // Counts a segment of which `known_bytes` were there already.
  void classify(const Segment& segment, int32_t ahead, uint32_t known_bytes,
                const HeldBytes::Found& found);
  static HeldBytes::Piece piece_of(const Segment& segment, uint32_t from);

  // What segments in order touch comes first.
  uint32_t next_ = 0;  // number of the next byte to hand on
  bool anchored_ = false;
  bool poisoned_ = false;
  bool fin_seen_ = false;
  bool peer_seen_ = false;
  HeldBytes held_;  // begins behind next_
  uint64_t handed_on_ = 0;
  uint32_t acknowledged_ = 0;
  uint32_t fin_seq_ = 0;
  bool hole_acknowledged_ = false;
  bool peer_spoke_ = false;     // since the hole is there
  uint64_t hole_since_ns_ = 0;  // when the first hole was first seen, or acknowledged
  uint64_t gap_bytes_ = 0;
  uint64_t dropped_bytes_ = 0;
  uint32_t high_watermark_ = 0;
  uint32_t retransmitted_ = 0;
  uint32_t overlapping_ = 0;
  uint32_t out_of_order_ = 0;
  uint32_t keep_alives_ = 0;
  uint32_t strays_ = 0;
  uint32_t conflicts_ = 0;
};
static_assert(sizeof(TcpStream) == 112);

}  // namespace flowscope

#include "flowcore/stream/tcp_stream_take.h"  // IWYU pragma: keep
