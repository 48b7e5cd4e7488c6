#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "dataplane/export/eve_writer.h"

namespace flowscope {
namespace {

using nlohmann::json;

constexpr RecordHead kHead = {.protocol = 17,
                              .ip_version = 4,
                              .flow_id = 1,
                              .source = {{10, 0, 0, 1}, 5353},
                              .destination = {{10, 0, 0, 2}, 53}};

// The line of a flow's record, as text: the order of fields is part of what readers see.
std::string flow_line(const RecordHead& head, const FlowRecord& flow) {
  TextBuffer buffer(size_t{1} << 16);
  EveWriter(EveOptions{}).write_flow(head, flow, buffer);
  return std::string(buffer.text());
}

json record_of(const FlowRecord& flow) { return json::parse(flow_line(kHead, flow)); }

// In GTP-U, an id for each direction.
FlowRecord in_gtp_u() {
  FlowRecord flow;
  flow.tunnel = {.source = {{172, 16, 1, 1}, 51000},
                 .destination = {{172, 16, 1, 2}, 2152},
                 .kind = EncapKind::GtpU,
                 .depth = 1,
                 .ip_version = 4,
                 .protocol = 17,
                 .sides = {{{.id = 0x1001, .seen = true}, {.id = 0x2002, .seen = true}}}};
  return flow;
}

TEST(EveTunnel, IsAnObjectAtTheEndOfTheFlowsRecord) {
  const std::string line = flow_line(kHead, in_gtp_u());
  const std::string expected =
      R"("tunnel":{"src_ip":"172.16.1.1","src_port":51000,"dest_ip":"172.16.1.2","dest_port":2152,)"
      R"("proto":"UDP","encap":"gtp_u","depth":1,"id_type":"teid","id_toserver":4097,)"
      R"("id_toclient":8194}})"
      "\n";
  ASSERT_GE(line.size(), expected.size());
  EXPECT_EQ(line.substr(line.size() - expected.size()), expected);
}

TEST(EveTunnel, IsLeftOutOfARecordWithoutOne) { EXPECT_FALSE(record_of({}).contains("tunnel")); }

TEST(EveTunnel, NamesItsProtocolAsTheRecordDoes) {
  const auto proto = [](uint8_t protocol) {
    FlowRecord flow = in_gtp_u();
    flow.tunnel.protocol = protocol;
    return record_of(flow)["tunnel"]["proto"];
  };
  EXPECT_EQ(proto(47), "GRE");
  EXPECT_EQ(proto(4), "IP-in-IP");
  EXPECT_EQ(proto(97), "097");
}

TEST(EveTunnel, HasAddressesOfIpv6) {
  FlowRecord flow = in_gtp_u();
  flow.tunnel.ip_version = 6;
  flow.tunnel.source.address = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(record_of(flow)["tunnel"]["src_ip"], "2001:db8::1");
}

TEST(EveTunnel, TellsNoIdOfASideThatWasSilent) {
  FlowRecord flow = in_gtp_u();
  flow.tunnel.sides[1] = {};
  const json tunnel = record_of(flow)["tunnel"];
  EXPECT_EQ(tunnel["id_toserver"], 0x1001);
  EXPECT_FALSE(tunnel.contains("id_toclient"));
}

TEST(EveTunnel, TellsAnIdOfZeroThatWasSeen) {
  FlowRecord flow = in_gtp_u();
  flow.tunnel.sides[1].id = 0;
  EXPECT_EQ(record_of(flow)["tunnel"]["id_toclient"], 0);
}

TEST(EveTunnel, HasNoIdWhereItsKindHasNone) {
  FlowRecord flow = in_gtp_u();
  flow.tunnel.kind = EncapKind::IpInIp;
  const json tunnel = record_of(flow)["tunnel"];
  EXPECT_EQ(tunnel["encap"], "ip_in_ip");
  EXPECT_FALSE(tunnel.contains("id_type"));
  EXPECT_FALSE(tunnel.contains("id_toserver"));
}

TEST(EveTunnel, HasNoAddressesWhenItIsNotInIp) {
  FlowRecord flow;
  flow.tunnel = {.kind = EncapKind::Pppoe,
                 .depth = 1,
                 .sides = {{{.id = 17, .seen = true}, {.id = 17, .seen = true}}}};
  EXPECT_EQ(record_of(flow)["tunnel"], json::parse(R"({"encap":"pppoe","depth":1,)"
                                                   R"("id_type":"session","id_toserver":17,)"
                                                   R"("id_toclient":17})"));
}

TEST(EveTunnel, TellsTheMplsLabelOfEachSideThatHasOne) {
  FlowRecord flow = in_gtp_u();
  flow.tunnel.sides[0].mpls_label = 1801;
  const json tunnel = record_of(flow)["tunnel"];
  EXPECT_EQ(tunnel["mpls_toserver"], 1801);
  EXPECT_FALSE(tunnel.contains("mpls_toclient"));
}

TEST(EveVlan, ListsTheOuterIdFirst) {
  RecordHead head = kHead;
  head.vlan_id = 100;
  head.inner_vlan_id = 7;
  EXPECT_EQ(json::parse(flow_line(head, {}))["vlan"], json({100, 7}));
}

TEST(EveVlan, IsLeftOutWithoutTags) { EXPECT_FALSE(record_of({}).contains("vlan")); }

TEST(EveIcmpError, IsToldInTheFlowItQuotes) {
  FlowRecord flow;
  flow.icmp_errors = 2;
  flow.icmp_error_type = 3;
  flow.icmp_error_code = 13;
  EXPECT_EQ(record_of(flow)["flow"]["icmp_error"],
            json::parse(R"({"type":3,"code":13,"count":2})"));
}

TEST(EveIcmpError, IsLeftOutOfAFlowThatNoneQuotes) {
  EXPECT_FALSE(record_of({})["flow"].contains("icmp_error"));
}

}  // namespace
}  // namespace flowscope
