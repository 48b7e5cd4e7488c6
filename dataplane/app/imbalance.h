#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flowcore/track/flow_entry.h"

namespace flowscope {

// Where the packets of a worker come from.
struct WorkerPlace {
  int lcore = -1;                  // -1: a thread, on any processor
  std::vector<std::string> ports;  // of its queues, one for each
  std::vector<uint16_t> queues;    // their numbers
};

// How packets come to the workers.
struct SpreadWay {
  std::vector<WorkerPlace> workers;  // empty where ports have no queues to tell of
  bool is_by_flow = true;            // each flow's keyed hash decides, not the queue
  bool has_ports = true;             // devices hash TCP and UDP ports beside addresses
};

// What one worker did in a period.
struct WorkerLoad {
  uint64_t packets = 0;
  uint64_t tunnelled = 0;  // of the packets
  uint64_t flowless = 0;   // the same, of no flow
  uint64_t flows = 0;      // that lived in it
  double busy = 0;         // part of the time in which it had packets, 0 to 1
};

// What was lost in a period on the way to a worker.
struct WorkerLoss {
  uint64_t missed = 0;        // at the ports of its queues
  uint64_t resteer_full = 0;  // in rings between workers, of all of them

  [[nodiscard]] bool is_any() const { return missed != 0 || resteer_full != 0; }
};

// How many packets of a flow came in the time that was looked at.
struct FlowLoad {
  FlowEntry entry;
  uint64_t packets = 0;
};

// Why one worker has more to do than others, as far as it can be known.
enum class ImbalanceCause : uint8_t {
  NoQueue,    // there are workers to whom no queue was dealt out
  OneFlow,    // one flow is at least half of what the worker gets
  FewFlows,   // so few flows, or so few large ones, that chance deals them out like this
  NoFlow,     // most of its packets belong to no flow, and stay where they come
  Tunnels,    // most of its packets are in tunnels, and devices hash the outer addresses
  Addresses,  // devices hash addresses alone
  Uneven,     // queues get uneven shares of many flows
};

// The worker with most packets in a period.
struct Busiest {
  size_t worker = 0;
  double share = 0;  // of all packets
  double ratio = 0;  // of its fair share: 1 where all get the same, 0 without packets
};
[[nodiscard]] Busiest busiest_of(std::span<const WorkerLoad> loads);

// The ratio that chance alone reaches once in some 30,000 periods where a keyed hash deals `flows`
// flows of one size out: four standard deviations above the mean.
[[nodiscard]] double ratio_by_chance(uint64_t flows, size_t workers);

// `heaviest`: flows of the busiest worker, the heaviest first; may be empty.
[[nodiscard]] ImbalanceCause cause_of(std::span<const WorkerLoad> loads, const Busiest& busiest,
                                      std::span<const FlowLoad> heaviest, const SpreadWay& way);

// Whether somebody would want to know. A bad spread always, for it can be mended. What no setting
// spreads (one flow, few flows) only where it costs packets, or is about to.
[[nodiscard]] bool is_worth_telling(ImbalanceCause cause, const WorkerLoad& load,
                                    const WorkerLoss& loss);

// One line: who gets how much, why, what helps, and what was lost.
[[nodiscard]] std::string imbalance_line(std::span<const WorkerLoad> loads, const Busiest& busiest,
                                         std::span<const FlowLoad> heaviest, const SpreadWay& way,
                                         const WorkerLoss& loss);

// Packets of the flows of `now` since `before`, the heaviest first; both are the largest flows of
// one worker by bytes, the largest first. A flow that was not among them before counts with what it
// has above the smallest that was.
[[nodiscard]] std::vector<FlowLoad> flow_loads(std::span<const FlowEntry> before,
                                               std::span<const FlowEntry> now, size_t rows_max);

}  // namespace flowscope
