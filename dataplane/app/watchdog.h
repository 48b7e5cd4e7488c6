#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/pipeline/pulse.h"

namespace flowscope {

// Tells when a worker has stopped moving, and when it moves again; each stall once. What it sees is
// as fine as it is asked: a stall between two looks at which the worker moved is not seen.
// Thread rule: the control thread.
class Watchdog {
 public:
  // `limit_ns`: how long a worker may stay where it is; 0 watches nobody. `workers`: what each one
  // is called, with the place where it runs.
  Watchdog(uint64_t limit_ns, std::vector<std::string> workers)
      : limit_ns_(limit_ns),
        names_(std::move(workers)),
        seen_(names_.size()),
        stalls_(names_.size()) {}

  // From the next look on.
  void set_limit_ns(uint64_t limit_ns);
  // One line for each worker that stalled or moves again. `now_ns` never goes back; `beats` holds
  // one for each worker. Workers that have not begun or are done are not watched.
  std::vector<std::string> look(uint64_t now_ns, std::span<const Pulse::Beat> beats);
  // Of all workers and of one, since the start.
  [[nodiscard]] uint64_t stalls() const {
    return std::accumulate(stalls_.begin(), stalls_.end(), uint64_t{0});
  }
  [[nodiscard]] uint64_t stalls(size_t worker) const { return stalls_[worker]; }
  // No worker had stalled at the last look.
  [[nodiscard]] bool all_move() const {
    return std::none_of(seen_.begin(), seen_.end(), [](const Seen& seen) { return seen.is_told; });
  }

 private:
  struct Seen {
    Pulse::Beat beat;
    uint64_t since_ns = 0;
    bool is_told = false;
  };

  uint64_t limit_ns_;
  std::vector<std::string> names_;
  std::vector<Seen> seen_;
  std::vector<uint64_t> stalls_;  // of each worker
};

}  // namespace flowscope
