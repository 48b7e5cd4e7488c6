#include "dataplane/app/answers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "dataplane/app/version.h"
#include "dataplane/export/address_text.h"
#include "dataplane/pipeline/flow_record.h"
#include "dataplane/pipeline/protocol_name.h"
#include "dataplane/pipeline/record_out.h"
#include "l7/streams.h"

namespace flowscope {

namespace {

// Longer than a worker takes for a burst and a look through a table of millions of flows.
constexpr auto kFlowsWaitMax = std::chrono::milliseconds(500);

// Rows from `first_row` on below `name`, and where to go on if there are more.
template <class Lines, class F>
TelemetryObject rows(const char* name, const Lines& lines, size_t first_row, F&& row_of,
                     size_t rows_max = kRowsPerReply) {
  TelemetryObject object;
  const size_t begin = std::min(first_row, lines.size());
  const size_t end = std::min(lines.size(), begin + rows_max);
  for (size_t i = begin; i < end; ++i) object.push_back({fmt::to_string(i), row_of(i, lines[i])});
  TelemetryObject answer = {{name, std::move(object)}};
  if (end < lines.size()) answer.push_back({"next", end});
  return answer;
}

template <class Name, size_t kCount>
TelemetryObject by_name(const std::array<uint64_t, kCount>& counts) {
  TelemetryObject object;
  for (size_t i = 0; i < kCount; ++i)
    object.push_back({std::string(name_of(static_cast<Name>(i))), counts.at(i)});
  return object;
}

std::string address_text(const FlowKey& key, const Address& address) {
  if (key.ip_version == 0) return "";
  std::array<char, kAddressChars> text;
  const char* end = put_address(text.data(), address, key.ip_version);
  return {text.data(), static_cast<size_t>(end - text.data())};
}

TelemetryObject row_of(const FlowEntry& entry) {
  const FlowKey& key = entry.key;
  std::string source = address_text(key, key.a_address);
  std::string destination = address_text(key, key.b_address);
  uint64_t source_port = key.a_port;
  uint64_t destination_port = key.b_port;
  if (entry.initiator == Orientation::Reverse) {
    std::swap(source, destination);
    std::swap(source_port, destination_port);
  }
  const bool has_ports = !is_icmp(key.protocol);
  const char* const app_proto = Streams<RecordOut>::app_name(entry);
  const uint64_t age_ns =
      entry.last_seen_ns > entry.started_ns ? entry.last_seen_ns - entry.started_ns : 0;
  return {{"src_ip", std::move(source)},
          {"src_port", has_ports ? source_port : 0},
          {"dest_ip", std::move(destination)},
          {"dest_port", has_ports ? destination_port : 0},
          {"proto", std::string(ProtocolName(key.protocol).text())},
          {"app_proto", std::string(app_proto != nullptr ? app_proto : "")},
          {"bytes", entry.side[0].bytes() + entry.side[1].bytes()},
          {"packets", entry.packets()},
          {"age_s", age_ns / 1'000'000'000}};
}

TelemetryObject directions_answer(const DirectionsLine& line) {
  return {{"both", line.both},
          {"one", line.one},
          {"split_percent", static_cast<uint64_t>(100 * line.split.share())}};
}

}  // namespace

TelemetryObject ports_answer(const StatsMoment& moment, size_t first_row) {
  return rows("ports", moment.ports, first_row, [](size_t, const PortLine& port) {
    return TelemetryObject{{"name", port.name},       {"packets", port.packets},
                           {"bytes", port.bytes},     {"missed", port.missed},
                           {"no_mbuf", port.no_mbuf}, {"loss_known", uint64_t{port.loss_known}}};
  });
}

TelemetryObject workers_answer(const StatsMoment& moment, size_t first_row) {
  TelemetryObject answer =
      rows("workers", moment.workers, first_row, [](size_t i, const WorkerLine& worker) {
        return TelemetryObject{{"worker", uint64_t{i}},
                               {"packets", worker.packets},
                               {"bytes", worker.bytes},
                               {"flows_live", worker.flows_live},
                               {"flows_created", worker.flows_created},
                               {"flows_evicted", worker.flows_evicted},
                               {"sessions", worker.sessions},
                               {"records", worker.records},
                               {"shed", worker.shed},
                               {"busy_percent", worker.busy_percent},
                               {"stalls", worker.stalls}};
      });
  answer.push_back({"imbalance_percent", moment.imbalance_percent});
  return answer;
}

TelemetryObject flows_answer(const StatsMoment& moment) {
  return {{"live", moment.total(&WorkerLine::flows_live)},
          {"created", moment.total(&WorkerLine::flows_created)},
          {"ended", moment.total(&WorkerLine::flows_ended)},
          {"evicted", moment.total(&WorkerLine::flows_evicted)},
          {"sessions", moment.total(&WorkerLine::sessions)},
          {"created_by", by_name<FlowKind>(moment.flows.begun)},
          {"ended_by", by_name<EndReason>(moment.flows.ended)},
          {"evicted_by", by_name<EvictionCause>(moment.flows.evicted_by)},
          {"tcp_directions", directions_answer(moment.flows.tcp_directions)},
          {"udp_directions", directions_answer(moment.flows.udp_directions)}};
}

TelemetryObject ledger_answer(const StatsMoment& moment) {
  TelemetryObject answer = {{"received", moment.received()}};
  for (TelemetryField& fate : by_name<Fate>(moment.fates)) answer.push_back(std::move(fate));
  answer.push_back({"missed", moment.missed()});
  answer.push_back({"balanced", uint64_t{moment.balanced()}});
  return answer;
}

TelemetryObject l7_answer(const StatsMoment& moment, size_t first_row) {
  TelemetryObject answer =
      rows("protocols", moment.protocols, first_row, [](size_t, const ProtocolLine& protocol) {
        return TelemetryObject{
            {"name", protocol.name}, {"flows", protocol.flows}, {"records", protocol.messages}};
      });
  answer.push_back({"parse_errors", moment.parse_errors});
  answer.push_back({"identified", moment.identified});
  return answer;
}

TelemetryObject export_answer(const StatsMoment& moment) {
  const ExportCounts& written = moment.output.written;
  const std::string error = written.output_error != 0
                                ? std::generic_category().message(written.output_error)
                                : std::string();
  return {{"destination", moment.output.destination},
          {"bytes_written", written.bytes_written},
          {"lines_lost", written.lines_lost},
          {"error", error},
          {"records", by_name<RecordKind>(written.records)},
          {"shed", by_name<RecordKind>(moment.output.shed)}};
}

TelemetryObject timers_answer(const StatsMoment& moment) {
  uint64_t clock_ns = 0;
  for (const WorkerLine& worker : moment.workers) clock_ns = std::max(clock_ns, worker.clock_ns);
  return {{"sweeps", moment.total(&WorkerLine::sweep_steps)},
          {"sweep_round_ms", BurstTracker::kSweepRound_ns / 1'000'000},
          {"clock_ns", clock_ns},
          {"ended_idle", moment.flows.ended.at(static_cast<size_t>(EndReason::IdleTimeout))},
          {"emergencies", moment.flows.emergencies},
          {"fragments_expired", moment.flows.fragments_expired}};
}

TelemetryObject cycles_answer(const StatsMoment& moment, size_t first_row) {
  TelemetryObject answer = rows(
      "workers", moment.workers, first_row,
      [](size_t i, const WorkerLine& worker) {
        TelemetryObject row = {{"worker", uint64_t{i}}, {"packets", worker.stages.packets}};
        for (auto stage = static_cast<size_t>(Stage::Receive);
             stage <= static_cast<size_t>(Stage::Idle); ++stage) {
          row.push_back(
              {std::string(name_of(static_cast<Stage>(stage))), worker.stages.cycles.at(stage)});
        }
        return row;
      },
      kCyclesRowsPerReply);
  answer.push_back({"measured", uint64_t{moment.stages_measured}});
  return answer;
}

TelemetryObject top_rows(std::span<const FlowEntry> flows) {
  TelemetryObject object;
  for (const FlowEntry& entry : flows)
    object.push_back({fmt::to_string(object.size()), row_of(entry)});
  return object;
}

TelemetryObject Answers::info(const StatsMoment& moment) const {
  return {{"version", std::string(program_version())},
          {"verb", parts_.verb},
          {"pid", static_cast<uint64_t>(getpid())},
          {"uptime_s", static_cast<uint64_t>(moment.seconds)},
          {"workers", moment.workers.size()},
          {"destination", moment.output.destination},
          {"running", uint64_t{1}}};
}

TelemetryObject Answers::flows(const StatsMoment& moment, size_t top) {
  TelemetryObject answer = flows_answer(moment);
  if (top == 0) return answer;
  const auto largest = parts_.flows_view.largest(kFlowsWaitMax);
  // A worker that does not come round to it says nothing of what it has.
  answer.push_back({"complete", uint64_t{largest.has_value()}});
  const std::vector<FlowEntry> flows = largest.value_or(std::vector<FlowEntry>{});
  answer.push_back(
      {"top", top_rows(std::span<const FlowEntry>(flows).first(std::min(flows.size(), top)))});
  return answer;
}

std::optional<TelemetryObject> Answers::to(std::string_view command, std::string_view parameters) {
  if (command == "/flowscope/cycles" && (parameters == "on" || parameters == "off")) {
    parts_.stage_cycles.measure(parameters == "on");
    parameters = {};
  }
  size_t number = 0;
  const char* const end = parameters.data() + parameters.size();
  if (!parameters.empty()) {
    const auto [stop, code] = std::from_chars(parameters.data(), end, number);
    if (code != std::errc{} || stop != end) return std::nullopt;
  }
  const StatsMoment moment = parts_.figures.now();
  if (command == "/flowscope/info") return info(moment);
  if (command == "/flowscope/ports") return ports_answer(moment, number);
  if (command == "/flowscope/workers") return workers_answer(moment, number);
  if (command == "/flowscope/flows") return flows(moment, std::min(number, FlowsView::kFlowsMax));
  if (command == "/flowscope/ledger") return ledger_answer(moment);
  if (command == "/flowscope/l7") return l7_answer(moment, number);
  if (command == "/flowscope/export") return export_answer(moment);
  if (command == "/flowscope/timers") return timers_answer(moment);
  if (command == "/flowscope/cycles") return cycles_answer(moment, number);
  return std::nullopt;
}

}  // namespace flowscope
