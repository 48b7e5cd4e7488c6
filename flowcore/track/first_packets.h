#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/prefetch.h"

namespace flowscope {

// Size, sender and time of one of a flow's first packets with payload, in 6 bytes.
struct FirstPacket {
  static constexpr uint16_t kBytesMax = 0x7fff;

  uint16_t bytes_and_side = 0;  // payload as IP says, at most kBytesMax; the top bit is the side
  uint16_t after_us_low = 0;
  uint16_t after_us_high = 0;

  static FirstPacket of(FlowSide from, uint16_t payload_bytes, uint64_t after_ns) {
    const uint64_t after_us = std::min<uint64_t>(after_ns / 1'000, UINT32_MAX);
    const auto side_bit = static_cast<uint32_t>(index_of(from)) << 15;
    return {static_cast<uint16_t>(std::min(payload_bytes, kBytesMax) | side_bit),
            static_cast<uint16_t>(after_us), static_cast<uint16_t>(after_us >> 16)};
  }
  [[nodiscard]] uint16_t bytes() const { return bytes_and_side & kBytesMax; }
  [[nodiscard]] FlowSide side() const {
    return bytes_and_side > kBytesMax ? FlowSide::Responder : FlowSide::Initiator;
  }
  // Since the flow's start, at most 71 minutes: the gap between two packets is the difference.
  [[nodiscard]] uint32_t after_us() const { return uint32_t{after_us_high} << 16 | after_us_low; }
};
static_assert(sizeof(FirstPacket) == 6);

// A row of `each` first packets for every slot of a flow table. How many of a row count is kept by
// the flow's FlowMeter. Thread rule: one thread. Lifetime: the arena outlives it.
class FirstPackets {
 public:
  static constexpr size_t cost(uint32_t slots, uint32_t each) {
    return Arena::cost<FirstPacket>(size_t{slots} * each);
  }
  FirstPackets() = default;
  FirstPackets(Arena& arena, uint32_t slots, uint32_t each)
      : each_(each), packets_(arena.take<FirstPacket>(size_t{slots} * each)) {}

  [[nodiscard]] uint32_t each() const { return each_; }
  [[nodiscard]] std::span<FirstPacket> row(uint32_t slot) {
    return packets_.subspan(size_t{slot} * each_, each_);
  }
  [[nodiscard]] std::span<const FirstPacket> row(uint32_t slot) const {
    return packets_.subspan(size_t{slot} * each_, each_);
  }
  void move(uint32_t from, uint32_t to) {
    if (each_ != 0) std::ranges::copy(row(from), row(to).begin());
  }

 private:
  uint32_t each_ = 0;
  std::span<FirstPacket> packets_;
};

}  // namespace flowscope
