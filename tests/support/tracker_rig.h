#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "flowcore/track/burst_tracker.h"

namespace flowscope::testing {

// A packet as the tracker sees it, without a frame: much faster to make than one that is decoded.
struct TrackedPacket {
  static constexpr uint8_t kTcp = 6;
  static constexpr uint8_t kUdp = 17;
  static constexpr uint8_t kIcmp = 1;
  static constexpr int8_t kNoScale = -1;

  uint64_t time_ns = 0;
  uint32_t flow = 0;  // which endpoints; the key of one number and protocol is always the same
  uint8_t protocol = kUdp;
  bool is_reply = false;  // sent by the key's b
  uint8_t flags = 0;
  uint32_t seq = 0;
  uint32_t ack = 0;
  uint16_t window = 65535;
  uint16_t payload_bytes = 0;
  int8_t window_scale = kNoScale;  // option of SYNs

  [[nodiscard]] uint32_t wire_bytes() const { return 64U + payload_bytes; }
};

inline FlowKey key_of(uint32_t flow, uint8_t protocol) {
  FlowKey key;
  key.a_address = {10, static_cast<uint8_t>(flow >> 16), static_cast<uint8_t>(flow >> 8),
                   static_cast<uint8_t>(flow)};
  key.b_address = {200, 0, 0, static_cast<uint8_t>(flow >> 24)};
  key.a_port = static_cast<uint16_t>(1024 + flow % 50'000);
  key.b_port = 80;
  key.protocol = protocol;
  key.ip_version = 4;
  return key;
}
inline uint32_t flow_number_of(const FlowKey& key) {
  return uint32_t{key.b_address[3]} << 24 | uint32_t{key.a_address[1]} << 16
         | uint32_t{key.a_address[2]} << 8 | key.a_address[3];
}

inline Layers layers_of(const TrackedPacket& packet) {
  Layers layers;
  layers.status = DecodeStatus::Ip;
  layers.ip_version = 4;
  layers.ip_protocol = packet.protocol;
  layers.has_l4 = true;
  layers.tcp_flags = packet.flags;
  layers.tcp_seq = packet.seq;
  layers.tcp_ack = packet.ack;
  layers.tcp_window = packet.window;
  layers.payload_bytes = packet.payload_bytes;
  layers.payload_offset = packet.window_scale == TrackedPacket::kNoScale ? 20 : 24;
  return layers;
}

// A TCP header of zeros and one window-scale option, for each shift: all that the tracker reads.
inline Bytes tcp_header_with_scale(uint8_t shift) {
  static constexpr auto kHeaders = [] {
    std::array<std::array<uint8_t, 24>, 16> headers{};
    for (size_t i = 0; i < headers.size(); ++i) {
      headers.at(i).at(20) = 3;
      headers.at(i).at(21) = 3;
      headers.at(i).at(22) = static_cast<uint8_t>(i);
      headers.at(i).at(23) = 1;
    }
    return headers;
  }();
  return {kHeaders.at(shift % kHeaders.size()).data(), 24};
}

inline PacketView view_of(const TrackedPacket& packet) {
  const auto shift = static_cast<uint8_t>(
      packet.window_scale == TrackedPacket::kNoScale ? 0 : packet.window_scale);
  return {.frame = tcp_header_with_scale(shift),
          .time = {packet.time_ns},
          .wire_bytes = packet.wire_bytes()};
}

// Something that a tracker told.
struct TrackerEvent {
  enum class Kind : uint8_t { Started, Established, StateChange, Anomaly, Ended, Moved };

  Kind kind = Kind::Started;
  uint8_t protocol = 0;
  uint8_t what = 0;       // reason of an end, kind of an anomaly, state before a change
  uint8_t initiator = 0;  // its orientation
  uint32_t flow = 0;      // Moved: from slot
  uint32_t to_slot = 0;   // Moved
  std::array<uint64_t, 2> packets{};
  std::array<uint64_t, 2> bytes{};
  uint64_t started_ns = 0;
  uint64_t last_seen_ns = 0;
  uint8_t state = 0;

  friend bool operator==(const TrackerEvent&, const TrackerEvent&) = default;
  friend std::ostream& operator<<(std::ostream& out, const TrackerEvent& event) {
    constexpr std::array<const char*, 6> kNames = {"started", "established", "state after",
                                                   "anomaly", "ended",       "moved"};
    return out << kNames.at(static_cast<size_t>(event.kind)) << ' ' << int{event.what} << " flow "
               << event.flow << '/' << int{event.protocol} << " initiator " << int{event.initiator}
               << " packets " << event.packets[0] << '+' << event.packets[1] << " bytes "
               << event.bytes[0] << '+' << event.bytes[1] << " time " << event.started_ns << '-'
               << event.last_seen_ns << " state " << int{event.state} << " to " << event.to_slot;
  }
};

// A tracker that is driven as a worker drives it, and a log of what it tells.
class TrackerRig {
 public:
  explicit TrackerRig(const BurstTracker::Options& options)
      : arena_(
          std::move(Arena::create(BurstTracker::cost(options), Arena::Populate::Lazily).value())),
        tracker_(std::make_unique<BurstTracker>(arena_, options)) {}

  // Gives packets in bursts; the clock is the latest packet time so far, or what was set.
  void give(std::span<const TrackedPacket> packets, size_t burst_size = 1) {
    for (size_t at = 0; at < packets.size(); at += burst_size) {
      const auto burst = packets.subspan(at, std::min(burst_size, packets.size() - at));
      load(burst);
      for (uint32_t begin = 0; begin < burst_->count;) {
        tracker_->sweep_step(flows_->clock_ns[begin], *this);
        begin = update(begin);
      }
      check();
    }
  }
  // Gives one packet without a sweep.
  void give_unswept(const TrackedPacket& packet) {
    load({&packet, 1});
    update(0);
    check();
  }
  void sweep_step(uint64_t clock_ns) {
    clock_ns_ = std::max(clock_ns_, clock_ns);
    tracker_->sweep_step(clock_ns_, *this);
    check();
  }
  void finish() { tracker_->finish(clock_ns_, *this); }
  bool forget(uint32_t flow, uint8_t protocol) {
    FlowEntry* const entry = tracker_->flow_of(key_of(flow, protocol), clock_ns_);
    if (entry == nullptr) return false;
    tracker_->forget(*entry, *this);
    check();
    return true;
  }
  void set_flows_max(uint32_t flows_max) {
    tracker_->set_flows_max(flows_max, clock_ns_, *this);
    check();
  }
  [[nodiscard]] FlowEntry* find(uint32_t flow, uint8_t protocol = TrackedPacket::kTcp) {
    return tracker_->flow_of(key_of(flow, protocol), clock_ns_);
  }

  void on_started(FlowEntry& entry) { say(TrackerEvent::Kind::Started, entry, 0); }
  void on_established(FlowEntry& entry) { say(TrackerEvent::Kind::Established, entry, 0); }
  void on_state_change(FlowEntry& entry, TcpState from, Timestamp /*time*/) {
    say(TrackerEvent::Kind::StateChange, entry, static_cast<uint8_t>(from));
  }
  void on_anomaly(FlowEntry& entry, FlowSide /*from*/, FlowAnomaly anomaly, Timestamp /*time*/) {
    say(TrackerEvent::Kind::Anomaly, entry, static_cast<uint8_t>(anomaly));
  }
  void on_ended(FlowEntry& entry, EndReason reason) {
    expect_untouched(tracker_->slot_of(entry), "ended a flow that the same run touched");
    say(TrackerEvent::Kind::Ended, entry, static_cast<uint8_t>(reason));
  }
  void on_moved(uint32_t from_slot, uint32_t to_slot) {
    ++moved_;
    expect_untouched(from_slot, "moved a flow that the same run touched");
    if (is_logging_) {
      log_.push_back({.kind = TrackerEvent::Kind::Moved, .flow = from_slot, .to_slot = to_slot});
    }
  }

  [[nodiscard]] BurstTracker& tracker() { return *tracker_; }
  [[nodiscard]] const std::vector<TrackerEvent>& log() const { return log_; }
  void clear_log() { log_.clear(); }
  void log_nothing() { is_logging_ = false; }
  [[nodiscard]] uint64_t clock_ns() const { return clock_ns_; }
  [[nodiscard]] uint64_t moved() const { return moved_; }
  // The first thing that was wrong after some call: the balance, or too many flows.
  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] uint64_t runs() const { return runs_; }

 private:
  // The signal of a packet that the run has not come to.
  static constexpr auto kUntouched = static_cast<TcpSignal>(0xff);

  void load(std::span<const TrackedPacket> packets) {
    burst_->count = static_cast<uint32_t>(packets.size());
    for (uint32_t i = 0; i < burst_->count; ++i) {
      const TrackedPacket& packet = packets[i];
      burst_->packet[i] = view_of(packet);
      burst_->layers[i] = layers_of(packet);
      keys_->key[i] = key_of(packet.flow, packet.protocol);
      keys_->orientation[i] = packet.is_reply ? Orientation::Reverse : Orientation::Forward;
      keys_->hash[i] = tracker_->hash()(&keys_->key[i]);
      keys_->has_key[i] = 1;
      clock_ns_ = std::max(clock_ns_, packet.time_ns);
      flows_->clock_ns[i] = clock_ns_;
    }
    tracker_->find(*burst_, *keys_, *flows_);
  }
  uint32_t update(uint32_t begin) {
    ++runs_;
    flows_->signal.fill(kUntouched);
    const uint32_t end = tracker_->update(*burst_, *keys_, *flows_, begin, *this);
    flows_->signal.fill(kUntouched);
    if (end > begin) return end;
    if (fault_.empty()) fault_ = "no progress at packet " + std::to_string(begin);
    return burst_->count;
  }
  void check() {
    const BurstTracker& tracker = *tracker_;
    if (!fault_.empty()) return;
    if (tracker.live() > tracker.flows_max()) fault_ = "more flows than flows_max";
    if (started_ != tracker.created() || ended_ != tracker.ended()) fault_ = "events not counted";
    if (started_ - ended_ != tracker.live()) fault_ = "created is not ended and live";
  }
  // What a worker delivers after a run still speaks of the flows that the run touched.
  void expect_untouched(uint32_t slot, const char* fault) {
    for (uint32_t i = 0; i < burst_->count; ++i) {
      const bool is_touched = flows_->signal[i] != kUntouched && flows_->slot[i] == slot;
      if (is_touched && fault_.empty()) fault_ = fault;
    }
  }
  void say(TrackerEvent::Kind kind, const FlowEntry& entry, uint8_t what) {
    started_ += kind == TrackerEvent::Kind::Started ? 1 : 0;
    ended_ += kind == TrackerEvent::Kind::Ended ? 1 : 0;
    if (!is_logging_) return;
    TrackerEvent event{.kind = kind,
                       .protocol = entry.key.protocol,
                       .what = what,
                       .initiator = static_cast<uint8_t>(entry.initiator),
                       .flow = flow_number_of(entry.key),
                       .started_ns = entry.started_ns,
                       .last_seen_ns = entry.last_seen_ns,
                       .state = static_cast<uint8_t>(entry.state)};
    for (size_t i = 0; i < 2; ++i) {
      event.packets.at(i) = entry.side.at(i).packets();
      event.bytes.at(i) = entry.side.at(i).bytes();
    }
    log_.push_back(event);
  }

  Arena arena_;
  std::unique_ptr<BurstTracker> tracker_;
  std::unique_ptr<Burst> burst_ = std::make_unique<Burst>();
  std::unique_ptr<FlowKeys> keys_ = std::make_unique<FlowKeys>();
  // Slots are those of the run under way, while there is one.
  std::unique_ptr<FlowBurst> flows_ = std::make_unique<FlowBurst>();
  uint64_t clock_ns_ = 0;
  uint64_t started_ = 0;
  uint64_t ended_ = 0;
  uint64_t moved_ = 0;
  uint64_t runs_ = 0;
  bool is_logging_ = true;
  std::vector<TrackerEvent> log_;
  std::string fault_;
};

}  // namespace flowscope::testing
