#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/app/asymmetry.h"
#include "dataplane/app/flows_view.h"
#include "dataplane/app/imbalance.h"
#include "dataplane/app/lasting.h"
#include "dataplane/app/load_figures.h"
#include "dataplane/app/stats_view.h"
#include "dataplane/pipeline/pulse.h"

namespace flowscope {

// Looks every period at how the workers share the packets and whether flows show both directions,
// and tells when something is wrong and when it is over: each once, after two periods. Reads
// counters that are there anyway; only while one worker has too much are its largest flows asked
// for. Thread rule: the control thread. Cost: microseconds a period, and a look at each worker's
// stage each turn.
class Balance {
 public:
  struct Options {
    uint64_t period_ns = 0;          // 0: nobody looks
    uint32_t imbalance_percent = 0;  // of a fair share; 0: the workers are not compared
    bool is_key_wide = false;        // see AsymmetryFacts
  };
  // A second's packets of a worker below which nobody minds who else has how many: a hundredth of
  // what a worker follows.
  static constexpr uint64_t kPacketsPerSecondMin = 20'000;

  // Lifetime: within that of the view and the figures.
  Balance(const Options& options, FlowsView& flows_view, LoadFigures& shown);

  // How packets come to the workers. Call before the first turn.
  void spread(SpreadWay way) { way_ = std::move(way); }

  // One turn of the control loop, some twenty a second: looks at the workers' stages. True when a
  // period is over and look() is due. `now_ns` never goes back.
  [[nodiscard]] bool turn(uint64_t now_ns, std::span<const Pulse::Beat> beats);
  // Lines to tell at the end of a period.
  [[nodiscard]] std::vector<std::string> look(const StatsMoment& now);
  // A line about a worker with too much, once its flows are known; mostly none. Call every turn.
  [[nodiscard]] std::optional<std::string> poll();
  // The run is over: what has to be told of the whole of it.
  [[nodiscard]] std::vector<std::string> finish(const StatsMoment& now);

 private:
  // How often a worker was found with packets and without.
  struct Looks {
    uint64_t busy = 0;
    uint64_t idle = 0;
  };
  // An imbalance between the end of the period that showed it and the line about it.
  struct Pending {
    std::vector<WorkerLoad> loads;
    Busiest busiest;
    WorkerLoss loss;
    uint64_t round = 0;
    uint32_t turns = 0;
  };

  [[nodiscard]] std::vector<WorkerLoad> loads_since(const StatsMoment& now) const;
  [[nodiscard]] WorkerLoss loss_since(const StatsMoment& now, size_t worker) const;
  [[nodiscard]] bool is_of(const PortLine& port, size_t worker) const;
  [[nodiscard]] AsymmetryFacts facts_since(const StatsMoment& before, const StatsMoment& now) const;
  std::optional<std::string> watch_loads(const StatsMoment& now);

  Options options_;
  FlowsView& flows_view_;
  LoadFigures& shown_;
  SpreadWay way_;
  uint64_t period_end_ns_ = 0;  // 0: no turn yet
  std::vector<Looks> looks_;
  StatsMoment before_;
  AsymmetryWatch asymmetry_;
  Lasting imbalance_;
  double since_seconds_ = 0;             // when the imbalance was told
  bool is_told_ = false;                 // this imbalance; one that costs nothing is not
  std::optional<uint64_t> first_round_;  // the flows of when it was suspected
  std::vector<std::vector<FlowEntry>> flows_before_;  // by worker, from that round
  std::optional<Pending> pending_;
};

}  // namespace flowscope
