#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/app/figures.h"
#include "dataplane/app/flows_view.h"
#include "dataplane/dpdk/telemetry.h"

namespace flowscope {

// The commands that DPDK's telemetry knows of us; docs/telemetry.md tells what they answer.
inline constexpr std::array<TelemetryCommand, 9> kTelemetryCommands = {{
    {"/flowscope/info", "The program and its run. No parameters"},
    {"/flowscope/ports", "Packets, bytes and losses of each port. Parameters: int first_row"},
    {"/flowscope/workers", "Packets, flows and records of each worker. Parameters: int first_row"},
    {"/flowscope/flows",
     "Flows by how they began and ended. Parameters: int N, shows the N <= 40 largest live ones"},
    {"/flowscope/ledger", "What became of every packet. No parameters"},
    {"/flowscope/l7", "Flows and messages of each protocol. Parameters: int first_row"},
    {"/flowscope/export", "Records written and shed, by kind. No parameters"},
    {"/flowscope/timers", "Time-outs, sweeps and the clock. No parameters"},
    {"/flowscope/cycles",
     "Processor cycles of each stage of each worker. Parameters: on or off, begins or ends to "
     "count them; int first_row"},
}};

// Rows of one reply, so that the longest stays below kTelemetryReplyBytesMax; "next" names the row
// to go on with where there are more.
inline constexpr size_t kRowsPerReply = 48;
inline constexpr size_t kCyclesRowsPerReply = 24;

// What the commands say of a moment.
[[nodiscard]] TelemetryObject ports_answer(const StatsMoment& moment, size_t first_row);
[[nodiscard]] TelemetryObject workers_answer(const StatsMoment& moment, size_t first_row);
[[nodiscard]] TelemetryObject flows_answer(const StatsMoment& moment);
[[nodiscard]] TelemetryObject ledger_answer(const StatsMoment& moment);
[[nodiscard]] TelemetryObject l7_answer(const StatsMoment& moment, size_t first_row);
[[nodiscard]] TelemetryObject export_answer(const StatsMoment& moment);
[[nodiscard]] TelemetryObject timers_answer(const StatsMoment& moment);
[[nodiscard]] TelemetryObject cycles_answer(const StatsMoment& moment, size_t first_row);
// Rows for the largest of `flows`, which are in order.
[[nodiscard]] TelemetryObject top_rows(std::span<const FlowEntry> flows);

// Answers the commands. Thread rule: any thread. Lifetime: within that of its parts.
class Answers {
 public:
  struct Parts {
    Figures& figures;
    FlowsView& flows_view;
    StageCycles& stage_cycles;
    std::string verb;  // "run"
  };
  explicit Answers(Parts parts) : parts_(std::move(parts)) {}

  // Nothing where the command is not one of ours, or its parameters are no number where one is
  // wanted.
  [[nodiscard]] std::optional<TelemetryObject> to(std::string_view command,
                                                  std::string_view parameters);

 private:
  [[nodiscard]] TelemetryObject info(const StatsMoment& moment) const;
  [[nodiscard]] TelemetryObject flows(const StatsMoment& moment, size_t top);

  Parts parts_;
};

}  // namespace flowscope
