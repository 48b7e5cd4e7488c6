#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "flowcore/base/seq.h"
#include "flowcore/packet/layers.h"

namespace flowscope {

// ICMP type and code of a message.
struct IcmpSeen {
  uint8_t type = 0;
  uint8_t code = 0;
  bool seen = false;
  uint8_t reserved = 0;
};

// What one side of a flow sent, in 24 bytes: counts in the high bits of two words, small fields
// below them, so that counting is an addition that leaves those alone. Counts stay at their maximum
// when they reach it: 2^40 packets are 30 hours of one flow side at ten million packets a second,
// 2^56 bytes 66 days at 100 Gbit/s.
class SideCounters {
 public:
  static constexpr uint64_t kPacketsMax = (uint64_t{1} << 40) - 1;
  static constexpr uint64_t kBytesMax = (uint64_t{1} << 56) - 1;
  static constexpr uint32_t kWindowLogMax = 31;

  constexpr SideCounters() : initial_seq(0) {}

  [[nodiscard]] uint64_t packets() const { return packets_ >> kPacketsShift; }
  // Whole frames as on the wire.
  [[nodiscard]] uint64_t bytes() const { return bytes_ >> kBytesShift; }
  void count(uint32_t wire_bytes, uint8_t flags = 0) {
    packets_ += uint64_t{1} << kPacketsShift;
    if (packets_ < uint64_t{1} << kPacketsShift) [[unlikely]]
      packets_ |= kPacketsMax << kPacketsShift;
    const uint64_t more = uint64_t{wire_bytes} << kBytesShift;
    bytes_ = (bytes_ | flags) + more;
    if (bytes_ < more) [[unlikely]]
      bytes_ |= kBytesMax << kBytesShift;
  }

  // All flags seen, or-ed; see tcp_flag.
  [[nodiscard]] uint8_t tcp_flags() const { return static_cast<uint8_t>(bytes_); }
  void add_tcp_flags(uint8_t flags) { bytes_ |= flags; }

  // VLAN id of its first packet, 12 bits.
  [[nodiscard]] uint16_t vlan_id() const {
    return static_cast<uint16_t>(packets_ >> kVlanShift & kVlanMask);
  }
  void set_vlan_id(uint16_t id) {
    packets_ = (packets_ & ~(kVlanMask << kVlanShift)) | (id & kVlanMask) << kVlanShift;
  }

  // TCP. A SYN without ACK was seen; its number is initial_seq.
  [[nodiscard]] bool syn_seen() const { return (packets_ & kSynSeen) != 0; }
  void set_syn_seen() { packets_ |= kSynSeen; }
  // A FIN was seen that fits in: its number is next_seq - 1.
  [[nodiscard]] bool fin_seen() const { return (packets_ & kFinSeen) != 0; }
  void set_fin_seen() { packets_ |= kFinSeen; }
  // next_seq is known, from what the side sent or from what the other acknowledged.
  [[nodiscard]] bool next_known() const { return (packets_ & kNextKnown) != 0; }
  void set_next(uint32_t seq) {
    next_seq = seq;
    packets_ |= kNextKnown;
  }
  // What it sends next is known and there is no end to it yet.
  [[nodiscard]] bool goes_on() const { return (packets_ & (kNextKnown | kFinSeen)) == kNextKnown; }
  // Shift of the windows that the side advertises (RFC 7323 section 2.3); 0 to 14.
  [[nodiscard]] uint32_t window_scale() const { return packets_ >> kScaleShift & kScaleMask; }
  void set_window_scale(uint32_t shift) {
    packets_ = (packets_ & ~(kScaleMask << kScaleShift)) | (shift & kScaleMask) << kScaleShift;
  }
  // goes_on() of both. PERF: one test in place of two.
  [[nodiscard]] static bool both_go_on(const SideCounters& x, const SideCounters& y) {
    return (((x.packets_ ^ kNextKnown) | (y.packets_ ^ kNextKnown)) & (kNextKnown | kFinSeen)) == 0;
  }
  // The largest window that the side advertised, as the power of two above it; 0: none yet.
  [[nodiscard]] uint32_t window_log() const { return packets_ >> kWindowShift & kWindowMask; }
  void widen_window(uint32_t window_bytes) {
    const uint64_t log = std::min<uint32_t>(std::bit_width(window_bytes), kWindowLogMax);
    if (log <= window_log()) [[likely]]
      return;
    packets_ = (packets_ & ~(kWindowMask << kWindowShift)) | log << kWindowShift;
  }

  union {
    uint32_t initial_seq;  // TCP: of its SYN, else of its last SYN-ACK (the streams stage
                           // writes that)
    IcmpSeen icmp;         // ICMP: its first message
  };
  uint32_t next_seq = 0;  // TCP: one past the highest number sent within the other side's window

 private:
  // From the top: packets 40, VLAN id 12, window 5, scale 4, three flags.
  static constexpr uint32_t kPacketsShift = 24;
  static constexpr uint32_t kVlanShift = 12;
  static constexpr uint64_t kVlanMask = 0xfff;
  static constexpr uint32_t kWindowShift = 7;
  static constexpr uint64_t kWindowMask = 0x1f;
  static constexpr uint32_t kScaleShift = 3;
  static constexpr uint64_t kScaleMask = 0xf;
  static constexpr uint64_t kSynSeen = 1;
  static constexpr uint64_t kFinSeen = 2;
  static constexpr uint64_t kNextKnown = 4;
  // From the top: bytes 56, TCP flags 8.
  static constexpr uint32_t kBytesShift = 8;

  uint64_t packets_ = 0;
  uint64_t bytes_ = 0;
};
static_assert(sizeof(SideCounters) == 24, "two sides share the entry's second cache line");

}  // namespace flowscope
