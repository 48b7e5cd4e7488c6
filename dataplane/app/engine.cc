#include "dataplane/app/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "dataplane/app/log.h"
#include "dataplane/app/memory_node.h"
#include "dataplane/app/memory_plan.h"
#include "dataplane/app/output_options.h"
#include "dataplane/app/pipeline_options.h"
#include "dataplane/app/signals.h"
#include "dataplane/app/system_time.h"
#include "dataplane/pipeline/pipeline.h"

namespace flowscope {

namespace {

constexpr auto kWatchPeriod = std::chrono::milliseconds(50);

// The system would promise more than it has, and end the program when the pages are used.
Result<void> fits_memory(const MemoryBudget& budget, uint64_t worker_bytes, uint32_t workers) {
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t machine_bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes;
  if (budget.total_bytes() <= machine_bytes) return {};
  return Error{fmt::format(
      "{} workers of {} MiB need more memory than the {} MiB of this machine: lower --flows-max, "
      "--workers or the streams' settings",
      workers, worker_bytes >> 20, machine_bytes >> 20)};
}

// Files are shared out by flow, and one worker after the other may be ahead: nothing is unfair.
Balance::Options balance_options(const Config& config, InputKind input) {
  return {
      .period_ns = config.worker.balance_period_ns,
      .imbalance_percent = input == InputKind::Live ? config.worker.imbalance_percent : uint32_t{0},
      .is_key_wide = !config.table.key_with.empty()};
}

}  // namespace

Result<Engine> Engine::create(const Config& config, InputKind input, uint32_t workers,
                              std::span<const int> nodes, size_t resteer_bytes) {
  PipelineOptions each = pipeline_options(config, input);
  std::unique_ptr<SignatureStore> signatures;
  if (config.signatures.rules != "off") {
    auto opened = SignatureStore::open(signature_file(config.signatures), each.streams.signatures);
    if (!opened.ok()) return opened.error();
    signatures = std::move(opened.value());
  }
  if (signatures != nullptr || input == InputKind::Live) catch_reload();
  const size_t seat_bytes = signatures != nullptr ? signatures->worker_bytes() : 0;
  const MemoryBudget budget =
      memory_plan(each, workers, {.signature_bytes = seat_bytes, .resteer_bytes = resteer_bytes});
  if (auto fits = fits_memory(budget, Pipeline::cost(each) + seat_bytes, workers); !fits.ok())
    return fits.error();
  auto output = Output::open(output_options(config, input));
  if (!output.ok()) return output.error();
  print_report(budget.as_table() + node_lines(nodes, Pipeline::cost(each) + seat_bytes));
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  auto exporter = std::make_unique<Exporter>(std::move(output.value()), eve_options(config));
  for (uint32_t i = 0; i < workers; ++i) {
    // Only replay shows every packet to every worker; elsewhere the queues are shares already.
    if (input == InputKind::Files) each.share = {.index = i, .workers = workers};
    const MemoryNode node(i < nodes.size() ? nodes[i] : -1);
    if (node.fault() != 0) {
      log_warning("the memory of worker {} is on any NUMA node: {}", i,
                  std::strerror(node.fault()));
    }
    auto pipeline = Pipeline::create(
        each, input == InputKind::Live ? Arena::Populate::Now : Arena::Populate::Lazily);
    if (!pipeline.ok()) return pipeline.error();
    exporter->add_ring(pipeline.value()->ring());
    pipelines.push_back(std::move(pipeline.value()));
  }
  Engine engine(config, input, std::move(signatures), std::move(pipelines), std::move(exporter));
  if (engine.signatures_ != nullptr) {
    if (auto seated = engine.signatures_->seat(engine.pipelines_); !seated.ok())
      return seated.error();
  }
  return engine;
}

Engine::Engine(Engine&& other) noexcept = default;
Engine::~Engine() = default;

Engine::Engine(const Config& config, InputKind input, std::unique_ptr<SignatureStore> signatures,
               std::vector<std::unique_ptr<Pipeline>> pipelines, std::unique_ptr<Exporter> exporter)
    : config_(config),
      signatures_(std::move(signatures)),
      pipelines_(std::move(pipelines)),
      flows_view_(std::make_unique<FlowsView>(pipelines_)),
      stage_cycles_(std::make_unique<StageCycles>(pipelines_)),
      exporter_(std::move(exporter)),
      loads_(std::make_unique<LoadFigures>(pipelines_.size())),
      figures_(std::make_unique<Figures>(Figures::Sources{.pipelines = pipelines_,
                                                          .exporter = *exporter_,
                                                          .signatures = signatures_ != nullptr,
                                                          .stage_cycles = stage_cycles_.get(),
                                                          .loads = loads_.get()})),
      bell_(std::make_unique<Bell>()),
      balance_(balance_options(config, input), *flows_view_, *loads_) {
  // A service is asked to reload by SIGHUP whatever there is to read again.
  if (service_.is_used()) catch_reload();
  if (config.worker.stage_cycles) stage_cycles_->measure(true);
}

bool Engine::serve_metrics() {
  if (config_.telemetry.prometheus == "off") return true;
  auto endpoint = MetricsEndpoint::open(config_.telemetry.prometheus, *figures_);
  if (!endpoint.ok()) {
    log_error("{}", endpoint.error().message);
    return false;
  }
  log_info("metrics at {}", endpoint.value()->url());
  endpoint_ = std::move(endpoint.value());
  return true;
}

Engine::Launcher Engine::threads() {
  auto threads = std::make_shared<std::vector<std::jthread>>();
  return {.launch = [threads](size_t, std::function<void()>& body) { threads->emplace_back(body); },
          .join = [threads] { threads->clear(); }};
}

void Engine::worker_returned() {
  const std::lock_guard lock(bell_->mutex);
  ++bell_->returned;
  bell_->rang.notify_one();
}

void Engine::watch(const std::function<bool()>& done, const std::function<void()>& stop) {
  auto last_table = std::chrono::steady_clock::now();
  StatsMoment before;
  bool stopping = false;
  service_.ready();
  std::unique_lock lock(bell_->mutex);
  while (!bell_->rang.wait_for(lock, kWatchPeriod, done)) {
    if (!stopping && stop_signal() != 0) {
      stopping = true;
      service_.stopping();
      exporter_->hurry();
      stop();
    }
    show_flows();
    mind_reload();
    tell_of_output();
    mind_workers();
    notify();
    const auto now = std::chrono::steady_clock::now();
    const auto period = std::chrono::nanoseconds(config_.stats_period_ns);
    if (config_.stats_period_ns == 0 || now - last_table < period) continue;
    last_table = now;
    StatsMoment moment = figures_->now();
    print_report(stats_table(moment, before));
    write_stats(moment);
    before = std::move(moment);
  }
  if (!stopping) service_.stopping();
}

void Engine::show_flows() {
  if (take_flows_request()) flows_view_->ask();
  if (const auto table = flows_view_->poll(); table.has_value()) print_report(*table);
}

void Engine::watch_workers(const Launcher& launcher) {
  std::vector<std::string> names;
  for (size_t i = 0; i < pipelines_.size(); ++i)
    names.push_back(fmt::format("worker {}{}", i, launcher.place(i)));
  watchdog_ = Watchdog(config_.worker.watchdog_ns, std::move(names));
}

void Engine::mind_workers() {
  std::vector<Pulse::Beat> beats;
  for (const auto& pipeline : pipelines_) beats.push_back(pipeline->pulse().beat());
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  for (const std::string& line : watchdog_.look(static_cast<uint64_t>(now_ns), beats))
    log_warning("{}", line);
  for (size_t i = 0; i < beats.size(); ++i) loads_->show_stalls(i, watchdog_.stalls(i));
  mind_balance(static_cast<uint64_t>(now_ns), beats);
}

void Engine::mind_balance(uint64_t now_ns, std::span<const Pulse::Beat> beats) {
  if (balance_.turn(now_ns, beats)) {
    for (const std::string& line : balance_.look(figures_->now())) log_warning("{}", line);
  }
  if (const auto line = balance_.poll(); line.has_value()) log_warning("{}", *line);
}

void Engine::notify() {
  const auto now = std::chrono::steady_clock::now();
  service_.beat(now,
                watchdog_.all_move() ? ServiceNotify::Workers::Move : ServiceNotify::Workers::Hang);
  if (service_.wants_status(now)) service_.status(status_line(figures_->now()));
}

void Engine::tell_of_output() {
  for (const std::string& notice : exporter_->take_notices()) log_warning("{}", notice);
}

void Engine::write_stats(const StatsMoment& moment) {
  if (config_.output.records.stats)
    exporter_->write_stats({.time = system_now(), .figures = moment.figures});
}

Exit Engine::close() {
  figures_->end();
  write_stats(figures_->now());
  exporter_->stop();
  tell_of_output();
  for (const std::string& line : balance_.finish(figures_->now())) log_warning("{}", line);
  return print_summary(figures_->now());
}

std::string Engine::burst_times_text() const {
  if (burst_times_.empty()) return "";
  BurstTimes all;
  for (const BurstTimes& times : burst_times_) all.add(times);
  const auto us = [&](double part) { return static_cast<double>(all.percentile_ns(part)) / 1e3; };
  return fmt::format(
      "bursts   {}: half within {:.1f} us, 99 % {:.1f}, 99.9 % {:.1f}, 99.99 % {:.1f}, longest "
      "{:.1f}\n",
      all.bursts(), us(0.5), us(0.99), us(0.999), us(0.9999),
      static_cast<double>(all.longest_ns()) / 1e3);
}

Exit Engine::print_summary(const StatsMoment& now) const {
  // Nothing moves any more: what lives now was forgotten.
  const bool balanced = now.balanced() && now.total(&WorkerLine::flows_live) == 0;
  const ExportCounts& written = now.output.written;
  std::string text = summary_text(now);
  text += fmt::format("ledger   {} received = {}: {}\n", now.received(), fates_text(now),
                      balanced ? "holds" : "VIOLATED");
  text += checksums_line(now) + burst_times_text();
  if (const std::string cycles = cycles_text(stage_cycles_->now()); !cycles.empty())
    text += fmt::format("cycles   {} a packet\n", cycles);
  if (watchdog_.stalls() != 0)
    text += fmt::format("stalls   {} of workers, told of above\n", watchdog_.stalls());
  print_report(text + port_losses(now));
  if (written.lines_lost != 0) {
    log_error("{} records could not be written to {}: {}", written.lines_lost,
              now.output.destination, std::strerror(written.last_output_error));
  }
  if (!balanced) return Exit::Ledger;
  return written.lines_lost == 0 ? Exit::Ok : Exit::Usage;
}

}  // namespace flowscope
