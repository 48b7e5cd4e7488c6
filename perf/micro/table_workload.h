#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "flowcore/base/keyed_hash.h"
#include "flowcore/extract/flow_key.h"

namespace flowscope::bench {

// What a table benchmark knows of one packet when the table is asked: as decode and extract leave
// it.
struct Packet {
  FlowKey key;
  uint64_t hash;
  uint32_t flow;  // its number, for the floor, which has no table
  uint16_t bytes;
  uint8_t flags;
  uint8_t side;
};
static_assert(sizeof(Packet) == 64);

// A flow record of two cache lines; every packet reads or writes both.
struct alignas(64) Record {
  FlowKey key;
  uint64_t first_ns;
  uint64_t last_ns;
  uint64_t packets[2];
  uint64_t bytes[2];
  uint32_t seq[2];
  uint8_t flags[2];
  uint16_t tick;  // the age of rivals, which have none of their own
};
static_assert(sizeof(Record) == 128);

inline void update(Record& record, const Packet& packet, uint64_t time_ns) {
  record.last_ns = time_ns;
  record.packets[packet.side] += 1;
  record.bytes[packet.side] += packet.bytes;
  record.seq[packet.side] += packet.bytes;
  record.flags[packet.side] |= packet.flags;
}

// One line, as much as a flow of a single packet needs.
struct alignas(64) SmallRecord {
  FlowKey key;
  uint64_t last_ns;
  uint16_t bytes;
  uint8_t flags;
};
static_assert(sizeof(SmallRecord) == 64);

inline void update(SmallRecord& record, const Packet& packet, uint64_t time_ns) {
  record.last_ns = time_ns;
  record.bytes = packet.bytes;
  record.flags |= packet.flags;
}

// A clock that moves as packets of a full 10 Gbit/s link do, and its 16-bit ticks of a millisecond.
class PacketClock {
 public:
  uint64_t next_burst(size_t packets) { return now_ns_ += packets * 64; }
  static uint16_t tick_of(uint64_t time_ns) { return static_cast<uint16_t>(time_ns >> 20); }

 private:
  uint64_t now_ns_ = 0;
};

// The one stream of packets that every table of a size gets: flows picked at random, all as likely.
class Workload {
 public:
  explicit Workload(uint32_t flows) : flows_(flows) {
    // Long enough that most flows come up, short enough that a small table's packets stay in cache.
    size_t packets = size_t{1} << 14;
    while (packets < size_t{4} * flows && packets < kPacketsMax) packets *= 2;
    packets_.reserve(packets);
    std::mt19937_64 random(kSeed);
    for (size_t i = 0; i < packets; ++i) {
      const uint64_t bits = random();
      packets_.push_back(packet_of(static_cast<uint32_t>(bits >> 32) % flows, bits));
    }
  }

  [[nodiscard]] uint32_t flows() const { return flows_; }
  // The next `count` packets of the stream, which repeats. Requires: count <= 2^14.
  [[nodiscard]] const Packet* next(size_t count) {
    if (packets_.size() - position_ < count) position_ = 0;
    position_ += count;
    return &packets_[position_ - count];
  }
  // The hash that all tables use.
  static KeyedHash hash() { return KeyedHash(kSeed, ~kSeed); }

  // A packet of flow number `flow`; numbers from flows() on never come up in the stream.
  [[nodiscard]] Packet packet_of(uint32_t flow, uint64_t bits) const {
    Packet packet{};
    packet.key = key_of(flow);
    packet.hash = hash_(&packet.key);
    packet.flow = flow;
    packet.bytes = static_cast<uint16_t>(64 + (bits & 1023));
    packet.flags = 0x10;
    packet.side = static_cast<uint8_t>(bits & 1);
    return packet;
  }

 private:
  static constexpr uint64_t kSeed = 0x5eed'0001;
  static constexpr size_t kPacketsMax = size_t{1} << 22;

  // Clients of a /8 talking to port 443 of a few servers.
  static FlowKey key_of(uint32_t flow) {
    FlowKey key;
    key.a_address = {10, static_cast<uint8_t>(flow >> 16), static_cast<uint8_t>(flow >> 8),
                     static_cast<uint8_t>(flow)};
    key.b_address = {192, 0, 2, static_cast<uint8_t>(flow >> 24)};
    key.a_port = static_cast<uint16_t>(1024 + flow % 50000);
    key.b_port = 443;
    key.protocol = 6;
    key.ip_version = 4;
    return key;
  }

  uint32_t flows_;
  KeyedHash hash_ = hash();
  std::vector<Packet> packets_;
  size_t position_ = 0;
};

}  // namespace flowscope::bench
