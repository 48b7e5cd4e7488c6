#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "config/config.h"
#include "dataplane/app/burst_times.h"
#include "dataplane/app/flows_view.h"
#include "dataplane/app/signature_store.h"
#include "dataplane/app/stats_view.h"
#include "dataplane/app/timed_port.h"
#include "dataplane/app/verbs.h"
#include "dataplane/export/exporter.h"
#include "dataplane/pipeline/worker.h"

namespace flowscope {

// Which traffic the verb brings: decides how records overflow and how memory is taken.
enum class InputKind : uint8_t { Files, Live };

// Pipelines, exporter and counters of one run: everything between the ports and the exit code.
// Thread rule: the main thread.
class Engine {
 public:
  // Reserves all memory and opens the output. Says what the memory is for on standard error.
  static Result<Engine> create(const Config& config, InputKind input, uint32_t workers);

  // Runs one worker for each port until all have ended or a signal came, then drains, writes the
  // summary and checks the ledger. `launch` starts a body on a thread or lcore of its own; `join`
  // waits for all of them.
  struct Launcher {
    std::function<void(size_t worker, std::function<void()>& body)> launch;
    std::function<void()> join;
  };
  template <Port P>
  Exit run(std::vector<std::unique_ptr<P>>& ports, const Launcher& launcher,
           const std::function<std::vector<PortLine>()>& port_lines);

  // A launcher of plain threads.
  static Launcher threads();

  [[nodiscard]] Pipeline& pipeline(size_t worker) { return *pipelines_[worker]; }
  [[nodiscard]] const Pipeline& pipeline(size_t worker) const { return *pipelines_[worker]; }

 private:
  using PortLines = std::function<std::vector<PortLine>()>;
  Engine(const Config& config, std::unique_ptr<SignatureStore> signatures,
         std::vector<std::unique_ptr<Pipeline>> pipelines, std::unique_ptr<Exporter> exporter);
  template <Port P>
  Exit run_on(std::vector<std::unique_ptr<P>>& ports, const Launcher& launcher,
              const PortLines& port_lines);
  // Waits until `done()` says so; prints statistics in between; calls `stop` once when a signal
  // came.
  void watch(const std::function<bool()>& done, const std::function<void()>& stop,
             const PortLines& port_lines);
  // Prints the largest live flows when SIGUSR1 asked for them.
  void show_flows();
  // Reads the rules again when SIGHUP asked for it.
  void mind_signatures();
  void worker_returned();
  Exit close(const PortLines& port_lines);
  [[nodiscard]] StatsMoment moment(const PortLines& port_lines) const;
  [[nodiscard]] StatsSnapshot snapshot(const StatsMoment& now) const;
  // What was found of signatures.
  void add_signatures(StatsSnapshot& snapshot) const;
  // What became of IP fragments.
  void add_fragments(StatsSnapshot& snapshot) const;
  [[nodiscard]] Exit print_summary(const StatsMoment& now) const;
  void print_burst_times() const;

  struct Bell {
    std::mutex mutex;
    std::condition_variable rang;
    size_t returned = 0;
  };

  Config config_;
  std::unique_ptr<SignatureStore> signatures_;  // null: none are looked for
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  FlowsView flows_view_;
  std::unique_ptr<Exporter> exporter_;
  std::unique_ptr<Bell> bell_;
  std::vector<BurstTimes> burst_times_;  // of each worker, where they are measured
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

template <Port P>
Exit Engine::run(std::vector<std::unique_ptr<P>>& ports, const Launcher& launcher,
                 const PortLines& port_lines) {
  if (!config_.burst_times) return run_on(ports, launcher, port_lines);
  burst_times_.resize(ports.size());
  std::vector<std::unique_ptr<TimedPort<P>>> timed;
  for (size_t i = 0; i < ports.size(); ++i)
    timed.push_back(std::make_unique<TimedPort<P>>(*ports[i], burst_times_[i]));
  return run_on(timed, launcher, port_lines);
}

template <Port P>
Exit Engine::run_on(std::vector<std::unique_ptr<P>>& ports, const Launcher& launcher,
                    const PortLines& port_lines) {
  exporter_->start();
  start_ = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<Worker<P>>> workers;
  std::vector<std::function<void()>> bodies;
  for (size_t i = 0; i < ports.size(); ++i) {
    workers.push_back(std::make_unique<Worker<P>>(*ports[i], *pipelines_[i]));
    bodies.emplace_back([this, worker = workers.back().get()] {
      worker->run();
      worker_returned();
    });
  }
  for (size_t i = 0; i < bodies.size(); ++i) launcher.launch(i, bodies[i]);
  watch([&] { return bell_->returned == ports.size(); },
        [&] {
          for (auto& worker : workers) worker->stop();
        },
        port_lines);
  launcher.join();
  return close(port_lines);
}

}  // namespace flowscope
