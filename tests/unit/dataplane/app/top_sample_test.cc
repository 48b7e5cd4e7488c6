#include "dataplane/app/top_sample.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

TopSample sample_of(std::string_view command, std::string_view text) {
  TopSample sample;
  EXPECT_TRUE(read_answer(command, text, sample)) << text;
  return sample;
}

TEST(TopSample, ReadsTheProgram) {
  const TopProgram program =
      sample_of("/flowscope/info", R"({"/flowscope/info":{"version":"0.1.0","verb":"run","pid":12,
          "uptime_s":34,"workers":2,"destination":"eve.json"}})")
          .program;
  EXPECT_EQ(program.version, "0.1.0");
  EXPECT_EQ(program.verb, "run");
  EXPECT_EQ(program.destination, "eve.json");
  EXPECT_EQ(program.pid, 12U);
  EXPECT_EQ(program.uptime_s, 34U);
  EXPECT_EQ(program.workers, 2U);
}

TEST(TopSample, ReadsTablesWrittenAsLists) {
  const TopSample sample = sample_of("/flowscope/ports", R"({"/flowscope/ports":{"ports":[
          {"name":"net_null0","packets":18446744073709551615,"bytes":2,"missed":3,"loss_known":1},
          {"name":"net_af_packet0","packets":4,"bytes":5,"missed":0,"loss_known":0}]}})");
  ASSERT_EQ(sample.ports.size(), 2U);
  EXPECT_EQ(sample.ports[0].name, "net_null0");
  EXPECT_EQ(sample.ports[0].packets, UINT64_MAX);
  EXPECT_EQ(sample.ports[0].bytes, 2U);
  EXPECT_EQ(sample.ports[0].missed, 3U);
  EXPECT_TRUE(sample.ports[0].loss_known);
  EXPECT_FALSE(sample.ports[1].loss_known);
}

TEST(TopSample, ReadsTablesWrittenAsObjectsInTheirOrder) {
  const TopSample sample = sample_of("/flowscope/workers", R"({"/flowscope/workers":{"workers":{
          "2":{"worker":2,"packets":7,"flows_live":8,"records":9,"shed":10},
          "10":{"packets":11},
          "count":2}}})");
  ASSERT_EQ(sample.workers.size(), 2U);
  EXPECT_EQ(sample.workers[0].worker, 2U);
  EXPECT_EQ(sample.workers[0].packets, 7U);
  EXPECT_EQ(sample.workers[0].flows_live, 8U);
  EXPECT_EQ(sample.workers[0].records, 9U);
  EXPECT_EQ(sample.workers[0].shed, 10U);
  EXPECT_EQ(sample.workers[1].worker, 3U);
  EXPECT_EQ(sample.workers[1].packets, 11U);
}

TEST(TopSample, ReadsFlowsAndTheirTalkers) {
  const TopSample sample = sample_of(
      "/flowscope/flows,40", R"({"/flowscope/flows":{"live":1,"created":2,"ended":3,"evicted":4,
          "sessions":5,"top":[{"src_ip":"192.0.2.1","src_port":1024,"dest_ip":"192.0.2.2",
          "dest_port":443,"proto":"TCP","app_proto":"tls","bytes":6,"packets":7,"age_s":8}]}})");
  EXPECT_EQ(sample.flows.live, 1U);
  EXPECT_EQ(sample.flows.created, 2U);
  EXPECT_EQ(sample.flows.ended, 3U);
  EXPECT_EQ(sample.flows.evicted, 4U);
  EXPECT_EQ(sample.flows.sessions, 5U);
  ASSERT_EQ(sample.talkers.size(), 1U);
  EXPECT_EQ(sample.talkers[0].src_ip, "192.0.2.1");
  EXPECT_EQ(sample.talkers[0].src_port, 1024U);
  EXPECT_EQ(sample.talkers[0].dest_ip, "192.0.2.2");
  EXPECT_EQ(sample.talkers[0].dest_port, 443U);
  EXPECT_EQ(sample.talkers[0].proto, "TCP");
  EXPECT_EQ(sample.talkers[0].app_proto, "tls");
  EXPECT_EQ(sample.talkers[0].bytes, 6U);
  EXPECT_EQ(sample.talkers[0].packets, 7U);
  EXPECT_EQ(sample.talkers[0].age_s, 8U);
}

TEST(TopSample, ReadsEveryFateOfTheLedger) {
  std::string text = R"({"/flowscope/ledger":{"received":100,"missed":5,"balanced":0)";
  for (size_t fate = 0; fate < kFates; ++fate) {
    text +=
        ",\"" + std::string(name_of(static_cast<Fate>(fate))) + "\":" + std::to_string(fate + 1);
  }
  const TopLedger ledger = sample_of("/flowscope/ledger", text + "}}").ledger;
  EXPECT_EQ(ledger.received, 100U);
  EXPECT_EQ(ledger.missed, 5U);
  EXPECT_FALSE(ledger.balanced);
  for (size_t fate = 0; fate < kFates; ++fate) EXPECT_EQ(ledger.fates.at(fate), fate + 1);
}

TEST(TopSample, ReadsProtocolsByNameOrByKey) {
  const TopSample sample = sample_of(
      "/flowscope/l7", R"({"/flowscope/l7":{"protocols":{"0":{"name":"tls","flows":1,"records":2},
          "dns":{"flows":3,"records":4}},"parse_errors":5,"identified":6}})");
  ASSERT_EQ(sample.protocols.size(), 2U);
  EXPECT_EQ(sample.protocols[0].name, "tls");
  EXPECT_EQ(sample.protocols[0].flows, 1U);
  EXPECT_EQ(sample.protocols[0].records, 2U);
  EXPECT_EQ(sample.protocols[1].name, "dns");
  EXPECT_EQ(sample.parse_errors, 5U);
}

TEST(TopSample, SumsRecordsOfAllKinds) {
  const TopExport written =
      sample_of("/flowscope/export", R"({"/flowscope/export":{"destination":"-","bytes_written":1,
          "lines_lost":2,"error":"No space left on device","records":{"flow":3,"http":4},
          "shed":5}})")
          .written;
  EXPECT_EQ(written.bytes_written, 1U);
  EXPECT_EQ(written.lines_lost, 2U);
  EXPECT_EQ(written.error, "No space left on device");
  EXPECT_EQ(written.records, 7U);
  EXPECT_EQ(written.shed, 5U);
}

TEST(TopSample, RefusesWhatIsNoAnswer) {
  TopSample sample;
  const std::string deep = std::string(10'000, '[');
  for (const std::string_view text :
       {std::string_view(), std::string_view("nonsense"), std::string_view("{}"),
        std::string_view("[]"), std::string_view(R"({"/flowscope/info":null})"),
        std::string_view(R"({"/flowscope/info":{"running":0}})"),
        std::string_view(R"({"/flowscope/info":{"pid":1})"), std::string_view(deep)}) {
    EXPECT_FALSE(read_answer("/flowscope/info", text, sample)) << text;
  }
  EXPECT_FALSE(read_answer("/ethdev/list", R"({"/ethdev/list":{"0":1}})", sample));
}

TEST(TopSample, TakesOtherShapesForNothing) {
  const TopSample sample = sample_of(
      "/flowscope/ports",
      R"({"/flowscope/ports":{"ports":[7,null,{"name":5,"packets":"many","bytes":-1,"missed":1.5}]}})");
  ASSERT_EQ(sample.ports.size(), 1U);
  EXPECT_EQ(sample.ports[0].packets, 0U);
  EXPECT_EQ(sample.ports[0].bytes, 0U);
  EXPECT_EQ(sample.ports[0].missed, 0U);
}

}  // namespace
}  // namespace flowscope
