#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "flowcore/extract/flow_key.h"

namespace flowscope {

// Which flows a parser is asked about. Of several that fit a flow the first in the driver's list
// gets it, those that ports alone decide for before all others. A parser without a probe knows no
// bytes: with Content or Either it gets every flow whose bytes no other parser knows, Both is
// Ports.
struct Routing {
  enum class By : uint8_t {
    Content,  // flows whose first bytes it knows (its probe)
    Ports,    // flows of one of its ports, whatever they carry
    Both,     // flows of one of its ports whose first bytes it knows
    Either,   // as Content; and flows of one of its ports whose bytes no parser knows
  };

  By by = By::Content;
  std::vector<uint16_t> ports{};  // of either end; for a Content parser they mean nothing
};

// The routing of up to 32 parsers, by position. Made once; allocates then.
class DriverRoutes {
 public:
  // What becomes of a flow, as sets of parsers.
  struct Route {
    uint32_t at_once = 0;    // ports decide: the first of these, without a look at the bytes
    uint32_t asked = 0;      // those to be asked about first bytes
    uint32_t otherwise = 0;  // the first of these when no parser knows the bytes

    [[nodiscard]] bool leads_nowhere() const { return (at_once | asked | otherwise) == 0; }
  };
  enum class Probes : uint8_t { No, Yes };

  void add(uint32_t position, Probes probes, const Routing& routing) {
    const uint32_t bit = uint32_t{1} << position;
    const bool knows_bytes = probes == Probes::Yes;
    switch (routing.by) {
      case Routing::By::Content:
        (knows_bytes ? content_ : any_) |= bit;
        return;
      case Routing::By::Ports:
        ports_ |= bit;
        break;
      case Routing::By::Both:
        (knows_bytes ? both_ : ports_) |= bit;
        break;
      case Routing::By::Either:
        (knows_bytes ? content_ : any_) |= bit;
        either_ |= bit;
        break;
    }
    for (const uint16_t port : routing.ports) add_port(port, bit);
  }

  // Constant time but for a search among the ports that were named; only at a flow's first bytes.
  [[nodiscard]] Route of(const FlowKey& key) const {
    const uint32_t hits = parsers_at(key.a_port) | parsers_at(key.b_port);
    Route route{.at_once = ports_ & hits,
                .asked = content_ | (both_ & hits),
                .otherwise = any_ | (either_ & hits)};
    if (route.asked == 0) route.at_once |= std::exchange(route.otherwise, 0);
    return route;
  }
  // The same for what comes behind a protocol that was only the way to another.
  [[nodiscard]] Route without_ports() const {
    Route route{.asked = content_, .otherwise = any_};
    if (route.asked == 0) route.at_once = std::exchange(route.otherwise, 0);
    return route;
  }

 private:
  struct Port {
    uint16_t port;
    uint32_t parsers;
  };

  void add_port(uint16_t port, uint32_t bit) {
    const auto at = std::lower_bound(by_port_.begin(), by_port_.end(), port, before);
    if (at != by_port_.end() && at->port == port) {
      at->parsers |= bit;
    } else {
      by_port_.insert(at, {port, bit});
    }
  }
  [[nodiscard]] uint32_t parsers_at(uint16_t port) const {
    const auto at = std::lower_bound(by_port_.begin(), by_port_.end(), port, before);
    return at != by_port_.end() && at->port == port ? at->parsers : 0;
  }
  static bool before(const Port& entry, uint16_t port) { return entry.port < port; }

  uint32_t content_ = 0;
  uint32_t ports_ = 0;
  uint32_t both_ = 0;
  uint32_t either_ = 0;
  uint32_t any_ = 0;
  std::vector<Port> by_port_;  // ascending
};

}  // namespace flowscope
