#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "flowcore/packet/burst.h"
#include "tests/support/packet_builder.h"

namespace flowscope::bench {

// Frames of many flows with payload, laid out in memory as a receive ring would, that may be given
// again and again: renew() lets every number of TCP go on where the pass before ended.
class SessionStock {
 public:
  enum class Kind : uint8_t {
    Bulk,   // TCP: one segment after the other of each flow, flows by turns of chance
    Short,  // TCP: whole sessions of eleven packets, four of them with payload, 64 at a time
    Dns,    // UDP: queries and answers, flows by turns of chance
  };
  struct Shape {
    Kind kind = Kind::Bulk;
    uint32_t flows = 100;
    uint32_t packets = 1 << 17;
    uint32_t ports = 1;  // of the responders, from 1000 on
    std::string_view payload;
  };
  static constexpr size_t kSlotBytes = 256;
  static constexpr uint64_t kPacketGap_ns = 100;

  explicit SessionStock(const Shape& shape) : shape_(shape), slots_(slots_bytes(shape)) {
    std::mt19937_64 random(7);
    std::vector<uint32_t> turn(shape.flows);
    if (shape.kind == Kind::Short) {
      add_sessions();
      return;
    }
    while (packets_.size() < shape.packets) {
      // The first packets meet every flow.
      const auto at = static_cast<uint32_t>(packets_.size());
      const uint32_t flow = at < shape.flows ? at : static_cast<uint32_t>(random() % shape.flows);
      const uint32_t number = turn[flow]++;
      if (shape.kind == Kind::Dns) {
        add_dns(flow, number % 2 != 0);
      } else {
        add({flow, true, tcp_flag::kAck, number * payload_bytes(), 0, shape.payload});
      }
    }
    // What a flow does not send in a pass would be a hole: bytes are numbered by flow.
    for (uint32_t& flow_bytes : turn) flow_bytes *= payload_bytes();
    pass_bytes_of_ = std::move(turn);
  }

  [[nodiscard]] size_t size() const { return packets_.size(); }
  // Packets [at, at + count) as a burst; time goes on from pass to pass.
  void fill(Burst& burst, size_t at, uint32_t count) const {
    for (uint32_t i = 0; i < count; ++i) {
      burst.packet[i] = packets_[at + i];
      burst.packet[i].time.ns += pass_ns_;
    }
    burst.count = count;
  }
  // After each pass over all packets. Not to be timed.
  void renew() {
    pass_ns_ += packets_.size() * kPacketGap_ns;
    if (shape_.kind == Kind::Dns) return;
    for (size_t i = 0; i < packets_.size(); ++i) {
      uint8_t* const slot = &slots_[i * kSlotBytes];
      if (shape_.kind == Kind::Short) {
        // A later session of the same ends.
        add_number(slot + kSeqAt, kNextSession);
        if ((slot[kFlagsAt] & tcp_flag::kAck) != 0) add_number(slot + kAckAt, kNextSession);
      } else {
        add_number(slot + kSeqAt, pass_bytes_of_[flow_[i]]);
      }
    }
  }

 private:
  static constexpr size_t kSeqAt = 14 + 20 + 4;
  static constexpr size_t kAckAt = kSeqAt + 4;
  static constexpr size_t kFlagsAt = kSeqAt + 9;
  static constexpr uint32_t kNextSession = 1 << 20;
  static constexpr uint32_t kSessionPackets = 11;

  struct Segment {
    uint32_t flow;
    bool from_client;
    uint8_t flags;
    uint32_t seq;
    uint32_t ack;
    std::string_view payload;
  };

  static size_t slots_bytes(const Shape& shape) {
    return (size_t{shape.packets} + size_t{shape.flows} * kSessionPackets) * kSlotBytes;
  }
  [[nodiscard]] uint32_t payload_bytes() const {
    return static_cast<uint32_t>(shape_.payload.size());
  }
  [[nodiscard]] uint16_t server_port(uint32_t flow) const {
    return static_cast<uint16_t>(1000 + flow % shape_.ports);
  }
  static uint16_t client_port(uint32_t flow) { return static_cast<uint16_t>(2000 + flow % 60'000); }
  static std::string client_address(uint32_t flow) {
    return "10." + std::to_string(flow >> 16 & 255) + "." + std::to_string(flow >> 8 & 255) + "."
           + std::to_string(flow & 255);
  }

  void add(const Segment& segment) {
    const std::string client = client_address(segment.flow);
    const bool forth = segment.from_client;
    const uint16_t from = forth ? client_port(segment.flow) : server_port(segment.flow);
    const uint16_t to = forth ? server_port(segment.flow) : client_port(segment.flow);
    keep(segment.flow,
         testing::PacketBuilder()
             .ethernet()
             .ipv4(forth ? client.c_str() : "192.168.0.1", forth ? "192.168.0.1" : client.c_str())
             .tcp(from, to, {.seq = segment.seq, .ack = segment.ack, .flags = segment.flags})
             .payload(segment.payload)
             .build());
  }
  void add_dns(uint32_t flow, bool is_answer) {
    static constexpr std::string_view kQuery{"\x12\x34\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1",
                                             29};
    static constexpr std::string_view kAnswer{
        "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\7example\3com\0\0\1\0\1\xc0\x0c\0\1\0\1\0\0\1\0\0\4\1\2\3"
        "\4",
        45};
    const std::string client = client_address(flow);
    keep(flow, testing::PacketBuilder()
                   .ethernet()
                   .ipv4(is_answer ? "192.168.0.1" : client.c_str(),
                         is_answer ? client.c_str() : "192.168.0.1")
                   .udp(is_answer ? 53 : client_port(flow), is_answer ? client_port(flow) : 53)
                   .payload(is_answer ? kAnswer : kQuery)
                   .build());
  }
  void add_session_packet(uint32_t flow, uint32_t step) {
    const uint32_t bytes = payload_bytes();
    const uint8_t ack = tcp_flag::kAck;
    const uint8_t fin = tcp_flag::kFin | tcp_flag::kAck;
    const uint32_t sent = 1 + 3 * bytes;
    switch (step) {
      case 0:
        return add({flow, true, tcp_flag::kSyn, 0, 0, ""});
      case 1:
        return add({flow, false, tcp_flag::kSyn | tcp_flag::kAck, 500, 1, ""});
      case 2:
        return add({flow, true, ack, 1, 501, ""});
      case 3:
      case 4:
      case 5:
        return add({flow, true, ack, 1 + (step - 3) * bytes, 501, shape_.payload});
      case 6:
        return add({flow, false, ack, 501, sent, shape_.payload});
      case 7:
        return add({flow, true, ack, sent, 501 + bytes, ""});
      case 8:
        return add({flow, true, fin, sent, 501 + bytes, ""});
      case 9:
        return add({flow, false, fin, 501 + bytes, sent + 1, ""});
      default:
        return add({flow, true, ack, sent + 1, 502 + bytes, ""});
    }
  }
  void add_sessions() {
    constexpr uint32_t kAtATime = 64;
    for (uint32_t first = 0; first < shape_.flows; first += kAtATime) {
      const uint32_t last = std::min(first + kAtATime, shape_.flows);
      for (uint32_t step = 0; step < kSessionPackets; ++step) {
        for (uint32_t flow = first; flow < last; ++flow) add_session_packet(flow, step);
      }
    }
  }
  void keep(uint32_t flow, const testing::Frame& frame) {
    uint8_t* const slot = &slots_.at(packets_.size() * kSlotBytes);
    std::copy_n(frame.begin(), std::min(frame.size(), kSlotBytes), slot);
    packets_.push_back({.frame = {slot, std::min(frame.size(), kSlotBytes)},
                        .time = {packets_.size() * kPacketGap_ns},
                        .wire_bytes = static_cast<uint32_t>(frame.size())});
    flow_.push_back(flow);
  }
  static void add_number(uint8_t* at, uint32_t more) {
    uint32_t number = 0;
    for (size_t i = 0; i < 4; ++i) number = number << 8 | at[i];
    number += more;
    for (size_t i = 4; i-- > 0; number >>= 8) at[i] = static_cast<uint8_t>(number);
  }

  Shape shape_;
  std::vector<uint8_t> slots_;
  std::vector<PacketView> packets_;
  std::vector<uint32_t> flow_;
  std::vector<uint32_t> pass_bytes_of_;
  uint64_t pass_ns_ = 0;
};

}  // namespace flowscope::bench
