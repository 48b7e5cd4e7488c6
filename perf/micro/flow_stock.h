#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "flowcore/packet/burst.h"
#include "tests/support/packet_builder.h"

namespace flowscope::bench {

// 64-byte TCP frames of `flows` flows in uniformly random order, laid out in memory as a receive
// ring would: one slot after the other, far more than caches hold once flows are many.
class FlowStock {
 public:
  static constexpr size_t kSlotBytes = 64;

  FlowStock(uint32_t flows, uint32_t packets) : slots_(size_t{packets} * kSlotBytes) {
    const testing::Frame shape =
        testing::PacketBuilder().ethernet().ipv4("10.0.0.1", "192.168.0.1").tcp(1000, 443).build();
    std::mt19937 random(7);
    for (uint32_t i = 0; i < packets; ++i) {
      uint8_t* slot = slots_.data() + size_t{i} * kSlotBytes;
      std::copy(shape.begin(), shape.end(), slot);
      set_flow(slot, static_cast<uint32_t>(random() % flows));
      packets_.push_back({.frame = {slot, shape.size()},
                          .time = {uint64_t{i} * 100},
                          .wire_bytes = static_cast<uint32_t>(kSlotBytes)});
    }
  }

  // The next packets; time goes on over the rounds.
  void fill_next(Burst& burst, uint32_t count) {
    if (next_ + count > packets_.size()) {
      next_ = 0;
      round_ns_ += packets_.size() * 100;
    }
    for (uint32_t i = 0; i < count; ++i) {
      burst.packet[i] = packets_[next_ + i];
      burst.packet[i].time.ns += round_ns_;
    }
    burst.count = count;
    next_ += count;
  }

 private:
  // The flow's number goes into the source address and the source port.
  static void set_flow(uint8_t* frame, uint32_t flow) {
    constexpr size_t kSourceAddress = 26;
    constexpr size_t kSourcePort = 34;
    frame[kSourceAddress + 1] = static_cast<uint8_t>(flow >> 16);
    frame[kSourceAddress + 2] = static_cast<uint8_t>(flow >> 8);
    frame[kSourceAddress + 3] = static_cast<uint8_t>(flow);
    frame[kSourcePort] = static_cast<uint8_t>(flow >> 20);
  }

  std::vector<uint8_t> slots_;
  std::vector<PacketView> packets_;
  size_t next_ = 0;
  uint64_t round_ns_ = 0;
};

}  // namespace flowscope::bench
