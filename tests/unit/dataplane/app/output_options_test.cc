#include "dataplane/app/output_options.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace flowscope {
namespace {

TEST(OutputOptions, ShedsAlertsLastUnlessToldOtherwise) {
  const auto types = shed_first_of(Config{});
  ASSERT_TRUE(types.ok());
  EXPECT_EQ(types.value().size(), kRecordTypes - 1);
  EXPECT_EQ(types.value().front(), RecordType::Interim);
  EXPECT_EQ(types.value().back(), RecordType::Flow);
  EXPECT_EQ(std::count(types.value().begin(), types.value().end(), RecordType::Alert), 0);
}

TEST(OutputOptions, SaysWhichTypeOfRecordsThereIsNot) {
  Config config;
  config.output.shed = {"dns", "smtp"};
  const auto types = shed_first_of(config);
  ASSERT_FALSE(types.ok());
  EXPECT_EQ(types.error().message,
            "output.shed: no record is of type \"smtp\"; expected some of flow, interim, anomaly, "
            "alert, http, tls, dns, ssh, quic, other");
}

TEST(OutputOptions, OnlyLiveTrafficIsCapturedWithoutAPeer) {
  EXPECT_EQ(output_options({}, InputKind::Live).unreachable, Unreachable::GoOn);
  EXPECT_EQ(output_options({}, InputKind::Files).unreachable, Unreachable::Refuse);
}

}  // namespace
}  // namespace flowscope
