#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tests/support/tracker_rig.h"

namespace flowscope::testing {

// Random packets over few endpoints, so that they collide: TCP talks of many shapes with lost,
// repeated, late and forged segments, datagrams, ICMP, floods of new keys, pauses, and a clock that
// steps forward and back.
class TrackerTraffic {
 public:
  struct Shape {
    uint32_t endpoints = 30;
    uint32_t pause_permille = 4;  // of packets that come after seconds
    uint32_t flood_permille = 2;  // of packets that begin a flood
    uint32_t flood_packets = 40;
    uint32_t tcp_percent = 80;
    uint64_t gap_ns_max = 3'000'000;
  };
  TrackerTraffic(uint32_t seed, const Shape& shape)
      : random_(seed), shape_(shape), talks_(shape.endpoints) {}

  std::vector<TrackedPacket> packets(size_t count) {
    std::vector<TrackedPacket> made;
    while (made.size() < count) {
      step_clock();
      if (one_in_permille(shape_.flood_permille)) flood(made);
      made.push_back(next());
    }
    return made;
  }
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

 private:
  static constexpr uint32_t kFloodBegin = 1U << 24;

  struct Talk {
    uint32_t phase = 0;
    std::array<uint32_t, 2> next{};  // number of the next byte of both ends
    bool is_swapped = false;         // the key's b opens
    int8_t scale = TrackedPacket::kNoScale;
    uint16_t window = 65535;
  };

  bool one_in_permille(uint32_t permille) { return below(1000) < permille; }
  void step_clock() {
    time_ns_ += below(static_cast<uint32_t>(shape_.gap_ns_max));
    if (one_in_permille(shape_.pause_permille)) time_ns_ += uint64_t{below(12'000)} * 1'000'000;
    if (one_in_permille(1)) time_ns_ += uint64_t{below(200'000)} * 1'000'000;
    if (one_in_permille(3)) time_ns_ -= uint64_t{below(5'000)} * 1'000'000;
  }
  void flood(std::vector<TrackedPacket>& made) {
    const uint32_t kind = below(4);
    for (uint32_t i = 0; i < shape_.flood_packets; ++i) {
      time_ns_ += below(100'000);
      TrackedPacket packet{.time_ns = time_ns_, .flow = kFloodBegin + flooded_++};
      if (kind != 0) packet.protocol = TrackedPacket::kTcp;
      constexpr std::array<uint8_t, 4> kFlags = {0, tcp_flag::kSyn, tcp_flag::kAck,
                                                 tcp_flag::kFin | tcp_flag::kAck};
      packet.flags = kFlags.at(kind);
      packet.seq = below(UINT32_MAX);
      made.push_back(packet);
    }
  }

  TrackedPacket next() {
    TrackedPacket packet{.time_ns = time_ns_, .flow = below(shape_.endpoints)};
    packet.is_reply = below(2) == 1;
    if (below(100) >= shape_.tcp_percent) {
      packet.protocol = below(3) == 0 ? TrackedPacket::kIcmp : TrackedPacket::kUdp;
      packet.payload_bytes = static_cast<uint16_t>(below(100));
      return packet;
    }
    packet.protocol = TrackedPacket::kTcp;
    Talk& talk = talks_.at(packet.flow);
    if (below(10) < 8) {
      go_on(talk, packet);
    } else {
      disturb(talk, packet);
    }
    return packet;
  }
  // The next segment of a talk that goes as it should, of one that goes in another order, or none.
  void go_on(Talk& talk, TrackedPacket& packet) {
    constexpr uint32_t kPhases = 14;
    if (talk.phase == 0) begin(talk);
    const uint32_t phase = talk.phase;
    talk.phase = one_in_permille(40) ? below(kPhases) : (phase + 1) % kPhases;
    uint32_t from = below(2);
    packet.flags = tcp_flag::kAck;
    if (phase == 0) {
      from = 0;
      packet.flags = tcp_flag::kSyn;
    } else if (phase == 1) {
      from = 1;
      packet.flags = below(20) == 0 ? tcp_flag::kSyn : tcp_flag::kSyn | tcp_flag::kAck;
    } else if (phase == 2) {
      from = 0;
    } else if (phase == 10 || phase == 11) {
      from = phase - 10;
      packet.flags = tcp_flag::kFin | tcp_flag::kAck;
    } else if (phase < 10 && below(3) != 0) {
      packet.payload_bytes = static_cast<uint16_t>(below(1400));
    }
    const bool opens = (packet.flags & tcp_flag::kSyn) != 0;
    if (opens && below(30) == 0) packet.payload_bytes = 100;
    if (opens) packet.window_scale = talk.scale;
    packet.window = talk.window;
    send(talk, from, packet);
    if (one_in_permille(30)) packet.flags = tcp_flag::kRst | (packet.flags & tcp_flag::kAck);
  }
  void begin(Talk& talk) {
    talk.next = {below(4) == 0 ? UINT32_MAX - below(2000) : below(UINT32_MAX), below(UINT32_MAX)};
    talk.is_swapped = below(2) == 1;
    talk.scale = below(2) == 0 ? TrackedPacket::kNoScale : static_cast<int8_t>(below(16));
    talk.window = below(3) == 0 ? static_cast<uint16_t>(1 + below(2000)) : 65535;
  }
  void send(Talk& talk, uint32_t from, TrackedPacket& packet) {
    packet.is_reply = (from == 1) != talk.is_swapped;
    packet.seq = talk.next.at(from);
    packet.ack = (packet.flags & tcp_flag::kAck) != 0 ? talk.next.at(1 - from) : 0;
    const bool marks = (packet.flags & (tcp_flag::kSyn | tcp_flag::kFin)) != 0;
    talk.next.at(from) += packet.payload_bytes + (marks ? 1U : 0U);
  }
  // A segment that is repeated, ahead, forged or nonsense.
  void disturb(const Talk& talk, TrackedPacket& packet) {
    const uint32_t from = packet.is_reply != talk.is_swapped ? 1 : 0;
    constexpr std::array<uint8_t, 12> kFlags = {
        tcp_flag::kAck,
        tcp_flag::kAck,
        tcp_flag::kSyn,
        tcp_flag::kSyn | tcp_flag::kAck,
        tcp_flag::kFin | tcp_flag::kAck,
        tcp_flag::kFin,
        tcp_flag::kRst,
        tcp_flag::kRst | tcp_flag::kAck,
        tcp_flag::kSyn | tcp_flag::kFin,
        tcp_flag::kSyn | tcp_flag::kRst,
        0,
        0xff,
    };
    packet.flags = kFlags.at(below(kFlags.size()));
    packet.payload_bytes = below(2) == 0 ? uint16_t{0} : static_cast<uint16_t>(below(1400));
    constexpr std::array<uint32_t, 8> kOff = {0,      0,        UINT32_MAX, 1, UINT32_MAX - 1500,
                                              20'000, 1U << 22, 1U << 30};
    packet.seq = talk.next.at(from) + kOff.at(below(kOff.size()));
    packet.ack = talk.next.at(1 - from) + kOff.at(below(kOff.size()));
    if (below(10) == 0) packet.window_scale = 3;
  }

  std::mt19937 random_;
  Shape shape_;
  std::vector<Talk> talks_;
  uint64_t time_ns_ = 1'000'000'000'000;
  uint32_t flooded_ = 0;
};

}  // namespace flowscope::testing
