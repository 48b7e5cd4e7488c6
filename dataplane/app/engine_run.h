// What drives ports through an engine; see Engine::run. Apart from engine.h because it needs every
// stage and parser, which take the compiler seconds: for the verbs alone.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "dataplane/app/engine.h"
#include "dataplane/app/timed_port.h"
#include "dataplane/pipeline/pipeline.h"
#include "dataplane/pipeline/worker.h"

namespace flowscope {

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
  if (!serve_metrics()) return Exit::Usage;
  exporter_->start();
  figures_->begin(port_lines);
  std::vector<std::unique_ptr<Worker<P>>> workers;
  std::vector<std::function<void()>> bodies;
  for (size_t i = 0; i < ports.size(); ++i) {
    workers.push_back(std::make_unique<Worker<P>>(*ports[i], *pipelines_[i]));
    bodies.emplace_back([this, worker = workers.back().get()] {
      worker->run();
      worker_returned();
    });
  }
  watch_workers(launcher);
  for (size_t i = 0; i < bodies.size(); ++i) launcher.launch(i, bodies[i]);
  watch([&] { return bell_->returned == ports.size(); },
        [&] {
          for (auto& worker : workers) worker->stop();
        });
  launcher.join();
  return close();
}

}  // namespace flowscope
