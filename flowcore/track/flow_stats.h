#pragma once

#include <array>
#include <cstdint>

#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/track/flow_class.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/tcp_state.h"

namespace flowscope {

// What one side of a flow sent.
struct SideStats {
  uint64_t packets = 0;
  uint64_t bytes = 0;     // whole frames, as on the wire
  uint8_t tcp_flags = 0;  // all flags seen, or-ed; see tcp_flag

  friend bool operator==(const SideStats&, const SideStats&) = default;
};

// What is known of a flow at one moment: a copy, good for as long as it is kept. Plain bytes.
struct FlowStats {
  std::array<SideStats, 2> side;  // by index_of(FlowSide)
  Timestamp started;              // of the first packet
  Timestamp last_seen;            // of the last packet; before `started` if the capture goes back
  TcpState state = TcpState::Active;
  Orientation initiator = Orientation::Forward;  // what the initiator sends goes this way
  uint8_t l4 = 0;                                // IP protocol of the first packet, 0 without IP
  bool picked_up = false;                        // TCP: came to us after its handshake
  bool orientation_inferred = false;             // the first packet was taken for an answer

  // Everything of a flow that is copied is copied here.
  static FlowStats of(const FlowEntry& entry) {
    return {.side = {side_of(entry, FlowSide::Initiator), side_of(entry, FlowSide::Responder)},
            .started = {entry.started_ns},
            .last_seen = {entry.last_seen_ns},
            .state = entry.state,
            .initiator = entry.initiator,
            .l4 = entry.l4,
            .picked_up = entry.picked_up,
            .orientation_inferred = entry.orientation_inferred};
  }
  [[nodiscard]] uint64_t packets() const { return side[0].packets + side[1].packets; }
  [[nodiscard]] uint64_t bytes() const { return side[0].bytes + side[1].bytes; }

  friend bool operator==(const FlowStats&, const FlowStats&) = default;

 private:
  static SideStats side_of(const FlowEntry& entry, FlowSide side) {
    const SideCounters& counters = entry.side[index_of(side)];
    return {counters.packets(), counters.bytes(), counters.tcp_flags()};
  }
};

// What a tracker did since it was made. created == ended + live, always.
struct TrackerStats {
  uint64_t created = 0;
  uint64_t ended = 0;  // for whatever reason
  uint64_t live = 0;
  std::array<uint64_t, kEvictionCauses> evicted_by{};  // by EvictionCause; part of `ended`
  uint64_t unmatched_packets = 0;                      // belonged to no flow, as the extractor said
  uint64_t duplicate_packets = 0;                      // dropped, see FlowTrackerOptions::dedup
  uint64_t emergencies = 0;

  [[nodiscard]] uint64_t evicted() const {
    uint64_t all = 0;
    for (const uint64_t flows : evicted_by) all += flows;
    return all;
  }
};

}  // namespace flowscope
