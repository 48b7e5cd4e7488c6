#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "flowcore/base/bytes.h"
#include "flowcore/stream/overflow_policy.h"
#include "flowcore/stream/segment_store.h"
#include "flowcore/stream/tcp_stream.h"

namespace flowscope {

// The bytes of one side of a TCP flow in order, kept until they are taken: for a program that would
// rather fetch than be called. A TcpStream with a buffer behind it. What is kept is limited by
// buffer_bytes_max, what waits behind a hole by the store; where a gap was, the bytes around it
// stand side by side and gap_bytes() has grown. An RST needs no call: its payload is not given.
//
// Thread rule: one worker. Lifetime: the store must outlive it. Memory: the buffer grows as needed,
// so this allocates, unlike TcpStream; the packet path of the application does not use it.
class BufferedReassembler {
 public:
  struct Options {
    // Most bytes kept; SIZE_MAX: no limit.
    size_t buffer_bytes_max = size_t{1} << 20;
    // SlidingWindow: the oldest kept bytes go. DropFlow: all go and nothing is taken any more.
    OverflowPolicy overflow = OverflowPolicy::SlidingWindow;
  };

  explicit BufferedReassembler(SegmentStore& store) : BufferedReassembler(store, Options{}) {}
  BufferedReassembler(SegmentStore& store, const Options& options)
      : store_(store), options_(options) {}
  ~BufferedReassembler() { stream_.drop(store_); }
  BufferedReassembler(const BufferedReassembler&) = delete;
  BufferedReassembler& operator=(const BufferedReassembler&) = delete;

  // The side's SYN had number `seq`. Without it the first segment begins the stream.
  void syn(uint32_t seq) { stream_.anchor(seq + 1); }
  void segment(uint32_t seq, Bytes payload, uint64_t clock_ns = 0);
  void peer_acknowledged(uint32_t ack, uint64_t clock_ns);
  // The side is closed: what waits behind holes is kept too.
  void fin();

  // Everything kept, which is no longer kept then. Empty when there is nothing.
  [[nodiscard]] std::vector<uint8_t> take();
  // The same bytes, still kept; valid until the next call that changes this.
  [[nodiscard]] Bytes buffered() const { return {kept_.data() + begin_, buffered_bytes()}; }
  [[nodiscard]] size_t buffered_bytes() const { return kept_.size() - begin_; }

  // The most bytes kept at a time, as they were after each segment; an overflow that drops the flow
  // does not raise it.
  [[nodiscard]] size_t high_watermark() const { return high_watermark_; }
  // Bytes that buffer_bytes_max cost: SlidingWindow: those pushed out; DropFlow: those of the
  // segment that did not fit.
  [[nodiscard]] uint64_t bytes_dropped_oversize() const { return dropped_oversize_; }
  [[nodiscard]] bool is_poisoned() const { return poisoned_ || stream_.is_poisoned(); }
  // Segments that brought nothing: retransmissions, keep-alives, strays.
  [[nodiscard]] uint64_t dropped_segments() const;
  [[nodiscard]] uint64_t gap_bytes() const { return stream_.gap_bytes(); }
  // The stream itself, for its counters.
  [[nodiscard]] const TcpStream& stream() const { return stream_; }

 private:
  // What the stream hands its bytes to.
  struct Tail {
    BufferedReassembler& owner;
    void on_bytes(Bytes bytes) { owner.append(bytes); }
    void on_gap(uint32_t) {}
  };

  void append(Bytes bytes);
  void slide(Bytes bytes);
  void forget_oldest(size_t count);

  SegmentStore& store_;
  Options options_;
  TcpStream stream_;
  std::vector<uint8_t> kept_;  // from begin_ on
  size_t begin_ = 0;
  size_t high_watermark_ = 0;
  uint64_t dropped_oversize_ = 0;
  bool poisoned_ = false;
};

}  // namespace flowscope
