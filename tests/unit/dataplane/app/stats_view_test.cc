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

}  // namespace
}  // namespace flowscope
