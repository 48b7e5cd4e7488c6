#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "flowcore/packet/layers.h"
#include "flowcore/track/flow_entry.h"

namespace flowscope {

// How long a flow may be silent before it ends, by protocol and TCP state. A flow expires when its
// idle time reaches the value.
struct IdlePolicy {
  uint64_t tcp_new_ns = 60'000'000'000;  // handshake not complete
  uint64_t tcp_established_ns = 300'000'000'000;
  uint64_t tcp_closing_ns = 60'000'000'000;  // one or two FINs seen
  uint64_t tcp_closed_ns = 10'000'000'000;   // over: the entry lingers so that late packets find it
  uint64_t udp_ns = 60'000'000'000;
  uint64_t other_ns = 30'000'000'000;
};

// The policy as tables, one load per question.
class IdleTimeouts {
 public:
  explicit IdleTimeouts(const IdlePolicy& policy)
      : tcp_ns_{policy.tcp_established_ns, policy.tcp_new_ns,     policy.tcp_new_ns,
                policy.tcp_established_ns, policy.tcp_closing_ns, policy.tcp_closing_ns,
                policy.tcp_closing_ns,     policy.tcp_closed_ns,  policy.tcp_closed_ns},
        udp_ns_(policy.udp_ns),
        other_ns_(policy.other_ns) {}

  [[nodiscard]] uint64_t of(const FlowEntry& entry) const {
    if (entry.is_tcp()) return tcp_ns_[static_cast<size_t>(entry.state)];
    switch (static_cast<IpProtocol>(entry.l4)) {
      case IpProtocol::Tcp:  // a key without ports has no states
        return tcp_ns_[static_cast<size_t>(TcpState::Established)];
      case IpProtocol::Udp:
        return udp_ns_;
      default:
        return other_ns_;
    }
  }
  [[nodiscard]] bool expired(const FlowEntry& entry, uint64_t clock_ns) const {
    const uint64_t last_ns = entry.clock_ns();  // may be rounded up past the clock
    return clock_ns > last_ns ? clock_ns - last_ns >= of(entry) : of(entry) == 0;
  }
  // No flow expires sooner than this.
  [[nodiscard]] uint64_t least() const {
    return std::min({*std::min_element(tcp_ns_.begin(), tcp_ns_.end()), udp_ns_, other_ns_});
  }

 private:
  std::array<uint64_t, kTcpStates> tcp_ns_;
  uint64_t udp_ns_;
  uint64_t other_ns_;
};

}  // namespace flowscope
