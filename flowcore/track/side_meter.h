#pragma once

#include <cstdint>
#include <limits>

#include "flowcore/base/seq.h"
#include "flowcore/track/syn_kinds.h"

namespace flowscope {

// Counts one more; stays at the maximum.
template <class T>
constexpr void count_one(T& counter) {
  if (counter != std::numeric_limits<T>::max()) ++counter;
}

// What every packet of a side changes.
struct SideMeter {
  // What is being timed: the other side's acknowledgment of it is a sample of the round trip.
  enum class Timing : uint8_t { Nothing, Handshake, Segment };

  uint64_t payload_bytes = 0;  // as IP says, whatever was captured; stays at its maximum
  uint32_t timed_end = 0;      // one past the timed segment's last number
  uint32_t timed_us = 0;       // when it came by: packet time, modulo 2^32 microseconds
  uint32_t flagged_seq = 0;    // sequence number of the last SYN, FIN or RST
  uint8_t ttl_lowest = UINT8_MAX;
  uint8_t ttl_highest = 0;
  // Letters of the history that come once, or that were there already.
  uint16_t syn_noted : 1 = 0;
  uint16_t payload_noted : 1 = 0;
  uint16_t ack_noted : 1 = 0;
  uint16_t fin_noted : 1 = 0;
  uint16_t rst_noted : 1 = 0;
  uint16_t inconsistent_noted : 1 = 0;
  uint16_t multi_flag_noted : 1 = 0;
  uint16_t retransmissions_noted : 3 = 0;  // letters t so far
  uint16_t window_scale : 4 = 0;           // of the first SYN, 0 to 14
  Timing timing : 2 = Timing::Nothing;

  void add_payload(uint16_t bytes) {
    payload_bytes += bytes;
    if (payload_bytes < bytes) [[unlikely]]
      payload_bytes = UINT64_MAX;
  }
  // PERF: most packets of a side have the TTL of those before.
  void add_ttl(uint8_t ttl) {
    if (ttl < ttl_lowest) [[unlikely]]
      ttl_lowest = ttl;
    if (ttl > ttl_highest) [[unlikely]]
      ttl_highest = ttl;
  }
};
static_assert(sizeof(SideMeter) == 24);

// What few packets of a side change.
struct SideEvents {
  // The last numbers that were passed over, while they are missing. Empty when begin == end.
  struct Hole {
    uint32_t begin = 0;
    uint32_t end = 0;

    [[nodiscard]] bool is_open() const { return begin != end; }
    [[nodiscard]] bool meets(uint32_t seq, uint32_t seq_end) const {
      return seq_less(seq, end) && seq_less(begin, seq_end);
    }
    // Takes [seq, seq_end) out; of two pieces that are left the upper one stays.
    void fill(uint32_t seq, uint32_t seq_end) {
      if (seq_less(begin, seq) && !seq_less(seq_end, end)) {
        end = seq;
      } else {
        begin = seq_less(seq_end, end) ? seq_end : end;
      }
    }
  };

  uint32_t retransmitted = 0;  // segments
  uint32_t out_of_order = 0;   // segments
  Hole hole;
  uint16_t keep_alives = 0;
  uint16_t zero_windows = 0;
  // Of its first SYN or SYN-ACK, where one was seen (SideMeter::syn_noted).
  uint16_t syn_window = 0;        // never scaled
  uint16_t segment_size_max = 0;  // 0: not sent
  SynKinds syn_kinds;
};
static_assert(sizeof(SideEvents) == 32);

}  // namespace flowscope
