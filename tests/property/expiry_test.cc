// How soon after its time-out a silent flow ends while sweep steps come every millisecond of a
// virtual clock, on a table of many flows.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/tracker_rig.h"

namespace flowscope {
namespace {

using testing::TrackedPacket;
using testing::TrackerEvent;
using testing::TrackerRig;

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1000 * kMillisecond;
constexpr uint32_t kFlows = 200'000;
constexpr uint64_t kLate = 200 * kMillisecond;

struct Lateness {
  uint64_t ended = 0;
  uint64_t early = 0;
  uint64_t late = 0;
  uint64_t worst_ns = 0;
};

class ExpiryRun {
 public:
  explicit ExpiryRun(const IdlePolicy& policy)
      : policy_(policy), rig_({.flows_max = kFlows, .idle = policy, .hash_seed_low = 5}) {}

  // Flows of all kinds, their last packets spread over `spread_ns`.
  void fill(uint64_t spread_ns) {
    const uint64_t gap_ns = spread_ns / kFlows;
    for (uint32_t flow = 0; flow < kFlows; ++flow) {
      time_ns_ += gap_ns;
      switch (flow % 4) {
        case 0:
          give({.flow = flow});
          break;
        case 1:
          give({.flow = flow, .protocol = TrackedPacket::kIcmp});
          break;
        case 2:
          give({.flow = flow, .protocol = TrackedPacket::kTcp, .flags = tcp_flag::kSyn});
          break;
        default:
          give({.flow = flow,
                .protocol = TrackedPacket::kTcp,
                .flags = tcp_flag::kAck,
                .seq = 5,
                .ack = 7});
          give({.flow = flow,
                .protocol = TrackedPacket::kTcp,
                .is_reply = true,
                .flags = tcp_flag::kAck,
                .seq = 7,
                .ack = 5});
          break;
      }
    }
    flush();
    read_log();
  }
  void set_rule(const IdleRule& rule) { rig_.tracker().set_idle_rule(rule); }
  // What the policy says of a kind of flow.
  [[nodiscard]] uint64_t timeout_of(uint32_t flow) const {
    const std::array<uint64_t, 4> timeouts = {policy_.udp_ns, policy_.other_ns, policy_.tcp_new_ns,
                                              policy_.tcp_established_ns};
    return timeouts.at(flow % 4);
  }

  // Steps of a millisecond until `until_ns` after the last packet. `due_of(flow)` is the time-out;
  // nothing is due before `not_before_ns`.
  template <class F>
  Lateness step_until(uint64_t until_ns, F&& due_of, uint64_t not_before_ns = 0) {
    Lateness found;
    const uint64_t end_ns = time_ns_ + until_ns;
    for (uint64_t now_ns = std::max(time_ns_, rig_.clock_ns()); now_ns < end_ns;) {
      now_ns += kMillisecond;
      rig_.sweep_step(now_ns);
      for (const TrackerEvent& event : rig_.log()) {
        const uint64_t timeout_ns = due_of(event.flow);
        const uint64_t due_ns = std::max(event.last_seen_ns + timeout_ns, not_before_ns);
        ++found.ended;
        found.early += now_ns < event.last_seen_ns + timeout_ns ? 1 : 0;
        const uint64_t late_ns = now_ns > due_ns ? now_ns - due_ns : 0;
        found.late += late_ns > kLate ? 1 : 0;
        found.worst_ns = std::max(found.worst_ns, late_ns);
      }
      rig_.clear_log();
    }
    return found;
  }
  [[nodiscard]] TrackerRig& rig() { return rig_; }
  [[nodiscard]] uint64_t last_packet_ns() const { return time_ns_; }

 private:
  void give(TrackedPacket packet) {
    packet.time_ns = time_ns_;
    pending_.push_back(packet);
    if (pending_.size() == 64) flush();
  }
  void flush() {
    rig_.give(pending_, 64);
    pending_.clear();
  }
  void read_log() {
    for (const TrackerEvent& event : rig_.log())
      EXPECT_NE(event.kind, TrackerEvent::Kind::Ended) << event;
    rig_.clear_log();
  }

  IdlePolicy policy_;
  TrackerRig rig_;
  uint64_t time_ns_ = 1'000 * kSecond;
  std::vector<TrackedPacket> pending_;
};

void expect_timely(const Lateness& found, uint64_t ended) {
  EXPECT_EQ(found.ended, ended);
  EXPECT_EQ(found.early, 0U);
  EXPECT_LE(found.late * 10'000, found.ended) << "worst " << found.worst_ns / kMillisecond << " ms";
}

TEST(Expiry, EndsFlowsSoonAfterTheirTimeOut) {
  ExpiryRun run({});
  run.fill(10 * kSecond);
  expect_timely(run.step_until(301 * kSecond, [&](uint32_t flow) { return run.timeout_of(flow); }),
                kFlows);
  EXPECT_EQ(run.rig().fault(), "");
}

TEST(Expiry, IsAsTimelyWithAnIdleRule) {
  ExpiryRun run({});
  run.fill(5 * kSecond);
  // Odd flows have a time-out of their own.
  const IdleRule rule{.function = [](const void*, const FlowKey& key, uint8_t) {
    const bool is_odd = testing::flow_number_of(key) % 2 == 1;
    return is_odd ? std::optional<uint64_t>(11 * kSecond) : std::nullopt;
  }};
  run.set_rule(rule);
  const auto due_of = [&](uint32_t flow) {
    return flow % 2 == 1 ? 11 * kSecond : run.timeout_of(flow);
  };
  expect_timely(run.step_until(61 * kSecond, due_of), kFlows);
}

TEST(Expiry, IsAsTimelyWithTimeOutsOfAWeek) {
  constexpr uint64_t kWeek = 7 * 86'400 * kSecond;
  IdlePolicy policy;
  policy.tcp_established_ns = kWeek;
  ExpiryRun run(policy);
  run.fill(5 * kSecond);
  expect_timely(run.step_until(61 * kSecond, [&](uint32_t flow) { return run.timeout_of(flow); }),
                kFlows / 4 * 3);
}

// However far the clock leaps, also by what the table's ticks of 16 bits cannot tell from nothing.
TEST(Expiry, EndsWhatIsDueAfterALeapOfTheClock) {
  for (const uint64_t seconds : {301U, 1'100U, 3'600U, 86'400U}) {
    SCOPED_TRACE("leap of " + std::to_string(seconds) + " s");
    ExpiryRun run({});
    run.fill(5 * kSecond);
    const uint64_t leapt_ns = run.last_packet_ns() + seconds * kSecond;
    run.rig().sweep_step(leapt_ns);
    const uint64_t ended_at_once = run.rig().log().size();
    run.rig().clear_log();
    const Lateness found = run.step_until(
        (seconds + 2) * kSecond, [&](uint32_t flow) { return run.timeout_of(flow); }, leapt_ns);
    EXPECT_EQ(found.ended + ended_at_once, kFlows);
    EXPECT_LT(found.worst_ns, kSecond) << "all at once: a step ends no more than a few hundred";
  }
}

}  // namespace
}  // namespace flowscope
