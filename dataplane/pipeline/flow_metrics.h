#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "flowcore/base/timestamp.h"
#include "flowcore/track/first_packets.h"
#include "flowcore/track/flow_meter.h"

namespace flowscope {

// The extended counters of a flow as its record tells them; is_on is false where none were kept.
// Plain bytes: the meter is copied as it is and read where the record is written.
struct FlowMetrics {
  // The names of one number of both sides.
  struct Names {
    const char* to_server;
    const char* to_client;
  };

  FlowMeter meter;
  std::array<Timestamp, 2> first;  // index_of(FlowSide); packets of a side, where it sent any
  std::array<Timestamp, 2> last;
  std::array<FirstPacket, FlowMeter::kFirstPacketsMax> first_packets;  // those the meter counts
  std::array<bool, 2> spoke{};
  bool is_on = false;
  bool has_tcp = false;

  static FlowMetrics of(const FlowEntry& entry, const FlowMeter& meter,
                        std::span<const FirstPacket> packets) {
    FlowMetrics metrics;
    metrics.meter = meter;
    for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
      metrics.spoke[index_of(side)] = entry.side[index_of(side)].packets() != 0;
      metrics.first[index_of(side)] = {meter.first_ns(entry, side)};
      metrics.last[index_of(side)] = {meter.last_ns(entry, side)};
    }
    std::ranges::copy(packets, metrics.first_packets.begin());
    metrics.is_on = true;
    metrics.has_tcp = entry.is_tcp();
    return metrics;
  }

  // The object "metrics". Counts of rare things and round trips are told where they are not 0, in
  // microseconds; "toserver" is what the initiator sent, and the round trip of that: the way to the
  // server and back.
  template <class V>
  [[gnu::always_inline]] inline void describe(V& visitor) const;

 private:
  template <class V>
  [[gnu::always_inline]] static void both(V& visitor, const Names& names, uint64_t to_server,
                                          uint64_t to_client) {
    if (to_server != 0) visitor.number(names.to_server, to_server);
    if (to_client != 0) visitor.number(names.to_client, to_client);
  }
  template <class V>
  [[gnu::always_inline]] inline void describe_packets(V& visitor) const;
  template <class V>
  [[gnu::always_inline]] inline void describe_tcp(V& visitor) const;
  template <class V>
  [[gnu::always_inline]] inline void describe_syn(V& visitor, FlowSide side,
                                                  const std::array<const char*, 4>& names) const;
  template <class V>
  [[gnu::always_inline]] inline void describe_first(V& visitor) const;
};
static_assert(std::is_trivially_copyable_v<FlowMetrics>);

template <class V>
void FlowMetrics::describe(V& visitor) const {
  visitor.begin_object("metrics");
  describe_packets(visitor);
  if (has_tcp) describe_tcp(visitor);
  const auto history = meter.history().text();
  const auto compact = meter.compact_history().text();
  if (!history.text().empty()) visitor.word("history", history.text());
  if (!compact.text().empty()) visitor.word("history_compact", compact.text());
  if (meter.first_packets() != 0) describe_first(visitor);
  visitor.end_object();
}

template <class V>
void FlowMetrics::describe_packets(V& visitor) const {
  const SideMeter& to_server = meter.side(FlowSide::Initiator);
  const SideMeter& to_client = meter.side(FlowSide::Responder);
  visitor.number("payload_bytes_toserver", to_server.payload_bytes);
  visitor.number("payload_bytes_toclient", to_client.payload_bytes);
  if (spoke[0]) {
    visitor.timestamp("start_toserver", first[0]);
    visitor.timestamp("end_toserver", last[0]);
    visitor.number("ttl_min_toserver", std::min(to_server.ttl_lowest, to_server.ttl_highest));
    visitor.number("ttl_max_toserver", to_server.ttl_highest);
  }
  if (spoke[1]) {
    visitor.timestamp("start_toclient", first[1]);
    visitor.timestamp("end_toclient", last[1]);
    visitor.number("ttl_min_toclient", std::min(to_client.ttl_lowest, to_client.ttl_highest));
    visitor.number("ttl_max_toclient", to_client.ttl_highest);
  }
}

template <class V>
void FlowMetrics::describe_tcp(V& visitor) const {
  using enum FlowSide;
  const SideEvents& up = meter.events(Initiator);
  const SideEvents& down = meter.events(Responder);
  both(visitor, {"retransmitted_toserver", "retransmitted_toclient"}, up.retransmitted,
       down.retransmitted);
  both(visitor, {"out_of_order_toserver", "out_of_order_toclient"}, up.out_of_order,
       down.out_of_order);
  both(visitor, {"zero_windows_toserver", "zero_windows_toclient"}, up.zero_windows,
       down.zero_windows);
  both(visitor, {"keep_alives_toserver", "keep_alives_toclient"}, up.keep_alives, down.keep_alives);
  both(visitor, {"gaps_toserver", "gaps_toclient"}, meter.gaps(Initiator), meter.gaps(Responder));
  describe_syn(visitor, Initiator,
               {"syn_window_toserver", "mss_toserver", "wscale_toserver", "syn_options_toserver"});
  describe_syn(visitor, Responder,
               {"syn_window_toclient", "mss_toclient", "wscale_toclient", "syn_options_toclient"});
  const SideRtt& server = meter.rtt(Initiator);
  const SideRtt& client = meter.rtt(Responder);
  both(visitor, {"rtt_handshake_toserver", "rtt_handshake_toclient"}, server.handshake_us,
       client.handshake_us);
  both(visitor, {"rtt_toserver", "rtt_toclient"}, server.smoothed_us, client.smoothed_us);
  both(visitor, {"rtt_min_toserver", "rtt_min_toclient"}, server.lowest_us, client.lowest_us);
  both(visitor, {"rtt_max_toserver", "rtt_max_toclient"}, server.highest_us, client.highest_us);
  both(visitor, {"rtt_samples_toserver", "rtt_samples_toclient"}, server.samples, client.samples);
}

template <class V>
void FlowMetrics::describe_syn(V& visitor, FlowSide side,
                               const std::array<const char*, 4>& names) const {
  if (meter.side(side).syn_noted == 0) return;
  const SideEvents& events = meter.events(side);
  const SynKinds::Text kinds = events.syn_kinds.text();
  visitor.number(names[0], events.syn_window);
  if (events.segment_size_max != 0) visitor.number(names[1], events.segment_size_max);
  if (events.syn_kinds.has(TcpOptions::kWindowScale))
    visitor.number(names[2], meter.side(side).window_scale);
  visitor.word(names[3], kinds.text());
}

// Sizes, senders ("C" the client, "s" the server) and gaps before, in microseconds; the first gap
// is that from the flow's start.
template <class V>
void FlowMetrics::describe_first(V& visitor) const {
  const uint32_t count = std::min(meter.first_packets(), FlowMeter::kFirstPacketsMax);
  ShortText<FlowMeter::kFirstPacketsMax> sides;
  visitor.begin_array("first_sizes");
  for (uint32_t i = 0; i < count; ++i) {
    visitor.number(nullptr, first_packets[i].bytes());
    sides.add(first_packets[i].side() == FlowSide::Initiator ? 'C' : 's');
  }
  visitor.end_array();
  visitor.word("first_sides", sides.text());
  visitor.begin_array("first_gaps");
  uint32_t before_us = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t after_us = std::max(first_packets[i].after_us(), before_us);
    visitor.number(nullptr, after_us - before_us);
    before_us = after_us;
  }
  visitor.end_array();
}

}  // namespace flowscope
