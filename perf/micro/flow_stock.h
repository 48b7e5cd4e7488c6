#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "flowcore/packet/burst.h"
#include "tests/support/packet_builder.h"

namespace flowscope::bench {

// In which order the flows of a stream send.
enum class FlowOrder : uint8_t {
  Uniform,  // each packet is of any flow
  Zipf,     // a few flows send most: probability of the n-th is proportional to n^-1.1
  Once,     // one packet of each flow, in order
};
// What the frames are: acknowledgments of either side by turns of chance, or SYNs.
enum class FlowFrames : uint8_t { Acks, Syns };

// 64-byte TCP frames of many flows, laid out in memory as a receive ring would: one slot after the
// other, far more than caches hold once flows are many.
class FlowStock {
 public:
  static constexpr size_t kSlotBytes = 64;
  static constexpr uint64_t kPacketGap_ns = 100;

  struct Shape {
    uint32_t first_flow = 0;
    uint32_t flows;
    uint32_t packets;
    FlowOrder order = FlowOrder::Uniform;
    FlowFrames frames = FlowFrames::Acks;
  };

  explicit FlowStock(const Shape& shape) : slots_(size_t{shape.packets} * kSlotBytes) {
    std::mt19937_64 random(7);
    const std::vector<double> weights = cumulated_weights(shape);
    packets_.reserve(shape.packets);
    flows_.reserve(shape.packets);
    for (uint32_t i = 0; i < shape.packets; ++i) {
      const uint32_t flow = shape.first_flow + pick(shape, weights, i, random);
      const FlowFrame frame(flow, shape.frames, (random() & 1) != 0);
      uint8_t* slot = slots_.data() + size_t{i} * kSlotBytes;
      std::copy(frame.bytes.begin(), frame.bytes.end(), slot);
      packets_.push_back({.frame = {slot, frame.bytes.size()},
                          .time = {uint64_t{i} * kPacketGap_ns},
                          .wire_bytes = static_cast<uint32_t>(kSlotBytes)});
      flows_.push_back(flow);
    }
  }

  // The next packets; time goes on over the rounds, from `start_ns` on.
  void fill_next(Burst& burst, uint32_t count, uint64_t start_ns = 0) {
    if (next_ + count > packets_.size()) {
      next_ = 0;
      round_ns_ += packets_.size() * kPacketGap_ns;
    }
    for (uint32_t i = 0; i < count; ++i) {
      burst.packet[i] = packets_[next_ + i];
      burst.packet[i].time.ns += start_ns + round_ns_;
    }
    burst.count = count;
    next_ += count;
  }
  // The numbers of the flows of the last `count` packets that fill_next() gave.
  [[nodiscard]] const uint32_t* last_flows(uint32_t count) const { return &flows_[next_ - count]; }

 private:
  // One frame of a flow: its number goes into the client's address and port.
  struct FlowFrame {
    FlowFrame(uint32_t flow, FlowFrames kind, bool from_server) {
      static const testing::Frame client_ack = testing::PacketBuilder()
                                                   .ethernet()
                                                   .ipv4("10.0.0.1", "192.168.0.1")
                                                   .tcp(1000, 443)
                                                   .build();
      static const testing::Frame server_ack = testing::PacketBuilder()
                                                   .ethernet()
                                                   .ipv4("192.168.0.1", "10.0.0.1")
                                                   .tcp(443, 1000)
                                                   .build();
      static const testing::Frame syn = testing::PacketBuilder()
                                            .ethernet()
                                            .ipv4("10.0.0.1", "192.168.0.1")
                                            .tcp(1000, 443, {.flags = tcp_flag::kSyn})
                                            .build();
      const bool reversed = from_server && kind == FlowFrames::Acks;
      bytes = kind == FlowFrames::Syns ? syn : reversed ? server_ack : client_ack;
      constexpr size_t kSourceAddress = 26;
      constexpr size_t kSourcePort = 34;
      const size_t address = kSourceAddress + (reversed ? 4 : 0);
      bytes[address + 1] = static_cast<uint8_t>(flow >> 16);
      bytes[address + 2] = static_cast<uint8_t>(flow >> 8);
      bytes[address + 3] = static_cast<uint8_t>(flow);
      bytes[kSourcePort + (reversed ? 2 : 0)] = static_cast<uint8_t>(flow >> 20);
    }
    testing::Frame bytes;
  };

  static std::vector<double> cumulated_weights(const Shape& shape) {
    std::vector<double> sums;
    if (shape.order != FlowOrder::Zipf) return sums;
    double sum = 0;
    for (uint32_t i = 0; i < shape.flows; ++i) sums.push_back(sum += std::pow(i + 1.0, -1.1));
    return sums;
  }
  static uint32_t pick(const Shape& shape, const std::vector<double>& weights, uint32_t index,
                       std::mt19937_64& random) {
    if (shape.order == FlowOrder::Once) return index % shape.flows;
    if (shape.order == FlowOrder::Uniform) return static_cast<uint32_t>(random() % shape.flows);
    const double at = std::uniform_real_distribution<double>(0, weights.back())(random);
    const auto found = std::upper_bound(weights.begin(), weights.end(), at);
    // Busy flows should not lie side by side in the table of a rival that keeps insertion order.
    const auto rank = static_cast<uint64_t>(found - weights.begin());
    return static_cast<uint32_t>(rank * 0x9e37'79b1U % shape.flows);
  }

  std::vector<uint8_t> slots_;
  std::vector<PacketView> packets_;
  std::vector<uint32_t> flows_;
  size_t next_ = 0;
  uint64_t round_ns_ = 0;
};

}  // namespace flowscope::bench
