#include "dataplane/app/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/unit/dataplane/app/run_rig.h"

namespace flowscope {
namespace {

using testing::client;
using testing::datagram;
using testing::dns_query;
using testing::no_flow;
using testing::RunRig;
using testing::server;

uint64_t figure(const StatsMoment& moment, std::string_view name) {
  for (const StatsFigure& figure : moment.figures) {
    if (figure.name == name) return figure.value;
  }
  ADD_FAILURE() << "no figure " << name;
  return 0;
}

const ProtocolLine* protocol(const StatsMoment& moment, std::string_view name) {
  for (const ProtocolLine& line : moment.protocols) {
    if (line.name == name) return &line;
  }
  return nullptr;
}

TEST(Figures, AddUpTheWorkers) {
  RunRig rig;
  rig.take(0, {datagram(1), datagram(2), no_flow()});
  rig.take(1, {datagram(3)});
  const StatsMoment moment = rig.figures().now();
  EXPECT_EQ(moment.received(), 4U);
  EXPECT_TRUE(moment.balanced());
  EXPECT_EQ(moment.fates.at(static_cast<size_t>(Fate::Tracked)), 3U);
  EXPECT_EQ(moment.total(&WorkerLine::flows_live), 3U);
  EXPECT_EQ(moment.workers.at(0).packets, 3U);
  EXPECT_EQ(figure(moment, "decoder.pkts"), 4U);
  EXPECT_EQ(figure(moment, "flow.created"), 3U);
  EXPECT_EQ(figure(moment, "ledger.not_ip"), 1U);
  EXPECT_EQ(figure(moment, "capture.missed"), 3U);
}

TEST(Figures, CountDirectionsAndFindHalvesOfFlows) {
  RunRig rig;
  for (uint16_t port = 1; port <= 30; ++port) {
    const uint32_t answered = 100 + port;
    rig.take(0, {client(tcp_flag::kSyn, 1, 0, port), client(tcp_flag::kAck, 2, answered, port),
                 client(tcp_flag::kFin | tcp_flag::kAck, 2, answered, port)});
    rig.take(1, {server(tcp_flag::kSyn | tcp_flag::kAck, answered - 1, 2, port),
                 server(tcp_flag::kAck, answered, 2, port),
                 server(tcp_flag::kFin | tcp_flag::kAck, answered, 3, port)});
  }
  rig.take(0,
           {client(tcp_flag::kSyn, 1, 0, 99), server(tcp_flag::kRst | tcp_flag::kAck, 0, 2, 99)});
  rig.finish();
  const StatsMoment moment = rig.figures().now();
  EXPECT_EQ(figure(moment, "flow.tcp_both_directions"), 1U);
  EXPECT_EQ(figure(moment, "flow.tcp_one_direction"), 60U);
  EXPECT_EQ(figure(moment, "flow.udp_one_direction"), 0U);
  EXPECT_EQ(moment.flows.tcp_directions.split.share(), 1);
  EXPECT_GT(moment.flows.tcp_directions.split.sampled, 20U);
}

TEST(Figures, CountFlowsByKindReasonAndSize) {
  RunRig rig;
  rig.take(0, {client(tcp_flag::kSyn, 1), server(tcp_flag::kSyn | tcp_flag::kAck, 9, 2),
               client(tcp_flag::kRst | tcp_flag::kAck, 2, 10), datagram(5)});
  rig.take(0, {datagram(5)}, 2'000);
  EXPECT_EQ(rig.figures().now().flows.begun, (std::array<uint64_t, kFlowKinds>{1, 1, 0}));
  rig.finish();
  const FlowFigures flows = rig.figures().now().flows;
  EXPECT_EQ(flows.ended.at(static_cast<size_t>(EndReason::Rst)), 1U);
  EXPECT_EQ(flows.ended.at(static_cast<size_t>(EndReason::Shutdown)), 1U);
  // 2 milliseconds, and near 2 seconds.
  EXPECT_EQ(flows.durations_ns.counts, (std::vector<uint64_t>{1, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(flows.packets.counts, (std::vector<uint64_t>{0, 2, 0, 0, 0, 0, 0}));
  EXPECT_EQ(flows.packets.sum, 5U);
  EXPECT_EQ(flows.bytes.counts, (std::vector<uint64_t>{2, 0, 0, 0, 0, 0}));
  const uint64_t responder = server(0).size();
  EXPECT_EQ(flows.side.at(index_of(FlowSide::Responder)).bytes, responder);
  EXPECT_EQ(flows.side.at(index_of(FlowSide::Initiator)).bytes, flows.bytes.sum - responder);
}

TEST(Figures, CountProtocolsByFlowsAndMessages) {
  RunRig rig;
  rig.take(0, {dns_query(40'000), dns_query(40'000), datagram(1)});
  rig.take(1, {dns_query(40'001)});
  const StatsMoment moment = rig.figures().now();
  ASSERT_NE(protocol(moment, "dns"), nullptr);
  EXPECT_EQ(protocol(moment, "dns")->flows, 2U);
  EXPECT_EQ(protocol(moment, "dns")->messages, 3U);
  EXPECT_EQ(moment.identified, 2U);
  EXPECT_EQ(protocol(moment, "http"), nullptr);
}

TEST(Figures, TellOfWhatTheOutputGot) {
  RunRig rig;
  rig.take(0, {datagram(1), datagram(2)});
  rig.finish();
  const OutputFigures output = rig.figures().now().output;
  EXPECT_EQ(output.destination, "/dev/null");
  EXPECT_EQ(output.written.records.at(static_cast<size_t>(RecordKind::Flow)), 2U);
  EXPECT_EQ(output.shed.at(static_cast<size_t>(RecordKind::Flow)), 0U);
}

TEST(Figures, KeepThePortsAsTheyWereAtTheEnd) {
  RunRig rig;
  rig.port.packets = 8;
  rig.figures().end();
  rig.port.packets = 9;
  const StatsMoment moment = rig.figures().now();
  ASSERT_EQ(moment.ports.size(), 1U);
  EXPECT_EQ(moment.ports.front().packets, 8U);
  EXPECT_EQ(moment.seconds, rig.figures().now().seconds);
}

TEST(Figures, AgreeWithEachOtherWhileWorkersGoOn) {
  RunRig rig;
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    for (uint16_t port = 1; !stop; ++port) rig.take(0, {datagram(port), no_flow()});
  });
  bool is_balanced = true;
  uint64_t flows_most = 0;
  for (int i = 0; i < 2000 && is_balanced; ++i) {
    const StatsMoment moment = rig.figures().now();
    is_balanced = moment.balanced();
    flows_most = std::max(flows_most, moment.total(&WorkerLine::flows_live));
  }
  stop = true;
  worker.join();
  EXPECT_TRUE(is_balanced);
  EXPECT_LE(flows_most, 1024U);
}

TEST(FlowsView, FindsTheLargestFlowsOfAllWorkers) {
  RunRig rig;
  rig.take(0, {datagram(1), datagram(2), datagram(2)});
  rig.take(1, {datagram(3), datagram(3), datagram(3)});
  EXPECT_EQ(rig.flows_view().largest(std::chrono::milliseconds(2)), std::nullopt);
  for (size_t i = 0; i < 2; ++i) rig.pipeline(i).idle();
  const auto flows = rig.flows_view().largest(std::chrono::milliseconds(2));
  ASSERT_TRUE(flows.has_value());
  std::vector<uint64_t> packets;
  for (const FlowEntry& entry : *flows) packets.push_back(entry.packets());
  EXPECT_EQ(packets, (std::vector<uint64_t>{3, 2, 1}));
}

TEST(FlowsView, AnswersTwoAskersFromOneLook) {
  RunRig rig;
  rig.take(0, {datagram(1)});
  rig.flows_view().ask();
  EXPECT_EQ(rig.flows_view().largest(std::chrono::milliseconds(1)), std::nullopt);
  for (size_t i = 0; i < 2; ++i) rig.pipeline(i).idle();
  EXPECT_TRUE(rig.flows_view().largest(std::chrono::milliseconds(1)).has_value());
  EXPECT_TRUE(rig.flows_view().poll().has_value());
  EXPECT_FALSE(rig.flows_view().poll().has_value());
}

}  // namespace
}  // namespace flowscope
