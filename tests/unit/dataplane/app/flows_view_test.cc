#include "dataplane/app/flows_view.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

FlowEntry flow_of(uint8_t protocol) {
  FlowEntry entry{};
  entry.key = {.a_address = {10, 0, 0, 1},
               .b_address = {10, 0, 0, 2},
               .a_port = 443,
               .b_port = 50'000,
               .protocol = protocol,
               .ip_version = 4};
  entry.initiator = Orientation::Reverse;
  entry.started_ns = 1'000'000'000;
  entry.last_seen_ns = 3'500'000'000;
  entry.side[0].count(100);
  entry.side[1].count(50);
  return entry;
}

TEST(FlowsTable, ShowsAFlowFromItsInitiatorsSide) {
  FlowEntry entry = flow_of(6);
  entry.state = TcpState::Established;
  const std::string text = flows_table({&entry, 1});
  EXPECT_NE(text.find("TCP        10.0.0.2:50000               10.0.0.1:443                 "
                      "established           2          150       2.5\n"),
            std::string::npos)
      << text;
}

TEST(FlowsTable, ShowsNoPortsOfIcmp) {
  const FlowEntry entry = flow_of(1);
  const std::string text = flows_table({&entry, 1});
  EXPECT_NE(text.find("ICMP       10.0.0.2                     10.0.0.1 "), std::string::npos)
      << text;
}

TEST(FlowsTable, ShowsIpv6InBrackets) {
  FlowEntry entry = flow_of(17);
  entry.key.ip_version = 6;
  entry.key.a_address = {0x20, 1, 0xd, 0xb8};
  EXPECT_NE(flows_table({&entry, 1}).find(" [2001:db8::]:443 "), std::string::npos);
}

TEST(FlowsView, HasNothingToShowBeforeItAsked) {
  FlowsView view({});
  EXPECT_EQ(view.poll(), std::nullopt);
}

}  // namespace
}  // namespace flowscope
