#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "dataplane/app/balance.h"
#include "dataplane/app/burst_times.h"
#include "dataplane/app/config_sources.h"
#include "dataplane/app/figures.h"
#include "dataplane/app/flows_view.h"
#include "dataplane/app/input_kind.h"
#include "dataplane/app/load_figures.h"
#include "dataplane/app/metrics_endpoint.h"
#include "dataplane/app/service_notify.h"
#include "dataplane/app/signature_store.h"
#include "dataplane/app/stage_cycles.h"
#include "dataplane/app/stats_view.h"
#include "dataplane/app/verbs.h"
#include "dataplane/app/watchdog.h"
#include "dataplane/export/exporter.h"
#include "dataplane/pipeline/port.h"

namespace flowscope {

class Pipeline;

// Pipelines, exporter and counters of one run: everything between the ports and the exit code.
// Thread rule: the main thread.
class Engine {
 public:
  Engine(Engine&& other) noexcept;
  ~Engine();

  // Reserves all memory and opens the output. Says what the memory is for on standard error; the
  // rings between workers, `resteer_bytes`, are the caller's to reserve and told of with it.
  // `nodes` has the NUMA node of each worker's memory, negative or none where it does not matter.
  static Result<Engine> create(const Config& config, InputKind input, uint32_t workers,
                               std::span<const int> nodes = {}, size_t resteer_bytes = 0);

  // Runs one worker for each port until all have ended or a signal came, then drains, writes the
  // summary and checks the ledger. `launch` starts a body on a thread or lcore of its own; `join`
  // waits for all of them; `place` says where a worker runs (" on lcore 2"), if there is such a
  // place.
  struct Launcher {
    std::function<void(size_t worker, std::function<void()>& body)> launch;
    std::function<void()> join;
    std::function<std::string(size_t worker)> place = [](size_t) { return std::string(); };
  };
  // Include engine_run.h for it.
  template <Port P>
  Exit run(std::vector<std::unique_ptr<P>>& ports, const Launcher& launcher,
           const PortLines& port_lines);

  // A launcher of plain threads.
  static Launcher threads();

  // From now on SIGHUP reads the configuration again from `sources`, where they name a file. Before
  // run().
  void reload_from(ConfigSources sources) { sources_ = std::move(sources); }
  // What the ports take of a reload: called by the control thread with the settings in use from
  // then on. Before run().
  void on_reload(std::function<void(const Config&)> take) { ports_reload_ = std::move(take); }
  // How packets come to the workers, where that is known. Call before run().
  void spread(SpreadWay way) { balance_.spread(std::move(way)); }

  // What the run counts, and its live flows, for any thread while the engine is there.
  [[nodiscard]] Figures& figures() { return *figures_; }
  [[nodiscard]] FlowsView& flows_view() { return *flows_view_; }
  [[nodiscard]] StageCycles& stage_cycles() { return *stage_cycles_; }

  [[nodiscard]] Pipeline& pipeline(size_t worker) { return *pipelines_[worker]; }
  [[nodiscard]] const Pipeline& pipeline(size_t worker) const { return *pipelines_[worker]; }

 private:
  Engine(const Config& config, InputKind input, std::unique_ptr<SignatureStore> signatures,
         std::vector<std::unique_ptr<Pipeline>> pipelines, std::unique_ptr<Exporter> exporter);
  template <Port P>
  Exit run_on(std::vector<std::unique_ptr<P>>& ports, const Launcher& launcher,
              const PortLines& port_lines);
  // Begins to answer Prometheus where that is asked for; only now, because its threads cannot be
  // confined later. False when it cannot, which is told.
  bool serve_metrics();
  // Waits until `done()` says so; prints statistics in between; calls `stop` once when a signal
  // came.
  void watch(const std::function<bool()>& done, const std::function<void()>& stop);
  // Prints the largest live flows when SIGUSR1 asked for them.
  void show_flows();
  // When SIGHUP asked for it: opens log and output again, reads configuration and rules. Goes on
  // with what takes longer.
  void mind_reload();
  void reload();
  // Takes from the configuration what can change; tells of that and of the rest.
  void reread_config();
  void take_settings(const Config& wanted);
  void reopen_log();
  // Serves the metrics where `former` did not; keeps that where it cannot be done.
  void move_metrics(const std::string& former);
  // Whether workers and compiler are done with the last reload.
  [[nodiscard]] bool has_reloaded() const;
  // Prints what became of the output.
  void tell_of_output();
  // Tells the service supervisor that the program lives and what it does.
  void notify();
  // From now on, tells of workers that do not move.
  void watch_workers(const Launcher& launcher);
  // Tells of workers that do not move, that have too much, and of flows with one direction.
  void mind_workers();
  void mind_balance(uint64_t now_ns, std::span<const Pulse::Beat> beats);
  void worker_returned();
  Exit close();
  void write_stats(const StatsMoment& moment);
  [[nodiscard]] Exit print_summary(const StatsMoment& now) const;
  [[nodiscard]] std::string burst_times_text() const;

  struct Bell {
    std::mutex mutex;
    std::condition_variable rang;
    size_t returned = 0;
  };

  Config config_;
  ConfigSources sources_;
  std::function<void(const Config&)> ports_reload_ = [](const Config&) {};
  bool is_reloading_ = false;
  std::unique_ptr<SignatureStore> signatures_;  // null: none are looked for
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::unique_ptr<FlowsView> flows_view_;
  std::unique_ptr<StageCycles> stage_cycles_;
  std::unique_ptr<Exporter> exporter_;
  std::unique_ptr<LoadFigures> loads_;
  std::unique_ptr<Figures> figures_;
  std::unique_ptr<MetricsEndpoint> endpoint_;  // null: nobody may ask; ends before the figures do
  std::unique_ptr<Bell> bell_;
  Watchdog watchdog_{0, {}};
  Balance balance_;
  ServiceNotify service_ = ServiceNotify::from_environment();
  std::vector<BurstTimes> burst_times_;  // of each worker, where they are measured
};

}  // namespace flowscope
