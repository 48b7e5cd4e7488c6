#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/pipeline/flow_metrics.h"
#include "dataplane/pipeline/protocol_name.h"
#include "dataplane/pipeline/tunnel_record.h"
#include "flowcore/base/flow_side.h"
#include "flowcore/base/timestamp.h"
#include "flowcore/packet/layers.h"
#include "flowcore/track/flow_detail.h"
#include "flowcore/track/flow_entry.h"
#include "flowcore/track/interim.h"
#include "l7/parser.h"

namespace flowscope {

// How far a flow came: New while one side has spoken, Closed after FINs or RST.
enum class FlowState : uint8_t { New, Established, Closed };

[[nodiscard]] constexpr std::string_view name_of(FlowState state) {
  switch (state) {
    case FlowState::New:
      return "new";
    case FlowState::Established:
      return "established";
    case FlowState::Closed:
      return "closed";
  }
  return {};
}

// Why a flow ended, in Suricata's three words. There a closed flow leaves by the time-out of closed
// flows.
[[nodiscard]] constexpr std::string_view eve_reason_of(EndReason reason) {
  switch (reason) {
    case EndReason::Fin:
    case EndReason::Rst:
    case EndReason::IdleTimeout:
      return "timeout";
    case EndReason::Evicted:
    case EndReason::Reopened:
    case EndReason::Forgotten:
      return "forced";
    case EndReason::Shutdown:
      return "shutdown";
  }
  return {};
}

// A FieldVisitor that also takes what flow records are made of: moments, and words that need no
// escaping.
template <class V>
concept RecordVisitor = FieldVisitor<V> && requires(V& visitor, const char* name, Timestamp time,
                                                    std::string_view word, const Address& address) {
  visitor.timestamp(name, time);
  visitor.word(name, word);
  visitor.address(name, address, uint8_t{4});
};

// What one side of a flow sent.
struct FlowSideTotals {
  uint64_t packets = 0;
  uint64_t bytes = 0;      // whole frames, as on the wire
  uint64_t gap_bytes = 0;  // stream bytes that never came
  uint8_t tcp_flags = 0;   // all flags seen, see tcp_flag
};

// Everything that is told about a flow once it has ended, or in between while it lives on.
struct FlowRecord {
  std::array<FlowSideTotals, 2> sides;  // index_of(FlowSide)
  TunnelRecord tunnel;
  uint32_t icmp_errors = 0;  // that quoted a packet of the flow; type and code of the last one
  uint8_t icmp_error_type = 0;
  uint8_t icmp_error_code = 0;
  Timestamp start;
  Timestamp end;
  const char* tcp_state = nullptr;  // literal in Suricata's words ("established", "close_wait")
  // The protocol that the flow began with where another came behind it (STARTTLS), a literal; else
  // null.
  const char* app_proto_orig = nullptr;
  FlowState state = FlowState::New;
  EndReason reason = EndReason::IdleTimeout;
  bool alerted = false;
  bool has_tcp = false;
  bool lives_on = false;  // has no reason; `delta` is what it sent since it was told of last
  FlowDelta delta;
  FlowMetrics metrics;

  // The objects "flow" and, where there is something to tell, "tcp", "tunnel" and "metrics", with
  // Suricata 8's names for what it has as well.
  template <RecordVisitor V>
  [[gnu::always_inline]] inline void describe(V& visitor) const;

 private:
  template <RecordVisitor V>
  [[gnu::always_inline]] inline void describe_tcp(V& visitor) const;
  template <RecordVisitor V>
  [[gnu::always_inline]] inline void describe_tunnel(V& visitor) const;
  template <RecordVisitor V>
  [[gnu::always_inline]] inline void describe_delta(V& visitor) const;
};

// What an entry of the table says, and its detail where it has one, else null. How the flow ended
// is the caller's to add.
[[nodiscard]] FlowRecord flow_record_of(const FlowEntry& entry, const FlowDetail* detail);

// Two lower-case hex digits, the way EVE writes TCP flags.
class HexByte {
 public:
  explicit constexpr HexByte(uint8_t value) : digits_{kDigits[value >> 4], kDigits[value & 15]} {}
  [[nodiscard]] constexpr std::string_view text() const { return {digits_.data(), digits_.size()}; }

 private:
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, 2> digits_;
};

template <RecordVisitor V>
void FlowRecord::describe(V& visitor) const {
  const FlowSideTotals& to_server = sides[index_of(FlowSide::Initiator)];
  const FlowSideTotals& to_client = sides[index_of(FlowSide::Responder)];
  if (app_proto_orig != nullptr) visitor.text("app_proto_orig", app_proto_orig);
  visitor.begin_object("flow");
  visitor.number("pkts_toserver", to_server.packets);
  visitor.number("pkts_toclient", to_client.packets);
  visitor.number("bytes_toserver", to_server.bytes);
  visitor.number("bytes_toclient", to_client.bytes);
  visitor.timestamp("start", start);
  visitor.timestamp("end", end);
  // Suricata subtracts whole seconds: 1.9 to 2.1 is an age of 1.
  visitor.number("age", end > start ? end.seconds() - start.seconds() : 0);
  visitor.word("state", name_of(state));
  if (!lives_on) [[likely]] {
    visitor.word("reason", eve_reason_of(reason));
    visitor.word("end_reason", name_of(reason));
  }
  visitor.boolean("alerted", alerted);
  if (icmp_errors != 0) [[unlikely]] {
    visitor.begin_object("icmp_error");
    visitor.number("type", icmp_error_type);
    visitor.number("code", icmp_error_code);
    visitor.number("count", icmp_errors);
    visitor.end_object();
  }
  visitor.end_object();
  if (lives_on) [[unlikely]]
    describe_delta(visitor);
  if (has_tcp) describe_tcp(visitor);
  if (tunnel.kind != EncapKind::None) [[unlikely]]
    describe_tunnel(visitor);
  if (metrics.is_on) metrics.describe(visitor);
}

template <RecordVisitor V>
void FlowRecord::describe_delta(V& visitor) const {
  constexpr size_t kToServer = index_of(FlowSide::Initiator);
  constexpr size_t kToClient = index_of(FlowSide::Responder);
  visitor.begin_object("delta");
  visitor.number("pkts_toserver", delta.packets[kToServer]);
  visitor.number("pkts_toclient", delta.packets[kToClient]);
  visitor.number("bytes_toserver", delta.bytes[kToServer]);
  visitor.number("bytes_toclient", delta.bytes[kToClient]);
  visitor.end_object();
}

template <RecordVisitor V>
void FlowRecord::describe_tunnel(V& visitor) const {
  visitor.begin_object("tunnel");
  if (tunnel.ip_version != 0) {
    visitor.address("src_ip", tunnel.source.address, tunnel.ip_version);
    visitor.number("src_port", tunnel.source.port);
    visitor.address("dest_ip", tunnel.destination.address, tunnel.ip_version);
    visitor.number("dest_port", tunnel.destination.port);
    visitor.word("proto", ProtocolName(tunnel.protocol).text());
  }
  visitor.word("encap", name_of(tunnel.kind));
  visitor.number("depth", tunnel.depth);
  const TunnelRecord::Side& to_server = tunnel.sides[index_of(FlowSide::Initiator)];
  const TunnelRecord::Side& to_client = tunnel.sides[index_of(FlowSide::Responder)];
  const char* id_name = id_name_of(tunnel.kind);
  const uint32_t any_id = to_server.id | to_client.id;
  if (id_name != nullptr && has_id(tunnel.kind, any_id)) {
    visitor.word("id_type", id_name);
    if (to_server.seen) visitor.number("id_toserver", to_server.id);
    if (to_client.seen) visitor.number("id_toclient", to_client.id);
  }
  if (to_server.mpls_label != 0) visitor.number("mpls_toserver", to_server.mpls_label);
  if (to_client.mpls_label != 0) visitor.number("mpls_toclient", to_client.mpls_label);
  visitor.end_object();
}

template <RecordVisitor V>
void FlowRecord::describe_tcp(V& visitor) const {
  const FlowSideTotals& to_server = sides[index_of(FlowSide::Initiator)];
  const FlowSideTotals& to_client = sides[index_of(FlowSide::Responder)];
  const uint8_t flags = to_server.tcp_flags | to_client.tcp_flags;
  visitor.begin_object("tcp");
  visitor.word("tcp_flags", HexByte(flags).text());
  visitor.word("tcp_flags_ts", HexByte(to_server.tcp_flags).text());
  visitor.word("tcp_flags_tc", HexByte(to_client.tcp_flags).text());
  // EVE names a flag only when it was seen, in this order.
  if ((flags & tcp_flag::kSyn) != 0) visitor.boolean("syn", true);
  if ((flags & tcp_flag::kFin) != 0) visitor.boolean("fin", true);
  if ((flags & tcp_flag::kRst) != 0) visitor.boolean("rst", true);
  if ((flags & tcp_flag::kPsh) != 0) visitor.boolean("psh", true);
  if ((flags & tcp_flag::kAck) != 0) visitor.boolean("ack", true);
  if ((flags & tcp_flag::kUrg) != 0) visitor.boolean("urg", true);
  if ((flags & tcp_flag::kEce) != 0) visitor.boolean("ecn", true);
  if ((flags & tcp_flag::kCwr) != 0) visitor.boolean("cwr", true);
  if (tcp_state != nullptr) visitor.word("state", tcp_state);
  if (to_server.gap_bytes != 0) {
    visitor.boolean("gap_ts", true);
    visitor.number("gap_bytes_ts", to_server.gap_bytes);
  }
  if (to_client.gap_bytes != 0) {
    visitor.boolean("gap_tc", true);
    visitor.number("gap_bytes_tc", to_client.gap_bytes);
  }
  visitor.end_object();
}

}  // namespace flowscope
