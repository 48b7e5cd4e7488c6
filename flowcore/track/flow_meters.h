#pragma once

#include <cstdint>
#include <span>

#include "flowcore/base/arena.h"
#include "flowcore/base/plain_copy.h"
#include "flowcore/table/flow_table.h"
#include "flowcore/track/first_packets.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/flow_meter.h"

namespace flowscope {

// How much is counted of each flow. Full costs 192 bytes for every slot of the table.
enum class FlowCounters : uint8_t {
  Basic,  // FlowEntry alone
  Full,   // FlowMeter beside it
};

// The extended counters beside a flow table, by slot: none (Basic), or a FlowMeter behind each
// record and some first packets for each slot. PERF: record and meter in one page, for look-ups of
// pages are what a packet waits for where large pages are not to be had: 13.4 Mpps apart, and 16.4
// together (10 k flows in a table for 2 M, 64 bytes, AMD EPYC). Thread rule: one thread. Lifetime:
// arena and table outlive it.
class FlowMeters {
 public:
  struct Options {
    FlowCounters counters = FlowCounters::Basic;
    uint32_t first_packets = 0;  // sizes and times kept; with Full only, at most kFirstPacketsMax
  };

  // What the table must have room for behind each record.
  static size_t room(const Options& options) {
    return options.counters == FlowCounters::Basic ? 0 : sizeof(FlowMeter);
  }
  // What an arena must hold, that room included.
  static size_t cost(uint32_t slots, const Options& options) {
    if (options.counters == FlowCounters::Basic) return 0;
    return Arena::cost<FlowMeter>(slots) + FirstPackets::cost(slots, first_packets_of(options));
  }
  FlowMeters(Arena& arena, const FlowTable<FlowEntry>& table, const Options& options) {
    if (options.counters == FlowCounters::Basic) return;
    meters_ = table.beside();
    stride_ = table.stride();
    first_packets_ = FirstPackets(arena, table.slots(), first_packets_of(options));
  }

  [[nodiscard]] bool is_on() const { return meters_ != nullptr; }
  // Requires: is_on(), as do the calls below.
  [[nodiscard]] const FlowMeter& of(uint32_t slot) const {
    return *static_cast<const FlowMeter*>(place(slot));
  }
  [[nodiscard]] FlowMeter& of(uint32_t slot) { return *static_cast<FlowMeter*>(place(slot)); }
  [[nodiscard]] std::span<const FirstPacket> first_packets_of_slot(uint32_t slot) const {
    return first_packets_.each() == 0 ? std::span<const FirstPacket>{}
                                      : first_packets_.row(slot).first(of(slot).first_packets());
  }

  void prefetch(uint32_t slot) const { of(slot).prefetch(); }
  void start(uint32_t slot) {
    static constexpr FlowMeter kEmpty{};
    copy_plain(&of(slot), kEmpty);
  }
  void move(uint32_t from, uint32_t to) {
    of(to) = of(from);
    first_packets_.move(from, to);
  }
  [[nodiscard]] bool keeps_first() const { return first_packets_.each() != 0; }
  // Keeps a packet with payload where there is room among the flow's first.
  void note_first(uint32_t slot, const FlowEntry& entry, FlowSide from, const Layers& layers,
                  Timestamp time) {
    const uint32_t each = first_packets_.each();
    if (each == 0 || layers.payload_bytes == 0) return;
    const uint32_t place = of(slot).next_first_packet(each);
    if (place == each) return;
    const uint64_t after_ns = time.saturating_since({entry.started_ns});
    first_packets_.row(slot)[place] = FirstPacket::of(from, layers.payload_bytes, after_ns);
  }

 private:
  [[nodiscard]] void* place(uint32_t slot) const { return meters_ + slot * stride_; }
  static uint32_t first_packets_of(const Options& options) {
    FS_CHECK(options.first_packets <= FlowMeter::kFirstPacketsMax);
    return options.first_packets;
  }

  uint8_t* meters_ = nullptr;
  size_t stride_ = 0;
  FirstPackets first_packets_;
};

}  // namespace flowscope
