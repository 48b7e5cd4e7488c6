#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/app/asymmetry.h"
#include "dataplane/app/stage_cycles.h"
#include "dataplane/export/exporter.h"
#include "dataplane/export/stats_snapshot.h"
#include "dataplane/pipeline/flow_book.h"
#include "dataplane/pipeline/ledger.h"
#include "dataplane/pipeline/record.h"
#include "dataplane/pipeline/record_type.h"

namespace flowscope {

// What a port lets us know. loss_known is false where the driver does not count what it drops.
struct PortLine {
  std::string name;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t missed = 0;  // dropped before us: by the device, the driver or the kernel
  bool loss_known = true;
  uint64_t no_mbuf = 0;  // of the missed: no packet buffer was free
};

struct WorkerLine {
  uint64_t packets = 0;
  uint64_t bytes = 0;
  uint64_t flows_live = 0;
  uint64_t flows_created = 0;
  uint64_t flows_ended = 0;
  uint64_t flows_evicted = 0;
  uint64_t sessions = 0;
  uint64_t records = 0;   // pushed to the exporter
  uint64_t shed = 0;      // records lost because the output was slower
  bool balanced = true;   // every packet received has a fate
  uint64_t clock_ns = 0;  // what time it is for the worker, nanoseconds since the epoch
  uint64_t sweep_steps = 0;
  uint64_t tracked = 0;       // of the packets: accounted to flows
  uint64_t tunnelled = 0;     // in tunnels
  uint64_t resteer_full = 0;  // dropped on the way to another worker
  uint64_t busy_percent = 0;  // of the time of the last period, see worker.balance_period
  uint64_t stalls = 0;        // times that it did not move for worker.watchdog
  StageCyclesLine stages;     // where and while they are measured
};

// A protocol that was found in flows at least once.
struct ProtocolLine {
  std::string name;
  uint64_t flows = 0;
  uint64_t messages = 0;
};

// How many values lay in each range: those up to bounds[i], above the bound before; the last count
// is of what is above every bound.
struct HistogramLine {
  std::vector<uint64_t> bounds;
  std::vector<uint64_t> counts;
  uint64_t sum = 0;
};

// What one side of all flows has in common; index_of(FlowSide) names the side.
struct SideLine {
  uint64_t bytes = 0;             // of flows that have ended
  uint64_t segments_refused = 0;  // of TCP, outside any window
  uint64_t dropped_bytes = 0;     // of TCP, what the caps on early segments cost
  HistogramLine held_bytes_most;  // of each TCP session that has ended
};

// All flows of all workers.
struct FlowFigures {
  std::array<uint64_t, kFlowKinds> begun{};   // by FlowKind
  std::array<uint64_t, kEndReasons> ended{};  // by EndReason
  std::array<uint64_t, kEvictionCauses> evicted_by{};
  uint64_t emergencies = 0;
  uint64_t fragments_expired = 0;
  DirectionsLine tcp_directions;  // of flows that have ended
  DirectionsLine udp_directions;
  uint64_t udp_unanswered = 0;  // of those with one direction: DNS, NTP and QUIC
  std::array<SideLine, 2> side;
  HistogramLine durations_ns;  // these of flows that have ended
  HistogramLine packets;
  HistogramLine bytes;
};

// What became of things that should not be; how often each kind came, told or not.
struct AnomalyLine {
  std::string_view kind;  // a literal
  uint64_t count = 0;
};

// The way out, see Exporter and RecordRing.
struct OutputFigures {
  std::string destination;
  ExportCounts written;
  std::array<uint64_t, kRecordKinds> shed{};  // by RecordKind
  std::array<uint64_t, kRecordTypes> pushed_by_type{};
  std::array<uint64_t, kRecordTypes> shed_by_type{};
};

// One moment of the whole program.
struct StatsMoment {
  double seconds = 0;  // since the start
  std::vector<PortLine> ports;
  std::vector<WorkerLine> workers;
  std::array<uint64_t, kFates> fates{};  // packets of all workers by what became of them
  uint64_t bad_ip_checksums = 0;         // of all workers
  uint64_t bad_transport_checksums = 0;
  FlowFigures flows;
  uint64_t imbalance_percent = 0;       // the busiest worker's part of its fair share, last period
  std::vector<ProtocolLine> protocols;  // by name
  std::vector<AnomalyLine> anomalies;
  uint64_t identified = 0;       // flows whose protocol was found
  uint64_t parse_errors = 0;     // parsers that gave up on what they were given
  bool stages_measured = false;  // now; what was measured before stays in the workers' lines
  OutputFigures output;
  std::vector<StatsFigure> figures;  // those of a stats record, of all workers

  [[nodiscard]] uint64_t received() const { return total(&WorkerLine::packets); }
  [[nodiscard]] uint64_t missed() const;
  [[nodiscard]] bool balanced() const;
  // Of all workers.
  [[nodiscard]] uint64_t total(uint64_t WorkerLine::*figure) const;
};

// What became of the packets: "90 tracked + 2 not_ip"; of the fates but the first those that
// happened.
[[nodiscard]] std::string fates_text(const StatsMoment& now);

// A line about wrong checksums; nothing when none was found.
[[nodiscard]] std::string checksums_line(const StatsMoment& now);

// How many records of which types were shed: "1204 dns, 3 flow"; empty where none was.
[[nodiscard]] std::string shed_text(const StatsMoment& now);

// The summary's lines of packets, flows and records, and of records that were shed.
[[nodiscard]] std::string summary_text(const StatsMoment& now);

// A line for each port: what it gave to flowscope, and what was lost before.
[[nodiscard]] std::string port_losses(const StatsMoment& now);

// One line of what a service does: packets, live flows, losses.
[[nodiscard]] std::string status_line(const StatsMoment& now);

// The table that --stats-period prints: ports, workers and flows, with rates since `before`, and
// the fates of all packets.
[[nodiscard]] std::string stats_table(const StatsMoment& now, const StatsMoment& before);

}  // namespace flowscope
