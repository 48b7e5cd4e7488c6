#include "dataplane/app/metrics.h"

#include <fmt/format.h>
#include <prometheus/metric_family.h>

#include <array>
#include <limits>
#include <string>
#include <utility>

#include "dataplane/app/metric_names.h"

namespace flowscope {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::Counter:
      return prometheus::MetricType::Counter;
    case MetricKind::Gauge:
      return prometheus::MetricType::Gauge;
    case MetricKind::Histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

std::string_view side_word(FlowSide side) {
  return side == FlowSide::Initiator ? "initiator" : "responder";
}

// Takes the samples of one metric after the other.
class Families {
 public:
  Families& begin(const Metric& metric) {
    metric_ = metric;
    families_.push_back({.name = std::string(metric.name),
                         .help = std::string(metric.help),
                         .type = type_of(metric.kind),
                         .metric = {}});
    return *this;
  }
  // Of a counter or gauge. Requires: a label value where the metric has a label.
  void add(std::string_view label_value, double value) {
    ClientMetric sample = labelled(label_value);
    if (metric_.kind == MetricKind::Counter) sample.counter.value = value;
    if (metric_.kind == MetricKind::Gauge) sample.gauge.value = value;
    families_.back().metric.push_back(std::move(sample));
  }
  void add(std::string_view label_value, uint64_t value) {
    add(label_value, static_cast<double>(value));
  }
  // `unit`: how many of the line's numbers make one of the metric's.
  void add(std::string_view label_value, const HistogramLine& line, double unit = 1) {
    ClientMetric sample = labelled(label_value);
    uint64_t so_far = 0;
    for (size_t i = 0; i < line.counts.size(); ++i) {
      so_far += line.counts[i];
      const bool is_last = i == line.bounds.size();
      sample.histogram.bucket.push_back(
          {.cumulative_count = so_far,
           .upper_bound = is_last ? std::numeric_limits<double>::infinity()
                                  : static_cast<double>(line.bounds[i]) / unit});
    }
    sample.histogram.sample_count = so_far;
    sample.histogram.sample_sum = static_cast<double>(line.sum) / unit;
    families_.back().metric.push_back(std::move(sample));
  }
  // A sample for each enumerator.
  template <class Name, size_t kCount>
  void add_all(const std::array<uint64_t, kCount>& counts) {
    for (size_t i = 0; i < kCount; ++i) add(name_of(static_cast<Name>(i)), counts.at(i));
  }

  [[nodiscard]] std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  [[nodiscard]] ClientMetric labelled(std::string_view label_value) const {
    ClientMetric sample;
    if (!metric_.label.empty())
      sample.label.push_back({std::string(metric_.label), std::string(label_value)});
    return sample;
  }

  Metric metric_{};
  std::vector<MetricFamily> families_;
};

void add_flows(Families& families, const StatsMoment& moment) {
  const FlowFigures& flows = moment.flows;
  families.begin(metric::kFlowsCreated).add_all<FlowKind>(flows.begun);
  families.begin(metric::kFlowsEnded).add_all<EndReason>(flows.ended);
  families.begin(metric::kFlowsEvicted).add_all<EvictionCause>(flows.evicted_by);
  families.begin(metric::kFlowsActive).add("", moment.total(&WorkerLine::flows_live));
  families.begin(metric::kTableEmergencies).add("", flows.emergencies);
  families.begin(metric::kPacketsUnmatched)
      .add("", moment.received() - moment.fates.at(static_cast<size_t>(Fate::Tracked)));
  families.begin(metric::kTcpDirections);
  families.add("both", flows.tcp_directions.both);
  families.add("one", flows.tcp_directions.one);
  families.begin(metric::kUdpDirections);
  families.add("both", flows.udp_directions.both);
  families.add("one", flows.udp_directions.one);
  families.begin(metric::kSplitFlows);
  families.add("tcp", flows.tcp_directions.split.share());
  families.add("udp", flows.udp_directions.split.share());
  families.begin(metric::kBytes);
  for (const FlowSide side : {FlowSide::Initiator, FlowSide::Responder})
    families.add(side_word(side), flows.side.at(index_of(side)).bytes);
  families.begin(metric::kFlowDuration).add("", flows.durations_ns, 1e9);
  families.begin(metric::kFlowPackets).add("", flows.packets);
  families.begin(metric::kFlowBytes).add("", flows.bytes);
  families.begin(metric::kAnomalies);
  for (const AnomalyLine& line : moment.anomalies) families.add(line.kind, line.count);
}

void add_reassembly(Families& families, const StatsMoment& moment) {
  constexpr std::array kSides = {FlowSide::Initiator, FlowSide::Responder};
  const auto line_of = [&](FlowSide side) -> const SideLine& {
    return moment.flows.side.at(index_of(side));
  };
  families.begin(metric::kDroppedOutOfOrder);
  for (const FlowSide side : kSides) families.add(side_word(side), line_of(side).segments_refused);
  families.begin(metric::kDroppedOversize);
  for (const FlowSide side : kSides) families.add(side_word(side), line_of(side).dropped_bytes);
  families.begin(metric::kHeldMost);
  for (const FlowSide side : kSides) families.add(side_word(side), line_of(side).held_bytes_most);
}

void add_ports(Families& families, const StatsMoment& moment) {
  families.begin(metric::kPortPackets);
  for (const PortLine& port : moment.ports) families.add(port.name, port.packets);
  families.begin(metric::kPortBytes);
  for (const PortLine& port : moment.ports) families.add(port.name, port.bytes);
  // Where nothing is known, nothing is said: a zero would look like good news.
  families.begin(metric::kPortMissed);
  for (const PortLine& port : moment.ports) {
    if (port.loss_known) families.add(port.name, port.missed);
  }
  families.begin(metric::kPortNoMbuf);
  for (const PortLine& port : moment.ports) {
    if (port.loss_known) families.add(port.name, port.no_mbuf);
  }
  families.begin(metric::kPortLossKnown);
  for (const PortLine& port : moment.ports) families.add(port.name, uint64_t{port.loss_known});
}

void add_workers(Families& families, const StatsMoment& moment) {
  const auto add = [&](const Metric& metric, uint64_t WorkerLine::*figure) {
    families.begin(metric);
    for (size_t i = 0; i < moment.workers.size(); ++i)
      families.add(fmt::to_string(i), moment.workers[i].*figure);
  };
  add(metric::kWorkerPackets, &WorkerLine::packets);
  add(metric::kWorkerBytes, &WorkerLine::bytes);
  add(metric::kWorkerFlows, &WorkerLine::flows_live);
  families.begin(metric::kWorkerBusy);
  for (size_t i = 0; i < moment.workers.size(); ++i)
    families.add(fmt::to_string(i), static_cast<double>(moment.workers[i].busy_percent) / 100);
  add(metric::kWorkerStalls, &WorkerLine::stalls);
  families.begin(metric::kImbalance).add("", static_cast<double>(moment.imbalance_percent) / 100);
}

// Nothing where nothing was measured: zeros would look like stages that cost nothing.
void add_stages(Families& families, const StatsMoment& moment) {
  std::array<uint64_t, kStages> cycles{};
  uint64_t packets = 0;
  for (const WorkerLine& worker : moment.workers) {
    for (size_t i = 0; i < kStages; ++i) cycles.at(i) += worker.stages.cycles.at(i);
    packets += worker.stages.packets;
  }
  families.begin(metric::kStageCycles);
  for (size_t i = 0; i < kStages; ++i) {
    if (cycles.at(i) != 0) families.add(name_of(static_cast<Stage>(i)), cycles.at(i));
  }
  families.begin(metric::kStagePackets);
  if (packets != 0) families.add("", packets);
}

}  // namespace

std::vector<MetricFamily> metrics_of(const StatsMoment& moment) {
  Families families;
  add_flows(families, moment);
  add_reassembly(families, moment);
  add_ports(families, moment);
  add_workers(families, moment);
  families.begin(metric::kLedger).add_all<Fate>(moment.fates);
  families.begin(metric::kLedgerBalanced).add("", uint64_t{moment.balanced()});
  families.begin(metric::kProtocolFlows);
  for (const ProtocolLine& line : moment.protocols) families.add(line.name, line.flows);
  families.begin(metric::kProtocolMessages);
  for (const ProtocolLine& line : moment.protocols) families.add(line.name, line.messages);
  families.begin(metric::kRecords).add_all<RecordKind>(moment.output.written.records);
  families.begin(metric::kRecordsShed).add_all<RecordKind>(moment.output.shed);
  families.begin(metric::kLinesLost).add("", moment.output.written.lines_lost);
  families.begin(metric::kOutputBytes).add("", moment.output.written.bytes_written);
  add_stages(families, moment);
  families.begin(metric::kUptime).add("", moment.seconds);
  return families.take();
}

}  // namespace flowscope
