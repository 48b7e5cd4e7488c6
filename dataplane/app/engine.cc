#include "dataplane/app/engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "config/memory_budget.h"
#include "dataplane/app/pipeline_options.h"
#include "dataplane/app/signals.h"
#include "dataplane/app/system_time.h"

namespace flowscope {

namespace {

constexpr auto kWatchPeriod = std::chrono::milliseconds(50);

void print_memory(const PipelineOptions& options, const SignatureStore* signatures,
                  uint32_t workers) {
  MemoryBudget budget;
  if (options.dedup) budget.add("dedup", Dedup::cost(*options.dedup), workers);
  budget.add("fragments", FragmentTable::cost(options.fragments), workers);
  const size_t meters = BurstTracker::meters_cost(options.tracker);
  budget.add("flow table", BurstTracker::cost(options.tracker) - meters, workers);
  budget.add("extended counters", meters, workers);
  const size_t places = SignatureScan::cost(options.streams.signatures);
  budget.add("streams and parsers", Streams<RecordOut>::cost(options.streams) - places, workers);
  if (signatures != nullptr) budget.add("signatures", places + signatures->worker_bytes(), workers);
  budget.add("record ring", RecordRing::cost(options.ring_bytes), workers);
  std::fputs(budget.as_table().c_str(), stderr);
}

uint64_t sum(const std::array<uint64_t, kRecordKinds>& counts) {
  uint64_t all = 0;
  for (const uint64_t count : counts) all += count;
  return all;
}

// The system would promise more than it has, and end the program when the pages are used.
Result<void> fits_memory(uint64_t worker_bytes, uint32_t workers) {
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t machine_bytes = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * page_bytes;
  if (worker_bytes <= machine_bytes / workers) return {};
  return Error{fmt::format(
      "{} workers of {} MiB need more memory than the {} MiB of this machine: lower --flows-max, "
      "--workers or the streams' settings",
      workers, worker_bytes >> 20, machine_bytes >> 20)};
}

// Figures of the streams stage; see StreamsCounters.
constexpr std::array<std::pair<const char*, Counter StreamsCounters::*>, 15> kStreamFigures = {
    {{"tcp.sessions", &StreamsCounters::sessions},
     {"tcp.sessions_refused", &StreamsCounters::sessions_refused},
     {"tcp.gap_bytes", &StreamsCounters::gap_bytes},
     {"tcp.gaps_untold", &StreamsCounters::gaps_untold},
     {"tcp.stray_segments", &StreamsCounters::strays},
     {"tcp.retransmitted_segments", &StreamsCounters::retransmitted},
     {"tcp.overlapping_segments", &StreamsCounters::overlapping},
     {"tcp.out_of_order_segments", &StreamsCounters::out_of_order},
     {"tcp.keep_alives", &StreamsCounters::keep_alives},
     {"tcp.overlaps_that_differ", &StreamsCounters::conflicts},
     {"tcp.overflow_bytes", &StreamsCounters::dropped_bytes},
     {"tcp.overflow_flows", &StreamsCounters::poisoned},
     {"tcp.depth_reached", &StreamsCounters::depth_reached},
     {"app_layer.identified", &StreamsCounters::identified},
     {"app_layer.parse_errors", &StreamsCounters::parse_errors}}};

}  // namespace

Result<Engine> Engine::create(const Config& config, InputKind input, uint32_t workers) {
  PipelineOptions each = pipeline_options(config, input);
  std::unique_ptr<SignatureStore> signatures;
  if (config.signatures.rules != "off") {
    auto opened = SignatureStore::open(signature_file(config.signatures), each.streams.signatures);
    if (!opened.ok()) return opened.error();
    signatures = std::move(opened.value());
    catch_reload();
  }
  const size_t seat_bytes = signatures != nullptr ? signatures->worker_bytes() : 0;
  if (auto fits = fits_memory(Pipeline::cost(each) + seat_bytes, workers); !fits.ok())
    return fits.error();
  auto output = OutputFile::open(config.output.destination);
  if (!output.ok()) return output.error();
  print_memory(each, signatures.get(), workers);
  std::vector<std::unique_ptr<Pipeline>> pipelines;
  auto exporter = std::make_unique<Exporter>(std::move(output.value()), eve_options(config));
  for (uint32_t i = 0; i < workers; ++i) {
    // Only replay shows every packet to every worker; elsewhere the queues are shares already.
    if (input == InputKind::Files) each.share = {.index = i, .workers = workers};
    auto pipeline = Pipeline::create(
        each, input == InputKind::Live ? Arena::Populate::Now : Arena::Populate::Lazily);
    if (!pipeline.ok()) return pipeline.error();
    exporter->add_ring(pipeline.value()->ring());
    pipelines.push_back(std::move(pipeline.value()));
  }
  Engine engine(config, std::move(signatures), std::move(pipelines), std::move(exporter));
  if (engine.signatures_ != nullptr) {
    if (auto seated = engine.signatures_->seat(engine.pipelines_); !seated.ok())
      return seated.error();
  }
  return engine;
}

Engine::Engine(const Config& config, std::unique_ptr<SignatureStore> signatures,
               std::vector<std::unique_ptr<Pipeline>> pipelines, std::unique_ptr<Exporter> exporter)
    : config_(config),
      signatures_(std::move(signatures)),
      pipelines_(std::move(pipelines)),
      flows_view_(pipelines_),
      exporter_(std::move(exporter)),
      bell_(std::make_unique<Bell>()) {}

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

void Engine::watch(const std::function<bool()>& done, const std::function<void()>& stop,
                   const PortLines& port_lines) {
  const auto period = std::chrono::nanoseconds(config_.stats_period_ns);
  auto next_table = start_ + period;
  StatsMoment before;
  bool stopping = false;
  std::unique_lock lock(bell_->mutex);
  while (!bell_->rang.wait_for(lock, kWatchPeriod, done)) {
    if (!stopping && stop_signal() != 0) {
      stopping = true;
      exporter_->hurry();
      stop();
    }
    show_flows();
    mind_signatures();
    const auto now = std::chrono::steady_clock::now();
    if (config_.stats_period_ns == 0 || now < next_table) continue;
    next_table = now + period;
    const StatsMoment moment_now = moment(port_lines);
    std::fputs(stats_table(moment_now, before).c_str(), stderr);
    if (config_.output.records.stats) exporter_->write_stats(snapshot(moment_now));
    before = moment_now;
  }
}

void Engine::show_flows() {
  if (take_flows_request()) flows_view_.ask();
  if (const auto table = flows_view_.poll(); table.has_value()) std::fputs(table->c_str(), stderr);
}

void Engine::mind_signatures() {
  if (signatures_ == nullptr) return;
  if (take_reload_request()) signatures_->reload();
  signatures_->poll();
}

Exit Engine::close(const PortLines& port_lines) {
  const StatsMoment now = moment(port_lines);
  if (config_.output.records.stats) exporter_->write_stats(snapshot(now));
  exporter_->stop();
  return print_summary(now);
}

StatsMoment Engine::moment(const PortLines& port_lines) const {
  StatsMoment now;
  now.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  now.ports = port_lines();
  for (const auto& pipeline : pipelines_) {
    for (size_t fate = 0; fate < kFates; ++fate)
      now.fates.at(fate) += pipeline->ledger().of(static_cast<Fate>(fate));
    now.bad_ip_checksums += pipeline->traffic().bad_ip_checksum.value();
    now.bad_transport_checksums += pipeline->traffic().bad_transport_checksum.value();
    const RecordCounts records = pipeline->ring().counts();
    now.workers.push_back({.packets = pipeline->ledger().received.value(),
                           .bytes = pipeline->traffic().bytes.value(),
                           .flows_live = pipeline->tracker().live(),
                           .flows_created = pipeline->tracker().created(),
                           .flows_evicted = pipeline->tracker().evicted(),
                           .sessions = pipeline->streams().sessions.value(),
                           .records = sum(records.pushed),
                           .shed = sum(records.shed)});
  }
  return now;
}

StatsSnapshot Engine::snapshot(const StatsMoment& now) const {
  StatsSnapshot snapshot{.time = system_now(), .figures = {}};
  const auto add = [&](const std::string& name, auto&& of) {
    uint64_t all = 0;
    for (const auto& pipeline : pipelines_) all += of(*pipeline);
    snapshot.figures.push_back({name, all});
  };
  add("decoder.pkts", [](const Pipeline& p) { return p.ledger().received.value(); });
  add("decoder.bytes", [](const Pipeline& p) { return p.traffic().bytes.value(); });
  add("decoder.ipv4", [](const Pipeline& p) { return p.traffic().ipv4.value(); });
  add("decoder.ipv6", [](const Pipeline& p) { return p.traffic().ipv6.value(); });
  add("decoder.tcp", [](const Pipeline& p) { return p.traffic().tcp.value(); });
  add("decoder.udp", [](const Pipeline& p) { return p.traffic().udp.value(); });
  add("decoder.sctp", [](const Pipeline& p) { return p.traffic().sctp.value(); });
  add("decoder.icmp", [](const Pipeline& p) { return p.traffic().icmp.value(); });
  add("decoder.vlan", [](const Pipeline& p) { return p.traffic().vlan.value(); });
  add("decoder.tunnelled", [](const Pipeline& p) { return p.traffic().tunnelled.value(); });
  add("decoder.cut_short", [](const Pipeline& p) { return p.traffic().cut_short.value(); });
  add("decoder.bad_ip_checksum",
      [](const Pipeline& p) { return p.traffic().bad_ip_checksum.value(); });
  add("decoder.bad_transport_checksum",
      [](const Pipeline& p) { return p.traffic().bad_transport_checksum.value(); });
  add_fragments(snapshot);
  add("flow.created", [](const Pipeline& p) { return p.tracker().created(); });
  add("flow.ended", [](const Pipeline& p) { return p.tracker().ended(); });
  add("flow.evicted", [](const Pipeline& p) { return p.tracker().evicted(); });
  for (size_t i = 0; i < kEvictionCauses; ++i) {
    const auto cause = static_cast<EvictionCause>(i);
    add("flow.evicted_by." + std::string(name_of(cause)),
        [cause](const Pipeline& p) { return p.tracker().evicted(cause); });
  }
  add("flow.emergencies", [](const Pipeline& p) { return p.tracker().emergencies(); });
  for (size_t i = 1; i < kFlowAnomalies; ++i) {
    const auto anomaly = static_cast<FlowAnomaly>(i);
    add("tcp." + std::string(name_of(anomaly)),
        [anomaly](const Pipeline& p) { return p.tracker().anomalies(anomaly); });
  }
  add("flow.details_refused", [](const Pipeline& p) { return p.tracker().details_refused(); });
  for (const auto& figure : kStreamFigures) {
    add(figure.first, [&](const Pipeline& p) { return (p.streams().*figure.second).value(); });
  }
  add_signatures(snapshot);
  add("ledger.received", [](const Pipeline& p) { return p.ledger().received.value(); });
  for (size_t i = 0; i < kFates; ++i) {
    const Fate fate = static_cast<Fate>(i);
    add("ledger." + std::string(name_of(fate)),
        [fate](const Pipeline& p) { return p.ledger().of(fate); });
  }
  uint64_t shed = 0;
  for (const WorkerLine& worker : now.workers) shed += worker.shed;
  snapshot.figures.push_back({"export.shed", shed});
  uint64_t missed = 0;
  for (const PortLine& port : now.ports) missed += port.missed;
  snapshot.figures.push_back({"capture.missed", missed});
  return snapshot;
}

void Engine::add_signatures(StatsSnapshot& snapshot) const {
  if (signatures_ == nullptr) return;
  using Member = Counter ScanCounters::*;
  constexpr std::array<std::pair<const char*, Member>, 5> kFigures = {
      {{"detect.alert", &ScanCounters::alerts},
       {"detect.alerts_withheld", &ScanCounters::alerts_withheld},
       {"detect.scanned_bytes", &ScanCounters::bytes},
       {"detect.flows_refused", &ScanCounters::flows_refused},
       {"detect.matches_dropped", &ScanCounters::matches_dropped}}};
  for (const auto& [name, member] : kFigures) {
    uint64_t all = 0;
    for (const auto& pipeline : pipelines_) all += (pipeline->signatures().*member).value();
    snapshot.figures.push_back({name, all});
  }
}

void Engine::add_fragments(StatsSnapshot& snapshot) const {
  using Member = Counter FragmentCounters::*;
  const std::array<std::pair<const char*, Member>, 15> figures = {
      {{"defrag.fragments", &FragmentCounters::fragments},
       {"defrag.cut", &FragmentCounters::cut},
       {"defrag.begun", &FragmentCounters::begun},
       {"defrag.whole", &FragmentCounters::whole},
       {"defrag.expired", &FragmentCounters::expired},
       {"defrag.evicted", &FragmentCounters::evicted},
       {"defrag.refused", &FragmentCounters::refused},
       {"defrag.oversized", &FragmentCounters::oversized},
       {"defrag.overlaps", &FragmentCounters::overlaps},
       {"defrag.repeated", &FragmentCounters::repeated},
       {"defrag.discarded", &FragmentCounters::discarded},
       {"defrag.no_memory", &FragmentCounters::no_memory},
       {"defrag.malformed", &FragmentCounters::malformed},
       {"defrag.too_big", &FragmentCounters::too_big},
       {"defrag.too_deep", &FragmentCounters::too_deep}}};
  for (const auto& [name, member] : figures) {
    uint64_t all = 0;
    for (const auto& pipeline : pipelines_) {
      if (pipeline->fragments() != nullptr) all += (pipeline->fragments()->*member).value();
    }
    snapshot.figures.push_back({name, all});
  }
}

void Engine::print_burst_times() const {
  if (burst_times_.empty()) return;
  BurstTimes all;
  for (const BurstTimes& times : burst_times_) all.add(times);
  const auto us = [&](double part) { return static_cast<double>(all.percentile_ns(part)) / 1e3; };
  fmt::print(stderr,
             "bursts   {}: half within {:.1f} us, 99 % {:.1f}, 99.9 % {:.1f}, 99.99 % {:.1f}, "
             "longest {:.1f}\n",
             all.bursts(), us(0.5), us(0.99), us(0.999), us(0.9999),
             static_cast<double>(all.longest_ns()) / 1e3);
}

Exit Engine::print_summary(const StatsMoment& now) const {
  uint64_t packets = 0, bytes = 0, created = 0, ended = 0, evicted = 0, shed = 0;
  bool balanced = true;
  for (size_t i = 0; i < pipelines_.size(); ++i) {
    packets += now.workers[i].packets;
    bytes += now.workers[i].bytes;
    created += now.workers[i].flows_created;
    evicted += now.workers[i].flows_evicted;
    shed += now.workers[i].shed;
    ended += pipelines_[i]->tracker().ended();
    balanced =
        balanced && pipelines_[i]->ledger().balanced() && pipelines_[i]->tracker().live() == 0;
  }
  const ExportCounts written = exporter_->counts();
  const auto of = [&](RecordKind kind) { return written.records.at(static_cast<size_t>(kind)); };
  fmt::print(stderr, "packets  {} ({} bytes) in {:.3f} s, {:.2f} Mpps\n", packets, bytes,
             now.seconds, now.seconds > 0 ? static_cast<double>(packets) / now.seconds / 1e6 : 0.0);
  fmt::print(stderr, "flows    {} created = {} ended, {} of them evicted\n", created, ended,
             evicted);
  fmt::print(stderr, "records  {} flow, {} protocol, {} anomaly to {}; {} shed\n",
             of(RecordKind::Flow), of(RecordKind::Message), of(RecordKind::Anomaly),
             exporter_->destination(), shed);
  if (of(RecordKind::Interim) != 0)
    fmt::print(stderr, "interim  {} records of flows that lived on\n", of(RecordKind::Interim));
  fmt::print(stderr, "ledger   {} received = {}: {}\n", packets, fates_text(now),
             balanced ? "holds" : "VIOLATED");
  std::fputs(checksums_line(now).c_str(), stderr);
  print_burst_times();
  for (const PortLine& port : now.ports) {
    if (!port.loss_known) {
      fmt::print(stderr, "port     {}: the driver does not count what it drops; loss unknown\n",
                 port.name);
    } else if (port.missed != 0) {
      fmt::print(stderr, "port     {}: {} packets dropped before flowscope got them\n", port.name,
                 port.missed);
    }
  }
  if (written.lines_lost != 0) {
    fmt::print(stderr, "flowscope: {} records could not be written to {}: {}\n", written.lines_lost,
               exporter_->destination(), std::strerror(written.output_error));
  }
  if (!balanced) return Exit::Ledger;
  return written.lines_lost == 0 ? Exit::Ok : Exit::Usage;
}

}  // namespace flowscope
