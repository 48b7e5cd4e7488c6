#include "dataplane/app/stats_view.h"

#include <gtest/gtest.h>

namespace flowscope {
namespace {

StatsMoment moment_of(std::initializer_list<std::pair<Fate, uint64_t>> fates) {
  StatsMoment moment{.seconds = 1};
  for (const auto& [fate, packets] : fates) moment.fates.at(static_cast<size_t>(fate)) = packets;
  return moment;
}

TEST(StatsView, NamesEveryFateThatHappened) {
  const StatsMoment moment =
      moment_of({{Fate::Tracked, 90}, {Fate::Fragment, 3}, {Fate::BadChecksum, 2}});
  EXPECT_EQ(fates_text(moment), "90 tracked + 3 fragment + 2 bad_checksum");
  EXPECT_NE(stats_table(moment, {}).find("\nfates    " + fates_text(moment) + "\n"),
            std::string::npos);
}

TEST(StatsView, SaysThatNothingWasTracked) {
  EXPECT_EQ(fates_text(moment_of({{Fate::NotIp, 1}})), "0 tracked + 1 not_ip");
}

TEST(StatsView, ShowsWrongChecksumsWhereThereAreAny) {
  StatsMoment moment = moment_of({{Fate::Tracked, 9}});
  EXPECT_EQ(checksums_line(moment), "");
  EXPECT_EQ(stats_table(moment, {}).find("checksum"), std::string::npos);
  moment.bad_ip_checksums = 1;
  moment.bad_transport_checksums = 2;
  EXPECT_EQ(checksums_line(moment), "checksum 1 wrong in IP headers, 2 behind them\n");
  EXPECT_NE(stats_table(moment, {}).find("\n" + checksums_line(moment)), std::string::npos);
}

TEST(StatsView, TellsWhatEachPortGaveAndWhatWasLostBefore) {
  StatsMoment moment;
  moment.ports = {{.name = "a", .packets = 5},
                  {.name = "b", .packets = 6, .missed = 4},
                  {.name = "c", .packets = 7, .missed = 4, .no_mbuf = 3},
                  {.name = "d", .packets = 8, .loss_known = false}};
  EXPECT_EQ(port_losses(moment),
            "port     a: 5 packets\n"
            "port     b: 6 packets, 4 dropped before flowscope got them\n"
            "port     c: 7 packets, 4 dropped before flowscope got them (3 for want of packet "
            "buffers)\n"
            "port     d: 8 packets; the driver does not count what it drops; loss unknown\n");
}

TEST(StatsView, SumsUpWhatWasWritten) {
  StatsMoment moment{.seconds = 2};
  moment.workers = {{.packets = 4'000'000, .bytes = 99, .flows_created = 7, .flows_ended = 6}};
  moment.output.destination = "eve.json";
  moment.output.written.records.at(static_cast<size_t>(RecordKind::Flow)) = 6;
  EXPECT_EQ(summary_text(moment),
            "packets  4000000 (99 bytes) in 2.000 s, 2.00 Mpps\n"
            "flows    7 created = 6 ended, 0 of them evicted\n"
            "records  6 flow, 0 protocol, 0 anomaly to eve.json; 0 shed\n");
  moment.workers.front().shed = 2;
  EXPECT_NE(summary_text(moment).find("\nshed     "), std::string::npos);
}

TEST(StatsView, HasALineForTheSupervisorOfServices) {
  StatsMoment moment;
  moment.workers = {{.packets = 5, .flows_live = 2, .shed = 1}, {.packets = 7, .flows_live = 3}};
  moment.ports = {{.name = "a", .missed = 4}};
  EXPECT_EQ(status_line(moment), "12 packets, 4 missed, 5 flows live, 1 records shed");
  moment.ports.push_back({.name = "b", .loss_known = false});
  EXPECT_EQ(status_line(moment), "12 packets, 4 or more missed, 5 flows live, 1 records shed");
}

}  // namespace
}  // namespace flowscope
