#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "flowcore/base/timestamp.h"
#include "flowcore/extract/flow_key.h"
#include "flowcore/track/anomaly.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// What a record tells: the end of a flow, one message of a protocol, something that should not be,
// or how far a flow is that lives on.
enum class RecordKind : uint8_t { Flow, Message, Anomaly, Interim };
inline constexpr size_t kRecordKinds = 4;

[[nodiscard]] constexpr std::string_view name_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::Flow:
      return "flow";
    case RecordKind::Message:
      return "message";
    case RecordKind::Anomaly:
      return "anomaly";
    case RecordKind::Interim:
      return "interim";
  }
  return {};
}

// Which stage met an anomaly; the `type` of an EVE anomaly record.
enum class AnomalyLayer : uint8_t { Decode, Stream, AppLayer, Tracker };

// One end of a flow. The port is in host byte order, 0 where the protocol has none.
struct Endpoint {
  Address address{};
  uint16_t port = 0;
};

// The beginning of every record in a ring: when it happened and to whom. Plain bytes, copied as
// they are. Texts are literals: the pointers stay good for ever, on both sides of the ring.
struct RecordHead {
  RecordKind kind = RecordKind::Flow;           // written by RecordRing
  AnomalyLayer layer = AnomalyLayer::AppLayer;  // of an anomaly
  Severity severity = Severity::Warning;        // of an anomaly
  uint8_t protocol = 0;                         // IP protocol number
  uint8_t ip_version = 0;                       // 4 or 6; 0: the record belongs to no flow
  uint16_t vlan_id = 0;                         // 0 when untagged
  uint16_t inner_vlan_id = 0;                   // 0 without a second tag
  IcmpSeen icmp_initiator;                      // ICMP flows only: the first message of each side
  IcmpSeen icmp_responder;
  Timestamp time;
  uint64_t flow_id = 0;
  uint64_t flows = 0;  // of an anomaly of the tracker: how many
  Endpoint source;     // who sent what the record tells; flows: the initiator
  Endpoint destination;
  const char* app_proto = nullptr;  // null: not identified
  const char* direction = nullptr;  // of an alert: EVE's word for where the bytes went
  const char* event = nullptr;      // EVE event_type, or the name of the anomaly
};
static_assert(std::is_trivially_copyable_v<RecordHead>);

// No record is longer, head included. What a message says beyond it is left out, and the record
// says so.
inline constexpr size_t kRecordBytesMax = size_t{64} << 10;
// No single text of a message is longer, so that one field cannot push out the others.
inline constexpr size_t kRecordTextBytesMax = size_t{16} << 10;

}  // namespace flowscope
