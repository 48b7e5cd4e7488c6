#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>
#include <variant>

#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/track/anomaly.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/flow_stats.h"
#include "flowcore/track/interim.h"
#include "flowcore/track/tcp_state.h"

namespace flowscope {

// What a FlowTracker tells. Times are the packets' own. Plain bytes: an event may be kept.

// A flow began. The side is the sender's of its first packet: Responder where a SYN-ACK came first.
struct FlowStarted {
  FlowKey key;
  FlowSide side;
  Timestamp time;
  uint8_t l4;             // IP protocol, 0 where the key is not one of IP
  Orientation initiator;  // what the initiator sends goes this way against the key
};

// A packet was accounted to its flow.
struct FlowPacket {
  FlowKey key;
  FlowSide side;   // the sender
  uint32_t bytes;  // the whole frame, as on the wire
  Timestamp time;
};

// TCP: the handshake is complete, or both sides of a flow picked up in the middle were seen.
struct FlowEstablished {
  FlowKey key;
  Timestamp time;
};

// TCP: any other change of the state.
struct FlowStateChange {
  FlowKey key;
  TcpState from;
  TcpState to;
  Timestamp time;
};

// A flow is over; nothing more comes of it.
struct FlowEnded {
  FlowKey key;
  EndReason reason;
  FlowStats stats;
};

// A flow lives on; told once in FlowTrackerOptions::interim_ns. It is not split by this.
struct FlowInterim {
  FlowKey key;
  FlowStats stats;  // since it began
  FlowDelta delta;  // since it was told of last
};

// A packet of a flow that should not be; told once per flow and kind.
struct FlowAnomalyEvent {
  FlowKey key;
  FlowSide side;  // the sender
  FlowAnomaly kind;
  Timestamp time;
};

// Something about the tracker; `time` is the clock of the packet or sweep that brought it out.
struct TrackerAnomalyEvent {
  TrackerAnomaly kind;
  uint64_t flows;  // evicted, or live in emergencies
  Timestamp time;
};

// Ask with std::get_if, std::holds_alternative or std::visit.
using FlowEvent = std::variant<FlowStarted, FlowPacket, FlowEstablished, FlowStateChange, FlowEnded,
                               FlowAnomalyEvent, TrackerAnomalyEvent, FlowInterim>;
static_assert(std::is_trivially_copyable_v<FlowEvent>);

// The same as a word, in the order of FlowEvent's types.
enum class EventKind : uint8_t {
  Started,
  Packet,
  Established,
  StateChange,
  Ended,
  FlowAnomaly,
  TrackerAnomaly,
  Interim,
};
inline constexpr size_t kEventKinds = 8;
static_assert(std::variant_size_v<FlowEvent> == kEventKinds);

[[nodiscard]] inline EventKind kind_of(const FlowEvent& event) {
  return static_cast<EventKind>(event.index());
}

[[nodiscard]] constexpr std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::Started:
      return "started";
    case EventKind::Packet:
      return "packet";
    case EventKind::Established:
      return "established";
    case EventKind::StateChange:
      return "state_change";
    case EventKind::Ended:
      return "ended";
    case EventKind::FlowAnomaly:
      return "flow_anomaly";
    case EventKind::TrackerAnomaly:
      return "tracker_anomaly";
    case EventKind::Interim:
      return "interim";
  }
  return {};
}

// The flow that an event is about; null for the tracker's own. Lives as long as the event.
[[nodiscard]] inline const FlowKey* key_of(const FlowEvent& event) {
  return std::visit(
      [](const auto& each) -> const FlowKey* {
        if constexpr (requires { each.key; }) {
          return &each.key;
        } else {
          return nullptr;
        }
      },
      event);
}

// Which kinds of events are wanted. The rest are not even made: they cost the test of a bit.
class EventMask {
 public:
  static constexpr EventMask none() { return EventMask(0); }
  static constexpr EventMask all() { return EventMask((1U << kEventKinds) - 1); }
  static constexpr EventMask of(std::initializer_list<EventKind> kinds) {
    EventMask mask = none();
    for (const EventKind kind : kinds) mask = mask.with(kind);
    return mask;
  }
  // Everything but anomalies.
  constexpr EventMask()
      : EventMask(all().without(EventKind::FlowAnomaly).without(EventKind::TrackerAnomaly).bits_) {}

  [[nodiscard]] constexpr EventMask with(EventKind kind) const {
    return EventMask(bits_ | bit_of(kind));
  }
  [[nodiscard]] constexpr EventMask without(EventKind kind) const {
    return EventMask(bits_ & ~bit_of(kind));
  }
  [[nodiscard]] constexpr bool has(EventKind kind) const { return (bits_ & bit_of(kind)) != 0; }

  friend bool operator==(EventMask, EventMask) = default;

 private:
  constexpr explicit EventMask(uint32_t bits) : bits_(bits) {}
  static constexpr uint32_t bit_of(EventKind kind) { return 1U << static_cast<uint32_t>(kind); }

  uint32_t bits_;
};

}  // namespace flowscope
