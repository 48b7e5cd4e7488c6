#pragma once

#include <algorithm>
#include <list>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/tcp_oracle.h"
#include "tests/support/tracker_rig.h"

namespace flowscope::testing {

// What a tracker of flows must tell of packets that come one at a time: a map of flows, its own
// rules for idle time and for who may be evicted. Where the tracker has a choice (when a sweep
// writes a flow's record; among victims of one age) the model checks that what it did was allowed,
// and follows it.
class TrackerModel {
 public:
  TrackerModel(uint32_t flows_max, const IdlePolicy& idle, bool is_one_set)
      : flows_max_(flows_max), idle_(idle), is_one_set_(is_one_set) {
    const uint64_t most_ns =
        std::max({idle.tcp_new_ns, idle.tcp_established_ns, idle.tcp_closing_ns, idle.tcp_closed_ns,
                  idle.udp_ns, idle.other_ns});
    tick_ns_ = 1U << 20;
    while (most_ns / tick_ns_ > 0x7fff) tick_ns_ *= 2;
  }

  // The clock has come to a packet; `told` is what the sweep said.
  void see_sweep(uint64_t clock_ns, const std::vector<TrackerEvent>& told) {
    if ((clock_ns - clock_ns_) / tick_ns_ >= 0x4000) {
      for (auto& [key, flow] : flows_) flow.is_old = true;
    }
    clock_ns_ = clock_ns;
    for (const TrackerEvent& event : told) {
      const auto found = flow_of_end(event);
      if (found == flows_.end()) return;
      expect(is_expired(found->second), "swept before its time", event);
      end(found, EndReason::IdleTimeout, event);
    }
  }
  void see_packet(const TrackedPacket& packet, const std::vector<TrackerEvent>& told) {
    told_ = {told.begin(), told.end()};
    told_.remove_if([](const TrackerEvent& e) { return e.kind == TrackerEvent::Kind::Moved; });
    auto found = flows_.find({packet.flow, packet.protocol});
    if (found == flows_.end()) {
      make_room();
      found = start(packet);
    } else if (is_expired(found->second)) {
      end(found, EndReason::IdleTimeout, take());
      found = start(packet);
    } else if (packet.protocol == TrackedPacket::kTcp
               && found->second.tcp.opens_anew(segment_of(found->second, packet))) {
      end(found, EndReason::Reopened, take());
      found = start(packet);
    }
    account(found, packet);
    if (!told_.empty()) fail("said too much", told_.front());
  }
  void see_forget(const TrackedPacket& which, bool did, const std::vector<TrackerEvent>& told) {
    const auto found = flows_.find({which.flow, which.protocol});
    const bool is_live = found != flows_.end() && !is_expired(found->second);
    if (did != is_live)
      fail("flow_of() is wrong", {.protocol = which.protocol, .flow = which.flow});
    if (!is_live || !did) return;
    told_ = {told.begin(), told.end()};
    const auto key = found->first;
    const TrackerEvent event = take();
    expect(event.what == static_cast<uint8_t>(EndReason::Forgotten), "not forgotten", event);
    flows_.erase(key);
  }
  void see_flows_max(uint32_t flows_max, const std::vector<TrackerEvent>& told) {
    flows_max_ = flows_max;
    for (const TrackerEvent& event : told) {
      const auto found = flow_of_end(event);
      if (found == flows_.end()) return;
      expect(flows_.size() > flows_max, "ended without need", event);
      const auto worth = [](const Flow& flow) { return std::pair{rank_of(flow), flow.clock_ns}; };
      for (const auto& [key, flow] : flows_)
        expect(worth(flow) >= worth(found->second), "another flow was worth less", event);
      end(found, EndReason::Evicted, event);
    }
  }
  void see_finish(const std::vector<TrackerEvent>& told) {
    for (const TrackerEvent& event : told) {
      const auto found = flow_of_end(event);
      if (found == flows_.end()) return;
      end(found, is_expired(found->second) ? EndReason::IdleTimeout : EndReason::Shutdown, event);
    }
    if (!flows_.empty()) fail("flows are left", {.flow = flows_.begin()->first.first});
  }

  [[nodiscard]] size_t live() const { return flows_.size(); }
  [[nodiscard]] const std::string& fault() const { return fault_; }
  [[nodiscard]] uint64_t evictions() const { return evictions_; }

 private:
  struct Flow {
    uint8_t protocol = 0;
    bool is_initiator_b = false;
    TcpOracle tcp{};
    std::array<uint64_t, 2> packets{};
    std::array<uint64_t, 2> bytes{};
    uint64_t started_ns = 0;
    uint64_t last_seen_ns = 0;
    uint64_t clock_ns = 0;  // as the entry remembers it
    uint64_t tick = 0;
    bool is_old = false;  // not touched since the clock leapt
    std::set<FlowAnomaly> anomalies{};
  };
  using Key = std::pair<uint32_t, uint8_t>;
  using Flows = std::map<Key, Flow>;

  void fail(const std::string& why, const TrackerEvent& event) {
    if (!fault_.empty()) return;
    std::ostringstream text;
    text << why << ": " << event;
    fault_ = text.str();
  }
  void expect(bool holds, const std::string& why, const TrackerEvent& event) {
    if (!holds) fail(why, event);
  }
  TrackerEvent take() {
    if (told_.empty()) {
      fail("said nothing", {});
      return {};
    }
    const TrackerEvent event = told_.front();
    told_.pop_front();
    return event;
  }
  Flows::iterator flow_of_end(const TrackerEvent& event) {
    const auto found = flows_.find({event.flow, event.protocol});
    if (event.kind != TrackerEvent::Kind::Ended || found == flows_.end())
      fail("no end of a live flow", event);
    return event.kind == TrackerEvent::Kind::Ended ? found : flows_.end();
  }

  static bool is_answered(const Flow& flow) { return flow.packets[0] != 0 && flow.packets[1] != 0; }
  static bool is_opening(const Flow& flow) {
    return flow.tcp.state == TcpState::SynSent || flow.tcp.state == TcpState::SynReceived;
  }
  static bool is_talking(const Flow& flow) {
    return flow.tcp.state == TcpState::Active || flow.tcp.state == TcpState::Established;
  }
  // Closed, half-open, one packet, then the oldest.
  static int rank_of(const Flow& flow) {
    if (flow.protocol != TrackedPacket::kTcp) return flow.packets[0] + flow.packets[1] > 1 ? 3 : 2;
    if (flow.tcp.is_finished()) return 0;
    if (is_opening(flow)) return 1;
    if (is_answered(flow)) return 3;
    return is_talking(flow) ? 2 : 1;
  }
  [[nodiscard]] uint64_t timeout_of(const Flow& flow) const {
    if (flow.protocol == TrackedPacket::kUdp) return idle_.udp_ns;
    if (flow.protocol != TrackedPacket::kTcp) return idle_.other_ns;
    if (flow.tcp.is_finished()) return idle_.tcp_closed_ns;
    if (is_opening(flow)) return idle_.tcp_new_ns;
    if (is_talking(flow)) return idle_.tcp_established_ns;
    return is_answered(flow) ? idle_.tcp_closing_ns : idle_.tcp_new_ns;
  }
  [[nodiscard]] bool is_expired(const Flow& flow) const {
    const uint64_t idle_ns = clock_ns_ > flow.clock_ns ? clock_ns_ - flow.clock_ns : 0;
    return idle_ns >= timeout_of(flow);
  }
  [[nodiscard]] uint64_t age_of(const Flow& flow) const {
    constexpr uint64_t kOld = 0x8000;
    return flow.is_old ? kOld : std::min(clock_ns_ / tick_ns_ - flow.tick, kOld);
  }

  static TrackerEvent describe(const Key& key, const Flow& flow, TrackerEvent::Kind kind,
                               uint8_t what) {
    return {.kind = kind,
            .protocol = key.second,
            .what = what,
            .initiator = static_cast<uint8_t>(flow.is_initiator_b ? 1 : 0),
            .flow = key.first,
            .packets = flow.packets,
            .bytes = flow.bytes,
            .started_ns = flow.started_ns,
            .last_seen_ns = flow.last_seen_ns,
            .state = static_cast<uint8_t>(flow.tcp.state)};
  }
  void expect_told(const Key& key, const Flow& flow, TrackerEvent::Kind kind, uint8_t what) {
    const TrackerEvent event = take();
    const TrackerEvent expected = describe(key, flow, kind, what);
    if (event == expected) return;
    fail("told otherwise", event);
    fail_with(expected);
  }
  void fail_with(const TrackerEvent& expected) {
    std::ostringstream text;
    text << "\n  expected: " << expected;
    if (fault_.find("expected") == std::string::npos) fault_ += text.str();
  }
  void end(Flows::iterator found, EndReason reason, const TrackerEvent& event) {
    const Flow& flow = found->second;
    if (flow.tcp.state == TcpState::Closed) reason = EndReason::Fin;
    if (flow.tcp.state == TcpState::Reset) reason = EndReason::Rst;
    if (reason == EndReason::Evicted && is_expired(flow)) reason = EndReason::IdleTimeout;
    told_.push_front(event);
    expect_told(found->first, flow, TrackerEvent::Kind::Ended, static_cast<uint8_t>(reason));
    flows_.erase(found);
  }

  // Full: one flow must go. A table of many sets may be crowded before it is full.
  void make_room() {
    const bool ends = !told_.empty() && told_.front().kind == TrackerEvent::Kind::Ended;
    const bool is_full = flows_.size() >= flows_max_;
    if (ends != is_full && (is_full || is_one_set_))
      return fail(is_full ? "nobody went" : "went without need", {});
    if (!ends) return;
    const TrackerEvent event = take();
    const auto victim = flow_of_end(event);
    if (victim == flows_.end()) return;
    ++evictions_;
    if (is_one_set_) {
      for (const auto& [key, flow] : flows_) {
        const bool sooner =
            rank_of(flow) < rank_of(victim->second)
            || (rank_of(flow) == rank_of(victim->second) && age_of(flow) > age_of(victim->second));
        expect(!sooner, "another flow was to go first", event);
      }
    }
    end(victim, EndReason::Evicted, event);
  }

  Flows::iterator start(const TrackedPacket& packet) {
    Flow flow{.protocol = packet.protocol, .started_ns = packet.time_ns};
    const bool answers = packet.protocol == TrackedPacket::kTcp
                         && (packet.flags & (tcp_flag::kSyn | tcp_flag::kAck | tcp_flag::kRst))
                                == (tcp_flag::kSyn | tcp_flag::kAck);
    flow.is_initiator_b = packet.is_reply != answers;
    const auto at = flows_.insert_or_assign({packet.flow, packet.protocol}, flow).first;
    const TrackerEvent event = take();
    const bool is_right = event.kind == TrackerEvent::Kind::Started && event.flow == packet.flow
                          && event.protocol == packet.protocol
                          && event.initiator == static_cast<uint8_t>(flow.is_initiator_b ? 1 : 0)
                          && event.started_ns == packet.time_ns;
    expect(is_right, "not started", event);
    return at;
  }
  static Segment segment_of(const Flow& flow, const TrackedPacket& packet) {
    Segment segment{
        .from = packet.is_reply == flow.is_initiator_b ? FlowSide::Initiator : FlowSide::Responder,
        .flags = packet.flags,
        .seq = packet.seq,
        .ack = packet.ack,
        .window = packet.window,
        .payload_bytes = packet.payload_bytes};
    if (packet.window_scale != TrackedPacket::kNoScale)
      segment.scale = static_cast<uint8_t>(packet.window_scale);
    return segment;
  }
  void account(Flows::iterator at, const TrackedPacket& packet) {
    Flow& flow = at->second;
    const Segment segment = segment_of(flow, packet);
    flow.packets.at(index_of(segment.from)) += 1;
    flow.bytes.at(index_of(segment.from)) += packet.wire_bytes();
    flow.last_seen_ns = packet.time_ns;
    // The entry keeps the lag in steps of 2^22 ns, rounded up.
    constexpr uint64_t kStep_ns = 1U << 22;
    const uint64_t steps = (clock_ns_ - packet.time_ns + kStep_ns - 1) / kStep_ns;
    flow.clock_ns = packet.time_ns + steps * kStep_ns;
    flow.tick = clock_ns_ / tick_ns_;
    flow.is_old = false;
    if (packet.protocol != TrackedPacket::kTcp) return;
    const TcpState before = flow.tcp.state;
    const TcpOracle::Verdict verdict = flow.tcp.take(segment);
    if (flow.tcp.state == TcpState::Established && before != TcpState::Established) {
      expect_told(at->first, flow, TrackerEvent::Kind::Established, 0);
    } else if (flow.tcp.state != before) {
      expect_told(at->first, flow, TrackerEvent::Kind::StateChange, static_cast<uint8_t>(before));
    }
    if (verdict.anomaly == FlowAnomaly::None) return;
    if (flow.anomalies.insert(verdict.anomaly).second) {
      expect_told(at->first, flow, TrackerEvent::Kind::Anomaly,
                  static_cast<uint8_t>(verdict.anomaly));
    }
  }

  uint32_t flows_max_;
  IdlePolicy idle_;
  bool is_one_set_;
  uint64_t tick_ns_ = 0;
  uint64_t clock_ns_ = 0;
  Flows flows_;
  std::list<TrackerEvent> told_;
  uint64_t evictions_ = 0;
  std::string fault_;
};

}  // namespace flowscope::testing
