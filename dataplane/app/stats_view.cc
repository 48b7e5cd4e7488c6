#include "dataplane/app/stats_view.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowscope {

namespace {

struct Rate {
  double mpps = 0;
  double gbps = 0;
};

template <class Line>
Rate rate(const Line& now, const std::vector<Line>& before, size_t i, double seconds) {
  if (seconds <= 0) return {};
  const uint64_t packets = i < before.size() ? before[i].packets : 0;
  const uint64_t bytes = i < before.size() ? before[i].bytes : 0;
  return {.mpps = static_cast<double>(now.packets - packets) / seconds / 1e6,
          .gbps = static_cast<double>(now.bytes - bytes) * 8 / seconds / 1e9};
}

}  // namespace

uint64_t StatsMoment::total(uint64_t WorkerLine::*figure) const {
  uint64_t all = 0;
  for (const WorkerLine& worker : workers) all += worker.*figure;
  return all;
}

uint64_t StatsMoment::missed() const {
  uint64_t all = 0;
  for (const PortLine& port : ports) all += port.missed;
  return all;
}

bool StatsMoment::balanced() const {
  return std::ranges::all_of(workers, [](const WorkerLine& worker) { return worker.balanced; });
}

std::string fates_text(const StatsMoment& now) {
  std::string text;
  for (size_t fate = 0; fate < kFates; ++fate) {
    if (fate != 0 && now.fates.at(fate) == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : " + ", now.fates.at(fate),
                        name_of(static_cast<Fate>(fate)));
  }
  return text;
}

std::string checksums_line(const StatsMoment& now) {
  if (now.bad_ip_checksums == 0 && now.bad_transport_checksums == 0) return {};
  return fmt::format("checksum {} wrong in IP headers, {} behind them\n", now.bad_ip_checksums,
                     now.bad_transport_checksums);
}

std::string shed_text(const StatsMoment& now) {
  std::string text;
  for (size_t i = 0; i < kRecordTypes; ++i) {
    const uint64_t shed = now.output.shed_by_type.at(i);
    if (shed == 0) continue;
    text +=
        fmt::format("{}{} {}", text.empty() ? "" : ", ", shed, name_of(static_cast<RecordType>(i)));
  }
  return text;
}

std::string summary_text(const StatsMoment& now) {
  const uint64_t packets = now.received();
  const auto of = [&](RecordKind kind) {
    return now.output.written.records.at(static_cast<size_t>(kind));
  };
  std::string text = fmt::format(
      "packets  {} ({} bytes) in {:.3f} s, {:.2f} Mpps\n", packets, now.total(&WorkerLine::bytes),
      now.seconds, now.seconds > 0 ? static_cast<double>(packets) / now.seconds / 1e6 : 0.0);
  text += fmt::format("flows    {} created = {} ended, {} of them evicted\n",
                      now.total(&WorkerLine::flows_created), now.total(&WorkerLine::flows_ended),
                      now.total(&WorkerLine::flows_evicted));
  text += fmt::format("records  {} flow, {} protocol, {} anomaly to {}; {} shed\n",
                      of(RecordKind::Flow), of(RecordKind::Message), of(RecordKind::Anomaly),
                      now.output.destination, now.total(&WorkerLine::shed));
  if (now.total(&WorkerLine::shed) != 0) text += fmt::format("shed     {}\n", shed_text(now));
  if (of(RecordKind::Interim) != 0)
    text += fmt::format("interim  {} records of flows that lived on\n", of(RecordKind::Interim));
  return text;
}

std::string port_losses(const StatsMoment& now) {
  std::string text;
  for (const PortLine& port : now.ports) {
    text += fmt::format("port     {}: {} packets", port.name, port.packets);
    if (!port.loss_known) text += "; the driver does not count what it drops; loss unknown";
    if (port.missed != 0)
      text += fmt::format(", {} dropped before flowscope got them", port.missed);
    if (port.no_mbuf != 0) text += fmt::format(" ({} for want of packet buffers)", port.no_mbuf);
    text += '\n';
  }
  return text;
}

std::string status_line(const StatsMoment& now) {
  const bool loss_known = std::all_of(now.ports.begin(), now.ports.end(),
                                      [](const PortLine& port) { return port.loss_known; });
  return fmt::format("{} packets, {}{} missed, {} flows live, {} records shed", now.received(),
                     now.missed(), loss_known ? "" : " or more", now.total(&WorkerLine::flows_live),
                     now.total(&WorkerLine::shed));
}

std::string stats_table(const StatsMoment& now, const StatsMoment& before) {
  const double seconds = now.seconds - before.seconds;
  std::string text =
      fmt::format("---- flowscope statistics at {:.1f} s {:-<58}\n", now.seconds, "");
  text += fmt::format("{:<24} {:>14} {:>16} {:>12} {:>9} {:>9}\n", "port", "RX-packets", "RX-bytes",
                      "RX-missed", "Mpps", "Gbit/s");
  for (size_t i = 0; i < now.ports.size(); ++i) {
    const PortLine& port = now.ports[i];
    const Rate speed = rate(port, before.ports, i, seconds);
    text += fmt::format("{:<24} {:>14} {:>16} {:>12} {:>9.3f} {:>9.3f}\n", port.name, port.packets,
                        port.bytes, port.loss_known ? std::to_string(port.missed) : "unknown",
                        speed.mpps, speed.gbps);
  }
  text +=
      fmt::format("{:<7} {:>14} {:>9} {:>11} {:>12} {:>11} {:>11} {:>11} {:>7}\n", "worker",
                  "packets", "Mpps", "flows", "created", "evicted", "sessions", "records", "shed");
  for (size_t i = 0; i < now.workers.size(); ++i) {
    const WorkerLine& worker = now.workers[i];
    text += fmt::format("{:<7} {:>14} {:>9.3f} {:>11} {:>12} {:>11} {:>11} {:>11} {:>7}\n", i,
                        worker.packets, rate(worker, before.workers, i, seconds).mpps,
                        worker.flows_live, worker.flows_created, worker.flows_evicted,
                        worker.sessions, worker.records, worker.shed);
  }
  text += fmt::format("fates    {}\n", fates_text(now)) + checksums_line(now);
  text += fmt::format("{:-<92}\n", "");
  return text;
}

}  // namespace flowscope
