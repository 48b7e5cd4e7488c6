#include "dataplane/app/metrics.h"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <thread>

#include "dataplane/app/metric_names.h"
#include "dataplane/app/metrics_endpoint.h"
#include "tests/unit/dataplane/app/run_rig.h"

namespace flowscope {
namespace {

using testing::datagram;
using testing::dns_query;
using testing::no_flow;
using testing::RunRig;

// What Prometheus would fetch.
std::string text_of(RunRig& rig) {
  return prometheus::TextSerializer().Serialize(metrics_of(rig.figures().now()));
}

void expect_line(const std::string& text, const std::string& line) {
  EXPECT_NE(text.find("\n" + line + "\n"), std::string::npos) << line << " is not in\n" << text;
}

TEST(Metrics, AreThoseOfTheListInItsOrder) {
  RunRig rig;
  const auto families = metrics_of(rig.figures().now());
  ASSERT_EQ(families.size(), kMetrics.size());
  for (size_t i = 0; i < kMetrics.size(); ++i) EXPECT_EQ(families[i].name, kMetrics.at(i).name);
}

TEST(Metrics, CarryTheLabelOfTheirKind) {
  RunRig rig;
  rig.take(0, {datagram(1), dns_query(40'000), no_flow()});
  const auto families = metrics_of(rig.figures().now());
  for (size_t i = 0; i < kMetrics.size(); ++i) {
    for (const auto& sample : families[i].metric) {
      ASSERT_EQ(sample.label.size(), kMetrics.at(i).label.empty() ? 0U : 1U) << families[i].name;
      if (!sample.label.empty()) {
        EXPECT_EQ(sample.label.front().name, kMetrics.at(i).label);
      }
    }
  }
}

TEST(Metrics, TellOfStagesWhereTheyWereMeasuredOnly) {
  RunRig rig;
  rig.take(0, {datagram(1)});
  const std::string stage = "flowscope_stage_cycles_total{stage=\"decode\"} ";
  EXPECT_EQ(text_of(rig).find(stage), std::string::npos);
  rig.stage_cycles().measure(true);
  rig.take(0, {datagram(1), datagram(2)});
  const std::string text = text_of(rig);
  EXPECT_NE(text.find(stage), std::string::npos) << text;
  expect_line(text, "flowscope_stage_cycles_packets_total 2");
}

TEST(Metrics, SayWhatHappened) {
  RunRig rig;
  rig.take(0, {datagram(1), dns_query(40'000), no_flow()});
  const std::string live = text_of(rig);
  expect_line(live, "flowscope_flows_created_total{l4=\"udp\"} 2");
  expect_line(live, "flowscope_flows_active 2");
  expect_line(live, "flowscope_packets_unmatched_total 1");
  expect_line(live, "flowscope_protocol_messages_total{protocol=\"dns\"} 1");
  expect_line(live, "flowscope_port_missed_total{port=\"net_test0 (net_test)\"} 3");
  expect_line(live, "flowscope_port_no_mbuf_total{port=\"net_test0 (net_test)\"} 2");
  expect_line(live, "flowscope_ledger_balanced 1");
  rig.finish();
  const std::string over = text_of(rig);
  expect_line(over, "flowscope_flows_ended_total{reason=\"shutdown\"} 2");
  expect_line(over, "flowscope_flow_duration_seconds_bucket{le=\"0.1\"} 2");
  expect_line(over, "flowscope_flow_packets_bucket{le=\"+Inf\"} 2");
  expect_line(over, "flowscope_flow_packets_sum 2");
  expect_line(over, "flowscope_records_total{kind=\"flow\"} 2");
}

TEST(Metrics, SayNothingOfLossesThatNobodyCounts) {
  RunRig rig;
  rig.port.loss_known = false;
  const std::string text = text_of(rig);
  EXPECT_EQ(text.find("flowscope_port_missed_total{"), std::string::npos);
  EXPECT_EQ(text.find("flowscope_port_no_mbuf_total{"), std::string::npos);
  expect_line(text, "flowscope_port_loss_known{port=\"net_test0 (net_test)\"} 0");
}

TEST(Metrics, SayHowManyDirectionsFlowsShow) {
  RunRig rig;
  // The directions of one flow at workers of their own.
  rig.take(0, {datagram(7), datagram(9)});
  rig.take(1, {testing::PacketBuilder()
                   .ethernet()
                   .ipv4("10.0.0.2", "10.0.0.1")
                   .udp(9, 7)
                   .payload("x")
                   .build()});
  rig.finish();
  const std::string text = text_of(rig);
  expect_line(text, "flowscope_udp_flows_directions_total{directions=\"both\"} 0");
  expect_line(text, "flowscope_udp_flows_directions_total{directions=\"one\"} 3");
  expect_line(text, "flowscope_flows_split_ratio{l4=\"udp\"} 0.5");
  expect_line(text, "flowscope_flows_split_ratio{l4=\"tcp\"} 0");
  expect_line(text, "flowscope_workers_imbalance_ratio 0");
  expect_line(text, "flowscope_worker_busy_ratio{worker=\"1\"} 0");
}

TEST(Metrics, CountTheStallsOfEachWorker) {
  RunRig rig;
  rig.loads.show_stalls(1, 3);
  const std::string text = text_of(rig);
  expect_line(text, "flowscope_worker_stalls_total{worker=\"0\"} 0");
  expect_line(text, "flowscope_worker_stalls_total{worker=\"1\"} 3");
}

TEST(MetricsEndpoint, SaysWhichAddressIsTaken) {
  RunRig rig;
  const auto first = MetricsEndpoint::open("0", rig.figures());
  ASSERT_TRUE(first.ok()) << first.error().message;
  const std::string url = first.value()->url();
  EXPECT_TRUE(url.starts_with("http://127.0.0.1:"));
  const std::string address = url.substr(7, url.rfind('/') - 7);
  EXPECT_FALSE(address.ends_with(":0"));
  const auto second = MetricsEndpoint::open(address, rig.figures());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().message,
            "telemetry.prometheus: cannot listen on " + address + ": Address already in use");
}

// Its web server, when nobody wakes it, looks every two seconds whether it is to end.
TEST(MetricsEndpoint, EndsAtOnce) {
  RunRig rig;
  auto endpoint = MetricsEndpoint::open("0", rig.figures());
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // until it waits
  const auto begin = std::chrono::steady_clock::now();
  endpoint.value().reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(MetricsEndpoint, SaysWhenTheAddressIsNotOurs) {
  RunRig rig;
  const auto endpoint = MetricsEndpoint::open("192.0.2.1:9464", rig.figures());
  ASSERT_FALSE(endpoint.ok());
  EXPECT_NE(endpoint.error().message.find("Cannot assign requested address"), std::string::npos)
      << endpoint.error().message;
}

}  // namespace
}  // namespace flowscope
