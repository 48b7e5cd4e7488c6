#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "dataplane/app/load_figures.h"
#include "dataplane/app/stats_view.h"
#include "dataplane/export/exporter.h"

namespace flowscope {

class Pipeline;

// What the ports let us know at the moment. Called by one thread at a time.
using PortLines = std::function<std::vector<PortLine>()>;

// The one place where the counters of workers, exporter and ports are read: for the statistics
// table, stats records, the summary and everybody who asks from outside. Thread rule: any thread,
// at any time, while workers go on. Each figure alone is exact; figures of one moment may be apart
// by what the workers did while they were read, but for packets and their fates, which agree.
// Lifetime: within that of the pipelines and the exporter. Cost: some microseconds for each worker.
class Figures {
 public:
  struct Sources {
    std::span<const std::unique_ptr<Pipeline>> pipelines;
    const Exporter& exporter;
    bool signatures = false;              // are looked for
    StageCycles* stage_cycles = nullptr;  // null: stages are not measured
    const LoadFigures* loads = nullptr;   // null: nobody watches the workers
  };
  explicit Figures(const Sources& sources) : sources_(sources) {}

  // The run begins: time counts from now, and `ports` may be asked until end().
  void begin(PortLines ports);
  // Waits for who asks the ports now; they are as they were from then on.
  void end();

  [[nodiscard]] StatsMoment now();

 private:
  void read_worker(const Pipeline& pipeline, StatsMoment& moment) const;
  void read_stages(StatsMoment& moment) const;
  void read_record_figures(StatsMoment& moment) const;
  template <class F>
  void add(StatsMoment& moment, std::string name, F&& of) const;
  void add_decoder(StatsMoment& moment) const;
  void add_fragments(StatsMoment& moment) const;
  void add_flows(StatsMoment& moment) const;
  void add_signatures(StatsMoment& moment) const;
  void read_loads(StatsMoment& moment) const;
  void read_flows(FlowFigures& flows) const;
  [[nodiscard]] DirectionsLine directions_of(FlowKind kind) const;
  void read_protocols(StatsMoment& moment) const;
  void read_anomalies(StatsMoment& moment) const;
  void read_output(OutputFigures& output) const;

  Sources sources_;
  std::mutex mutex_;  // of what follows: drivers' counters are not made for two readers
  PortLines ports_;
  std::vector<PortLine> last_ports_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double seconds_ = 0;  // how long the run was, once it is over
};

}  // namespace flowscope
