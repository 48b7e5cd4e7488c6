#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>

#include "flowcore/extract/flow_key.h"
#include "flowcore/table/set_line.h"
#include "flowcore/track/flow_class.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// How long a flow may be silent before it ends, by protocol and TCP state. A flow expires when its
// idle time reaches the value. Zero: at the next sweep, and not by a packet of its own before that.
struct IdlePolicy {
  uint64_t tcp_new_ns = 60'000'000'000;  // handshake not complete
  uint64_t tcp_established_ns = 300'000'000'000;
  uint64_t tcp_closing_ns = 60'000'000'000;  // one or two FINs seen
  // Over: the entry lingers so that late packets find it. Zero: the flow ends with the packet that
  // closed it, whatever an IdleRule says.
  uint64_t tcp_closed_ns = 10'000'000'000;
  uint64_t udp_ns = 60'000'000'000;
  uint64_t other_ns = 30'000'000'000;
  // At most this long for what is worth least (closed, half-open, one packet) while the table is
  // nearly full.
  uint64_t emergency_ns = 5'000'000'000;

  friend bool operator==(const IdlePolicy&, const IdlePolicy&) = default;
};

// A user's own rule: the idle time of a flow, nothing to leave it to the policy. Zero ends the flow
// at the next sweep. Called on the packet path, and for each live flow on each round of the sweep.
struct IdleRule {
  using Function = std::optional<uint64_t> (*)(const void* state, const FlowKey& key, uint8_t l4);
  Function function = nullptr;
  const void* state = nullptr;
};

// The policy as tables, one load per question.
class IdleTimeouts {
 public:
  explicit IdleTimeouts(const IdlePolicy& policy) { set(policy); }

  void set(const IdlePolicy& policy) {
    policy_ = policy;
    refresh();
  }
  void set_rule(const IdleRule& rule) {
    rule_ = rule;
    refresh();
  }
  void set_emergency(bool emergency) {
    emergency_ = emergency;
    refresh();
  }
  [[nodiscard]] const IdlePolicy& policy() const { return policy_; }
  [[nodiscard]] bool emergency() const { return emergency_; }

  [[nodiscard]] uint64_t of(const FlowEntry& entry, FlowClass flow_class) const {
    if (rule_.function != nullptr) [[unlikely]] {
      const auto own = rule_.function(rule_.state, entry.key, entry.l4);
      if (own) return *own;
    }
    return by_class_[index_of(flow_class)];
  }
  // Silent for less than any time-out, so that it need not be asked further.
  [[nodiscard]] bool is_fresh(const FlowEntry& entry, uint64_t clock_ns) const {
    return clock_ns - entry.last_seen_ns < least_ns_;
  }
  // For a look-up: zero does not count as a time-out here.
  [[nodiscard]] bool expired(const FlowEntry& entry, FlowClass flow_class,
                             uint64_t clock_ns) const {
    if (is_fresh(entry, clock_ns)) [[likely]]
      return false;
    const uint64_t timeout_ns = of(entry, flow_class);
    return idle_ns(entry, clock_ns) > timeout_ns - 1;  // zero becomes the largest number
  }
  [[nodiscard]] bool expired_at_sweep(const FlowEntry& entry, FlowClass flow_class,
                                      uint64_t clock_ns) const {
    return idle_ns(entry, clock_ns) >= of(entry, flow_class);
  }

  // The table's age clock: the finest tick for which every time-out lies within the ages that the
  // table tells apart, so that no flow is looked at long before it is due.
  [[nodiscard]] uint32_t tick_shift() const { return tick_shift_; }
  // From which age, in ticks, a flow of each class is to be looked at.
  [[nodiscard]] const U16Choice& ages() const { return ages_; }

 private:
  static constexpr uint32_t kTickShiftMin = 20;  // a millisecond
  static constexpr uint64_t kAgeMax = SetLine::kAgeMax - 1;

  void refresh();
  static uint64_t idle_ns(const FlowEntry& entry, uint64_t clock_ns) {
    const uint64_t last_ns = entry.clock_ns();  // may be rounded up past the clock
    return clock_ns > last_ns ? clock_ns - last_ns : 0;
  }

  IdlePolicy policy_;
  IdleRule rule_;
  bool emergency_ = false;
  uint32_t tick_shift_ = kTickShiftMin;
  std::array<uint64_t, kFlowClasses> by_class_{};
  uint64_t least_ns_ = 0;  // below any time-out that is one at look-ups
  U16Choice ages_{{}};
};

inline void IdleTimeouts::refresh() {
  by_class_[index_of(FlowClass::Over)] = policy_.tcp_closed_ns;
  by_class_[index_of(FlowClass::HalfOpen)] = policy_.tcp_new_ns;
  by_class_[index_of(FlowClass::OneUdp)] = policy_.udp_ns;
  by_class_[index_of(FlowClass::OneOther)] = policy_.other_ns;
  by_class_[index_of(FlowClass::OneTcp)] = policy_.tcp_established_ns;
  by_class_[index_of(FlowClass::Udp)] = policy_.udp_ns;
  by_class_[index_of(FlowClass::Other)] = policy_.other_ns;
  by_class_[index_of(FlowClass::TcpClosing)] = policy_.tcp_closing_ns;
  by_class_[index_of(FlowClass::TcpOpen)] = policy_.tcp_established_ns;
  const uint64_t most_ns = *std::max_element(by_class_.begin(), by_class_.end());
  const auto bits = static_cast<uint32_t>(std::bit_width(most_ns / (kAgeMax + 1)));
  tick_shift_ = std::max(kTickShiftMin, bits);
  std::array<uint16_t, kEntryClasses> ages{};
  for (size_t i = 0; i < kFlowClasses; ++i) {
    if (emergency_ && kFlowVictimRanks[i] < kRankKept) {
      by_class_[i] = std::min(by_class_[i], policy_.emergency_ns);
    }
    const uint64_t ticks = std::min(by_class_[i] >> tick_shift_, kAgeMax);
    // A rule may say anything of any flow.
    ages[i] = rule_.function != nullptr ? uint16_t{0} : static_cast<uint16_t>(ticks);
  }
  ages_ = U16Choice(ages);
  least_ns_ = UINT64_MAX;
  for (const uint64_t timeout_ns : by_class_) least_ns_ = std::min(least_ns_, timeout_ns - 1);
  if (rule_.function != nullptr) least_ns_ = 0;
}

}  // namespace flowscope
