#include "dataplane/app/figures.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "dataplane/pipeline/pipeline.h"
#include "l7/streams.h"

namespace flowscope {

namespace {

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

constexpr std::array<std::pair<const char*, Counter TrafficCounters::*>, 12> kTrafficFigures = {
    {{"decoder.bytes", &TrafficCounters::bytes},
     {"decoder.ipv4", &TrafficCounters::ipv4},
     {"decoder.ipv6", &TrafficCounters::ipv6},
     {"decoder.tcp", &TrafficCounters::tcp},
     {"decoder.udp", &TrafficCounters::udp},
     {"decoder.sctp", &TrafficCounters::sctp},
     {"decoder.icmp", &TrafficCounters::icmp},
     {"decoder.vlan", &TrafficCounters::vlan},
     {"decoder.tunnelled", &TrafficCounters::tunnelled},
     {"decoder.cut_short", &TrafficCounters::cut_short},
     {"decoder.bad_ip_checksum", &TrafficCounters::bad_ip_checksum},
     {"decoder.bad_transport_checksum", &TrafficCounters::bad_transport_checksum}}};

constexpr std::array<std::pair<const char*, Counter FragmentCounters::*>, 15> kFragmentFigures = {
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

constexpr std::array<std::pair<const char*, Counter ScanCounters::*>, 5> kSignatureFigures = {
    {{"detect.alert", &ScanCounters::alerts},
     {"detect.alerts_withheld", &ScanCounters::alerts_withheld},
     {"detect.scanned_bytes", &ScanCounters::bytes},
     {"detect.flows_refused", &ScanCounters::flows_refused},
     {"detect.matches_dropped", &ScanCounters::matches_dropped}}};

uint64_t sum(const std::array<uint64_t, kRecordKinds>& counts) {
  uint64_t all = 0;
  for (const uint64_t count : counts) all += count;
  return all;
}

// The book between two entries. A worker that lost its processor in the midst of one is waited for;
// where it takes too long, the packets of that entry count as not received yet.
Ledger::Reading read_ledger(const Ledger& ledger) {
  constexpr int kReadingsAtOnce = 1000;
  constexpr int kReadingsMax = 2000;
  constexpr auto kPause = std::chrono::microseconds(50);
  for (int i = 0; i < kReadingsMax; ++i) {
    if (const auto reading = ledger.read()) return *reading;
    if (i >= kReadingsAtOnce) std::this_thread::sleep_for(kPause);
  }
  Ledger::Reading reading;
  for (size_t fate = 0; fate < kFates; ++fate) {
    reading.fates.at(fate) = ledger.of(static_cast<Fate>(fate));
    reading.received += reading.fates.at(fate);
  }
  return reading;
}

struct FlowCounts {
  uint64_t created = 0;
  uint64_t ended = 0;
};

// Both of one moment, or as near as can be: whoever loses the processor between the two readings
// reads again, since what lives is their difference.
FlowCounts read_flow_counts(const BurstTracker& tracker) {
  constexpr int kReadingsMax = 100;
  FlowCounts flows;
  for (int i = 0; i < kReadingsMax; ++i) {
    flows.ended = tracker.ended();
    flows.created = std::max(tracker.created(), flows.ended);
    if (tracker.ended() == flows.ended) break;
  }
  return flows;
}

template <class H>
void add_histogram(const H& from, HistogramLine& to) {
  to.bounds.assign(from.bounds().begin(), from.bounds().end());
  to.counts.resize(H::kBuckets);
  const auto counts = from.counts();
  for (size_t i = 0; i < H::kBuckets; ++i) to.counts[i] += counts[i];
  to.sum += from.sum();
}

}  // namespace

void Figures::begin(PortLines ports) {
  const std::lock_guard lock(mutex_);
  ports_ = std::move(ports);
  begin_ = std::chrono::steady_clock::now();
}

void Figures::end() {
  const std::lock_guard lock(mutex_);
  if (ports_) last_ports_ = ports_();
  ports_ = nullptr;
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

StatsMoment Figures::now() {
  StatsMoment moment;
  {
    const std::lock_guard lock(mutex_);
    moment.seconds =
        seconds_ != 0
            ? seconds_
            : std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
    moment.ports = ports_ ? ports_() : last_ports_;
  }
  for (const auto& pipeline : sources_.pipelines) read_worker(*pipeline, moment);
  read_stages(moment);
  read_loads(moment);
  read_flows(moment.flows);
  read_protocols(moment);
  read_anomalies(moment);
  read_output(moment.output);
  read_record_figures(moment);
  return moment;
}

void Figures::read_worker(const Pipeline& pipeline, StatsMoment& moment) const {
  const Ledger::Reading ledger = read_ledger(pipeline.ledger());
  for (size_t fate = 0; fate < kFates; ++fate) moment.fates.at(fate) += ledger.fates.at(fate);
  moment.bad_ip_checksums += pipeline.traffic().bad_ip_checksum.value();
  moment.bad_transport_checksums += pipeline.traffic().bad_transport_checksum.value();
  const RecordCounts records = pipeline.ring().counts();
  const FlowCounts flows = read_flow_counts(pipeline.tracker());
  moment.workers.push_back({.packets = ledger.received,
                            .bytes = pipeline.traffic().bytes.value(),
                            .flows_live = flows.created - flows.ended,
                            .flows_created = flows.created,
                            .flows_ended = flows.ended,
                            .flows_evicted = pipeline.tracker().evicted(),
                            .sessions = pipeline.streams().sessions.value(),
                            .records = sum(records.pushed),
                            .shed = sum(records.shed),
                            .balanced = ledger.balanced(),
                            .clock_ns = pipeline.clock().ns,
                            .sweep_steps = pipeline.tracker().sweep_steps(),
                            .tracked = ledger.fates[static_cast<size_t>(Fate::Tracked)]
                                       + ledger.fates[static_cast<size_t>(Fate::Untracked)],
                            .tunnelled = pipeline.traffic().tunnelled.value(),
                            .resteer_full = ledger.fates[static_cast<size_t>(Fate::ResteerFull)]});
}

void Figures::read_loads(StatsMoment& moment) const {
  if (sources_.loads == nullptr) return;
  moment.imbalance_percent = sources_.loads->imbalance_percent();
  for (size_t i = 0; i < moment.workers.size(); ++i) {
    moment.workers[i].busy_percent = sources_.loads->busy_percent(i);
    moment.workers[i].stalls = sources_.loads->stalls(i);
  }
}

DirectionsLine Figures::directions_of(FlowKind kind) const {
  DirectionsLine line;
  std::vector<const SplitSample*> samples;
  for (const auto& pipeline : sources_.pipelines) {
    line.both += pipeline->flows().both_directions(kind);
    line.one += pipeline->flows().one_direction(kind);
    samples.push_back(&pipeline->flows().sample(kind));
  }
  line.split = SplitSample::compare(samples);
  return line;
}

void Figures::read_stages(StatsMoment& moment) const {
  if (sources_.stage_cycles == nullptr) return;
  moment.stages_measured = sources_.stage_cycles->is_on();
  const std::vector<StageCyclesLine> lines = sources_.stage_cycles->now();
  for (size_t i = 0; i < lines.size(); ++i) moment.workers.at(i).stages = lines[i];
}

void Figures::read_flows(FlowFigures& flows) const {
  flows.tcp_directions = directions_of(FlowKind::Tcp);
  flows.udp_directions = directions_of(FlowKind::Udp);
  for (const auto& pipeline : sources_.pipelines) {
    const FlowBook& counters = pipeline->flows();
    flows.udp_unanswered += counters.unanswered();
    for (size_t i = 0; i < kFlowKinds; ++i)
      flows.begun.at(i) += counters.begun(static_cast<FlowKind>(i));
    for (size_t i = 0; i < kEndReasons; ++i)
      flows.ended.at(i) += counters.ended(static_cast<EndReason>(i));
    for (size_t i = 0; i < kEvictionCauses; ++i)
      flows.evicted_by.at(i) += pipeline->tracker().evicted(static_cast<EvictionCause>(i));
    flows.emergencies += pipeline->tracker().emergencies();
    if (pipeline->fragments() != nullptr)
      flows.fragments_expired += pipeline->fragments()->expired.value();
    add_histogram(counters.durations_ns(), flows.durations_ns);
    add_histogram(counters.packets(), flows.packets);
    add_histogram(counters.bytes(), flows.bytes);
    for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder}) {
      SideLine& line = flows.side.at(index_of(side));
      const SideStreamsCounters& streams = pipeline->streams().side.at(index_of(side));
      line.bytes += counters.bytes_of(side);
      line.segments_refused += streams.strays.value();
      line.dropped_bytes += streams.dropped_bytes.value();
      add_histogram(streams.held_bytes_most, line.held_bytes_most);
    }
  }
}

void Figures::read_protocols(StatsMoment& moment) const {
  // A protocol has several numbers where it is found behind others.
  std::map<std::string, ProtocolLine> lines;
  for (size_t app = 0; app < StreamsCounters::kApps; ++app) {
    const char* name = Streams<RecordOut>::name_of_app(static_cast<uint8_t>(app));
    if (name == nullptr) continue;
    uint64_t flows = 0;
    uint64_t messages = 0;
    for (const auto& pipeline : sources_.pipelines) {
      flows += pipeline->streams().flows_of_app.at(app).value();
      messages += pipeline->streams().messages_of_app.at(app).value();
    }
    if (flows == 0) continue;
    ProtocolLine& line = lines[name];
    line.flows += flows;
    line.messages += messages;
  }
  for (auto& [name, line] : lines) {
    line.name = name;
    moment.protocols.push_back(std::move(line));
  }
}

void Figures::read_anomalies(StatsMoment& moment) const {
  uint64_t overflows = 0;
  uint64_t out_of_order = 0;
  uint64_t evictions = 0;
  std::array<uint64_t, kFlowAnomalies> of_flows{};
  for (const auto& pipeline : sources_.pipelines) {
    const StreamsCounters& streams = pipeline->streams();
    moment.identified += streams.identified.value();
    moment.parse_errors += streams.parse_errors.value();
    overflows += streams.poisoned.value();
    out_of_order += streams.out_of_order.value();
    evictions += pipeline->tracker().evicted();
    for (size_t i = 1; i < kFlowAnomalies; ++i)
      of_flows.at(i) += pipeline->tracker().anomalies(static_cast<FlowAnomaly>(i));
  }
  moment.anomalies = {{"buffer_overflow", overflows},
                      {"ooo_segment", out_of_order},
                      {"flow_table_eviction", evictions},
                      {"parse_error", moment.parse_errors}};
  for (size_t i = 1; i < kFlowAnomalies; ++i)
    moment.anomalies.push_back({name_of(static_cast<FlowAnomaly>(i)), of_flows.at(i)});
}

void Figures::read_output(OutputFigures& output) const {
  output.destination = sources_.exporter.destination();
  output.written = sources_.exporter.counts();
  for (const auto& pipeline : sources_.pipelines) {
    const RecordCounts records = pipeline->ring().counts();
    for (size_t i = 0; i < kRecordKinds; ++i) output.shed.at(i) += records.shed.at(i);
    for (size_t i = 0; i < kRecordTypes; ++i) {
      output.pushed_by_type.at(i) += records.pushed_by_type.at(i);
      output.shed_by_type.at(i) += records.shed_by_type.at(i);
    }
  }
}

template <class F>
void Figures::add(StatsMoment& moment, std::string name, F&& of) const {
  uint64_t all = 0;
  for (const auto& pipeline : sources_.pipelines) all += of(*pipeline);
  moment.figures.push_back({std::move(name), all});
}

void Figures::read_record_figures(StatsMoment& moment) const {
  add_decoder(moment);
  add_fragments(moment);
  add_flows(moment);
  for (const auto& figure : kStreamFigures) {
    add(moment, figure.first,
        [&](const Pipeline& p) { return (p.streams().*figure.second).value(); });
  }
  if (sources_.signatures) add_signatures(moment);
  moment.figures.push_back({"ledger.received", moment.received()});
  for (size_t i = 0; i < kFates; ++i) {
    moment.figures.push_back(
        {"ledger." + std::string(name_of(static_cast<Fate>(i))), moment.fates.at(i)});
  }
  moment.figures.push_back({"export.shed", moment.total(&WorkerLine::shed)});
  for (size_t i = 0; i < kRecordTypes; ++i) {
    const std::string type(name_of(static_cast<RecordType>(i)));
    moment.figures.push_back({"export.pushed_by." + type, moment.output.pushed_by_type.at(i)});
    moment.figures.push_back({"export.shed_by." + type, moment.output.shed_by_type.at(i)});
  }
  moment.figures.push_back({"export.lines_lost", moment.output.written.lines_lost});
  moment.figures.push_back({"export.outages", moment.output.written.outages});
  moment.figures.push_back({"capture.missed", moment.missed()});
  moment.figures.push_back({"worker.imbalance_percent", moment.imbalance_percent});
}

void Figures::add_decoder(StatsMoment& moment) const {
  moment.figures.push_back({"decoder.pkts", moment.received()});
  for (const auto& figure : kTrafficFigures) {
    add(moment, figure.first,
        [&](const Pipeline& p) { return (p.traffic().*figure.second).value(); });
  }
}

void Figures::add_fragments(StatsMoment& moment) const {
  for (const auto& figure : kFragmentFigures) {
    add(moment, figure.first, [&](const Pipeline& p) {
      return p.fragments() != nullptr ? (p.fragments()->*figure.second).value() : 0;
    });
  }
}

void Figures::add_flows(StatsMoment& moment) const {
  moment.figures.push_back({"flow.created", moment.total(&WorkerLine::flows_created)});
  moment.figures.push_back({"flow.ended", moment.total(&WorkerLine::flows_ended)});
  moment.figures.push_back({"flow.evicted", moment.total(&WorkerLine::flows_evicted)});
  for (size_t i = 0; i < kEvictionCauses; ++i) {
    moment.figures.push_back(
        {"flow.evicted_by." + std::string(name_of(static_cast<EvictionCause>(i))),
         moment.flows.evicted_by.at(i)});
  }
  moment.figures.push_back({"flow.emergencies", moment.flows.emergencies});
  moment.figures.push_back({"flow.tcp_both_directions", moment.flows.tcp_directions.both});
  moment.figures.push_back({"flow.tcp_one_direction", moment.flows.tcp_directions.one});
  moment.figures.push_back({"flow.udp_both_directions", moment.flows.udp_directions.both});
  moment.figures.push_back({"flow.udp_one_direction", moment.flows.udp_directions.one});
  for (size_t i = 1; i < kFlowAnomalies; ++i) {
    const auto anomaly = static_cast<FlowAnomaly>(i);
    add(moment, "tcp." + std::string(name_of(anomaly)),
        [anomaly](const Pipeline& p) { return p.tracker().anomalies(anomaly); });
  }
  add(moment, "flow.details_refused",
      [](const Pipeline& p) { return p.tracker().details_refused(); });
}

void Figures::add_signatures(StatsMoment& moment) const {
  for (const auto& figure : kSignatureFigures) {
    add(moment, figure.first,
        [&](const Pipeline& p) { return (p.signatures().*figure.second).value(); });
  }
}

}  // namespace flowscope
