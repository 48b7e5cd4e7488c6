#pragma once

#include <cstdint>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/plain_copy.h"
#include "flowcore/track/first_packets.h"
#include "flowcore/track/flow_meter.h"

namespace flowscope {

// How much is counted of each flow. Full costs 192 bytes for every slot of the table.
enum class FlowCounters : uint8_t {
  Basic,  // FlowEntry alone
  Full,   // FlowMeter beside it
};

// The extended counters beside a flow table, by slot: none (Basic), or a FlowMeter and some first
// packets for each. Thread rule: one thread. Lifetime: the arena outlives it.
class FlowMeters {
 public:
  struct Options {
    FlowCounters counters = FlowCounters::Basic;
    uint32_t first_packets = 0;  // sizes and times kept; with Full only, at most kFirstPacketsMax
  };

  static size_t cost(uint32_t slots, const Options& options) {
    if (options.counters == FlowCounters::Basic) return 0;
    return Arena::cost<FlowMeter>(slots) + FirstPackets::cost(slots, first_packets_of(options));
  }
  FlowMeters(Arena& arena, uint32_t slots, const Options& options) {
    if (options.counters == FlowCounters::Basic) return;
    meters_ = arena.take<FlowMeter>(slots);
    first_packets_ = FirstPackets(arena, slots, first_packets_of(options));
  }

  [[nodiscard]] bool is_on() const { return !meters_.empty(); }
  [[nodiscard]] const FlowMeter& of(uint32_t slot) const { return meters_[slot]; }
  [[nodiscard]] std::span<const FirstPacket> first_packets_of_slot(uint32_t slot) const {
    return first_packets_.each() == 0
               ? std::span<const FirstPacket>{}
               : first_packets_.row(slot).first(meters_[slot].first_packets());
  }

  void prefetch(uint32_t slot) const { meters_[slot].prefetch(); }
  void start(uint32_t slot) {
    static constexpr FlowMeter kEmpty{};
    copy_plain(&meters_[slot], kEmpty);
  }
  void move(uint32_t from, uint32_t to) {
    meters_[to] = meters_[from];
    first_packets_.move(from, to);
  }
  [[nodiscard]] FlowMeter& of(uint32_t slot) { return meters_[slot]; }
  [[nodiscard]] bool keeps_first() const { return first_packets_.each() != 0; }
  // Keeps a packet with payload where there is room among the flow's first.
  void note_first(uint32_t slot, const FlowEntry& entry, FlowSide from, const Layers& layers,
                  Timestamp time) {
    const uint32_t each = first_packets_.each();
    if (each == 0 || layers.payload_bytes == 0) return;
    const uint32_t place = meters_[slot].next_first_packet(each);
    if (place == each) return;
    const uint64_t after_ns = time.saturating_since({entry.started_ns});
    first_packets_.row(slot)[place] = FirstPacket::of(from, layers.payload_bytes, after_ns);
  }

 private:
  static uint32_t first_packets_of(const Options& options) {
    FS_CHECK(options.first_packets <= FlowMeter::kFirstPacketsMax);
    return options.first_packets;
  }

  std::span<FlowMeter> meters_;
  FirstPackets first_packets_;
};

}  // namespace flowscope
