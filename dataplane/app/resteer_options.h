#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "config/config.h"
#include "dataplane/pipeline/resteer.h"

namespace flowscope {

// Whether the settings let workers of DPDK ports send packets to each other.
[[nodiscard]] bool may_resteer(const Config& config);

// What a started port means for its flows.
struct PortSpread {
  std::string name;
  uint32_t queues = 1;
  bool is_symmetric = true;  // both directions of a flow come to one of its queues
  bool is_file = false;      // its packets bring the times of a file
};

// Whether workers send packets to each other, and what the user is told of it.
struct ResteerChoice {
  bool is_on = false;
  bool is_warning = false;  // flows will be split between workers
  std::string text;         // empty where there is nothing to tell
};

// Settles worker.resteer for the ports that there are. `auto` is off where packets of files and of
// live traffic meet: they have different clocks, and flows of one must not end by the time of the
// other.
[[nodiscard]] ResteerChoice choose_resteer(const Config& config, std::span<const PortSpread> ports);

// The rings between workers: each holds as much as a receive queue has descriptors, however many of
// them a worker has.
[[nodiscard]] Resteer::Options resteer_options(const Config& config);

// Bytes of these rings together; 0 where there are none.
[[nodiscard]] size_t resteer_bytes(const Config& config);

// Packet buffers that may be on their way between workers; 0 where none is sent.
[[nodiscard]] uint32_t resteered_mbufs(const Config& config);

}  // namespace flowscope
