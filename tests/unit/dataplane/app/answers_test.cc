#include "dataplane/app/answers.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "dataplane/app/metric_names.h"
#include "tests/unit/dataplane/app/run_rig.h"

namespace flowscope {
namespace {

using testing::datagram;
using testing::dns_query;
using testing::RunRig;

const TelemetryObject::value_type* field(const TelemetryObject& object, std::string_view name) {
  for (const TelemetryField& each : object) {
    if (each.name == name) return &each;
  }
  ADD_FAILURE() << "no field " << name;
  return nullptr;
}
uint64_t number(const TelemetryObject& object, std::string_view name) {
  const auto* found = field(object, name);
  return found != nullptr ? std::get<uint64_t>(found->value) : 0;
}
std::string text(const TelemetryObject& object, std::string_view name) {
  const auto* found = field(object, name);
  return found != nullptr ? std::get<std::string>(found->value) : "";
}
const TelemetryObject& inside(const TelemetryObject& object, std::string_view name) {
  return std::get<TelemetryObject>(field(object, name)->value);
}

// As long as DPDK writes it.
size_t json_bytes(const TelemetryObject& object) {
  size_t bytes = 2;
  for (const TelemetryField& each : object) {
    bytes += each.name.size() + 4;
    if (const auto* value = std::get_if<uint64_t>(&each.value)) {
      bytes += std::to_string(*value).size();
    } else if (const auto* words = std::get_if<std::string>(&each.value)) {
      bytes += words->size() + 2;
    } else {
      bytes += json_bytes(std::get<TelemetryObject>(each.value));
    }
  }
  return bytes;
}

Answers answers_of(RunRig& rig) {
  return Answers({.figures = rig.figures(),
                  .flows_view = rig.flows_view(),
                  .stage_cycles = rig.stage_cycles(),
                  .verb = "run"});
}

TEST(Answers, ToEveryCommandThatIsKnown) {
  RunRig rig;
  Answers answers = answers_of(rig);
  for (const TelemetryCommand& command : kTelemetryCommands)
    EXPECT_TRUE(answers.to(command.name, "").has_value()) << command.name;
  EXPECT_FALSE(answers.to("/flowscope/other", "").has_value());
  EXPECT_FALSE(answers.to("/flowscope/flows", "ten").has_value());
  EXPECT_FALSE(answers.to("/flowscope/flows", "-1").has_value());
}

TEST(Answers, TellWhatThePacketsBecame) {
  RunRig rig;
  rig.take(0, {datagram(1), testing::no_flow()});
  const auto ledger = answers_of(rig).to("/flowscope/ledger", "");
  EXPECT_EQ(number(*ledger, "received"), 2U);
  EXPECT_EQ(number(*ledger, "tracked"), 1U);
  EXPECT_EQ(number(*ledger, "not_ip"), 1U);
  EXPECT_EQ(number(*ledger, "missed"), 3U);
  EXPECT_EQ(number(*ledger, "balanced"), 1U);
}

TEST(Answers, TellOfPortsAndProtocols) {
  RunRig rig;
  rig.take(1, {dns_query(40'000)});
  Answers answers = answers_of(rig);
  const auto ports = answers.to("/flowscope/ports", "");
  const TelemetryObject& port = inside(inside(*ports, "ports"), "0");
  EXPECT_EQ(text(port, "name"), "net_test0 (net_test)");
  EXPECT_EQ(number(port, "missed"), 3U);
  EXPECT_EQ(number(port, "loss_known"), 1U);
  const auto l7 = answers.to("/flowscope/l7", "");
  const TelemetryObject& dns = inside(inside(*l7, "protocols"), "0");
  EXPECT_EQ(text(dns, "name"), "dns");
  EXPECT_EQ(number(dns, "records"), 1U);
}

TEST(Answers, TellHowWorkersShareThePackets) {
  StatsMoment moment{.imbalance_percent = 180};
  moment.workers = {{.busy_percent = 97, .stalls = 2}, {.busy_percent = 3}};
  const TelemetryObject workers = workers_answer(moment, 0);
  EXPECT_EQ(number(workers, "imbalance_percent"), 180U);
  EXPECT_EQ(number(inside(inside(workers, "workers"), "0"), "busy_percent"), 97U);
  EXPECT_EQ(number(inside(inside(workers, "workers"), "0"), "stalls"), 2U);
  moment.flows.tcp_directions = {.both = 3, .one = 40, .split = {.sampled = 40, .split = 30}};
  const TelemetryObject tcp = inside(flows_answer(moment), "tcp_directions");
  EXPECT_EQ(number(tcp, "one"), 40U);
  EXPECT_EQ(number(tcp, "split_percent"), 75U);
}

TEST(Answers, SayWhyTheOutputFails) {
  StatsMoment moment;
  EXPECT_EQ(text(export_answer(moment), "error"), "");
  moment.output.written.output_error = ENOSPC;
  EXPECT_EQ(text(export_answer(moment), "error"), "No space left on device");
}

TEST(Answers, ShowTheLargestFlowsFromTheirInitiatorsSide) {
  RunRig rig;
  rig.take(0, {datagram(1), datagram(1), datagram(2)});
  Answers answers = answers_of(rig);
  EXPECT_EQ(number(*answers.to("/flowscope/flows", ""), "live"), 2U);
  // The worker looks through its table when it has nothing to do.
  rig.flows_view().ask();
  for (size_t i = 0; i < 2; ++i) rig.pipeline(i).idle();
  const auto flows = answers.to("/flowscope/flows", "1");
  EXPECT_EQ(number(*flows, "complete"), 1U);
  const TelemetryObject& top = inside(*flows, "top");
  ASSERT_EQ(top.size(), 1U);
  const TelemetryObject& flow = inside(top, "0");
  EXPECT_EQ(text(flow, "src_ip"), "10.0.0.1");
  EXPECT_EQ(text(flow, "dest_ip"), "10.0.0.2");
  EXPECT_EQ(number(flow, "src_port"), 1U);
  EXPECT_EQ(text(flow, "proto"), "UDP");
  EXPECT_EQ(number(flow, "packets"), 2U);
}

TEST(Answers, SayWhereTheListOfFlowsIsMissing) {
  RunRig rig;
  const auto flows = answers_of(rig).to("/flowscope/flows", "5");
  EXPECT_EQ(number(*flows, "complete"), 0U);
}

TEST(Answers, GoOnWhereTheReplyIsFull) {
  StatsMoment moment;
  moment.workers.resize(100);
  const TelemetryObject first = workers_answer(moment, 0);
  EXPECT_EQ(inside(first, "workers").size(), kRowsPerReply);
  EXPECT_EQ(number(first, "next"), kRowsPerReply);
  const TelemetryObject last = workers_answer(moment, 2 * kRowsPerReply);
  EXPECT_EQ(inside(last, "workers").size(), 100 - 2 * kRowsPerReply);
  EXPECT_EQ(last.size(), 2U) << "the list and the figure of all workers";
  EXPECT_TRUE(inside(workers_answer(moment, UINT64_MAX), "workers").empty());
}

TEST(Answers, FitIntoTheLongestReply) {
  StatsMoment moment;
  constexpr uint64_t kMost = UINT64_MAX;
  moment.workers.resize(100, {kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost, kMost});
  for (WorkerLine& worker : moment.workers) worker.stalls = kMost;
  EXPECT_LT(json_bytes(workers_answer(moment, 0)), kTelemetryReplyBytesMax);
  for (WorkerLine& worker : moment.workers) {
    worker.stages.packets = kMost;
    worker.stages.cycles.fill(kMost);
  }
  EXPECT_LT(json_bytes(cycles_answer(moment, 0)), kTelemetryReplyBytesMax);
  moment.ports.resize(100, {std::string(100, 'x'), kMost, kMost, kMost, true, kMost});
  EXPECT_LT(json_bytes(ports_answer(moment, 0)), kTelemetryReplyBytesMax);
  FlowEntry entry{};
  entry.key = {.a_port = 65535, .b_port = 65535, .protocol = 58, .ip_version = 6};
  entry.key.a_address.fill(0xab);
  entry.key.b_address.fill(0xcd);
  for (int i = 0; i < 2; ++i) entry.side.at(i).count(UINT32_MAX);
  const std::vector<FlowEntry> flows(FlowsView::kFlowsMax, entry);
  EXPECT_LT(json_bytes(flows_answer(moment)) + json_bytes(top_rows(flows)),
            kTelemetryReplyBytesMax);
}

TEST(Answers, CountCyclesOfStagesWhileTheyAreAskedTo) {
  RunRig rig;
  Answers answers = answers_of(rig);
  rig.take(0, {datagram(1)});
  const auto before = answers.to("/flowscope/cycles", "");
  EXPECT_EQ(number(*before, "measured"), 0U);
  EXPECT_EQ(number(inside(inside(*before, "workers"), "0"), "decode"), 0U);

  EXPECT_EQ(number(*answers.to("/flowscope/cycles", "on"), "measured"), 1U);
  rig.take(0, {datagram(2), datagram(3)});
  rig.take(0, {datagram(4)});
  EXPECT_EQ(number(*answers.to("/flowscope/cycles", "off"), "measured"), 0U);
  rig.take(0, {datagram(5)});
  const auto after = answers.to("/flowscope/cycles", "0");
  const TelemetryObject& worker = inside(inside(*after, "workers"), "0");
  EXPECT_EQ(number(worker, "packets"), 3U) << "those of the time in between";
  EXPECT_GT(number(worker, "decode"), 0U);
  EXPECT_GT(number(worker, "update"), 0U);
  EXPECT_EQ(number(inside(inside(*after, "workers"), "1"), "packets"), 0U);
  EXPECT_FALSE(answers.to("/flowscope/cycles", "maybe").has_value());
}

TEST(StageCycles, GoOnWhereTheyWereWhenTheyAreMeasuredAgain) {
  RunRig rig;
  StageCycles& cycles = rig.stage_cycles();
  for (int i = 0; i < 2; ++i) {
    cycles.measure(true);
    cycles.measure(true);
    rig.take(0, {datagram(1)});
    cycles.measure(false);
    cycles.measure(false);
    rig.take(0, {datagram(1)});
  }
  const auto lines = cycles.now();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines.front().packets, 2U);
  EXPECT_NE(cycles_text(lines).find("decode "), std::string::npos) << cycles_text(lines);
  EXPECT_EQ(cycles_text({}), "");
}

std::string telemetry_page() {
  std::stringstream page;
  page << std::ifstream(FS_SOURCE_ROOT "/docs/telemetry.md").rdbuf();
  return page.str();
}

TEST(TelemetryPage, NamesEveryCommand) {
  const std::string page = telemetry_page();
  for (const TelemetryCommand& command : kTelemetryCommands)
    EXPECT_NE(page.find("| `" + std::string(command.name) + "` |"), std::string::npos)
        << command.name;
}

TEST(TelemetryPage, ListsTheMetricsAsTheyAre) {
  std::string table = "| metric | type | label | meaning |\n|---|---|---|---|\n";
  for (const Metric& metric : kMetrics) {
    table += "| `" + std::string(metric.name) + "` | " + std::string(name_of(metric.kind)) + " | "
             + (metric.label.empty() ? "" : "`" + std::string(metric.label) + "`") + " | "
             + std::string(metric.help) + " |\n";
  }
  EXPECT_NE(telemetry_page().find(table), std::string::npos)
      << "docs/telemetry.md does not hold this table:\n"
      << table;
}

}  // namespace
}  // namespace flowscope
