#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace flowscope {

enum class MetricKind : uint8_t { Counter, Gauge, Histogram };

[[nodiscard]] constexpr std::string_view name_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::Counter:
      return "counter";
    case MetricKind::Gauge:
      return "gauge";
    case MetricKind::Histogram:
      return "histogram";
  }
  return {};
}

// A metric as Prometheus sees it. Names and labels stay as they are: people's dashboards hold them.
// Label values are fixed words, port names and worker numbers, never keys of flows.
struct Metric {
  std::string_view name;
  MetricKind kind;
  std::string_view label;  // its one label, or empty
  std::string_view help;
};

namespace metric {

using enum MetricKind;

inline constexpr Metric kFlowsCreated = {"flowscope_flows_created_total", Counter, "l4",
                                         "Flows that began: tcp, udp or other."};
inline constexpr Metric kFlowsEnded = {
    "flowscope_flows_ended_total", Counter, "reason",
    "Flows that ended: fin, rst, idle, evicted, reopened, forgotten or shutdown."};
inline constexpr Metric kFlowsEvicted = {
    "flowscope_flows_evicted_total", Counter, "cause",
    "Flows pushed out of a full table, by what made them worth least."};
inline constexpr Metric kFlowsActive = {"flowscope_flows_active", Gauge, "", "Live flows."};
inline constexpr Metric kTableEmergencies = {"flowscope_table_emergencies_total", Counter, "",
                                             "Times that a flow table was nearly full."};
inline constexpr Metric kPacketsUnmatched = {"flowscope_packets_unmatched_total", Counter, "",
                                             "Packets received that belong to no flow."};
inline constexpr Metric kTcpDirections = {
    "flowscope_tcp_flows_directions_total", Counter, "directions",
    "TCP flows that ended, by whether one direction was seen or both; scans not counted."};
inline constexpr Metric kUdpDirections = {
    "flowscope_udp_flows_directions_total", Counter, "directions",
    "UDP flows that ended, by whether one direction was seen or both."};
inline constexpr Metric kSplitFlows = {
    "flowscope_flows_split_ratio", Gauge, "l4",
    "Part of the flows seen in one direction whose other one came to another worker."};
inline constexpr Metric kBytes = {
    "flowscope_bytes_total", Counter, "side",
    "Bytes on the wire that initiator and responder sent, added when their flow ends."};
inline constexpr Metric kFlowDuration = {"flowscope_flow_duration_seconds", Histogram, "",
                                         "From a flow's first packet to its last, when it ends."};
inline constexpr Metric kFlowPackets = {"flowscope_flow_packets", Histogram, "",
                                        "Packets of a flow, when it ends."};
inline constexpr Metric kFlowBytes = {"flowscope_flow_bytes", Histogram, "",
                                      "Bytes on the wire of a flow, when it ends."};
inline constexpr Metric kAnomalies = {
    "flowscope_anomalies_total", Counter, "kind",
    "Things that should not be, however often they were told of in records."};
inline constexpr Metric kDroppedOutOfOrder = {
    "flowscope_reassembly_dropped_ooo_total", Counter, "side",
    "TCP segments refused because they lie outside any window."};
inline constexpr Metric kDroppedOversize = {
    "flowscope_reassembly_bytes_dropped_oversize_total", Counter, "side",
    "TCP bytes given up because a side would have held too many behind a gap."};
inline constexpr Metric kHeldMost = {
    "flowscope_reassembler_high_watermark_bytes", Histogram, "side",
    "The most that a side of a TCP session held behind a gap, when the session ends."};

inline constexpr Metric kPortPackets = {"flowscope_port_packets_total", Counter, "port",
                                        "Packets that the port gave us."};
inline constexpr Metric kPortBytes = {"flowscope_port_bytes_total", Counter, "port",
                                      "Bytes that the port gave us."};
inline constexpr Metric kPortMissed = {
    "flowscope_port_missed_total", Counter, "port",
    "Packets lost before us by device, driver or kernel; absent where the driver does not know."};
inline constexpr Metric kPortNoMbuf = {
    "flowscope_port_no_mbuf_total", Counter, "port",
    "Of the missed: packets for which no packet buffer was free; absent where those are."};
inline constexpr Metric kPortLossKnown = {"flowscope_port_loss_known", Gauge, "port",
                                          "1 where the driver counts what it loses, else 0."};
inline constexpr Metric kWorkerPackets = {"flowscope_worker_packets_total", Counter, "worker",
                                          "Packets that the worker received."};
inline constexpr Metric kWorkerBytes = {"flowscope_worker_bytes_total", Counter, "worker",
                                        "Bytes that the worker received."};
inline constexpr Metric kWorkerFlows = {"flowscope_worker_flows_active", Gauge, "worker",
                                        "Live flows of the worker."};
inline constexpr Metric kWorkerBusy = {
    "flowscope_worker_busy_ratio", Gauge, "worker",
    "Part of the last balance period in which the worker had packets."};
inline constexpr Metric kWorkerStalls = {
    "flowscope_worker_stalls_total", Counter, "worker",
    "Times that the worker did not move for as long as the watchdog waits."};
inline constexpr Metric kImbalance = {
    "flowscope_workers_imbalance_ratio", Gauge, "",
    "Packets of the busiest worker over its fair share, last balance period; 1 is fair."};
inline constexpr Metric kLedger = {"flowscope_ledger_packets_total", Counter, "fate",
                                   "Packets received, by what became of them; each has one fate."};
inline constexpr Metric kLedgerBalanced = {
    "flowscope_ledger_balanced", Gauge, "",
    "1 while packets received are the sum of their fates, else 0."};
inline constexpr Metric kProtocolFlows = {"flowscope_protocol_flows_total", Counter, "protocol",
                                          "Flows in which the protocol was found."};
inline constexpr Metric kProtocolMessages = {"flowscope_protocol_messages_total", Counter,
                                             "protocol", "Messages of the protocol's parser."};
inline constexpr Metric kRecords = {"flowscope_records_total", Counter, "kind",
                                    "Records given to the output."};
inline constexpr Metric kRecordsShed = {
    "flowscope_records_shed_total", Counter, "kind",
    "Records lost because the output was slower than the traffic."};
inline constexpr Metric kLinesLost = {"flowscope_output_lines_lost_total", Counter, "",
                                      "Lines that the output did not take."};
inline constexpr Metric kOutputBytes = {"flowscope_output_bytes_total", Counter, "",
                                        "Bytes written to the output."};
inline constexpr Metric kStageCycles = {
    "flowscope_stage_cycles_total", Counter, "stage",
    "Processor cycles that all workers spent in a stage while that was measured."};
inline constexpr Metric kStagePackets = {"flowscope_stage_cycles_packets_total", Counter, "",
                                         "Packets received while stages were measured."};
inline constexpr Metric kUptime = {"flowscope_uptime_seconds", Gauge, "",
                                   "How long the run has been going on."};

}  // namespace metric

// All of them, in the order in which they are told.
inline constexpr std::array kMetrics = {
    metric::kFlowsCreated,    metric::kFlowsEnded,       metric::kFlowsEvicted,
    metric::kFlowsActive,     metric::kTableEmergencies, metric::kPacketsUnmatched,
    metric::kTcpDirections,   metric::kUdpDirections,    metric::kSplitFlows,
    metric::kBytes,           metric::kFlowDuration,     metric::kFlowPackets,
    metric::kFlowBytes,       metric::kAnomalies,        metric::kDroppedOutOfOrder,
    metric::kDroppedOversize, metric::kHeldMost,         metric::kPortPackets,
    metric::kPortBytes,       metric::kPortMissed,       metric::kPortNoMbuf,
    metric::kPortLossKnown,   metric::kWorkerPackets,    metric::kWorkerBytes,
    metric::kWorkerFlows,     metric::kWorkerBusy,       metric::kWorkerStalls,
    metric::kImbalance,       metric::kLedger,           metric::kLedgerBalanced,
    metric::kProtocolFlows,   metric::kProtocolMessages, metric::kRecords,
    metric::kRecordsShed,     metric::kLinesLost,        metric::kOutputBytes,
    metric::kStageCycles,     metric::kStagePackets,     metric::kUptime,
};

}  // namespace flowscope
